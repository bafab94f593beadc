"""Quantiles of pivots: those of all pivots of the same resamples, sorted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.stats.studentised import studentised_quantiles


N_RESAMPLES = 9_999  # drawn in three parts


def sorted_pivots(sample: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The formula, on the drawn scores themselves, and everything sorted."""
    n = sample.shape[1]
    drawn = sample[:, rng.integers(n, size=(N_RESAMPLES, n))]
    shift = drawn.mean(axis=2) - sample.mean(axis=1, keepdims=True)
    error = drawn.std(axis=2, ddof=1) / np.sqrt(n)
    is_one_value = drawn.min(axis=2) == drawn.max(axis=2)
    shift[np.isclose(shift, 0, atol=1e-12) & is_one_value] = 0.0
    error[is_one_value] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sort(np.where(shift == 0, 0.0, shift / error), axis=1)


def test_the_quantiles_are_those_of_all_pivots_sorted():
    rng = np.random.default_rng(0)
    rare = np.where(np.arange(20) < 2, 1.0, 0.0)
    sample = np.stack([np.sort(np.exp(rng.normal(size=20))), rare[::-1], np.ones(20)])
    truth = sorted_pivots(sample, np.random.default_rng(1))

    for rank in (1, 5, 250, 4_000):
        low, high = studentised_quantiles(
            sample, N_RESAMPLES, rank, np.random.default_rng(1)
        )

        # Sums in another order.
        assert low == pytest.approx(truth[:, rank - 1], rel=1e-10)
        assert high == pytest.approx(truth[:, -rank], rel=1e-10)
    assert np.isinf(truth[1]).any()  # of the rare score there are resamples of one


@given(
    n_resamples=st.integers(19, 400),
    rank=st.integers(1, 19),
    seed=st.integers(0, 2**32 - 1),
    shift=st.floats(-5, 5),
    scale=st.floats(0.1, 10),
)
def test_quantiles_are_ordered_and_know_neither_unit_nor_origin(
    n_resamples, rank, seed, shift, scale
):
    sample = np.sort(np.random.default_rng(seed).normal(size=(3, 20)), axis=1)

    low, high = studentised_quantiles(
        sample, n_resamples, rank, np.random.default_rng(seed)
    )
    again = studentised_quantiles(
        shift + scale * sample, n_resamples, rank, np.random.default_rng(seed)
    )

    assert (low <= high).all() or 2 * rank > n_resamples + 1
    # Sums about another mean are rounded otherwise.
    assert again[0] == pytest.approx(low, rel=1e-8, abs=1e-8)
    assert again[1] == pytest.approx(high, rel=1e-8, abs=1e-8)
