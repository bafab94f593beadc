"""Guards of what was chosen: each fires on a minimal case, and is silent without it."""

from dataclasses import replace
from typing import Any

import pytest
from claims_builders import (
    Runs,
    ask,
    make_choice,
    make_pair,
    make_rates,
    make_runs,
    make_tuned_study,
)

from paribus.claims.evidence import Evidence, Question
from paribus.claims.guards import tuning


def test_what_chose_may_not_judge():
    dependent = (make_choice(is_independent=False),)
    refusal = ask(tuning.dependent_choice, make_pair(), choices=dependent)
    assert refusal.remedy == "paribus run learning-rate"
    assert refusal.allows_direction
    tuned = ask(tuning.dependent_choice, make_pair(), choices=dependent, mode="tuned")
    assert tuned.remedy == "paribus run batch-size"
    assert ask(tuning.dependent_choice, make_pair(), choices=(make_choice(),)) is None
    assert ask(tuning.dependent_choice, make_pair()) is None


def test_nothing_is_chosen_on_the_test_split():
    study = make_tuned_study(learning_rate=(0.001, 0.01), is_tuned=False, validation=0)
    on_test = make_runs(study, [Runs(), Runs()])
    refusal = ask(tuning.chosen_on_test, on_test, choices=(make_choice(),))
    assert refusal.remedy == "--set data.validation=5000"
    assert ask(tuning.chosen_on_test, on_test) is None
    assert ask(tuning.chosen_on_test, make_pair(), choices=(make_choice(),)) is None


def test_a_best_value_on_the_edge_names_the_value_to_add():
    edge = make_choice(edge="upper", value_to_add=0.1)
    study = make_tuned_study(learning_rate=(0.001, 0.01))
    rising = make_runs(study, [Runs(accuracy=0.9), Runs()])
    refusal = ask(tuning.best_on_edge, rising, choices=(edge,))
    assert refusal.reason == (
        "the best learning rate, 0.01, lies on the upper edge of the grid"
    )
    assert refusal.remedy == "--set 'space.1.learning_rate=[0.001, 0.01, 0.1]'"
    assert ask(tuning.best_on_edge, make_pair(), choices=(make_choice(),)) is None


@pytest.mark.parametrize(("lead", "is_refused"), [(0.0039, False), (0.0041, True)])
def test_none_is_the_best_if_one_that_often_failed_scored_higher(lead, is_refused):
    """By more than the smallest effect of its accuracy, 0.004."""
    passed = make_choice(passed_over=(0.1, lead))

    refusal = ask(tuning.better_passed_over, make_pair(), choices=(passed,))

    assert (refusal is not None) == is_refused
    if is_refused:
        assert refusal.reason == (
            "learning rate 0.1 scored 0.0041 higher than 0.01, the best by the rule, "
            "but half its runs or more did not learn, so none is plainly the best"
        )
        assert refusal.remedy == "--set study.epochs=15"
        assert refusal.allows_direction


def test_the_edge_is_said_where_the_study_has_other_places():
    edge = make_choice(edge="upper", value_to_add=0.1)
    study = make_tuned_study(learning_rate=(0.001, 0.01), batch_size=(32, 64))
    rising = make_runs(study, [Runs(accuracy=0.9) for _ in range(4)])
    refusal = ask(tuning.best_on_edge, rising, choices=(edge,))
    assert "rate, 0.01 at batch size 64, lies on the upper" in refusal.reason


@pytest.mark.parametrize(
    ("spacing", "fires"), [(0.5, False), (0.5005, False), (1.0, True)]
)
def test_a_grid_of_half_decades_is_fine_enough(spacing, fires):
    coarse = {
        "choices": (make_choice(spacing_decades=spacing),),
        "needs_fine_grid": True,
    }
    refusal = ask(tuning.coarse_grid, make_pair(), **coarse)
    assert (refusal is not None) is fires
    coarse["needs_fine_grid"] = False
    assert ask(tuning.coarse_grid, make_pair(), **coarse) is None


def test_both_sides_must_be_tuned_equally():
    uneven = (make_choice(n_runs=(3, 3)), make_choice(n_runs=(3, 3, 3)))
    assert ask(tuning.unequal_tuning, make_pair(), choices=uneven) is not None
    assert ask(tuning.unequal_tuning, make_pair(), choices=(uneven[0],) * 2) is None


@pytest.mark.parametrize(
    ("n_refining", "edge", "is_refused"),
    [((3, 3), None, False), ((3,), None, True), ((), None, True), ((), "upper", False)],
)
def test_sides_are_refined_equally_unless_nothing_is_to_be(
    n_refining, edge, is_refused
):
    sides = (
        make_choice(n_refining=(3, 3)),
        make_choice(n_refining=n_refining, edge=edge),
    )

    refusal = ask(tuning.unequal_tuning, make_pair(), choices=sides)

    assert (refusal is not None) is is_refused


def test_tuning_and_evaluation_seeds_must_differ():
    """A study refuses them; a result put together by hand may have them."""
    result = make_rates()
    evidence = Evidence.of(result)
    study = replace(result.study, tuning=None, seeds=result.seeds)
    shared = replace(evidence, judged=replace(result, study=study))
    question = Question(
        measure="validation_accuracy", higher=(0,), lower=(1,), choices=(make_choice(),)
    )
    refusal: Any = tuning.shared_seeds(shared, question)
    assert refusal.reason.startswith("seed 1000000 both chose")
    assert tuning.shared_seeds(evidence, question) is None


@pytest.mark.parametrize(
    ("is_against_best", "beside", "is_refused"),
    [(True, (0.03,), True), (True, (), False), (False, (0.003, 0.03), False)],
)
def test_a_best_value_beside_stopped_ones_is_no_mark_to_be_measured_by(
    is_against_best, beside, is_refused
):
    refusal = ask(
        tuning.pruned_beside_best,
        make_pair(),
        choices=(make_choice(pruned_beside=beside),),
        is_against_best=is_against_best,
    )

    assert (refusal is not None) is is_refused
    if is_refused:
        assert "the best learning rate (0.01) 0.03 fell behind" in refusal.reason
        assert "without [tuning.halving]" in refusal.remedy
