"""The study file and the Python of the page on tuning make one study."""

from pathlib import Path
from typing import Any

from page_builders import blocks_of, code_of

from paribus.study_file import read_study


PAGE = "docs/how-to/tune-first.md"


def test_both_ways_make_the_same_study(tmp_path: Path):
    (file,), (python,) = code_of(PAGE, "toml"), code_of(PAGE, "python")
    (tmp_path / "page.toml").write_text(file)
    made: dict[str, Any] = {}
    exec(compile(python, PAGE, "exec"), made)

    written = read_study(tmp_path / "page.toml").study

    assert len(blocks_of(PAGE)) == 2
    assert made["study"].to_dict() == written.to_dict()


def test_only_tuning_seeds_choose(tmp_path: Path):
    (file,) = code_of(PAGE, "toml")
    (tmp_path / "page.toml").write_text(file)

    study = read_study(tmp_path / "page.toml").study

    assert study.tuning is not None
    assert study.tuning.compare == "tuned"
    assert (study.tuning.n_choosing, len(study.seeds)) == (3, 10)
