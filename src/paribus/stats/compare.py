"""Does A beat B, paired by seed? And corrected for how many were asked?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from paribus.errors import TooFewSeedsError
from paribus.stats.intervals import MIN_SEEDS, mean_interval


MAX_EXACT_PAIRS = 32
N_SIGN_FLIPS = 9999

# Scores come from float32; sums that differ by less than its rounding are ties.
_FLOAT32_STEP = 2.0**-23


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """Side a against side b over the seeds that both have.

    Attributes:
        estimate: Mean over seeds of a - b.
        lower: Lower bound of its interval.
        upper: Upper bound.
        confidence_level: Nominal coverage of the interval.
        p_value: Two-sided sign-flip test of no difference.
        smallest_p_value: The smallest p-value that so many pairs can give.
        effect_size: Hedges' g_av, the difference in standard deviations of one run;
            None if neither side varies.
        share_above: Probability that a run of a scores above a run of b, ties split.
        n_pairs: Seeds on both sides.
    """

    estimate: float
    lower: float
    upper: float
    confidence_level: float
    p_value: float
    smallest_p_value: float
    effect_size: float | None
    share_above: float
    n_pairs: int


def compare_paired(
    a: Float[np.ndarray, " seed"],
    b: Float[np.ndarray, " seed"],
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator,
) -> PairedDifference:
    """Compare two sides that ran with the same seeds.

    A seed fixes initial weights and data order for both sides, so what it does to both
    cancels in the difference. The interval and the p-value answer the same question by
    different assumptions: t needs about normal differences, the sign-flip test only
    symmetric ones, and it cannot pass .05 below 6 pairs.

    Args:
        a: One score per seed. For a ratio, hand in logarithms.
        b: The other side's, in the same order of seeds.
        confidence_level: Nominal coverage of the interval, in (0, 1).
        rng: Source of the resampling from 20 pairs on, and of sign flips above 32.

    Returns:
        The comparison, in the unit of the scores.

    Raises:
        TooFewSeedsError: If there are fewer than 2 pairs.

    Assumes:
        Seeds are independent. As `t_interval` for the differences.
    """
    differences = (a - b)[None, :]
    everything = np.full(differences.shape, True)
    interval = mean_interval(
        differences, everything, confidence_level=confidence_level, rng=rng
    )
    resolution = _FLOAT32_STEP * float(np.abs(a).sum() + np.abs(b).sum())
    return PairedDifference(
        estimate=float(interval.estimate[0]),
        lower=float(interval.lower[0]),
        upper=float(interval.upper[0]),
        confidence_level=confidence_level,
        p_value=sign_flip_p_value(differences[0], resolution=resolution, rng=rng),
        smallest_p_value=smallest_p_value(len(a)),
        effect_size=hedges_g_av(a, b),
        share_above=share_above(a, b),
        n_pairs=len(a),
    )


def sign_flip_p_value(
    differences: Float[np.ndarray, " seed"],
    *,
    resolution: float = 0.0,
    rng: np.random.Generator,
) -> float:
    """Test that paired differences are symmetric about 0: two-sided, by flipping signs.

    The share of all 2^n sign assignments whose sum is at least as far from 0 as the
    observed one. Exact up to 32 pairs: every sum is one of the first half of the pairs
    plus one of the second, so two sorted lists of 2^16 stand for all 2^32. Beyond, a
    Monte-Carlo estimate with the observed assignment counted in, so it is never 0.

    Args:
        differences: One per seed.
        resolution: Sums closer than this count as equal, so that rounding of the scores
            cannot make a p-value smaller.
        rng: Source of the flips above 32 pairs; unused below.

    Returns:
        The p-value, in (0, 1].

    Raises:
        TooFewSeedsError: If there are fewer than 2 differences.

    Assumes:
        Under the null hypothesis each difference is as likely to have the other sign.

    Example:
        >>> differences = np.array([0.1, 0.2, 0.3, 0.1, 0.2])
        >>> sign_flip_p_value(differences, rng=np.random.default_rng(0))
        0.0625

    References:
        Fisher, The Design of Experiments, 1935, section 21. Phipson and Smyth,
        Permutation P-values Should Never Be Zero, 2010 (for the Monte-Carlo part).
    """
    n = len(differences)
    if n < MIN_SEEDS:
        raise TooFewSeedsError(f"a paired test needs {MIN_SEEDS} pairs, got {n}")
    # Sorted, so that the order of the seeds changes nothing, rounding included.
    sizes = np.sort(np.abs(differences))
    rounding = 1e-12 * float(sizes.sum())
    threshold = abs(float(np.sort(differences).sum())) - max(resolution, rounding)
    if threshold <= 0:
        return 1.0
    if n > MAX_EXACT_PAIRS:
        return _sampled_p_value(sizes, threshold, rng)
    left, right = _signed_sums(sizes[: n // 2]), _signed_sums(sizes[n // 2 :])
    # By symmetry as many sums lie at or below -threshold.
    n_above = left.size * right.size - np.searchsorted(right, threshold - left).sum()
    return min(float(2 * n_above / 2**n), 1.0)


def smallest_p_value(n_pairs: int) -> float:
    """Give the smallest two-sided sign-flip p-value that `n_pairs` pairs can reach.

    Example:
        >>> [round(smallest_p_value(n), 4) for n in (5, 6, 10)]
        [0.0625, 0.0312, 0.002]
    """
    if n_pairs > MAX_EXACT_PAIRS:
        return 1 / (N_SIGN_FLIPS + 1)
    return min(2 / 2**n_pairs, 1.0)


def holm_adjusted(p_values: Float[np.ndarray, " test"]) -> Float[np.ndarray, " test"]:
    """Adjust p-values for how many were asked, by Holm's step-down rule.

    The smallest is multiplied by the number of tests, the next by one less, and so on;
    an adjusted value is never below that of a smaller p-value.

    Args:
        p_values: The whole family, in any order.

    Returns:
        Adjusted p-values in the same order, at most 1.

    Assumes:
        Nothing about how the tests depend on each other.

    Example:
        >>> holm_adjusted(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.06, 0.06])

    References:
        Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979.
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p_values[order]), 1.0)
    return adjusted


def hedges_g_av(
    a: Float[np.ndarray, " seed"], b: Float[np.ndarray, " seed"]
) -> float | None:
    """Express a paired difference in standard deviations of one run.

    The mean difference over the root mean of the two variances, made (nearly) unbiased
    for few seeds. Unlike a difference in standard deviations of the differences, it
    does not grow when pairing works well.

    Args:
        a: One score per seed.
        b: The other side's.

    Returns:
        Hedges' g_av; None if neither side varies.

    Raises:
        TooFewSeedsError: If there are fewer than 2 seeds.

    References:
        Lakens, Calculating and Reporting Effect Sizes to Facilitate Cumulative Science,
        2013. We use the exact correction where he gives its usual approximation.
    """
    if len(a) < MIN_SEEDS:
        raise TooFewSeedsError(f"an effect size needs {MIN_SEEDS} pairs, got {len(a)}")
    spread = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    if spread <= _FLOAT32_STEP * max(np.abs(a).max(), np.abs(b).max()):
        return None
    half_df = len(a) - 1.0
    log_correction = special.gammaln(half_df) - special.gammaln(half_df - 0.5)
    correction = np.exp(log_correction) / np.sqrt(half_df)
    return float(correction * (a.mean() - b.mean()) / spread)


def share_above(
    a: Float[np.ndarray, " seed_of_a"], b: Float[np.ndarray, " seed_of_b"]
) -> float:
    """Estimate the probability that a run of a scores above an independent run of b.

    Args:
        a: Scores of one side.
        b: Scores of the other; the seeds need not be the same.

    Returns:
        Share of all pairs (run of a, run of b) in which a is higher, ties split evenly.

    Example:
        >>> share_above(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
        0.875
    """
    others = np.sort(b)
    below = np.searchsorted(others, a, side="left")
    not_above = np.searchsorted(others, a, side="right")
    return float((below + not_above).sum() / (2 * len(a) * len(b)))


def paired_one_sided_p_values(
    a: Float[np.ndarray, "config seed"],
    b: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
) -> Float[np.ndarray, " config"]:
    """Test for each config, by a paired t-test, whether a is above b.

    Args:
        a: Scores; each row is tested on its own.
        b: The other side's.
        is_counted: Pairs that enter.

    Returns:
        One-sided p-values; 1 where there are fewer than 2 pairs.

    Assumes:
        Differences about normal. Differences that are all equal are evidence without
        error: p is 0 if a is higher, 1 if not.
    """
    n = is_counted.sum(axis=1)
    is_tested = n >= MIN_SEEDS
    degrees = np.maximum(n - 1, 1)
    differences = np.where(is_counted, a - b, 0.0)
    mean = differences.sum(axis=1) / np.maximum(n, 1)
    deviation = np.where(is_counted, differences - mean[:, None], 0.0)
    error = np.sqrt((deviation**2).sum(axis=1) / degrees / np.maximum(n, 1))
    certain = np.where(mean > 0, np.inf, -np.inf)
    t = np.divide(mean, error, out=certain, where=error > 0)
    return np.where(is_tested, special.stdtr(degrees, -t), 1.0)


def _signed_sums(sizes: Float[np.ndarray, " pair"]) -> Float[np.ndarray, " assignment"]:
    """All sums that the sizes give with either sign, sorted."""
    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate([sums + size, sums - size])
    return np.sort(sums)


def _sampled_p_value(
    sizes: Float[np.ndarray, " pair"], threshold: float, rng: np.random.Generator
) -> float:
    signs = rng.integers(2, size=(N_SIGN_FLIPS, len(sizes)), dtype=np.int8) * 2 - 1
    n_extreme = int((np.abs(signs @ sizes) >= threshold).sum())
    return (n_extreme + 1) / (N_SIGN_FLIPS + 1)
