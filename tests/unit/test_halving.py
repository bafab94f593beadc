"""When values are compared on the way, and what does not fit."""

import pytest

from paribus.budget import Budget
from paribus.errors import StudyError
from paribus.halving import Halving, rung_evaluations


@pytest.mark.parametrize(
    ("halving", "epochs", "rungs"),
    [
        (Halving(), 9, (1, 3)),
        (Halving(), 10, (1, 3, 9)),
        (Halving(factor=2, min_epochs=3), 24, (3, 6, 12)),
        (Halving(min_epochs=5), 5, ()),
    ],
)
def test_rungs_lie_before_the_end(halving, epochs, rungs):
    assert halving.rungs(epochs) == rungs


def test_a_share_of_the_values_goes_on_rounded_up():
    assert Halving(factor=3).n_at_rungs(7, epochs=27) == (7, 3, 1, 1)
    assert Halving(factor=2).n_at_rungs(5, epochs=4) == (5, 3, 2)


def test_an_evaluation_belongs_to_its_rung():
    assert rung_evaluations((1, 3), (0.0, 0.5, 1.0, 2.0, 3.0, 4.0)) == (3, 5)
    # Thirty times 0.1 is not 3 exactly.
    assert rung_evaluations((3,), tuple(0.1 * k for k in range(41))) == (31,)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"factor": 1}, "`tuning.halving.factor` must be from 2 to 100, got 1"),
        ({"min_epochs": 0}, "`tuning.halving.min_epochs` must be at least 1, got 0"),
        ({"min_epochs": True}, "`tuning.halving.min_epochs` must be an integer"),
    ],
)
def test_what_is_out_of_range_is_refused(settings, words):
    with pytest.raises(StudyError, match=words):
        Halving(**settings)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(epochs=1), "must be less than the 1 epochs of the study, got 1"),
        (Budget(epochs=9, evaluate_every=2.0), "there is none after 1 epochs"),
    ],
)
def test_a_budget_without_a_rung_is_a_problem(budget, words):
    (problem,) = Halving().problems(budget)

    assert words in problem.text


@pytest.mark.parametrize("every", ["auto", 0.25, 1.0, 0.1])
def test_rungs_that_are_evaluated_are_none(every):
    assert [*Halving().problems(Budget(epochs=28, evaluate_every=every))] == []
