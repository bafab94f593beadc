"""Shares of variance and effects of values: for which designs, and what is said."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_result, make_study
from report_builders import FULL_GRID, make_notebook_study
from tuning_builders import make_crossed_result

from paribus.analysis.variance import divide_variance
from paribus.report.document import Paragraph, Table
from paribus.report.findings import gather_findings
from paribus.report.variance import arrange_variance
from paribus.status import RunStatus


def planted(first, second, noise=0.001, n_seeds=6):
    """Accuracies of the notebook's grid with additive effects."""
    study = make_notebook_study(grids=FULL_GRID, n_seeds=n_seeds)
    rng = np.random.default_rng(0)
    rates = sorted({c["learning_rate"] for c in study.configs()})
    sizes = sorted({c["batch_size"] for c in study.configs()})
    centre = [
        0.9
        + first * rates.index(c["learning_rate"])
        + second * sizes.index(c["batch_size"])
        for c in study.configs()
    ]
    shape = (len(centre), n_seeds)
    accuracy = np.array(centre)[:, None] + noise * rng.normal(size=shape)
    return make_result(study, final_accuracy=accuracy)


def test_planted_effects_have_their_shares():
    found = divide_variance(planted(0.02, 0.01), metric="test_accuracy")

    assert found is not None
    assert found.names == ("learning_rate", "batch_size")
    first, second, interaction, seed = found.versions.everything.shares
    # Sums of squares 4 : 1, and noise of a thousandth beside hundredths.
    assert first == pytest.approx(0.8, abs=0.02)
    assert second == pytest.approx(0.2, abs=0.02)
    assert max(interaction, seed) < 0.01


def test_the_shares_are_said_and_tabulated_in_three_versions():
    result = planted(0.02, 0.01)
    status = result.status.copy()
    worst = [i for i, c in enumerate(result.configs) if c["learning_rate"] == 0.1]
    status[worst] = RunStatus.COLLAPSED
    findings = replace(gather_findings(result), result=replace(result, status=status))

    sentence, table, _ = arrange_variance(findings)

    assert isinstance(sentence, Paragraph)
    assert "of test accuracy where training works, " in sentence.text
    assert isinstance(table, Table)
    assert len(table.columns) == 4
    assert [row[0] for row in table.rows] == [
        "learning rate",
        "batch size",
        "both together",
        "seed",
    ]
    assert "learning rate 0.001, 0.01; batch size 32, 64, 128" in table.note


def test_an_incomplete_grid_has_no_shares():
    result = planted(0.02, 0.01)
    status = result.status.copy()
    status[0, 0] = RunStatus.PENDING

    assert (
        divide_variance(replace(result, status=status), metric="test_accuracy") is None
    )
    single = make_result(make_study(n_seeds=6))
    assert divide_variance(single, metric="test_accuracy") is None


def test_values_are_set_against_the_best_one_over_the_mean_of_the_others():
    *_, table = arrange_variance(gather_findings(planted(0.02, 0.01)))

    assert isinstance(table, Table)
    assert [row[:3] + row[4:5] for row in table.rows] == [
        ("learning rate", "all others", "0.001", "0.1"),
        ("learning rate", "all others", "0.01", "0.1"),
        ("batch size", "all others", "32", "128"),
        ("batch size", "all others", "64", "128"),
    ]
    # Two steps of .02, less noise of a thousandth over 18 runs.
    assert float(table.rows[0][-1].split()[0].replace("−", "-")) == pytest.approx(
        -4, abs=0.1
    )


def test_what_is_tuned_is_no_hyperparameter_of_the_grid_but_stands_at_its_best():
    found = divide_variance(
        make_crossed_result(interaction=0.0), metric="validation_accuracy"
    )

    assert found is not None
    assert found.names == ("optimizer", "batch_size")
    assert found.tuned == "learning_rate"
    assert found.shares.shares[0] > 0.9


def test_hyperparameters_that_interact_are_compared_at_each_value_of_the_other():
    findings = gather_findings(make_crossed_result(interaction=0.004))

    said, _, table = arrange_variance(findings)

    assert isinstance(said, Paragraph)
    assert ", each at the learning rate that was chosen for it, " in said.text
    assert "The two interact, so neither has one effect of its own" in said.text
    assert isinstance(table, Table)
    assert ("optimizer", "batch size 128") in [row[:2] for row in table.rows]


def test_a_best_value_on_the_edge_leaves_no_grid_to_divide():
    result = make_crossed_result(interaction=0.0, edge=True)

    assert divide_variance(result, metric="validation_accuracy") is None
