"""How uncertain is each config's mean, or its share of failures?

Which interval when (`benchmarks/coverage.py` measures what each one covers):
Student's t below 20 seeds, the studentised bootstrap from 20 on, Clopper-Pearson for
shares. Times and losses go through the logarithm first. There is no percentile
bootstrap here: with 5 seeds its "95 %" covers 83 %.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import special

from paribus.errors import TooFewSeedsError
from paribus.stats.studentised import studentised_quantiles


MIN_SEEDS = 2
MIN_BOOTSTRAP_SEEDS = 20

# Resamples beyond each bound. 50 are 1,999 resamples for a 95 % interval and 15,999 for
# one of eight simultaneous ones: a bound that rests on 6 would be mostly luck.
N_BEYOND = 50
# That many resamples at most: 99.95 %. For surer intervals, as early looks and large
# families ask for, Student's t stands in.
MAX_RESAMPLES = 200_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Interval:
    """An estimate and its confidence interval, for each config.

    Attributes:
        estimate: What is estimated, in the unit of the scores.
        lower: Lower bound.
        upper: Upper bound.
        n_seeds: Scores that were counted.
        confidence_level: Nominal coverage.
    """

    estimate: Float[np.ndarray, " config"]
    lower: Float[np.ndarray, " config"]
    upper: Float[np.ndarray, " config"]
    n_seeds: Int[np.ndarray, " config"]
    confidence_level: float

    def within(self, lowest: float, highest: float) -> "Interval":
        """Cut off what the estimated quantity cannot be, e.g. an accuracy above 1.

        A mean of accuracies lies in [0, 1] whatever the data, so an interval covers it
        exactly as often after the cut as before.
        """
        return replace(
            self,
            lower=np.clip(self.lower, lowest, highest),
            upper=np.clip(self.upper, lowest, highest),
        )


def mean_interval(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator,
) -> Interval:
    """Say how uncertain each config's mean is, by the method its seeds allow.

    Student's t below 20 counted scores and above a level of 99.95 %, else the
    studentised bootstrap. With so many scores the bootstrap follows skewed ones better
    (93.5 % against 90.1 % coverage of a log-normal mean) for nearly no width; at 5
    seeds it is 1.3 times as wide as t (`benchmarks/coverage.py`).

    Args:
        scores: One final score per run, in the metric's own unit.
        is_counted: Which scores enter. The others may be anything, NaN included.
        confidence_level: Nominal coverage, in (0, 1).
        rng: Source of the resampling. The same state gives the same interval.

    Returns:
        One interval per config, in the unit of `scores`.

    Raises:
        TooFewSeedsError: If a config has fewer than 2 counted scores.

    Assumes:
        As `t_interval` and `bootstrap_interval`. Strongly skewed scores are covered
        less often than it says with few seeds: 87 % with 5, log-normal, sd of the
        logarithm .8.

    Example:
        >>> scores = np.array([[0.91, 0.93, 0.92], [0.80, 0.95, 0.86]])
        >>> everything = np.full(scores.shape, True)
        >>> rng = np.random.default_rng(0)
        >>> mean_interval(scores, everything, rng=rng).lower.round(3)
        array([0.895, 0.682])
    """
    interval = t_interval(scores, is_counted, confidence_level=confidence_level)
    is_large = interval.n_seeds >= MIN_BOOTSTRAP_SEEDS
    is_sure = (1 - confidence_level) / 2 < N_BEYOND / MAX_RESAMPLES
    if is_sure or not is_large.any():
        return interval
    resampled = bootstrap_interval(
        scores[is_large],
        is_counted[is_large],
        confidence_level=confidence_level,
        rng=rng,
    )
    lower, upper = interval.lower.copy(), interval.upper.copy()
    lower[is_large], upper[is_large] = resampled.lower, resampled.upper
    return replace(interval, lower=lower, upper=upper)


def geometric_mean_interval(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator,
) -> Interval:
    """Say how uncertain each config's geometric mean is: for times and losses.

    The interval of the mean logarithm, taken back. Its bounds are the estimate divided
    and multiplied by about the same ratio, and never below 0.

    Args:
        scores: One final score per run, above 0.
        is_counted: Which scores enter.
        confidence_level: Nominal coverage, in (0, 1).
        rng: Source of the resampling from 20 seeds on.

    Returns:
        One interval per config, in the unit of `scores`.

    Raises:
        TooFewSeedsError: If a config has fewer than 2 counted scores.

    Assumes:
        As `mean_interval`, for the logarithms. Log-normal scores are then covered as
        normal ones are; on the raw scale t would cover 87 % of them at 5 seeds.

    Example:
        >>> losses = np.array([[0.1, 0.2, 0.4]])
        >>> everything = np.full(losses.shape, True)
        >>> rng = np.random.default_rng(0)
        >>> geometric_mean_interval(losses, everything, rng=rng).estimate.round(3)
        array([0.2])
    """
    assert (scores[is_counted] > 0).all(), "a logarithm needs scores above 0"
    logarithms = np.log(np.where(is_counted, scores, 1.0))
    interval = mean_interval(
        logarithms, is_counted, confidence_level=confidence_level, rng=rng
    )
    return replace(
        interval,
        estimate=np.exp(interval.estimate),
        lower=np.exp(interval.lower),
        upper=np.exp(interval.upper),
    )


def t_interval(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
    *,
    confidence_level: float = 0.95,
) -> Interval:
    """Give Student's t interval for each config's mean over seeds.

    It describes where the mean would lie if the study were repeated with ever more
    seeds and everything else unchanged.

    Args:
        scores: One final score per run, in the metric's own unit.
        is_counted: Which scores enter. The others may be anything, NaN included.
        confidence_level: Nominal coverage, in (0, 1).

    Returns:
        One interval per config, in the unit of `scores`.

    Raises:
        TooFewSeedsError: If a config has fewer than 2 counted scores.

    Assumes:
        Seeds are independent and scores about normal within a config. For a config that
        is a mixture (some runs learn, some collapse) the mean describes neither part,
        and nor does its interval: the statuses say so beside it. Equal scores give an
        interval without width.

    References:
        Student, The Probable Error of a Mean, 1908.
    """
    n_seeds, mean, spread = _moments(scores, is_counted)
    quantile = special.stdtrit(n_seeds - 1, (1 + confidence_level) / 2)
    margin = quantile * spread / np.sqrt(n_seeds)
    return Interval(
        estimate=mean,
        lower=mean - margin,
        upper=mean + margin,
        n_seeds=n_seeds,
        confidence_level=confidence_level,
    )


def bootstrap_interval(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
    *,
    confidence_level: float = 0.95,
    n_resamples: int | None = None,
    rng: np.random.Generator,
) -> Interval:
    """Give the studentised bootstrap interval for each config's mean over seeds.

    Each resample's mean is measured in its own standard errors, so the interval is as
    lopsided as the scores are. Configs with equally many scores share the resamples.

    Args:
        scores: One final score per run, in the metric's own unit.
        is_counted: Which scores enter. The others may be anything, NaN included.
        confidence_level: Nominal coverage, in (0, 1).
        n_resamples: Bootstrap resamples. By default as many as leave 50 beyond each
            bound: 1,999 at 95 %, where the bounds fall on order statistics exactly.
        rng: Source of the resampling. The same state gives the same interval.

    Returns:
        One interval per config, in the unit of `scores`.

    Raises:
        TooFewSeedsError: If a config has fewer than 20 counted scores.

    Assumes:
        Seeds are independent and identically distributed within a config. Where so many
        scores are equal that resamples without any spread reach the quantile, the bound
        would be infinite, and Student's t bound stands in for it.

    References:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 12.5.
    """
    interval = t_interval(scores, is_counted, confidence_level=confidence_level)
    if (n := interval.n_seeds.min(initial=MIN_BOOTSTRAP_SEEDS)) < MIN_BOOTSTRAP_SEEDS:
        raise TooFewSeedsError(
            f"a bootstrap interval needs {MIN_BOOTSTRAP_SEEDS} seeds, got {n}"
        )
    lower, upper = interval.lower.copy(), interval.upper.copy()
    # Order statistics, rounded outwards: 50 and 1950 of 1999 for 95 %.
    tail = (1 - confidence_level) / 2
    n_resamples = n_resamples or math.ceil(round(N_BEYOND / tail, 6)) - 1
    rank = max(int(round((n_resamples + 1) * tail, 9)), 1)
    for n in np.unique(interval.n_seeds):
        rows = np.flatnonzero(interval.n_seeds == n)
        # Sorted, so that the order in which seeds were given changes nothing.
        sample = np.sort(scores[rows][is_counted[rows]].reshape(len(rows), n), axis=1)
        low, high = studentised_quantiles(sample, n_resamples, rank, rng)
        error = sample.std(axis=1, ddof=1) / np.sqrt(n)
        mean = interval.estimate[rows]
        lower[rows] = np.where(np.isfinite(high), mean - high * error, lower[rows])
        upper[rows] = np.where(np.isfinite(low), mean - low * error, upper[rows])
    return replace(interval, lower=lower, upper=upper)


def share_interval(
    n_hits: Int[np.ndarray, " config"],
    n_seeds: Int[np.ndarray, " config"],
    *,
    confidence_level: float = 0.95,
) -> Interval:
    """Give Clopper and Pearson's exact interval for a share, e.g. of diverged runs.

    Args:
        n_hits: Seeds that had it.
        n_seeds: Seeds in all, at least 1.
        confidence_level: Nominal coverage, in (0, 1); the true one is never below.

    Returns:
        One interval per config, as fractions in [0, 1].

    Raises:
        TooFewSeedsError: If a config has no seed.

    Assumes:
        Seeds are independent. The price of being exact is width: 0 of 10 still allows a
        share of 0.31.

    Example:
        >>> share_interval(np.array([0]), np.array([10])).upper.round(2)
        array([0.31])

    References:
        Clopper and Pearson, The Use of Confidence or Fiducial Limits Illustrated in the
        Case of the Binomial, 1934.
    """
    if (n_seeds < 1).any():
        raise TooFewSeedsError("a share needs at least 1 seed, got 0")
    assert ((n_hits >= 0) & (n_hits <= n_seeds)).all()
    tail = (1 - confidence_level) / 2
    # A beta distribution needs positive parameters; the ends are known without it.
    lower = special.betaincinv(np.maximum(n_hits, 1), n_seeds - n_hits + 1, tail)
    upper = special.betaincinv(n_hits + 1, np.maximum(n_seeds - n_hits, 1), 1 - tail)
    return Interval(
        estimate=n_hits / n_seeds,
        lower=np.where(n_hits == 0, 0.0, lower),
        upper=np.where(n_hits == n_seeds, 1.0, upper),
        n_seeds=n_seeds,
        confidence_level=confidence_level,
    )


def _moments(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
) -> tuple[
    Int[np.ndarray, " config"],
    Float[np.ndarray, " config"],
    Float[np.ndarray, " config"],
]:
    """Count, mean and standard deviation (n - 1) of the counted scores."""
    assert np.isfinite(scores[is_counted]).all(), "only finite scores may be counted"
    n_seeds = is_counted.sum(axis=1)
    if (n_seeds < MIN_SEEDS).any():
        raise TooFewSeedsError(
            f"an interval needs {MIN_SEEDS} seeds, got {n_seeds.min()}",
            hint="train more seeds",
        )
    counted = np.where(is_counted, scores, 0.0).astype(float)
    mean = counted.sum(axis=1) / n_seeds
    deviation = np.where(is_counted, counted - mean[:, None], 0.0)
    return n_seeds, mean, np.sqrt((deviation**2).sum(axis=1) / (n_seeds - 1))
