"""Contrasts against SciPy and against simulated studies."""

import numpy as np
import pytest
from builders import all_counted
from scipy import stats

from paribus.stats.contrasts import (
    exchange_p_value,
    linear_contrast,
    paired_contrast,
    unpaired_contrast,
)
from paribus.stats.intervals import bootstrap_interval


RNG = np.random.default_rng
ALL = 100_000  # more than there are exchanges, so SciPy tries each


@pytest.mark.parametrize("level", [0.95, 0.99375])
def test_a_paired_contrast_below_20_seeds_is_scipys_t_interval(level: float):
    differences = RNG(1).normal(0.3, 1, 9)

    ours = paired_contrast(differences, confidence_level=level, rng=RNG(0))
    theirs = stats.ttest_1samp(differences, 0).confidence_interval(level)

    np.testing.assert_allclose([ours.lower, ours.upper], theirs, rtol=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_paired_contrast_from_20_seeds_holds_what_t_or_the_bootstrap_holds(sign: int):
    differences = sign * RNG(2).exponential(size=20)

    ours = paired_contrast(differences, rng=RNG(5))

    student = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    resampled = bootstrap_interval(
        differences[None, :], all_counted(differences[None, :]), rng=RNG(5)
    )
    assert ours.lower == pytest.approx(min(student.low, resampled.lower[0]))
    assert ours.upper == pytest.approx(max(student.high, resampled.upper[0]))
    # Neither of the two would have done alone.
    assert ours.upper - ours.lower > student.high - student.low


def test_a_paired_contrast_has_scipys_sign_flip_p_value():
    differences = RNG(3).normal(0.5, 1, 10)

    ours = paired_contrast(differences, rng=RNG(0)).p_value
    theirs = stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=ALL
    ).pvalue

    assert ours == pytest.approx(theirs, rel=1e-12)


def test_a_linear_contrast_of_three_is_a_t_interval_of_the_combination():
    scores = RNG(4).normal(size=(3, 8))
    combined = scores[1] - (scores[0] + scores[2]) / 2

    ours = linear_contrast(
        scores, np.array([-0.5, 1, -0.5]), all_counted(scores), rng=RNG(0)
    )
    theirs = stats.ttest_1samp(combined, 0).confidence_interval(0.95)

    np.testing.assert_allclose([ours.lower, ours.upper], theirs, rtol=1e-12)


def test_an_unpaired_contrast_is_scipys_welch_interval():
    a, b = RNG(5).normal(0, 1, 7), RNG(6).normal(0, 3, 12)

    ours = unpaired_contrast(a, b, confidence_level=0.99, rng=RNG(0))
    theirs = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.99)

    np.testing.assert_allclose([ours.lower, ours.upper], theirs, rtol=1e-12)
    error = np.sqrt(a.var(ddof=1) / 7 + b.var(ddof=1) / 12)
    assert ours.spread / np.sqrt(ours.n_seeds) == pytest.approx(error)


def test_exchanging_runs_gives_scipys_permutation_p_value():
    a, b = RNG(7).normal(1, 1, 5), RNG(8).normal(0, 1, 7)

    def difference(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
        return np.abs(x.mean(axis=axis) - y.mean(axis=axis))

    theirs = stats.permutation_test(
        (a, b), difference, alternative="greater", vectorized=True, n_resamples=ALL
    ).pvalue

    assert exchange_p_value(a, b, rng=RNG(0)) == pytest.approx(theirs, rel=1e-12)


def test_drawn_exchanges_agree_with_all_of_them():
    a, b = RNG(9).normal(0.8, 1, 8), RNG(10).normal(0, 1, 8)  # 12,870 splits

    sampled = exchange_p_value(a, b, rng=RNG(0))
    exact = stats.permutation_test(
        (a, b),
        lambda x, y: abs(x.mean() - y.mean()),
        alternative="greater",
        n_resamples=ALL,
    ).pvalue

    # 9,999 draws: 4 Monte-Carlo standard deviations.
    assert abs(sampled - exact) < 4 * np.sqrt(exact * (1 - exact) / 9999)
