"""What `make mutation` changes, and the tests that are to notice, are there."""

import tomllib
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]


@pytest.mark.parametrize("pattern", CONFIGURATION["only_mutate"])
def test_files_to_change_are_there(pattern: str):
    assert list(ROOT.glob(pattern))


@pytest.mark.parametrize("path", CONFIGURATION["pytest_add_cli_args_test_selection"])
def test_tests_that_are_to_notice_are_there(path: str):
    assert (ROOT / path).exists()


def test_every_file_of_the_store_is_changed():
    changed = {f for p in CONFIGURATION["only_mutate"] for f in ROOT.glob(p)}

    assert set((ROOT / "src" / "paribus" / "store").rglob("*.py")) <= changed
