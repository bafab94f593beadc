"""Isolation plots, and maps of where training fails."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_finished
from tuning_builders import make_tuned_result, make_tuned_study, stopped, trained

from paribus.analysis.failures import map_failures
from paribus.analysis.isolation import isolate
from paribus.halving import Halving
from paribus.report.document import Figure, Paragraph
from paribus.report.findings import gather_findings
from paribus.report.maps import arrange_failures, arrange_grid, arrange_isolation
from paribus.space import SearchSpace
from paribus.status import RunStatus
from paribus.study import OptimizerChoice


# Learning rates .001 and .01, each at batch sizes 32 and 64.
ROWS = ((0.90, 0.92), (0.95, 0.93), (0.97, 0.95), (0.91, 0.89))


@pytest.fixture
def grid():
    return make_finished(*ROWS, batch_size=(32, 64))


def test_each_value_stands_at_the_best_of_the_others(grid):
    rates, sizes = isolate(grid, metric="test_accuracy")

    assert (rates.hyperparameter, rates.nuisance) == ("learning_rate", ("batch_size",))
    assert [(v.value, v.chosen["batch_size"]) for v in rates.values] == [
        (0.001, 64),
        (0.01, 32),
    ]
    assert [v.mean for v in rates.values] == pytest.approx([0.94, 0.96])
    assert [v.chosen["learning_rate"] for v in sizes.values] == [0.01, 0.001]
    assert not rates.is_independent


def test_what_tuning_chose_is_shown_by_seeds_that_did_not_choose():
    accuracy = {
        (0.001, 32): 0.90,
        (0.01, 32): 0.95,
        (0.1, 32): 0.93,
        (0.001, 64): 0.90,
        (0.01, 64): 0.92,
        (0.1, 64): 0.80,
    }
    result = make_tuned_result(make_tuned_study(), accuracy)
    chosen = np.full(result.status.shape, False)
    for i, config in enumerate(result.configs):
        chosen[i, :3] = config["learning_rate"] == 0.01

    (sizes,) = isolate(trained(result, chosen, 0.5), metric="validation_accuracy")

    assert sizes.is_independent
    assert [v.scores for v in sizes.values] == [(0.5,) * 3] * 2
    assert [v.chosen["learning_rate"] for v in sizes.values] == [0.01, 0.01]


def crossed():
    """Two optimizers with rates of their own; .01 is best for one, 1 for the other."""
    study = make_tuned_study(n_seeds=2)
    grids = tuple(
        {"optimizer": (name,), "learning_rate": rates, "batch_size": (8, 16, 32, 64)}
        for name, rates in (("sgd", (0.1, 1.0, 10.0)), ("adam", (0.001, 0.01, 0.1)))
    )
    study = replace(study, optimizer=OptimizerChoice(), space=SearchSpace(grids=grids))
    scores = {
        tuple(c.values()): 0.95 if c["learning_rate"] in (0.01, 1.0) else 0.90
        for c in study.configs()
    }
    result = make_tuned_result(study, scores)
    chosen = np.zeros(result.status.shape, dtype=bool)
    for i, config in enumerate(result.configs):
        chosen[i, :2] = config["learning_rate"] in (0.01, 1.0)
    return trained(result, chosen, 0.94)


def test_panels_are_shared_among_the_hyperparameters():
    *_, figure = arrange_isolation(gather_findings(crossed()))

    assert isinstance(figure, Figure)
    titles = [panel.title.partition(",")[0] for panel in figure.panels]
    assert titles == ["Optimizer", "Batch size"] * 2 + ["Optimizer"] * 2


def test_maps_of_grids_that_differ_show_every_config():
    *_, figure = arrange_failures(gather_findings(crossed()))

    assert isinstance(figure, Figure)
    assert [panel.title for panel in figure.panels[::2]] == [
        "Runs that ended badly, SGD",
        "Runs that ended badly, Adam",
    ]


def test_one_hyperparameter_has_nothing_to_tune_away():
    alone = make_finished((0.9, 0.91), (0.92, 0.93))

    assert isolate(alone, metric="test_accuracy") == ()
    assert arrange_isolation(gather_findings(alone)) == []


def test_failures_are_counted_and_the_steadiest_never_failed(grid):
    status = grid.status.copy()
    status[0, 0] = RunStatus.COLLAPSED
    status[3] = RunStatus.DIVERGED
    loss = np.tile(np.linspace(2, 0.5, len(grid.epochs)), (*status.shape, 1))
    loss[1, :, 1] += 1.5
    curves = {**grid.curves, "train_loss": loss}

    found = map_failures(replace(grid, status=status, curves=curves))

    assert [(f.n_bad, f.n_runs) for f in found] == [(1, 2), (0, 2), (0, 2), (2, 2)]
    assert [f.n_learners for f in found] == [1, 2, 2, 0]
    assert found[3].variation is None
    # Up from 2 to 2.75, of a fall of 1.5.
    assert found[1].variation == pytest.approx(0.75 / 1.5)
    assert found[2].variation == 0
    # The first is as steady, but one of its runs failed.
    assert [f.is_steadiest for f in found] == [False, False, True, False]


def test_runs_that_were_stopped_dilute_what_diverged_and_are_no_proof_of_safety():
    """Else one of three that diverged before its value was stopped were all of one."""
    accuracy = dict.fromkeys([(0.001, 32), (0.01, 32), (0.1, 32)], 0.9)
    study = make_tuned_study(
        batch_size=(32,), n_choosing=3, n_targets=3, halving=Halving(factor=3)
    )
    result = stopped(make_tuned_result(study, accuracy), [0, 2], 2)
    status = result.status.copy()
    status[2, 3] = RunStatus.DIVERGED

    found = map_failures(replace(result, status=status))

    assert [(f.n_bad, f.n_runs) for f in found] == [(0, 0), (0, 3), (1, 3)]


def test_both_sections_have_marks_and_words(grid):
    findings = gather_findings(grid)

    for blocks in (arrange_isolation(findings), arrange_failures(findings)):
        sentence, figure = blocks
        assert isinstance(sentence, Paragraph)
        assert isinstance(figure, Figure)
        assert len(figure.panels) == 2
        for panel in figure.panels:
            rows = panel.specification["datasets"].values()
            assert sum(map(len, rows)) >= 4
            assert "learning rate 0.001" in panel.description


def test_captions_explain_only_the_marks_that_occur(grid):
    findings = gather_findings(grid)
    tied = any(s.is_tied_with_best for s in findings.tried)
    (with_ties,) = arrange_grid(findings)
    none = tuple(replace(s, is_tied_with_best=None) for s in findings.tried)
    (without,) = arrange_grid(replace(findings, tried=none))
    some = (replace(none[0], is_tied_with_best=True), *none[1:])
    (one,) = arrange_grid(replace(findings, tried=some))

    assert isinstance(without, Figure)
    assert isinstance(one, Figure)
    assert isinstance(with_ties, Figure)
    assert "●" not in without.caption
    assert "● marks" in one.caption
    assert ("● marks" in with_ties.caption) == tied

    status = np.full_like(grid.status, RunStatus.DIVERGED)
    failed = replace(gather_findings(grid), result=replace(grid, status=status))
    _, figure = arrange_failures(failed)
    assert isinstance(figure, Figure)
    assert "●" not in figure.caption
