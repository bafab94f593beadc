"""Ratios of spreads where a side does not vary, or has few seeds."""

import math

import numpy as np
import pytest

from paribus.stats.spread_ratio import brown_forsythe_p_value, log_spread_ratio


RNG = np.random.default_rng


@pytest.mark.parametrize("n_seeds", [0, 1, 4])
def test_below_5_seeds_there_are_no_bounds(n_seeds: int):
    contrast = log_spread_ratio(
        RNG(0).normal(size=n_seeds), RNG(1).normal(size=n_seeds)
    )

    assert not contrast.is_bounded
    assert (contrast.p_value is None) == (n_seeds < 2)
    assert math.isnan(contrast.estimate) == (n_seeds < 2)


def test_a_side_that_does_not_vary_has_no_ratio():
    contrast = log_spread_ratio(np.ones(8), RNG(0).normal(size=8))

    assert math.isnan(contrast.estimate)
    assert not contrast.is_bounded
    assert contrast.p_value is not None
    assert contrast.p_value < 0.05


def test_two_sides_that_do_not_vary_do_not_differ():
    assert brown_forsythe_p_value(np.ones(5), np.zeros(6)) == 1


def test_sides_with_two_values_each_differ_surely_if_their_steps_do():
    a, b = np.array([0.0, 2.0]), np.array([0.0, 1.0])

    assert brown_forsythe_p_value(a, b) == 0
    assert brown_forsythe_p_value(a, a + 1) == 1


def test_a_spread_that_rests_on_one_seed_has_no_bounds():
    a = np.array([0.0, 0, 0, 0, 1])

    contrast = log_spread_ratio(a, RNG(0).normal(size=5))

    assert not contrast.is_bounded
    assert math.isfinite(contrast.estimate)


def test_sides_that_vary_alike_give_an_interval_without_width():
    a = RNG(0).normal(size=7)

    contrast = log_spread_ratio(2 * a + 1, a)

    np.testing.assert_allclose([contrast.lower, contrast.upper], np.log(2))
