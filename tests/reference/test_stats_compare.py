"""Paired tests against SciPy, enumeration, and simulated error rates."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from paribus.stats.compare import (
    hedges_g_av,
    holm_adjusted,
    paired_one_sided_p_values,
    share_above,
    sign_flip_p_value,
)


RNG = np.random.default_rng


def enumerated_p_value(differences: np.ndarray) -> float:
    signs = np.array(list(itertools.product([-1, 1], repeat=len(differences))))
    sums = np.abs(signs @ differences)
    return float((sums >= abs(differences.sum()) - 1e-9).mean())


def counted_p_value(differences: list[int]) -> float:
    """Exact for integers: count how many assignments have each sum."""
    counts = {0: 1}
    for d in differences:
        following: dict[int, int] = {}
        for total, n in counts.items():
            following[total + d] = following.get(total + d, 0) + n
            following[total - d] = following.get(total - d, 0) + n
        counts = following
    observed = abs(sum(differences))
    extreme = sum(n for total, n in counts.items() if abs(total) >= observed)
    return extreme / 2 ** len(differences)


@pytest.mark.parametrize("n_pairs", [2, 3, 5, 8, 11])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sign_flip_equals_enumeration(n_pairs: int, seed: int):
    differences = RNG(seed).normal(0.3, 1, size=n_pairs)

    p_value = sign_flip_p_value(differences, rng=RNG(0))

    assert p_value == pytest.approx(enumerated_p_value(differences), rel=1e-12)


def test_sign_flip_agrees_with_scipy():
    differences = RNG(7).normal(0.5, 1, size=9)

    theirs = stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=10_000
    )

    assert sign_flip_p_value(differences, rng=RNG(0)) == pytest.approx(theirs.pvalue)


@pytest.mark.parametrize("n_pairs", [16, 17, 24, 32])
def test_sign_flip_of_many_integers_with_ties_is_exact(n_pairs: int):
    differences = RNG(n_pairs).integers(-4, 7, size=n_pairs)

    p_value = sign_flip_p_value(differences.astype(float), rng=RNG(0))

    assert p_value == pytest.approx(counted_p_value(differences.tolist()), rel=1e-9)


def test_sampled_sign_flips_estimate_the_exact_p_value():
    differences = RNG(3).integers(-4, 7, size=40)
    exact = counted_p_value(differences.tolist())

    sampled = sign_flip_p_value(differences.astype(float), rng=RNG(0))

    # 9,999 draws: 3.3 standard deviations of a share.
    assert 0.01 < exact < 0.5
    assert abs(sampled - exact) < 3.3 * math.sqrt(exact * (1 - exact) / 9999)


def test_holm_equals_the_closed_test_with_bonferroni():
    """Adjusted p of i: the largest |S| min(p in S) over all sets S that contain i."""
    for seed in range(20):
        p_values = RNG(seed).beta(0.4, 2, size=5)
        closed = [
            max(
                min(1.0, len(chosen) * min(p_values[j] for j in chosen))
                for size in range(1, 6)
                for chosen in itertools.combinations(range(5), size)
                if i in chosen
            )
            for i in range(5)
        ]

        np.testing.assert_allclose(holm_adjusted(p_values), closed, rtol=1e-12)


def test_hedges_g_av_equals_the_formula_by_hand():
    a, b = np.array([3.0, 5.0, 4.0, 8.0]), np.array([2.0, 2.0, 5.0, 3.0])
    # Means 5 and 3; variances 14/3 and 2; df = 6.
    correction = math.gamma(3) / (math.sqrt(3) * math.gamma(2.5))

    expected = correction * 2 / math.sqrt((14 / 3 + 2) / 2)

    assert hedges_g_av(a, b) == pytest.approx(expected, rel=1e-12)
    # Lakens's usual approximation of the correction, 1 - 3 / (4 df - 1).
    assert correction == pytest.approx(1 - 3 / 23, rel=0.005)


def test_hedges_g_av_is_nearly_unbiased_at_five_seeds():
    rng = RNG(0)
    true_effect = 0.8
    found = [
        hedges_g_av(rng.normal(true_effect, 1, 5), rng.normal(0, 1, 5))
        for _ in range(4000)
    ]
    values = np.array(found, dtype=float)

    # Without the correction the mean would be 0.89.
    error = values.std() / math.sqrt(len(values))
    assert abs(values.mean() - true_effect) < 3.3 * error


def test_share_above_agrees_with_mann_whitney():
    a = RNG(1).integers(0, 5, size=7).astype(float)
    b = RNG(2).integers(0, 5, size=9).astype(float)

    u = stats.mannwhitneyu(a, b).statistic

    assert share_above(a, b) == pytest.approx(u / 63, rel=1e-12)


def test_one_sided_paired_t_agrees_with_scipy():
    a = RNG(1).normal(0.2, 1, size=(5, 8))
    b = RNG(2).normal(0, 1, size=(5, 8))
    is_counted = RNG(3).random((5, 8)) > 0.25

    ours = paired_one_sided_p_values(a, b, is_counted)

    for i in range(5):
        kept = is_counted[i]
        theirs = stats.ttest_rel(a[i, kept], b[i, kept], alternative="greater")
        assert ours[i] == pytest.approx(theirs.pvalue, rel=1e-10)


@pytest.mark.parametrize("shape", ["normal", "log-normal"])
@pytest.mark.parametrize("n_seeds", [6, 10])
def test_sign_flip_rejects_equal_configs_as_rarely_as_it_says(n_seeds: int, shape: str):
    rng = RNG(n_seeds)
    scores = rng.normal(size=(1000, 2, n_seeds))
    if shape == "log-normal":
        scores = np.exp(0.8 * scores)

    p_values = np.array([sign_flip_p_value(a - b, rng=RNG(0)) for a, b in scores])

    # Exact test: at most .05; 3.3 Monte-Carlo standard deviations among 1,000 studies.
    rate = (p_values < 0.05).mean()
    assert rate <= 0.05 + 0.023
    assert rate >= 0.05 - 0.025 - 0.023  # it steps by 2/2^n and is not idle


def test_holm_keeps_any_false_claim_rare_over_a_family_of_eight():
    rng = RNG(5)
    rates = []
    for _ in range(1000):
        base = rng.normal(size=10)
        p_values = [
            sign_flip_p_value(rng.normal(size=10) - base, rng=RNG(0)) for _ in range(8)
        ]
        rates.append(holm_adjusted(np.array(p_values)).min() < 0.05)

    assert np.mean(rates) <= 0.05 + 0.023
