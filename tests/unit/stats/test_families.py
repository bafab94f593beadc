"""What a family refuses, and its edges."""

import numpy as np
import pytest

from paribus.errors import TooFewSeedsError
from paribus.stats.families import (
    benjamini_hochberg,
    intersection_union_p_value,
    max_t_intervals,
    simultaneous_level,
)


RNG = np.random.default_rng


def test_one_contrast_and_one_look_keep_the_level():
    assert simultaneous_level(1) == 0.95


def test_looks_and_contrasts_share_the_error():
    assert simultaneous_level(8, n_looks=2) == simultaneous_level(16)


def test_no_exploratory_tests_need_no_adjustment():
    assert benjamini_hochberg(np.array([])).shape == (0,)


def test_all_hold_only_as_surely_as_the_least_sure_part():
    assert intersection_union_p_value(np.array([0.001, 0.04, 0.02])) == 0.04


def test_joint_intervals_need_20_seeds():
    with pytest.raises(TooFewSeedsError, match="need 20 seeds, got 19"):
        max_t_intervals(np.zeros((2, 19)), rng=RNG(0))


def test_a_contrast_without_spread_does_not_disturb_the_others():
    alone = RNG(0).normal(size=(1, 20))
    beside = np.concatenate([alone, np.zeros((1, 20)), np.ones((1, 20))])

    few = max_t_intervals(alone, n_flips=999, rng=RNG(1))
    many = max_t_intervals(beside, n_flips=999, rng=RNG(1))

    assert many.quantile == pytest.approx(few.quantile, rel=1e-12)
    np.testing.assert_array_equal(many.lower[1:], [0, 1])
    np.testing.assert_array_equal(many.p_value[1:], [1, 0.001])


def test_the_same_contrast_twice_costs_nothing():
    alone = RNG(0).normal(size=(1, 25))

    once = max_t_intervals(alone, rng=RNG(1))
    twice = max_t_intervals(np.concatenate([alone, alone]), rng=RNG(1))

    assert twice.quantile == pytest.approx(once.quantile)
