"""How many seeds would settle it?"""

import numpy as np
from scipy import special


MAX_SEEDS = 1000

# Gauss-Legendre nodes over the distribution of the standard deviation.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(400)


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


def _negligible_power(n: int, smallest_effect: float, n_comparisons: int) -> float:
    """Average over s of the chance that |mean| + t s / sqrt(n) < smallest effect."""
    df = n - 1
    bound = smallest_effect * np.sqrt(n / 2)  # in standard errors of the mean
    quantile = special.stdtrit(df, 1 - 0.025 / n_comparisons)
    # s / sigma is the root of chi-square / df; integrate over its quantiles below the
    # largest one at which the interval still fits.
    largest = special.chdtr(df, df * (bound / quantile) ** 2)
    quantiles = largest * (_NODES + 1) / 2
    s = np.sqrt(special.chdtri(df, 1 - quantiles) / df)
    fits = 2 * special.ndtr(np.maximum(bound - quantile * s, 0.0)) - 1
    return float((_WEIGHTS * fits).sum() * largest / 2)
