"""What holds for the stability of any curve."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.stats.stability import (
    area_under_curve,
    jitter,
    share_of_increases,
    total_upward_variation,
)


quick = settings(max_examples=60)
# Multiples of 1/64, so that scaling and shifting by such numbers is exact.
losses = hnp.arrays(
    float,
    st.tuples(st.integers(1, 4), st.integers(2, 20)),
    elements=st.integers(0, 256).map(lambda n: n / 64),
)


def everyone(curves: np.ndarray) -> np.ndarray:
    return np.ones(len(curves), dtype=bool)


@quick
@given(losses, st.integers(-2, 5), st.integers(-64, 64))
def test_tuv_and_increases_have_no_unit_and_no_zero(
    loss: np.ndarray, power: int, shift: int
):
    other = 2.0**power * loss + shift / 64

    np.testing.assert_allclose(
        total_upward_variation(other, everyone(loss)),
        total_upward_variation(loss, everyone(loss)),
        rtol=1e-12,
    )
    np.testing.assert_array_equal(share_of_increases(other), share_of_increases(loss))


@quick
@given(losses)
def test_tuv_is_zero_exactly_for_a_descent_that_never_rises(loss: np.ndarray):
    tuv = total_upward_variation(loss, everyone(loss))
    falls = (np.diff(loss, axis=1) <= 0).all(axis=1)
    moves = loss[:, 0] > loss.min(axis=1)

    np.testing.assert_array_equal(tuv == 0, falls & moves)
    np.testing.assert_array_equal(np.isnan(tuv), ~moves)


@quick
@given(losses)
def test_more_evaluations_never_lower_tuv(loss: np.ndarray):
    # Keep the first, the lowest and the last: the descent stays what it was.
    kept = np.unique([0, *loss.argmin(axis=1), loss.shape[1] - 1])
    few = total_upward_variation(loss[:, kept], everyone(loss))
    all_of_them = total_upward_variation(loss, everyone(loss))

    is_measured = ~np.isnan(all_of_them)
    assert (few[is_measured] <= all_of_them[is_measured] + 1e-12).all()


@quick
@given(losses, st.floats(-3, 3), st.floats(-1, 1), st.floats(0.1, 10))
def test_jitter_ignores_a_trend_and_follows_the_scale(
    score: np.ndarray, level: float, slope: float, factor: float
):
    at = np.linspace(0, 10, 41)
    score = np.resize(score, (2, 41))

    before = jitter(at, score, everyone(score))
    after = jitter(at, factor * score + level + slope * at, everyone(score))

    np.testing.assert_allclose(after, factor * before, atol=1e-9)


@quick
@given(losses, st.floats(0.01, 1))
def test_the_area_lies_within_the_curve(score: np.ndarray, share: float):
    at = np.linspace(0, 3, score.shape[1])

    area = area_under_curve(at, score, share=share)

    assert (area >= score.min(axis=1) - 1e-12).all()
    assert (area <= score.max(axis=1) + 1e-12).all()
