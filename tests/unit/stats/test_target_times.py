"""Times to a target: clocks, and what censoring permits."""

import math

import numpy as np
import pytest

from paribus.errors import TooFewSeedsError
from paribus.stats.target_times import (
    TargetTimes,
    log_time_ratio,
    restricted_mean_difference,
    summarise_times,
)


RNG = np.random.default_rng
NEVER = math.inf


def times(*reached: float, tau: float = 100.0) -> TargetTimes:
    return TargetTimes(times=np.array(reached, dtype=float), tau=tau)


def test_a_run_that_never_arrived_counts_as_infinity_and_as_tau():
    summary = summarise_times(
        times(10, 20, NEVER, NEVER, NEVER),
        np.array([False, True, True, False, False]),
        rng=RNG(0),
    )

    assert summary.share_reached.estimate[0] == 0.4
    assert summary.median == NEVER
    assert summary.restricted_mean is not None
    assert summary.restricted_mean.estimate[0] == 66
    assert summary.restricted_mean.upper[0] <= 100
    assert summary.n_lost == 1
    assert summary.n_seeds == 5


def test_fewer_than_5_runs_have_no_interval_of_the_mean():
    summary = summarise_times(times(10, 20), np.array([False, False]), rng=RNG(0))

    assert summary.restricted_mean is None
    assert summary.median == 15


def test_no_run_is_refused():
    with pytest.raises(TooFewSeedsError):
        summarise_times(times(), np.array([], dtype=bool), rng=RNG(0))


def test_a_ratio_without_censoring_has_both_bounds_and_a_test():
    ratio = log_time_ratio(times(2, 4, 6, 8, 9), times(1, 2, 3, 4, 5), rng=RNG(0))

    assert ratio.contrast.p_value == 0.0625
    assert not ratio.is_lower_bound
    assert not ratio.is_upper_bound
    assert math.exp(ratio.contrast.estimate) == pytest.approx(1.958, abs=1e-3)


def test_a_censored_slower_side_leaves_the_lower_bound_alone():
    slow, fast = times(50, 60, NEVER, 80, NEVER), times(1, 2, 3, 4, 5)

    there = log_time_ratio(slow, fast, rng=RNG(0))
    back = log_time_ratio(fast, slow, rng=RNG(0))

    assert there.is_lower_bound
    assert there.contrast.lower > math.log(1.25)
    assert there.contrast.upper == math.inf
    assert there.contrast.p_value is None
    assert there.n_censored_a == back.n_censored_b == 2
    assert back.is_upper_bound
    assert back.contrast.lower == -math.inf
    assert back.contrast.upper == pytest.approx(-there.contrast.lower)


def test_censoring_on_both_sides_leaves_no_bound():
    both = log_time_ratio(
        times(NEVER, 60, 70, 80, 90), times(1, NEVER, 3, 4, 5), rng=RNG(0)
    )

    assert not both.contrast.is_bounded
    assert not both.is_lower_bound
    assert not both.is_upper_bound


def test_restricted_means_are_compared_over_the_shorter_budget():
    long, short = times(10, 80, 90, 30, NEVER), times(10, 20, 30, 40, 45, tau=50.0)

    contrast = restricted_mean_difference(long, short, rng=RNG(0))

    assert contrast.estimate == pytest.approx(
        np.mean([10, 50, 50, 30, 50]) - np.mean([10, 20, 30, 40, 45])
    )


def test_no_mean_differs_by_more_than_the_budget():
    slow = TargetTimes(times=np.array([9.0, 9.5, 10.0, 3.0, 9.9, np.inf]), tau=10.0)
    fast = TargetTimes(times=np.array([0.1, 0.2, 0.1, 0.1, 0.3, 0.1]), tau=10.0)

    found = restricted_mean_difference(slow, fast, rng=RNG(0))

    assert found.upper == 10.0
    assert 0 < found.lower < found.estimate < 10
