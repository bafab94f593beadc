"""Every code block of the page on stopping values early works as it stands there."""

from pathlib import Path

import pytest
from page_builders import blocks_of, code_of

from paribus.console.forecast import forecast_text
from paribus.results.forecast import Forecast
from paribus.study_file import read_study


PAGE = "docs/how-to/stop-values-early.md"


@pytest.fixture
def study(tmp_path: Path):
    (code,) = code_of(PAGE, "toml")
    (tmp_path / "page.toml").write_text(code)
    return read_study(tmp_path / "page.toml").study


def test_the_study_of_the_page_compares_where_it_says(study):
    (code,) = code_of(PAGE, "toml")

    rungs = study.halving.rungs(study.budget.epochs)

    assert f"compared after {rungs[0]}, {rungs[1]} and {rungs[2]} epochs" in code
    assert study.halving == type(study.halving)()  # the defaults, as it says


def test_a_dry_run_says_what_the_page_shows(study, tmp_path: Path):
    forecast = Forecast(
        study=study, n_runs=0, groups=(), memory_bytes=0, device="1 × cpu"
    )

    said = forecast_text(forecast, folder=tmp_path, width=None)

    (shown,) = code_of(PAGE, "text")
    assert shown.strip() in said


def test_the_python_of_the_page_runs():
    (code,) = code_of(PAGE, "python")
    assert len(blocks_of(PAGE)) == 3

    exec(compile(code, PAGE, "exec"), {})
