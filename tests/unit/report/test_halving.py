"""What a report says of values that were stopped early."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tuning_builders import make_tuned_result, make_tuned_study, stopped, trained

from paribus.analysis import mark_absent
from paribus.analysis.cautions import MissingRuns, find_cautions
from paribus.analysis.stopped import StoppedEarly
from paribus.halving import Halving
from paribus.report import build_report
from paribus.report.cautions import say_caution
from paribus.report.document import Figure, Paragraph, Report, Section, Table
from paribus.report.halving import say_rungs, say_untested
from paribus.results import StudyResult


RATES = (0.001, 0.01, 0.03, 0.1)
FINAL = (0.80, 0.95, 0.97, 0.85)
SIZES = (32, 64)


def make(halving: Halving | None) -> StudyResult:
    """.001 and .1 were stopped after one epoch at both batch sizes."""
    study = make_tuned_study(
        learning_rate=RATES, batch_size=SIZES, n_seeds=6, halving=halving
    )
    scores = {
        (rate, size): score
        for size in SIZES
        for rate, score in zip(RATES, FINAL, strict=True)
    }
    result = make_tuned_result(study, scores)
    by_rate: dict[Any, list[int]] = {rate: [] for rate in RATES}
    for i, config in enumerate(result.configs):
        by_rate[config["learning_rate"]].append(i)
    if halving is not None:
        result = stopped(result, [*by_rate[0.001], *by_rate[0.1]], 2)
    judging = np.full(result.status.shape, False)
    judging[np.ix_(by_rate[0.03], range(6))] = True
    return mark_absent(trained(result, judging, 0.97))


@pytest.fixture(scope="module")
def result() -> StudyResult:
    return make(Halving(factor=2))


@pytest.fixture(scope="module")
def report(result: StudyResult) -> Report:
    return build_report(result)


@pytest.fixture(scope="module")
def section(report: Report) -> Section:
    (found,) = [one for one in report.sections if one.anchor == "halving"]
    return found


def test_its_rule_and_its_saving_are_said_first(section: Section):
    first = section.blocks[0]

    assert isinstance(first, Paragraph)
    assert "After 1 and 2 epochs the mean validation accuracy" in first.text
    assert "which one in 2, rounded up, went on" in first.text
    # Two seeds: 8 values of 4 epochs, of which 4 ended 3 epochs early.
    assert "4 of 8 values were stopped" in first.text
    assert "took 40 instead of 64 run-epochs, 38% fewer" in first.text


def test_a_row_for_each_comparison_has_what_went_on_and_what_did_not(section: Section):
    table = section.blocks[1]

    assert isinstance(table, Table)
    assert table.columns == ("batch size", "after epochs", "went on", "stopped there")
    # A quarter, then half of the way from 10 % to the end, of seeds .1 points apart.
    first = "0.03 (31.76%), 0.01 (31.26%)", "0.1 (28.76%), 0.001 (27.51%)"
    second = "0.03 (53.52%), 0.01 (52.52%)", "–"
    assert table.rows == tuple(
        (size, rung, *cells)
        for size in ("32", "64")
        for rung, cells in (("1", first), ("2", second))
    )


def test_curves_end_where_values_were_stopped(section: Section):
    figure = section.blocks[2]

    assert isinstance(figure, Figure)
    assert [panel.title for panel in figure.panels] == [
        "batch size 32",
        "batch size 64",
    ]
    assert "learning rate 0.1: stopped after 1 epoch" in figure.panels[0].description
    (rows,) = figure.panels[0].specification["datasets"].values()
    last = {}
    for row in rows:
        last[row["label"]] = max(last.get(row["label"], 0.0), row["epoch"])
    assert last == {
        "learning rate 0.001": 1.0,
        "learning rate 0.01": 4.0,
        "learning rate 0.03": 4.0,
        "learning rate 0.1": 1.0,
    }


def test_what_is_not_tested_is_said_last(section: Section):
    last = section.blocks[3]

    assert isinstance(last, Paragraph)
    assert "slow at first and would have ended best is not found" in last.text
    assert "`tuning.held`" in last.text


def test_no_run_that_was_stopped_is_missing(result: StudyResult):
    cautions = find_cautions(result)

    assert not any(isinstance(caution, MissingRuns) for caution in cautions)
    (found,) = [one for one in cautions if isinstance(one, StoppedEarly)]
    assert (found.n_stopped, found.n_tried) == (4, 8)


@pytest.mark.parametrize(("warm_up", "is_said"), [(1.0, False), (1.5, True)])
def test_values_that_were_stopped_in_a_warm_up_are_a_reason_for_caution(
    result: StudyResult, warm_up: float, is_said: bool
):
    optimizer = replace(result.study.optimizer, settings={"warmup_epochs": warm_up})
    warm = replace(result, study=replace(result.study, optimizer=optimizer))
    (found,) = [c for c in find_cautions(warm) if isinstance(c, StoppedEarly)]

    said = say_caution(found, warm.study, {})

    assert ("4 of these were stopped in a warm-up" in said) == is_said
    assert ("A larger `min_epochs`" in said) == is_said


def test_runs_end_with_the_word_and_the_epoch(report: Report):
    (runs,) = [one for one in report.sections if one.anchor == "all-runs"]
    cells = [
        row[1]
        for table in runs.blocks
        if isinstance(table, Table)
        for row in table.rows
    ]

    assert cells.count("pruned after 1 epoch") == 8
    assert "of up to 4 epochs" in report.lead[0]


def test_the_grid_names_what_was_pruned_in_its_cells(report: Report):
    (grid,) = [one for one in report.sections if one.anchor == "grid"]
    figure = grid.blocks[0]

    assert isinstance(figure, Figure)
    assert figure.caption.endswith("Values that were pruned have no final score.")
    cells = [
        row["text"]
        for rows in figure.panels[0].specification["datasets"].values()
        for row in rows
        if "text" in row
    ]
    assert cells.count("pruned") == 4
    assert "no value" not in cells


def test_how_it_was_made_tells_the_rungs(report: Report):
    (making,) = [one for one in report.sections if one.anchor == "making"]
    table = making.blocks[0]

    assert isinstance(table, Table)
    told = "after 1 and 2 epochs, one in 2, rounded up, goes on"
    assert ("values compared early", told) in table.rows


def test_a_study_without_it_has_no_word_of_it():
    report = build_report(make(None))

    assert "halving" not in [one.anchor for one in report.sections]
    assert "up to 4 epochs" not in report.lead[0]


@pytest.mark.parametrize(
    ("changes", "said", "last"),
    [
        ({}, "nothing is said of how the stopped ones end", "`tuning.held`"),
        ({"held": (0.1,)}, "but of those that are held", "unless it is held already"),
        ({"compare": "all"}, "every value is compared", "and compare all of them"),
    ],
    ids=["none", "held", "all"],
)
def test_what_is_said_of_stopped_values_all_the_same_is_not_denied(
    result: StudyResult, changes, said, last
):
    study = result.study
    assert study.tuning is not None
    tuning = replace(study.tuning, **changes)
    other = replace(result, study=replace(study, tuning=tuning))

    (caution,) = [c for c in find_cautions(other) if isinstance(c, StoppedEarly)]

    assert said in say_caution(caution, study, {})
    assert last in say_untested(caution)


@pytest.mark.parametrize(
    ("rungs", "words"),
    [((1,), "1 epoch"), ((2,), "2 epochs"), ((1, 3, 9), "1, 3 and 9 epochs")],
)
def test_rungs_are_counted_in_words(rungs, words):
    assert say_rungs(rungs) == words


def test_a_rung_that_is_not_decided_is_not_shown():
    result = make(Halving(factor=2))
    pending = replace(result, status=np.zeros_like(result.status))

    report = build_report(pending)

    assert "halving" not in [one.anchor for one in report.sections]
