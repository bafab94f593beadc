"""Choosing among declared values, then among the best of them, its half and double."""

from dataclasses import replace

import numpy as np
import pytest
from tuning_builders import SCORES, make_tuned_result, make_tuned_study, trained

from paribus.analysis import choose_tuned, mark_absent, plan_runs, say_edge
from paribus.analysis.tuned import choose_value, choosing_runs, refinements
from paribus.analysis.variance import divide_variance
from paribus.claims.arms import is_designed
from paribus.refinement import may_be_added, with_added
from paribus.space import Config
from paribus.status import RunStatus


HALF, DOUBLE = (
    Config({"learning_rate": rate, "batch_size": 32}) for rate in (0.005, 0.02)
)
REFINED = {**SCORES, (0.005, 32): 0.94, (0.02, 32): 0.97}
STUDY = make_tuned_study(refine=True)
WHOLE = with_added(STUDY, (HALF, DOUBLE))


def place(rate, size):
    return STUDY.configs().index(Config({"learning_rate": rate, "batch_size": size}))


def untrained(result, *configs):
    """The result as if no run of some configs had been trained."""
    status = result.status.copy()
    for config in configs:
        status[result.configs.index(config)] = RunStatus.PENDING
    return replace(result, status=status)


def test_only_what_refines_an_interior_best_value_is_asked_for():
    result = make_tuned_result(STUDY, SCORES)

    plan = plan_runs(result)

    assert refinements(result) == plan.missing == (HALF, DOUBLE)
    assert plan.is_planned[:, 3:].all()
    assert not plan.is_planned[:, :3].any()
    assert (plan.is_open == ~plan.is_planned).all()
    # 6 declared and 2 added x 2 choosing seeds, and at most 2 chosen x 3 seeds.
    assert plan.n_expected == 8 * 2 + 2 * 3
    assert (mark_absent(result).status != RunStatus.ABSENT).all()


def test_nothing_is_asked_for_before_every_declared_value_was_tried():
    result = make_tuned_result(STUDY, SCORES, n_trained=1)

    plan = plan_runs(result)

    assert plan.missing == ()
    # Wherever the best values lie: 6 + 2 x 2 configs that choose, 2 that are compared.
    assert plan.n_expected == 10 * 2 + 2 * 3


def test_the_added_configs_are_trained_with_the_choosing_seeds_first():
    plan = plan_runs(untrained(make_tuned_result(WHOLE, REFINED), HALF))

    assert plan.missing == ()
    assert plan.is_planned[:, 3:].all()
    assert not plan.is_planned[:, :3].any()
    assert plan.is_open.any()
    assert plan.n_expected == 8 * 2 + 2 * 3


def test_the_choice_is_made_among_all_of_them():
    result = make_tuned_result(WHOLE, REFINED)

    at_32, at_64 = choose_tuned(result)
    plan = plan_runs(result)

    assert at_32.values == (0.001, 0.005, 0.01, 0.02, 0.1)
    # Two seeds, .001 apart.
    np.testing.assert_allclose(at_32.scores, [0.9005, 0.9405, 0.9505, 0.9705, 0.9305])
    assert (at_32.best_value, at_32.edge) == (0.02, None)
    assert result.configs[at_32.best_index or 0] == DOUBLE
    # From .02 to .1 is farther than to .01.
    assert at_32.spacing_decades == pytest.approx(np.log10(5))
    assert at_64.values == (0.001, 0.01, 0.1)
    assert at_64.edge == "upper"
    compared = np.flatnonzero(plan.is_planned[:, :3].all(axis=1))
    assert [result.configs[i] for i in compared] == [DOUBLE]
    assert not plan.is_open.any()
    # The half is shown as one of those that chose, and is compared no further.
    status = mark_absent(result).status[result.configs.index(HALF)]
    assert (status[:3] == RunStatus.ABSENT).all()
    assert (status[3:] == RunStatus.CONVERGED).all()


def test_the_declared_value_stays_where_its_half_and_double_are_worse():
    scores = {**REFINED, (0.02, 32): 0.94}

    choice = choose_tuned(make_tuned_result(WHOLE, scores))[0]

    assert choice.best_value == 0.01
    assert choice.spacing_decades == pytest.approx(np.log10(2))


def test_an_edge_is_one_of_the_declared_grid():
    result = make_tuned_result(WHOLE, REFINED)

    said = say_edge(result, choose_tuned(result)[1])

    assert said.endswith("add 1: --set 'space.1.learning_rate=[0.001, 0.01, 0.1, 1]'")


def test_what_refined_an_earlier_best_value_takes_no_part_anymore():
    study = make_tuned_study(learning_rate=(0.001, 0.01, 0.1, 1.0), refine=True)
    scores = {**REFINED, (1.0, 32): 0.1, (1.0, 64): 0.1, (0.1, 32): 0.96}
    new = [c for c in may_be_added(study) if c["learning_rate"] in (0.05, 0.2)]
    scores |= {(0.05, 32): 0.955, (0.2, 32): 0.9, (0.05, 64): 0.9, (0.2, 64): 0.9}
    # .02 has the best score of all, and refined .01 when that was best.
    result = make_tuned_result(with_added(study, (HALF, DOUBLE, *new)), scores)

    choice = choose_tuned(result)[0]

    assert choice.values == (0.001, 0.01, 0.05, 0.1, 0.2, 1.0)
    assert choice.best_value == 0.1
    assert len(choice.members) == 6
    # Nor is it waited for.
    assert not plan_runs(untrained(result, HALF, DOUBLE)).is_open.any()


def test_at_another_budget_the_same_values_are_compared():
    result = make_tuned_result(WHOLE, REFINED)
    members = [i for i, c in enumerate(WHOLE.configs()) if c["batch_size"] == 32]
    curve = result.curves["validation_accuracy"].copy()
    # After one epoch the lowest is best, an end of the grid that was declared.
    curve[WHOLE.configs().index({"learning_rate": 0.001, "batch_size": 32}), 3:, 1] = (
        0.5
    )
    result = replace(result, curves={**result.curves, "validation_accuracy": curve})

    early = choose_value(
        choosing_runs(result), members, "learning_rate", at=[1.0] * len(members)
    )

    assert early.values == (0.001, 0.005, 0.01, 0.02, 0.1)
    assert (early.best_value, early.edge) == (0.001, "lower")
    assert early.value_to_add == 0.0001  # a decade, though .005 was tried too


def test_where_every_value_is_compared_so_is_the_chosen_one():
    study = make_tuned_study(refine=True, compare="all")
    result = make_tuned_result(with_added(study, (HALF, DOUBLE)), REFINED)

    plan = plan_runs(result)

    compared = np.flatnonzero(plan.is_planned[:, :3].all(axis=1))
    assert [result.configs[i] for i in compared] == [*study.configs(), DOUBLE]
    before = plan_runs(make_tuned_result(study, SCORES, n_trained=0))
    assert before.n_expected == 6 * 3 + 10 * 2 + 2 * 3


def test_an_added_value_where_half_the_runs_diverged_is_not_chosen():
    result = make_tuned_result(WHOLE, REFINED)
    status = result.status.copy()
    status[result.configs.index(DOUBLE), 3] = RunStatus.DIVERGED

    choice = choose_tuned(replace(result, status=status))[0]

    assert (choice.best_value, choice.excluded) == (0.01, (0.02,))


def test_a_value_beyond_which_no_run_ended_is_at_an_edge_and_not_refined():
    result = make_tuned_result(STUDY, SCORES)
    status = result.status.copy()
    status[place(0.1, 32), 3:] = RunStatus.FAILED

    plan = plan_runs(replace(result, status=status))

    assert plan.missing == ()
    assert not plan.is_open.any()


def test_the_claims_family_has_no_place_for_what_refinement_added():
    study = make_tuned_study(refine=True, compare="all")
    result = make_tuned_result(with_added(study, (HALF,)), REFINED)

    assert all(is_designed(result, config) for config in study.configs())
    assert not is_designed(result, HALF)


def test_shares_of_variance_are_those_of_the_declared_grid():
    study = make_tuned_study(refine=True, compare="all", n_seeds=5)
    scores = {**SCORES, (0.1, 64): 0.80, (0.005, 32): 0.9, (0.02, 32): 0.9}
    plain = make_tuned_result(study, scores)
    whole = make_tuned_result(with_added(study, (HALF, DOUBLE)), scores)

    expected = divide_variance(compared(plain), metric="validation_accuracy")
    found = divide_variance(compared(whole), metric="validation_accuracy")

    assert expected is not None
    assert found is not None
    assert tuple(map(len, found.values)) == (3, 2)
    assert repr(found.versions) == repr(expected.versions)


def compared(result):
    """The result with the study's seeds trained at every declared value."""
    n = len(result.study.seeds)
    status, curves = result.status.copy(), dict(result.curves)
    status[:6, :n] = RunStatus.CONVERGED
    for name, curve in curves.items():
        curves[name] = curve.copy()
        curves[name][:6, :n] = curve[:6, n : n + 1] + 0.001 * np.arange(n)[:, None]
    return replace(result, status=status, curves=curves)


def test_the_target_seeds_train_at_the_refined_best():
    study = make_tuned_study(refine=True, n_targets=5)
    result = make_tuned_result(with_added(study, (HALF, DOUBLE)), REFINED)

    targets = plan_runs(result).is_planned[:, 3 + 2 :]

    at = np.flatnonzero(targets.any(axis=1))
    assert [result.configs[i] for i in at] == [DOUBLE]


def test_evaluation_runs_do_not_move_the_choice():
    result = make_tuned_result(WHOLE, REFINED)
    others = np.zeros(result.status.shape, dtype=bool)
    others[result.configs.index(HALF), :3] = True

    assert choose_tuned(trained(result, others, accuracy=0.999)) == choose_tuned(result)
