"""What holds where a study file's module is imported."""

import os
import sys
from pathlib import Path

import pytest

from paribus.study_file.modules import read_function


@pytest.mark.parametrize(("was", "level"), [(None, "3"), ("0", "0")])
def test_a_module_that_imports_jax_is_spared_xlas_messages_but_where_they_are_wanted(
    was: str | None, level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    name = f"quiet_{level}"
    (tmp_path / f"{name}.py").write_text(
        "import os\nLEVEL = os.environ.get('TF_CPP_MIN_LOG_LEVEL')\ndef build(): pass\n"
    )
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", was or "")
    if was is None:
        del os.environ["TF_CPP_MIN_LOG_LEVEL"]

    build = read_function(
        f"{name}:build",
        setting="model.builder",
        allowed=[name],
        folder=tmp_path,
        place="study.toml, line 1",
    )

    assert build.__globals__["LEVEL"] == level
