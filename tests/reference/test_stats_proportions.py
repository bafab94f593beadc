"""Shares against published examples, SciPy, and every possible outcome of a study."""

import numpy as np
import pytest
from scipy import stats

from paribus.stats.proportions import (
    compare_shares,
    mcnemar_p_value,
    newcombe_bounds,
    runs_to_decide_share,
    seeds_to_decide_shares,
    share_p_value,
    upper_bound_of_none,
)


# Newcombe 1998, table II, method 10: hits and seeds of both sides -> printed bounds.
NEWCOMBE = {
    (56, 70, 48, 80): (0.0524, 0.3339),
    (9, 10, 3, 10): (0.1705, 0.8090),
    (6, 7, 2, 7): (0.0582, 0.8062),
    (5, 56, 0, 29): (-0.0381, 0.1926),
    (0, 10, 0, 20): (-0.1611, 0.2775),
    (0, 10, 0, 10): (-0.2775, 0.2775),
    (10, 10, 0, 20): (0.6791, 1.0000),
    (10, 10, 0, 10): (0.6075, 1.0000),
}

# Section 3.4 of the project's scientific specification: against 0 of n seeds, the
# fewest hits of n with which the interval lies beyond .2, for families of 1 and 8.
FEWEST_HITS = {
    (1, 6): 5,
    (1, 8): 6,
    (1, 10): 6,
    (1, 20): 10,
    (1, 30): 12,
    (8, 6): 6,
    (8, 8): 8,
    (8, 10): 8,
    (8, 20): 12,
    (8, 30): 15,
}


@pytest.mark.parametrize(("counts", "bounds"), NEWCOMBE.items())
def test_newcombes_own_examples_come_out(
    counts: tuple[int, int, int, int], bounds: tuple[float, float]
):
    # Printed with four decimals.
    np.testing.assert_allclose(newcombe_bounds(*counts), bounds, atol=6e-5)


@pytest.mark.parametrize("level", [0.95, 0.99375])
def test_newcombes_bounds_are_built_from_scipys_wilson_intervals(level: float):
    a = stats.binomtest(7, 9).proportion_ci(level, method="wilson")
    b = stats.binomtest(2, 12).proportion_ci(level, method="wilson")
    lower = 7 / 9 - 2 / 12 - np.hypot(7 / 9 - a.low, b.high - 2 / 12)
    upper = 7 / 9 - 2 / 12 + np.hypot(a.high - 7 / 9, 2 / 12 - b.low)

    ours = newcombe_bounds(7, 9, 2, 12, confidence_level=level)

    np.testing.assert_allclose(ours, (lower, upper), rtol=1e-12)


@pytest.mark.parametrize(("family", "fewest"), FEWEST_HITS.items())
def test_the_fewest_failures_that_decide_are_the_specified_ones(
    family: tuple[int, int], fewest: int
):
    m, n = family
    deciding = [
        hits
        for hits in range(n + 1)
        if newcombe_bounds(hits, n, 0, n, confidence_level=1 - 0.05 / m)[0] > 0.2
    ]

    assert min(deciding) == fewest


@pytest.mark.parametrize(
    ("share", "seeds"), [(1.0, (3, 6, 7)), (0.0, (16, 30, 35))], ids=["all", "none"]
)
def test_seeds_to_decide_shares_are_the_specified_ones(
    share: float, seeds: tuple[int, int, int]
):
    ours = tuple(
        seeds_to_decide_shares(
            share, 0.0, smallest_effect=0.2, confidence_level=1 - 0.05 / m
        )
        for m in (1, 8, 16)
    )

    assert ours == seeds


def test_fishers_test_passes_from_the_specified_counts():
    # Section 3.4: 4/5, 5/6, 5/8 and 5/10 against 0.
    fewest = [
        min(k for k in range(n + 1) if compare_shares(k, n, 0, n).p_value < 0.05)
        for n in (5, 6, 8, 10)
    ]

    assert fewest == [4, 5, 5, 5]


def test_mcnemars_p_value_is_a_sum_of_binomial_probabilities():
    by_hand = 2 * stats.binom.cdf(2, 11, 0.5)

    assert mcnemar_p_value(2, 9) == pytest.approx(by_hand, rel=1e-12)
    assert mcnemar_p_value(9, 2) == mcnemar_p_value(2, 9)
    # Section 3.4: from 6 one-sided discordant seeds on.
    assert [mcnemar_p_value(n, 0) < 0.05 for n in (5, 6)] == [False, True]


@pytest.mark.parametrize(
    ("hits", "n", "share"), [(0, 5, 0.2), (5, 5, 0.2), (3, 12, 0.2), (9, 30, 0.31)]
)
def test_a_shares_p_value_is_twice_scipys_smaller_tail(hits: int, n: int, share: float):
    tails = [
        stats.binomtest(hits, n, share, alternative=way).pvalue
        for way in ("less", "greater")
    ]

    found = share_p_value(hits, n, share=share)

    assert found == pytest.approx(min(2 * min(tails), 1), rel=1e-12)


@pytest.mark.parametrize("alpha", [0.05, 0.00625])
def test_a_shares_p_value_and_its_exact_interval_agree(alpha: float):
    for n in (5, 6, 11, 30):
        for hits in range(n + 1):
            exact = stats.binomtest(hits, n).proportion_ci(1 - alpha, method="exact")
            is_outside = not exact.low <= 0.2 <= exact.high
            assert (share_p_value(hits, n, share=0.2) < alpha) == is_outside


@pytest.mark.parametrize("n_seeds", [1, 6, 30])
def test_the_bound_of_none_is_scipys_one_sided_exact_bound(n_seeds: int):
    theirs = stats.binomtest(0, n_seeds, alternative="less").proportion_ci(0.95)

    assert upper_bound_of_none(n_seeds) == pytest.approx(theirs.high, rel=1e-9)


def chance(outcome: np.ndarray, share_a: float, share_b: float) -> float:
    """Exact probability of a set of outcomes (hits of a, hits of b)."""
    hits = np.arange(len(outcome))
    a = stats.binom.pmf(hits, len(hits) - 1, share_a)
    b = stats.binom.pmf(hits, len(hits) - 1, share_b)
    return float(a @ outcome @ b)


def all_bounds(n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    level = 1 - 0.05 / m
    bounds = [
        [newcombe_bounds(i, n, j, n, confidence_level=level) for j in range(n + 1)]
        for i in range(n + 1)
    ]
    lower, upper = np.moveaxis(np.array(bounds), -1, 0)
    return lower, upper


@pytest.mark.parametrize("m", [1, 8])
@pytest.mark.parametrize("n", [5, 6, 10, 16, 30])
def test_false_verdicts_on_shares_stay_near_the_nominal_rate(n: int, m: int):
    lower, upper = all_bounds(n, m)
    is_above = lower > 0.2
    is_within = (lower > -0.2) & (upper < 0.2)
    shares = np.linspace(0, 0.8, 81)

    above = max(chance(is_above, share + 0.2, share) for share in shares)
    within = max(chance(is_within, share + 0.2, share) for share in shares)
    different = max(
        chance(is_above | (upper < -0.2), share, share) for share in shares / 0.8
    )

    # Nominal .025 / m a side. .8^16 = .0281: no failure in 16 seeds, where .2 fail.
    assert max(above, within) <= 0.0282 / m
    assert different <= 0.01 / m


@pytest.mark.parametrize(
    ("n", "least"), [(5, 0.88), (6, 0.855), (10, 0.89), (30, 0.92)]
)
def test_newcombe_covers_95_percent_on_average_and_less_at_some_shares(
    n: int, least: float
):
    lower, upper = all_bounds(n, 1)
    grid = np.linspace(0, 1, 41)
    coverage = [
        chance((lower <= a - b + 1e-12) & (a - b - 1e-12 <= upper), a, b)
        for a in grid
        for b in grid
    ]

    assert np.mean(coverage) >= 0.95
    assert least <= min(coverage) <= least + 0.01


@pytest.mark.parametrize("level", [0.95, 0.99375])
@pytest.mark.parametrize(("hits", "of"), [(0, 1), (1, 1), (1, 2), (3, 4), (1, 10)])
def test_runs_that_decide_a_share_are_those_of_scipys_exact_interval(
    hits: int, of: int, level: float
):
    """SciPy has whole hits only: every n between two of them is left out."""
    needed = runs_to_decide_share(
        hits / of, smallest_effect=0.2, confidence_level=level
    )
    assert needed is not None

    def decides(n: int) -> bool:
        exact = stats.binomtest(n * hits // of, n).proportion_ci(level, method="exact")
        return exact.low > 0.2 or exact.high < 0.2

    whole = [n for n in range(of, 400, of) if decides(n)]
    # The first whole n that decides is the first at or above the one that was found.
    assert whole[0] == -(-needed // of) * of


def test_a_share_at_the_smallest_effect_is_never_decided():
    assert runs_to_decide_share(0.2, smallest_effect=0.2) is None
