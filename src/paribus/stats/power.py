"""How many seeds would settle it?"""

import math
from collections.abc import Collection
from functools import cache

import numpy as np
from scipy import special

from paribus.stats.contrasts import MIN_CONTRAST_SEEDS
from paribus.stats.intervals import MIN_SEEDS


MAX_SEEDS = 1000


def seeds_needed(
    effect: float,
    *,
    power: float = 0.8,
    n_comparisons: int = 1,
    correlation: float = 0.0,
) -> int | None:
    """Count the seeds with which a difference would probably be seen.

    The smallest n at which the paired t interval at level 1 - .05/`n_comparisons` lies
    on the right side of the boundary with probability `power`.

    Args:
        effect: Distance from the true difference to the nearest boundary (0, or the
            smallest effect that matters), in standard deviations of one run; above 0.
        power: Wanted probability, in (0, 1).
        n_comparisons: Comparisons in the family (Bonferroni).
        correlation: Between the two sides over seeds, in [0, 1). Plan with 0: measured
            correlations were too small and too uncertain to count on.

    Returns:
        Seeds per config, or None if 1,000 are not enough.

    Assumes:
        Normal scores with the same spread on both sides.

    Example:
        >>> seeds_needed(1.0), seeds_needed(1.0, n_comparisons=8)
        (18, 30)

    References:
        Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988, chapter 2
        (with the non-central t distribution in place of its tables).
    """
    assert effect > 0
    n = np.arange(2, MAX_SEEDS + 1)
    quantile = special.stdtrit(n - 1, 1 - 0.025 / n_comparisons)
    in_pair_sds = effect / np.sqrt(2 * (1 - correlation))
    reached = 1 - special.nctdtr(n - 1, in_pair_sds * np.sqrt(n), quantile) >= power
    return int(n[reached.argmax()]) if reached.any() else None


def seeds_needed_negligible(
    smallest_effect: float, *, power: float = 0.8, n_comparisons: int = 1
) -> int | None:
    """Count the seeds with which a difference of 0 would probably be shown negligible.

    The smallest n at which the whole paired t interval at level 1 - .05/`n_comparisons`
    lies within plus and minus `smallest_effect` with probability `power`.

    Args:
        smallest_effect: In standard deviations of one run; above 0.
        power: Wanted probability, in (0, 1).
        n_comparisons: Comparisons in the family (Bonferroni).

    Returns:
        Seeds per config, or None if 1,000 are not enough.

    Assumes:
        Normal scores with the same spread on both sides, uncorrelated, and a true
        difference of exactly 0.

    Example:
        >>> seeds_needed_negligible(1.0)
        24

    References:
        Schuirmann, A Comparison of the Two One-Sided Tests Procedure and the Power
        Approach for Assessing the Equivalence of Average Bioavailability, 1987.
    """
    assert smallest_effect > 0
    low, high = 2, MAX_SEEDS
    if _negligible_power(high, smallest_effect, n_comparisons) < power:
        return None
    while low < high:
        middle = (low + high) // 2
        if _negligible_power(middle, smallest_effect, n_comparisons) >= power:
            high = middle
        else:
            low = middle + 1
    return low


def seeds_to_decide(
    estimate: float,
    *,
    boundaries: Collection[float],
    spread: float,
    n_seeds: int,
    confidence_level: float = 0.95,
) -> int | None:
    """Count the seeds that would decide an open question, if the estimate is right.

    The smallest n at which half the t interval's width, t s / sqrt(n), is at most the
    distance from the estimate to the nearest boundary. The standard deviation s is not
    taken as observed but at its 80 % upper limit: a small study often underestimates
    it, and would promise too much.

    Args:
        estimate: The observed contrast.
        boundaries: Where the verdict changes: plus and minus the smallest effect for a
            direction, minus alone for "as good as".
        spread: Observed standard deviation of the contrast over seeds.
        n_seeds: Seeds it was observed with.
        confidence_level: Of the interval that decides.

    Returns:
        Seeds, never below the 5 that a verdict needs; None if 1,000 are not enough (the
        estimate sits at a boundary) or there were fewer than 2 seeds to learn from.

    Assumes:
        Normal differences. A plan, not a promise: it holds if the true contrast is near
        the estimate.

    Example:
        >>> seeds_to_decide(
        ...     0.01, boundaries=(-0.005, 0.005), spread=0.01, n_seeds=6
        ... )
        36
    """
    if n_seeds < MIN_SEEDS or not math.isfinite(estimate):
        return None
    degrees = n_seeds - 1
    # chdtri wants the probability above the quantile.
    likely_spread = spread * math.sqrt(degrees / special.chdtri(degrees, 0.8))
    distance = min(abs(estimate - boundary) for boundary in boundaries)
    n = np.arange(MIN_CONTRAST_SEEDS, MAX_SEEDS + 1)
    quantile = special.stdtrit(n - 1, (1 + confidence_level) / 2)
    decides = quantile * likely_spread / np.sqrt(n) <= distance
    # Without any spread the estimate itself decides, unless it is the boundary.
    decides &= distance > 0
    return int(n[decides.argmax()]) if decides.any() else None


def _negligible_power(n: int, smallest_effect: float, n_comparisons: int) -> float:
    """Average over s of the chance that |mean| + t s / sqrt(n) < smallest effect."""
    df = n - 1
    bound = smallest_effect * np.sqrt(n / 2)  # in standard errors of the mean
    quantile = special.stdtrit(df, 1 - 0.025 / n_comparisons)
    # s / sigma is the root of chi-square / df; integrate over its quantiles below the
    # largest one at which the interval still fits.
    largest = special.chdtr(df, df * (bound / quantile) ** 2)
    nodes, weights = _quadrature()
    quantiles = largest * (nodes + 1) / 2
    s = np.sqrt(special.chdtri(df, 1 - quantiles) / df)
    fits = 2 * special.ndtr(np.maximum(bound - quantile * s, 0.0)) - 1
    return float((weights * fits).sum() * largest / 2)


@cache
def _quadrature() -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes over the distribution of the standard deviation."""
    return np.polynomial.legendre.leggauss(400)  # slow: only where it is needed
