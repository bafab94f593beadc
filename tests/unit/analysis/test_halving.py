"""How far values have come, what is stopped, and what is chosen of the rest."""

from dataclasses import replace

import numpy as np
import pytest
from tuning_builders import make_tuned_result, make_tuned_study, stopped

from paribus.analysis import choose_tuned, mark_absent, plan_runs
from paribus.analysis.comparisons import compare
from paribus.analysis.halving import climb, evaluated_counts, stopped_after
from paribus.analysis.scaling import scale_rates
from paribus.analysis.search import search_curves
from paribus.analysis.stopped import ladders, stopped_early
from paribus.analysis.tuned import choose_value, choosing_runs, declared_members
from paribus.errors import StudyError
from paribus.halving import Halving
from paribus.results import StudyResult
from paribus.status import RunStatus


RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
FINAL = (0.80, 0.90, 0.95, 0.93, 0.85)
SCORES = {(rate, 32): score for rate, score in zip(RATES, FINAL, strict=True)}
STUDY = make_tuned_study(
    learning_rate=RATES, batch_size=(32,), halving=Halving(factor=2)
)
CHOOSING = slice(3, 5)  # after three seeds that judge
AT_1, AT_2, END = 2, 3, 5  # evaluations after epochs 1 and 2, and in all


def whole() -> StudyResult:
    """All choosing runs trained to the end: their order is the same at each rung."""
    return make_tuned_result(STUDY, SCORES)


def waiting(configs, n_evaluations, result=None) -> StudyResult:
    status = RunStatus.INTERRUPTED if n_evaluations else RunStatus.PENDING
    return stopped(result or whole(), configs, n_evaluations, status=status)


def finished() -> StudyResult:
    """.001 and .1 were stopped after 1 epoch, .003 after 2."""
    return stopped(stopped(whole(), [0, 4], AT_1), [1], AT_2)


def configs_to_prune(result: StudyResult) -> list[int]:
    plan = plan_runs(result)
    assert plan.to_prune is not None
    assert not plan.to_prune[:, :3].any()
    return np.flatnonzero(plan.to_prune[:, CHOOSING].all(axis=1)).tolist()


def stops(result: StudyResult) -> list[int]:
    plan = plan_runs(result)
    assert plan.stops is not None
    assert not plan.stops[:, :3].any()
    assert (plan.stops[:, 3] == plan.stops[:, 4]).all()
    return plan.stops[:, 3].tolist()


def test_all_values_begin_and_wait_at_the_first_rung():
    result = waiting(range(5), 0)

    assert stops(result) == [AT_1] * 5
    assert configs_to_prune(result) == []
    assert plan_runs(result).is_planned[:, CHOOSING].all()
    assert plan_runs(result).is_open.any()


def test_a_rung_is_open_while_a_run_has_yet_to_get_there():
    result = waiting(range(5), AT_1)
    late = {n: curve.copy() for n, curve in result.curves.items()}
    for curve in late.values():
        curve[2, 3, AT_1 - 1 :] = np.nan
    result = replace(result, curves=late)

    plan = plan_runs(result)

    assert configs_to_prune(result) == []
    is_there = plan.is_at_rung(result)
    assert not is_there[2, 3]
    assert is_there[:, CHOOSING].sum() == 9


def test_what_has_fallen_behind_is_stopped_and_the_rest_goes_on():
    result = waiting(range(5), AT_1)

    assert configs_to_prune(result) == [0, 4]
    assert stops(result) == [0, AT_2, AT_2, AT_2, 0]
    assert not plan_runs(result).is_at_rung(result)[1:4].any()


def test_what_was_stopped_stands_at_the_next_rung():
    result = stopped(waiting([1, 2, 3], AT_2), [0, 4], AT_1)

    assert configs_to_prune(result) == [1]
    assert stops(result) == [0] * 5  # two are left: they train to the end


def test_the_chosen_value_is_interior_where_its_neighbours_were_stopped():
    result = mark_absent(finished())

    (choice,) = choose_tuned(result)

    assert choice.best_value == 0.01
    assert choice.pruned == (0.001, 0.003, 0.1)
    assert choice.edge is None
    assert choice.values == RATES
    assert np.isnan(choice.scores).tolist() == [True, True, False, False, True]
    assert choice.spacing_decades == pytest.approx(np.log10(0.01 / 0.003))
    planned = plan_runs(result).is_planned
    assert planned[:, :3].all(axis=1).tolist() == [False, False, True, False, False]
    assert (result.status[[0, 1, 3, 4], :3] == RunStatus.ABSENT).all()


def test_a_best_value_at_the_end_of_its_grid_stays_one():
    scores = {(rate, 32): 1 - rate for rate in RATES}
    result = stopped(make_tuned_result(STUDY, scores), [3, 4], AT_1)
    result = stopped(result, [2], AT_2)

    (choice,) = choose_tuned(result)

    assert (choice.best_value, choice.edge) == (0.001, "lower")
    assert choice.value_to_add == pytest.approx(0.001 / 3, rel=1e-2)


def test_a_run_that_failed_is_not_waited_for_and_leaves_its_value_to_the_others():
    result = waiting(range(5), AT_1)
    status = result.status.copy()
    status[2, 3] = RunStatus.FAILED
    result = replace(result, status=status)

    assert configs_to_prune(result) == [0, 4]


def test_a_run_that_is_tried_again_follows_its_value():
    result = stopped(waiting([1, 2, 3], AT_1), [0, 4], AT_1)
    again = waiting([2], 0, result)  # of a value that went on
    unasked = waiting([0], 0, result)
    status = unasked.status.copy()
    status[0, 4] = RunStatus.PRUNED  # of a value one run of which was stopped
    curves = {n: c.copy() for n, c in unasked.curves.items()}
    for name, curve in curves.items():
        curve[0, 4] = result.curves[name][0, 4]
    unasked = replace(unasked, status=status, curves=curves)

    assert stops(again)[2] == AT_2
    assert configs_to_prune(again) == []
    plan = plan_runs(unasked)
    assert not plan.is_planned[0, 3]
    assert not plan.is_open[0, 3]
    assert mark_absent(unasked).status[0, 3] == RunStatus.ABSENT


def test_a_value_of_which_half_the_runs_diverged_is_stopped():
    result = waiting(range(5), AT_1)
    status, diverged_at = result.status.copy(), result.diverged_at.copy()
    status[2, 3], diverged_at[2, 3] = RunStatus.DIVERGED, 7
    curves = {n: c.copy() for n, c in result.curves.items()}
    for curve in curves.values():
        curve[2, 3, 1:] = np.nan
    result = replace(result, status=status, diverged_at=diverged_at, curves=curves)

    plan = plan_runs(result)

    assert plan.to_prune is not None
    # The best of all before; what diverged has its outcome already.
    assert np.argwhere(plan.to_prune).tolist() == [[0, 3], [0, 4], [2, 4]]
    (ladder,) = climb(result, declared_members(result))
    assert ladder.rungs[0].kept == (1, 3, 4)


def test_ties_with_the_last_that_goes_on_go_on():
    scores = {**SCORES, (0.001, 32): 0.90}
    result = waiting(range(5), AT_1, make_tuned_result(STUDY, scores))

    assert configs_to_prune(result) == [4]


def test_at_a_budget_before_its_rung_a_stopped_value_takes_part():
    result = finished()
    curves = {n: c.copy() for n, c in result.curves.items()}
    # .1 is the best after half an epoch, and falls behind at the rung.
    curves["validation_accuracy"][4, CHOOSING, 1] = 0.2
    curves["validation_accuracy"][4, CHOOSING, 0] = 0.99
    seen = choosing_runs(replace(result, curves=curves))

    early = choose_value(seen, range(5), "learning_rate", at=[0.25] * 5)
    late = choose_value(seen, range(5), "learning_rate", at=[3.0] * 5)

    assert (early.best_value, early.pruned) == (0.1, ())
    assert (late.best_value, late.pruned) == (0.01, (0.001, 0.003, 0.1))


def test_the_test_split_decides_nothing():
    result = waiting(range(5), AT_1)
    upside_down = {**result.curves, "test_accuracy": -result.curves["test_accuracy"]}

    assert configs_to_prune(replace(result, curves=upside_down)) == [0, 4]


def test_what_was_stopped_and_saved_is_counted():
    result = finished()

    found = stopped_early(result)

    assert found is not None
    assert (found.n_tried, found.n_stopped, found.epochs) == (5, 3, (1, 2))
    assert found.n_whole == 2 * 5 * 4
    assert found.n_epochs == 2 * (1 + 1 + 2 + 4 + 4)
    assert stopped_after(result) == {0: 1.0, 1: 2.0, 4: 1.0}
    assert evaluated_counts(result)[:, 3].tolist() == [AT_1, AT_2, END, END, AT_1]


@pytest.mark.parametrize(
    ("settings", "n_too_early"),
    [
        ({"warmup_epochs": 1.0}, 0),
        ({"warmup_epochs": 1.5}, 2),
        ({"warmup_epochs": 3.0}, 3),
        # 55,000 examples are 1,719 batches of 32.
        ({"warmup_steps": 1719}, 0),
        ({"warmup_steps": 1720}, 2),
    ],
)
def test_values_that_were_stopped_in_a_warm_up_are_counted(settings, n_too_early):
    optimizer = replace(STUDY.optimizer, settings=settings)
    result = replace(finished(), study=replace(STUDY, optimizer=optimizer))

    found = stopped_early(result)

    assert found is not None
    assert found.n_too_early == n_too_early


def test_values_that_were_stopped_before_any_had_learned_are_counted():
    result = finished()
    curves = {name: curve.copy() for name, curve in result.curves.items()}
    # At the first rung all are within 5 points of guessing, at the second none is.
    curves["validation_accuracy"][:, CHOOSING, AT_1 - 1] = 0.14

    found = stopped_early(replace(result, curves=curves))

    assert found is not None
    assert (found.n_stopped, found.n_too_early) == (3, 2)


def test_scores_of_what_is_left_are_no_description_of_a_search():
    assert search_curves(whole())
    assert search_curves(finished()) == ()


def test_without_halving_nothing_stops():
    study = make_tuned_study(learning_rate=RATES, batch_size=(32,))
    result = make_tuned_result(study, SCORES)

    plan = plan_runs(result)

    assert plan.stops is None
    assert plan.to_prune is None
    assert not plan.is_at_rung(result).any()
    assert ladders(result) == []
    assert stopped_early(result) is None


def test_best_values_against_batch_sizes_rest_on_the_spacing_of_the_grid():
    """Stopped neighbours have no final score to lay a parabola through."""
    sizes = (16, 32, 64, 128, 256)
    study = make_tuned_study(
        learning_rate=RATES, batch_size=sizes, halving=Halving(factor=2)
    )
    scores = {
        (rate, size): score
        for size in sizes
        for rate, score in zip(RATES, FINAL, strict=True)
    }
    result = make_tuned_result(study, scores)
    by_rate = {
        rate: [i for i, c in enumerate(result.configs) if c["learning_rate"] == rate]
        for rate in RATES
    }
    result = stopped(result, [*by_rate[0.001], *by_rate[0.1]], AT_1)
    result = stopped(result, by_rate[0.003], AT_2)

    (found,) = [one for one in scale_rates(result) if one.objective == "score"]

    np.testing.assert_allclose(np.exp(found.found.best.log_values), 0.01)
    spacing = np.log(0.01 / 0.003)
    np.testing.assert_allclose(found.found.best.errors, spacing / np.sqrt(12))


def test_a_comparison_with_a_stopped_value_says_why_there_is_none():
    result = mark_absent(finished())

    best, metric = {"learning_rate": 0.01}, "validation_accuracy"
    with pytest.raises(StudyError, match="where it fell behind and was stopped"):
        compare(result, best, {"learning_rate": 0.1}, metric=metric)
    with pytest.raises(StudyError, match="`learning_rate`, none to compare"):
        compare(result, best, {"learning_rate": 0.03}, metric=metric)
