"""What holds for any contrast and any family: order, scale, mirror, monotony."""

import math

import numpy as np
import pytest
from builders import all_counted
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.stats.contrasts import (
    Contrast,
    exchange_p_value,
    linear_contrast,
    paired_contrast,
    unpaired_contrast,
)
from paribus.stats.families import (
    benjamini_hochberg,
    intersection_union_p_value,
    simultaneous_level,
)
from paribus.stats.power import seeds_to_decide


quick = settings(max_examples=40)
accuracies = st.integers(0, 1000).map(lambda n: n / 1000)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def sides(*, least: int = 5, most: int = 10):
    """One side's scores."""
    return hnp.arrays(float, st.integers(least, most), elements=accuracies)


def bounds(contrast: Contrast) -> list[float]:
    return [contrast.estimate, contrast.lower, contrast.upper]


@quick
@given(sides(most=24), st.randoms(use_true_random=False))
def test_the_order_of_the_seeds_changes_no_contrast(x: np.ndarray, random):
    shuffled = np.array(random.sample(list(x), len(x)))

    before = paired_contrast(x, rng=rng())
    after = paired_contrast(shuffled, rng=rng())

    np.testing.assert_allclose(bounds(after), bounds(before), atol=1e-12)
    assert after.p_value == before.p_value


@quick
@given(sides(most=19), st.integers(-8, 8))
def test_scale_and_orientation_pass_through_a_contrast(x: np.ndarray, power: int):
    factor = -(2.0**power)
    before = paired_contrast(x, rng=rng())
    after = paired_contrast(factor * x, rng=rng())

    mirrored = [factor * before.estimate, factor * before.upper, factor * before.lower]
    np.testing.assert_allclose(bounds(after), mirrored, rtol=1e-9, atol=1e-12)
    assert after.p_value == before.p_value
    np.testing.assert_allclose(after.spread, -factor * before.spread, rtol=1e-9)


@quick
@given(sides(most=30), st.integers(1, 20))
def test_a_larger_family_gives_wider_intervals(x: np.ndarray, m: int):
    few = paired_contrast(x, confidence_level=simultaneous_level(m), rng=rng())
    more = paired_contrast(x, confidence_level=simultaneous_level(2 * m), rng=rng())

    assert few.lower <= few.estimate + 1e-12
    assert few.estimate <= few.upper + 1e-12
    if len(x) < 20:  # the bootstrap draws other resamples for the wider interval
        assert more.lower <= few.lower
        assert few.upper <= more.upper


@quick
@given(hnp.arrays(float, (3, 8), elements=accuracies), st.floats(-5, 5))
def test_a_shift_of_a_seed_changes_no_linear_contrast(x: np.ndarray, shift: float):
    weights = np.array([-0.5, 1.0, -0.5])
    moved = x.copy()
    moved[:, 3] += shift

    before = linear_contrast(x, weights, all_counted(x), rng=rng())
    after = linear_contrast(moved, weights, all_counted(x), rng=rng())

    np.testing.assert_allclose(bounds(after), bounds(before), atol=1e-9)


@quick
@given(sides(), sides())
def test_exchanging_the_sides_mirrors_an_unpaired_contrast(
    a: np.ndarray, b: np.ndarray
):
    there = unpaired_contrast(a, b, rng=rng())
    back = unpaired_contrast(b, a, rng=rng())

    np.testing.assert_allclose(back.estimate, -there.estimate, atol=1e-12)
    np.testing.assert_allclose(back.lower, -there.upper, atol=1e-12)
    assert there.p_value is not None
    assert there.smallest_p_value <= there.p_value <= 1


@quick
@given(sides(most=6), sides(most=6), st.randoms(use_true_random=False))
def test_the_order_of_runs_changes_no_exchange_test(
    a: np.ndarray, b: np.ndarray, random
):
    shuffled = np.array(random.sample(list(a), len(a)))

    p_value = exchange_p_value(a, b, rng=rng())

    assert exchange_p_value(shuffled, b, rng=rng()) == p_value
    assert exchange_p_value(b, a, rng=rng()) == pytest.approx(p_value)


@quick
@given(hnp.arrays(float, st.integers(1, 12), elements=st.floats(0, 1)))
def test_benjamini_hochberg_lies_between_the_raw_value_and_bonferroni(p: np.ndarray):
    adjusted = benjamini_hochberg(p)

    assert (adjusted >= p - 1e-15).all()
    assert (adjusted <= np.minimum(p * len(p), 1) + 1e-15).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= -1e-15).all()
    assert intersection_union_p_value(p) >= p.mean() - 1e-15


@quick
@given(st.floats(-3, 3), st.floats(0.01, 3), st.integers(2, 30), st.integers(-6, 6))
def test_seeds_that_decide_have_no_unit_and_grow_with_the_spread(
    estimate: float, spread: float, n_seeds: int, power: int
):
    def decide(factor: float, wider: float = 1.0) -> float:
        n = seeds_to_decide(
            factor * estimate,
            boundaries=(-factor, factor),
            spread=factor * wider * spread,
            n_seeds=n_seeds,
        )
        return n or math.inf

    assert decide(2.0**power) == decide(1.0)
    assert decide(1.0, wider=2.0) >= decide(1.0)
