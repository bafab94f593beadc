import shutil
from pathlib import Path

import pytest
from store_builders import make_store


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study, made once; tests take copies."""
    return make_store(tmp_path_factory.mktemp("studies") / "tiny")


@pytest.fixture
def folder(tmp_path: Path, finished_study: Path) -> Path:
    """A finished study of its own for a test."""
    return Path(shutil.copytree(finished_study, tmp_path / "studies" / "tiny"))
