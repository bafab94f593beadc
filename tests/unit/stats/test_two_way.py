"""Seeds and examples: edges, and which of the two keeps a question open."""

import math

import numpy as np
import pytest

from paribus.stats.two_way import TwoWayInterval, two_way_interval


RNG = np.random.default_rng
EDGES = (-0.01, 0.01)


def right_or_wrong(*, n_seeds: int, n_examples: int, seed_spread: float) -> np.ndarray:
    """Differences of right and wrong whose seeds disagree by `seed_spread`."""
    rng = RNG(n_seeds)
    shift = seed_spread * np.linspace(-1, 1, n_seeds)[:, None]
    noise = rng.normal(0, 0.3, n_examples)
    return 0.012 + shift + noise - noise.mean()


@pytest.mark.parametrize("n_seeds", [1, 4])
def test_below_5_seeds_there_are_no_bounds(n_seeds: int):
    interval = two_way_interval(RNG(0).normal(size=(n_seeds, 30)))

    assert (interval.lower, interval.upper) == (-math.inf, math.inf)
    assert interval.n_seeds == n_seeds


def test_sides_that_are_right_together_differ_by_nothing():
    interval = two_way_interval(np.zeros((5, 30)))

    assert (interval.estimate, interval.lower, interval.upper) == (0, 0, 0)
    assert interval.example_share() == 0


def test_few_examples_keep_a_question_open_that_more_seeds_cannot_decide():
    interval = two_way_interval(
        right_or_wrong(n_seeds=10, n_examples=500, seed_spread=0.001)
    )

    assert interval.needs_more_examples(EDGES)
    assert interval.seeds_to_decide(EDGES) is None
    assert interval.example_share() > 0.9


def test_few_seeds_keep_a_question_open_that_more_seeds_decide():
    interval = two_way_interval(
        right_or_wrong(n_seeds=6, n_examples=10**6, seed_spread=0.01)
    )

    assert interval.lower < 0.01 < interval.upper
    assert not interval.needs_more_examples(EDGES)
    assert (interval.seeds_to_decide(EDGES) or 0) > 6


def test_nothing_is_counted_from_one_seed_or_at_the_boundary():
    one = two_way_interval(RNG(0).normal(size=(1, 30)))
    at = two_way_interval(np.full((6, 30), 0.125))

    assert one.seeds_to_decide(EDGES) is None
    assert at.seeds_to_decide((-0.125, 0.125)) is None


def test_a_part_that_does_not_shrink_is_not_counted_away():
    interval = TwoWayInterval(
        estimate=0.03,
        lower=-0.01,
        upper=0.07,
        confidence_level=0.95,
        n_seeds=10,
        n_examples=100,
        degrees_of_freedom=9.0,
        error=0.018,
        example_error=0.006,
        lasting_error=0.005,
    )

    n = interval.seeds_to_decide(EDGES)

    assert n is not None
    only_seeds = (0.018**2 - 0.005**2) * 10 / 25 * 100  # 2.5 standard errors are .02
    assert n > only_seeds * 0.01 / 0.02**2
