"""Fronts by hand, and the verdict "a good balance"."""

import numpy as np
import pytest

from paribus.errors import TooFewSeedsError
from paribus.stats.pareto import (
    compare_balances,
    front_probabilities,
    judge_balance,
    pareto_front,
)


ONE = np.array([1.0, 1.0])


def test_directions_turn_the_front():
    points = np.array([[0.9, 10.0], [0.8, 5.0], [0.7, 20.0]])

    assert pareto_front(points, ["maximize", "minimize"]).tolist() == [
        True,
        True,
        False,
    ]
    assert pareto_front(points, ["maximize", "maximize"]).tolist() == [
        True,
        False,
        True,
    ]
    assert pareto_front(points, ["minimize", "minimize"]).tolist() == [
        False,
        True,
        True,
    ]


def test_equal_configs_are_on_the_front_together():
    points = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 2.0]])

    front = pareto_front(points, ["minimize", "minimize"])

    assert front.tolist() == [True, True, False]


def test_what_never_came_is_dominated_and_what_is_missing_is_nowhere():
    points = np.array([[0.9, np.inf], [0.9, 5.0], [0.99, np.nan]])

    front = pareto_front(points, ["maximize", "minimize"])

    assert front.tolist() == [False, True, False]


def test_a_clear_front_is_certain():
    scores = np.array([[[0.9, 5.0]], [[0.8, 3.0]], [[0.7, 4.0]]])
    scores = np.repeat(scores, 6, axis=1)

    found = front_probabilities(
        scores, ["maximize", "minimize"], rng=np.random.default_rng(0)
    )

    assert found.tolist() == [1.0, 1.0, 0.0]


def test_the_same_config_twice_is_on_the_front_as_often():
    scores = np.random.default_rng(0).normal(size=(1, 7, 2))
    twice = np.concatenate([scores, scores, scores - 0.3])

    found = front_probabilities(
        twice, ["maximize", "maximize"], rng=np.random.default_rng(0)
    )

    assert found.tolist() == [1.0, 1.0, 0.0]


def test_missing_runs_are_left_out_of_the_means():
    scores = np.full((2, 3, 1), 1.0)
    scores[0, 1:] = np.nan
    scores[1] = 0.5

    found = front_probabilities(
        scores, ["maximize"], n_resamples=4000, rng=np.random.default_rng(0)
    )

    # The first config is absent from (2/3)^3 of the resamples; 3.3 errors.
    assert found[0] == pytest.approx(1 - 8 / 27, abs=3.3 * 0.46 / 4000**0.5)
    assert found[0] + found[1] == pytest.approx(1)


def test_one_seed_has_no_probability():
    with pytest.raises(TooFewSeedsError, match="needs 2 seeds, got 1"):
        front_probabilities(
            np.zeros((2, 1, 2)), ["minimize", "minimize"], rng=np.random.default_rng(0)
        )


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [
        pytest.param(
            [[2, -9], [-9, 2]], [[3, -8], [-8, 3]], "supported", id="one each"
        ),
        pytest.param(
            [[2, -9], [0.5, 0.5]], [[3, -8], [2, 2]], "undecided", id="only one rival"
        ),
        pytest.param(
            [[2, 2], [-3, -0.5]], [[3, 3], [-2, 0.5]], "refuted", id="a better rival"
        ),
        pytest.param(
            [[-3, -0.5]], [[-2, 1.5]], "undecided", id="rival maybe worse elsewhere"
        ),
        pytest.param([[-0.5, -0.5]], [[0.5, 0.5]], "undecided", id="the same"),
        pytest.param(
            [[np.nan, 2]], [[np.nan, 3]], "supported", id="one measure is enough"
        ),
        pytest.param(
            [[np.nan, -3]], [[np.nan, -2]], "undecided", id="one is not known"
        ),
        pytest.param([[1, 0]], [[2, 2]], "undecided", id="exactly the smallest effect"),
    ],
)
def test_a_balance_is_judged_against_each_rival(
    lower: list[list[float]], upper: list[list[float]], verdict: str
):
    found = judge_balance(np.array(lower, float), np.array(upper, float), ONE)

    assert found == verdict


def test_a_balance_that_all_are_says_nothing():
    # Better on one measure, worse on the other, everyone against everyone.
    wins = np.array([[0.0, 1, 1], [-1, 0, 1], [-1, -1, 0]])
    advantage = 3 * np.stack([wins, -wins], axis=-1)

    found = compare_balances(advantage - 1, advantage + 1, ONE, 1)

    assert (found.verdict, found.others) == ("supported", ("supported", "supported"))
    assert found.is_uninformative


def test_a_dominated_config_is_refuted_and_its_rivals_are_not():
    wins = np.array([[0.0, 1, 1], [-1, 0, 1], [-1, -1, 0]])
    advantage = 3 * np.stack([wins, wins], axis=-1)

    found = compare_balances(advantage - 1, advantage + 1, ONE, 2)

    assert (found.verdict, found.others) == ("refuted", ("supported", "refuted"))
    assert not found.is_uninformative
