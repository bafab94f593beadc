"""Every code block of the page on stopping works as it stands there."""

from pathlib import Path

from page_builders import blocks_of, code_of

from paribus.looks import look_sizes
from paribus.study_file import read_study


PAGE = "docs/how-to/stop-when-decided.md"


def test_the_study_of_the_page_looks_when_it_says(tmp_path: Path):
    (code,) = code_of(PAGE, "toml")
    (tmp_path / "page.toml").write_text(code)

    study = read_study(tmp_path / "page.toml").study

    sizes = look_sizes(len(study.planned_seeds), study.looks)
    assert f"at {sizes[0]}, {sizes[1]} and {sizes[2]} seeds" in code
    assert len(study.seeds) == sizes[0]


def test_the_python_of_the_page_runs():
    (code,) = code_of(PAGE, "python")
    assert len(blocks_of(PAGE)) == 2

    exec(compile(code, PAGE, "exec"), {})
