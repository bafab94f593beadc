"""What a contrast says with few seeds, with missing ones, and without any spread."""

import math

import numpy as np
import pytest

from paribus.stats.contrasts import (
    exchange_p_value,
    linear_contrast,
    paired_contrast,
    unpaired_contrast,
)


RNG = np.random.default_rng


@pytest.mark.parametrize("n_seeds", [0, 1, 2, 4])
def test_below_5_seeds_a_contrast_has_no_bounds(n_seeds: int):
    differences = np.full(n_seeds, 3.0) + np.arange(n_seeds) / 100

    contrast = paired_contrast(differences, rng=RNG(0))

    assert (contrast.lower, contrast.upper) == (-math.inf, math.inf)
    assert not contrast.is_bounded
    assert contrast.n_seeds == n_seeds
    assert math.isnan(contrast.estimate) == (n_seeds == 0)
    assert (contrast.p_value is None) == (n_seeds < 2)


def test_5_seeds_have_bounds():
    contrast = paired_contrast(np.array([1.0, 2, 3, 4, 5]), rng=RNG(0))

    assert contrast.is_bounded
    assert contrast.p_value == contrast.smallest_p_value == 0.0625


def test_equal_differences_give_an_interval_without_width():
    contrast = paired_contrast(np.zeros(6), rng=RNG(0))

    assert (contrast.estimate, contrast.lower, contrast.upper) == (0, 0, 0)
    assert contrast.p_value == 1


def test_a_seed_enters_if_every_weighted_config_has_it():
    scores = RNG(0).normal(size=(4, 9))
    is_counted = np.full(scores.shape, True)
    is_counted[0, 0] = is_counted[2, 1] = False
    is_counted[3] = False  # has no weight
    scores[~is_counted] = np.nan

    contrast = linear_contrast(
        scores, np.array([-0.5, 1, -0.5, 0]), is_counted, rng=RNG(0)
    )

    kept = scores[:3, 2:]
    by_hand = kept[1] - (kept[0] + kept[2]) / 2
    assert contrast.n_seeds == 7
    assert math.isclose(contrast.estimate, by_hand.mean())
    assert math.isclose(contrast.spread, by_hand.std(ddof=1))


@pytest.mark.parametrize(("n_a", "n_b"), [(0, 6), (1, 6), (4, 9), (9, 4)])
def test_below_5_seeds_on_either_side_welch_has_no_bounds(n_a: int, n_b: int):
    contrast = unpaired_contrast(RNG(0).normal(size=n_a), np.zeros(n_b), rng=RNG(0))

    assert not contrast.is_bounded
    assert contrast.n_seeds == min(n_a, n_b)


def test_sides_without_spread_give_an_interval_without_width():
    contrast = unpaired_contrast(np.ones(5), np.zeros(6), rng=RNG(0))

    assert (contrast.estimate, contrast.lower, contrast.upper) == (1, 1, 1)
    assert contrast.spread == 0


def test_separated_sides_reach_the_smallest_p_value():
    small = unpaired_contrast(np.arange(5.0) + 10, np.arange(5.0), rng=RNG(0))
    uneven = unpaired_contrast(np.arange(5.0) + 10, np.arange(6.0), rng=RNG(0))
    large = unpaired_contrast(np.arange(20.0) + 30, np.arange(20.0), rng=RNG(0))

    assert small.p_value == small.smallest_p_value == 2 / 252
    assert uneven.p_value == uneven.smallest_p_value == 1 / 462
    assert large.p_value == large.smallest_p_value == 1e-4


def test_sides_that_differ_by_rounding_alone_are_equal():
    a = np.array([0.1, 0.2, 0.3, 0.4, 0.5], dtype=np.float32).astype(float)

    assert exchange_p_value(a, np.array([0.5, 0.4, 0.3, 0.2, 0.1]), rng=RNG(0)) == 1
