"""Studies whose configs are no grid: what needs one says so, and the rest works."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_result, make_study

from paribus.analysis import classify_runs, compare, summarise_configs
from paribus.api.spaces import Space, as_space
from paribus.choices import OptimizerChoice
from paribus.claims import judge
from paribus.console import summary_text
from paribus.report import build_report, render_html, render_markdown
from paribus.results import StudyResult
from paribus.results.tables import runs
from paribus.space import SearchSpace


NO_GRID = "there is no heat map, no shares of variance"


def make(space: Space, **changes: object) -> StudyResult:
    study = make_study(n_seeds=6, validation=1000)
    if not isinstance(space, SearchSpace):
        space = as_space(space, model=study.model, optimizer=study.optimizer)
    study = replace(study, space=space, **changes)
    return classify_runs(make_result(study))


def conditional() -> StudyResult:
    """Momentum for sgd only."""
    space = SearchSpace(
        grids=(
            {
                "optimizer": ("sgd",),
                "learning_rate": (0.1, 0.3),
                "momentum": (0.0, 0.9),
                "batch_size": (32, 64),
            },
            {
                "optimizer": ("adam",),
                "learning_rate": (0.001, 0.01),
                "batch_size": (32, 64),
            },
        )
    )
    return make(space, optimizer=OptimizerChoice())


RATES = {"log": [1e-4, 0.1]}
RESULTS = {
    "sobol": lambda: make(
        {"sobol": {"n": 12}, "learning_rate": RATES, "batch_size": [32, 64]}
    ),
    "random": lambda: make(
        {
            "random": {"n": 7},
            "learning_rate": RATES,
            "b1": [0.8, 0.9],
            "batch_size": [32, 64],
        }
    ),
    "listed": lambda: make(
        {
            "configs": [
                {"learning_rate": k / 1000, "batch_size": 2**k} for k in (4, 5, 6)
            ]
        }
    ),
    "conditional": conditional,
}


@pytest.mark.parametrize("name", RESULTS)
def test_the_report_says_what_needs_a_grid(name: str):
    report = build_report(RESULTS[name]())

    markdown = render_markdown(report)
    assert NO_GRID in markdown
    assert "What the scores vary with" not in markdown
    assert "Each value at its best" not in markdown
    assert "<h2" in render_html(report)


def test_a_full_grid_has_its_heat_map_and_no_apology():
    study = make_study(learning_rate=(0.001, 0.01), batch_size=(32, 64), n_seeds=6)

    markdown = render_markdown(build_report(classify_runs(make_result(study))))

    assert NO_GRID not in markdown
    assert "## The grid" in markdown


@pytest.mark.parametrize("name", RESULTS)
def test_tables_comparisons_and_verdicts_work(name: str):
    result = RESULTS[name]()

    text = summary_text(result, summarise_configs(result), width=None)
    assert len(runs(result)) == result.status.size
    assert f"{result.status.size} of {result.status.size} runs finished" in text
    assert judge(result)
    first, last = (dict(result.configs[place]) for place in (0, -1))
    scores = result.final("test_accuracy")
    difference = float(np.mean(scores[0] - scores[-1]))
    for sign, sides in ((1, (first, last)), (-1, (last, first))):
        found = compare(result, *sides, metric="test_accuracy")
        assert found.difference == pytest.approx(sign * difference)


def test_a_config_without_a_hyperparameter_has_a_dash():
    result = conditional()

    text = summary_text(result, summarise_configs(result), width=100)
    adam = [line for line in text.splitlines() if line.startswith("adam")]
    assert len(adam) == 4
    assert all("–" in line for line in adam)
    table = runs(result)
    is_adam = table["optimizer"] == "adam"
    assert table.loc[is_adam, "momentum"].isna().all()
    assert set(table.loc[~is_adam, "momentum"]) == {0.0, 0.9}
