"""What holds for any times to a target."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.stats.target_times import (
    TargetTimes,
    log_time_ratio,
    restricted_mean_difference,
    summarise_times,
)
from paribus.stats.targets import choose_rung, first_crossing, reachable_rung


quick = settings(max_examples=60)
TAU = 64.0
accuracies = st.integers(0, 100).map(lambda n: n / 100)
curves = hnp.arrays(float, (4, 8), elements=accuracies)
moments = st.one_of(st.integers(1, 64).map(float), st.just(math.inf))
seeds = st.integers(5, 12)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def two_sides():
    """Times of two sides with the same number of seeds."""
    return seeds.flatmap(lambda n: hnp.arrays(float, (2, n), elements=moments))


def sides(x: np.ndarray) -> tuple[TargetTimes, TargetTimes]:
    return TargetTimes(times=x[0], tau=TAU), TargetTimes(times=x[1], tau=TAU)


@quick
@given(curves, accuracies, accuracies)
def test_a_higher_target_is_never_reached_earlier(
    x: np.ndarray, one: float, other: float
):
    at = np.arange(8.0)
    low, high = sorted((one, other))
    x[:, 0] = -1.0  # no run starts at its target

    earlier, later = first_crossing(at, x, low), first_crossing(at, x, high)

    assert (earlier <= later).all()
    assert (earlier > 0).all()
    np.testing.assert_array_equal(np.isfinite(earlier), (x[:, 1:] >= low).any(axis=1))


@quick
@given(curves, accuracies, st.integers(-4, 4))
def test_a_crossing_scales_with_its_clock(x: np.ndarray, target: float, power: int):
    at = np.arange(8.0)

    np.testing.assert_array_equal(
        first_crossing(at * 2.0**power, x, target),
        first_crossing(at, x, target) * 2.0**power,
    )


@quick
@given(two_sides())
def test_exchanging_the_sides_mirrors_ratio_and_permission(x: np.ndarray):
    a, b = sides(x)

    there, back = log_time_ratio(a, b, rng=rng()), log_time_ratio(b, a, rng=rng())

    assert there.is_lower_bound == back.is_upper_bound
    assert there.n_censored_a == back.n_censored_b
    np.testing.assert_allclose(back.contrast.lower, -there.contrast.upper, atol=1e-12)
    np.testing.assert_allclose(back.contrast.upper, -there.contrast.lower, atol=1e-12)


@quick
@given(two_sides())
def test_censoring_opens_the_interval_in_the_forbidden_direction(x: np.ndarray):
    a, b = sides(x)

    contrast = log_time_ratio(a, b, rng=rng()).contrast

    assert (contrast.upper == math.inf) == (not a.has_reached().all())
    assert (contrast.lower == -math.inf) == (not b.has_reached().all())
    assert contrast.n_seeds == x.shape[1]


@quick
@given(two_sides(), st.integers(-4, 4))
def test_a_clock_moves_no_ratio_and_scales_the_restricted_means(
    x: np.ndarray, power: int
):
    a, b = sides(x)
    unit = 2.0**power

    c, d = (TargetTimes(times=side.times * unit, tau=TAU * unit) for side in (a, b))

    ratio = log_time_ratio(a, b, rng=rng()).contrast
    on_clock = log_time_ratio(c, d, rng=rng()).contrast
    before = restricted_mean_difference(a, b, rng=rng())
    after = restricted_mean_difference(c, d, rng=rng())

    assert on_clock.estimate == pytest.approx(ratio.estimate, abs=1e-9)
    assert after.estimate == pytest.approx(unit * before.estimate)
    assert abs(before.estimate) <= TAU


@quick
@given(two_sides(), st.integers(0, 11))
def test_a_run_that_arrives_later_never_lowers_a_summary(x: np.ndarray, seed: int):
    seed %= x.shape[1]
    later = x[0].copy()
    later[seed] = math.inf
    lost = np.full(x.shape[1], False)

    def summary(times: np.ndarray):
        return summarise_times(TargetTimes(times=times, tau=TAU), lost, rng=rng())

    before, after = summary(x[0]), summary(later)
    assert after.median >= before.median
    assert before.restricted_mean is not None
    assert after.restricted_mean is not None
    assert (
        after.restricted_mean.estimate[0] >= before.restricted_mean.estimate[0] - 1e-9
    )
    assert after.share_reached.estimate[0] <= before.share_reached.estimate[0]


@quick
@given(hnp.arrays(float, (2, 4, 6), elements=moments), st.integers(0, 3))
def test_a_reachable_rung_is_at_most_the_chosen_one_and_reached(
    x: np.ndarray, chosen: int
):
    rung = reachable_rung(x[0], x[1], chosen)
    steady = choose_rung(x[0], TAU)

    if rung is not None:
        assert rung <= chosen
        assert np.isfinite(x[:, rung]).mean(axis=1).max() >= 0.8
    if steady is not None:
        assert (x[0, steady] <= 0.8 * TAU).all()
