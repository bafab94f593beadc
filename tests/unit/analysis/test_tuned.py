"""Which value tuning chooses, and which runs follow."""

from dataclasses import replace

import numpy as np
import pytest
from tuning_builders import SCORES, make_tuned_result, make_tuned_study, trained

from paribus.analysis import (
    best_by_optimizer,
    best_tuned,
    choose_tuned,
    compare,
    mark_absent,
    plan_runs,
    say_edge,
    summarise_configs,
)
from paribus.space import SearchSpace
from paribus.status import RunStatus


INTERIOR = {**SCORES, (0.1, 64): 0.80}


def place(study, **values):
    return next(i for i, config in enumerate(study.configs()) if config.matches(values))


def test_the_best_mean_is_chosen_for_each_combination():
    study = make_tuned_study()

    at_32, at_64 = choose_tuned(make_tuned_result(study, SCORES))

    assert at_32.others == {"batch_size": 32}
    assert at_32.best_value == 0.01
    assert at_32.best_index == place(study, learning_rate=0.01, batch_size=32)
    assert at_32.edge is None
    # Two seeds, .001 apart, and diverged at none.
    np.testing.assert_allclose(at_32.scores, [0.9005, 0.9505, 0.9305])
    assert (at_64.best_value, at_64.edge) == (0.1, "upper")
    assert at_64.value_to_add == 1.0
    assert not at_64.is_settled


def test_scores_that_chose_nothing_do_not_move_the_choice():
    study = make_tuned_study()
    result = make_tuned_result(study, INTERIOR)
    others = np.zeros(result.status.shape, dtype=bool)
    others[place(study, learning_rate=0.1, batch_size=32), :3] = True

    spoilt = trained(result, others, accuracy=0.999)

    assert choose_tuned(spoilt) == choose_tuned(result)


def test_a_value_of_which_half_the_runs_diverged_is_excluded():
    study = make_tuned_study()
    result = make_tuned_result(study, SCORES)
    status = result.status.copy()
    status[place(study, learning_rate=0.01, batch_size=32), 3] = RunStatus.DIVERGED

    choice = choose_tuned(replace(result, status=status))[0]

    assert choice.excluded == (0.01,)
    assert choice.best_value == 0.1
    assert choice.passed_over is None


@pytest.mark.parametrize(
    ("excluded", "passed_over"),
    [((0.1,), (0.1, 0.01)), ((0.001,), None), ((0.001, 0.1), (0.1, 0.01)), ((), None)],
)
def test_an_excluded_value_that_scored_higher_is_named(excluded, passed_over):
    plain = choose_tuned(make_tuned_result(make_tuned_study(), SCORES))[0]
    choice = replace(
        plain,
        values=(0.001, 0.01, 0.1),
        scores=(0.9, 0.95, 0.96),
        excluded=excluded,
        best_value=0.01,
    )

    assert choice.passed_over == (passed_over and pytest.approx(passed_over))


def test_while_tuning_goes_on_only_choosing_runs_and_held_values_are_planned():
    study = make_tuned_study(held=(0.1,))
    result = make_tuned_result(study, INTERIOR, n_trained=1)

    plan = plan_runs(result)

    assert plan.is_planned[:, 3:].all()
    held = [place(study, learning_rate=0.1, batch_size=b) for b in (32, 64)]
    assert sorted(np.flatnonzero(plan.is_planned[:, 0])) == sorted(held)
    assert (plan.is_open == ~plan.is_planned).all()
    # 6 configs x 2 choosing, 2 held x 3, 2 chosen x 3.
    assert plan.n_expected == 12 + 6 + 6
    assert (mark_absent(result).status != RunStatus.ABSENT).all()


def test_chosen_and_held_values_are_compared_and_the_others_absent():
    study = make_tuned_study(held=(0.1,))
    result = make_tuned_result(study, INTERIOR)

    plan = plan_runs(result)

    compared = {
        (config["learning_rate"], config["batch_size"])
        for i, config in enumerate(study.configs())
        if plan.is_planned[i, :3].all()
    }
    assert compared == {(0.1, 32), (0.1, 64), (0.01, 32), (0.01, 64)}
    assert not plan.is_open.any()
    assert plan.n_expected == plan.is_planned.sum() == 12 + 12
    marked = mark_absent(result).status
    assert ((marked == RunStatus.ABSENT) == ~plan.is_planned).all()


def test_no_run_is_planned_for_a_choice_at_the_edge():
    study = make_tuned_study()

    plan = plan_runs(make_tuned_result(study, SCORES))

    assert plan.is_planned[:, 0].sum() == 1
    assert plan.is_planned[place(study, learning_rate=0.01, batch_size=32), 0]


def test_every_value_is_compared_if_the_study_says_so():
    result = make_tuned_result(make_tuned_study(compare="all"), SCORES, n_trained=0)

    plan = plan_runs(result)

    assert plan.is_planned.all()


def test_the_best_config_of_each_optimizer_is_trained_with_the_target_seeds():
    study = make_tuned_study(
        optimizer=("sgd", "keras_adam"), batch_size=(32,), n_targets=5
    )
    accuracy = {
        (name, rate, 32): INTERIOR[rate, 32] + (0.01 if name == "sgd" else 0.0)
        for name in ("sgd", "keras_adam")
        for rate in (0.001, 0.01, 0.1)
    }
    result = make_tuned_result(study, accuracy)

    targets = plan_runs(result).is_planned[:, 3 + 2 :]

    best = {
        name: choice.best_index for name, choice in best_by_optimizer(result).items()
    }
    assert best == {
        "sgd": place(study, optimizer="sgd", learning_rate=0.01),
        "keras_adam": place(study, optimizer="keras_adam", learning_rate=0.01),
    }
    assert sorted(np.flatnonzero(targets.all(axis=1))) == sorted(
        place(study, optimizer=name, learning_rate=0.01)
        for name in ("sgd", "keras_adam")
    )
    assert targets.sum() == 2 * 3
    overall = best_tuned(result)
    assert overall is not None
    assert overall.others["optimizer"] == "sgd"


def test_runs_trained_before_the_grid_was_extended_stay():
    study = make_tuned_study()
    result = make_tuned_result(study, INTERIOR)
    earlier = np.zeros(result.status.shape, dtype=bool)
    earlier[place(study, learning_rate=0.1, batch_size=32), :3] = True

    marked = mark_absent(trained(result, earlier, accuracy=0.5))

    assert (marked.status[earlier] == RunStatus.CONVERGED).all()


@pytest.mark.parametrize(
    ("scores", "at", "words"),
    [
        (
            SCORES,
            1,
            "learning_rate: the best value 0.1 at batch size 64 is the highest that "
            "was tried, so nothing is concluded; add 1: "
            "--set 'space.1.learning_rate=[0.001, 0.01, 0.1, 1]'",
        ),
        (
            {**SCORES, (0.001, 32): 0.99},
            0,
            "learning_rate: the best value 0.001 at batch size 32 is the lowest that "
            "was tried, so nothing is concluded; add 0.0001: "
            "--set 'space.1.learning_rate=[0.0001, 0.001, 0.01, 0.1]'",
        ),
    ],
)
def test_an_edge_names_the_value_to_add_and_the_option(scores, at, words):
    result = make_tuned_result(make_tuned_study(), scores)

    assert say_edge(result, choose_tuned(result)[at]) == words


def test_a_study_without_tuning_has_all_its_runs():
    result = make_tuned_result(make_tuned_study(), SCORES).of_seeds((0, 1, 2))

    assert plan_runs(result).is_planned.all()
    assert mark_absent(result) is result


def test_what_chose_a_value_does_not_judge_it():
    study = make_tuned_study(batch_size=(32,), compare="all")
    tuned = make_tuned_result(study, dict.fromkeys(SCORES, 0.99))
    evaluation = np.zeros(tuned.status.shape, dtype=bool)
    evaluation[:, :3] = True
    result = trained(tuned, evaluation, accuracy=0.9)

    summaries = summarise_configs(result)
    difference = compare(
        result, {"learning_rate": 0.01}, {"learning_rate": 0.1}, metric="test_accuracy"
    )

    assert [summary.n_seeds for summary in summaries] == [3, 3, 3]
    assert all(s.metrics["test_accuracy"].mean == 0.9 for s in summaries)
    assert difference.n_seeds == 3


def study_with_copies(**options):
    """Three rates at a constant schedule, which are tuned, and two copies at cosine."""
    study = make_tuned_study(batch_size=(32,), **options)
    assert study.tuning is not None
    grid = study.space.grids[0]
    copies = {
        "learning_rate": (0.01, 0.1),
        "batch_size": (32,),
        "schedule": ("cosine",),
    }
    space = SearchSpace(grids=({**grid, "schedule": ("constant",)}, copies))
    where = {"schedule": "constant"}
    return replace(study, space=space, tuning=replace(study.tuning, where=where))


COPIED = {
    (0.001, 32, "constant"): 0.90,
    (0.01, 32, "constant"): 0.95,
    (0.1, 32, "constant"): 0.93,
    (0.01, 32, "cosine"): 0.99,
    (0.1, 32, "cosine"): 0.98,
}


@pytest.mark.parametrize("compare", ["tuned", "all"])
def test_copies_are_compared_and_never_tuned_or_chosen(compare):
    study = study_with_copies(n_targets=4, compare=compare)
    before = make_tuned_result(study, COPIED, n_trained=0)
    result = make_tuned_result(study, COPIED)

    (choice,) = choose_tuned(result)
    plan = plan_runs(result)

    # The copies have better scores, which nothing may look at.
    assert (choice.best_value, choice.others["schedule"]) == (0.01, "constant")
    assert best_by_optimizer(result)["keras_adam"].best_index == choice.best_index
    is_copy = np.array([c["schedule"] == "cosine" for c in study.configs()])
    assert not plan.is_planned[is_copy, 3:].any()
    assert plan.is_planned[is_copy, :3].all()
    n_compared = 2 + (1 if compare == "tuned" else 3)
    # 3 rates x 2 choosing seeds, the compared ones x 3 seeds, 2 more seeds for targets.
    assert plan.is_planned.sum() == 3 * 2 + n_compared * 3 + 2
    assert plan_runs(before).n_expected == plan.n_expected == plan.is_planned.sum()


def test_copies_that_have_no_choosing_run_do_not_keep_tuning_open():
    result = make_tuned_result(study_with_copies(), COPIED)
    status = result.status.copy()
    status[3:, 3:] = RunStatus.PENDING  # as the store has them: they are never trained

    assert not plan_runs(replace(result, status=status)).is_open.any()
