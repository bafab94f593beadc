"""How large is one contrast, and how sure is that? The piece every verdict rests on.

Scores arrive on the scale they are compared on: accuracies as they are; times, losses
and ratios as logarithms. The caller orients a contrast: a claim predicts it above 0.
"""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from paribus.stats.compare import N_SIGN_FLIPS, sign_flip_p_value, smallest_p_value
from paribus.stats.intervals import MIN_SEEDS, Interval, mean_interval, t_interval


# With 3 or 4 seeds nobody can see whether t's assumption holds: nothing is concluded.
MIN_CONTRAST_SEEDS = 5

_FLOAT32_STEP = 2.0**-23


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A contrast and its confidence interval.

    Below 5 seeds the interval has no bounds: it reaches from minus to plus infinity, so
    that no rule can take it for a decision.

    Attributes:
        estimate: On the scale of the scores; NaN without a seed.
        lower: Lower bound; minus infinity where the data give none.
        upper: Upper bound; infinity where the data give none.
        confidence_level: Nominal coverage of the interval.
        spread: Standard deviation over seeds, such that `spread` / sqrt(`n_seeds`) is
            the standard error; NaN below 2 seeds.
        n_seeds: Seeds that entered; of the side with fewer, if the sides differ.
        p_value: Two-sided test of no effect, by exchanging the sides unless its maker
            names another; None below 2 seeds, and where there is no test.
        smallest_p_value: The smallest p-value that so many seeds can give.
    """

    estimate: float
    lower: float
    upper: float
    confidence_level: float
    spread: float
    n_seeds: int
    p_value: float | None
    smallest_p_value: float

    @property
    def is_bounded(self) -> bool:
        """Whether there were seeds enough for an interval, on one side at least."""
        return math.isfinite(self.lower) or math.isfinite(self.upper)


def paired_contrast(
    differences: Float[np.ndarray, " seed"],
    *,
    confidence_level: float = 0.95,
    resolution: float = 0.0,
    rng: np.random.Generator,
) -> Contrast:
    """Give the interval and the exact test of a mean paired difference over seeds.

    The interval is `difference_interval`, the test `sign_flip_p_value`.

    Args:
        differences: One per seed that both sides have.
        confidence_level: 1 - .05 / number of contrasts in the family; see
            `simultaneous_level`.
        resolution: Sums closer than this are ties in the sign-flip test.
        rng: Source of the resampling from 20 seeds on.

    Returns:
        The contrast; without bounds below 5 seeds.

    Assumes:
        As `difference_interval` and `sign_flip_p_value`. Differences that are all equal
        give an interval without width.

    Example:
        >>> differences = np.array([0.01, 0.02, 0.03, 0.02, 0.02, 0.01])
        >>> contrast = paired_contrast(differences, rng=np.random.default_rng(0))
        >>> round(contrast.lower, 3), round(contrast.upper, 3), contrast.p_value
        (0.01, 0.026, 0.03125)
    """
    n = len(differences)
    estimate = float(differences.mean()) if n else math.nan
    lower, upper, spread, p_value = -math.inf, math.inf, math.nan, None
    if n >= MIN_SEEDS:
        spread = float(np.sort(differences).std(ddof=1))
        p_value = sign_flip_p_value(differences, resolution=resolution, rng=rng)
    if n >= MIN_CONTRAST_SEEDS:
        scores = differences[None, :]
        everything = np.full(scores.shape, True)
        interval = difference_interval(
            scores, everything, confidence_level=confidence_level, rng=rng
        )
        lower, upper = float(interval.lower[0]), float(interval.upper[0])
    return Contrast(
        estimate=estimate,
        lower=lower,
        upper=upper,
        confidence_level=confidence_level,
        spread=spread,
        n_seeds=n,
        p_value=p_value,
        smallest_p_value=smallest_p_value(n) if n else 1.0,
    )


def difference_interval(
    differences: Float[np.ndarray, "contrast seed"],
    is_counted: Bool[np.ndarray, "contrast seed"],
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator,
) -> Interval:
    """Say how uncertain each mean of paired differences is.

    Student's t below 20 seeds; from 20 on whatever either t or the studentised
    bootstrap holds possible. Each fails where the other does not: two equal skewed
    sides have symmetric differences with heavy tails, for which the bootstrap is too
    narrow (9 % false alarms instead of 5 %); where only one side is skewed, t is.

    Args:
        differences: On the scale they are compared on.
        is_counted: Which differences enter. The others may be anything, NaN included.
        confidence_level: 1 - .05 / number of contrasts in the family.
        rng: Source of the resampling from 20 seeds on.

    Returns:
        One interval per contrast.

    Raises:
        TooFewSeedsError: If a contrast has fewer than 2 differences.

    Assumes:
        As `t_interval`, for the differences. What it covers is in
        `benchmarks/calibration.py`, why it departs from one method in
        `docs/decisions/0007-both-intervals-from-20-seeds.md`.
    """
    student = t_interval(differences, is_counted, confidence_level=confidence_level)
    mean = mean_interval(
        differences, is_counted, confidence_level=confidence_level, rng=rng
    )
    return replace(
        student,
        lower=np.minimum(student.lower, mean.lower),
        upper=np.maximum(student.upper, mean.upper),
    )


def linear_contrast(
    scores: Float[np.ndarray, "config seed"],
    weights: Float[np.ndarray, " config"],
    is_counted: Bool[np.ndarray, "config seed"],
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator,
) -> Contrast:
    """Give the interval of a weighted sum of configs, taken seed by seed.

    Weights 1 and -1 make a paired difference; -1/2, 1, -1/2 ask whether the middle one
    of three is special.

    Args:
        scores: On the scale they are compared on.
        weights: One per config; a contrast's sum to 0.
        is_counted: Which scores enter. A seed enters if every config with a weight has
            it; the other scores may be anything, NaN included.
        confidence_level: 1 - .05 / number of contrasts in the family.
        rng: Source of the resampling from 20 seeds on.

    Returns:
        The contrast; without bounds below 5 seeds.

    Assumes:
        As `paired_contrast`, for the weighted sums.

    Example:
        >>> scores = np.array([[1.0, 2, 3, 4, 5], [2.0, 3, 5, 5, 7], [1.0, 2, 3, 4, 5]])
        >>> weights = np.array([-0.5, 1.0, -0.5])
        >>> everything = np.full(scores.shape, True)
        >>> rng = np.random.default_rng(0)
        >>> linear_contrast(scores, weights, everything, rng=rng).estimate
        1.4
    """
    assert abs(weights.sum()) <= 1e-9 * np.abs(weights).sum(), "weights must sum to 0"
    is_used = weights != 0
    seeds = is_counted[is_used].all(axis=0)
    used = weights[is_used, None] * scores[is_used][:, seeds]
    return paired_contrast(
        used.sum(axis=0),
        confidence_level=confidence_level,
        resolution=_FLOAT32_STEP * float(np.abs(used).sum()),
        rng=rng,
    )


def unpaired_contrast(
    a: Float[np.ndarray, " seed_of_a"],
    b: Float[np.ndarray, " seed_of_b"],
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator,
) -> Contrast:
    """Give Welch's interval of a difference of means, where no seed is shared.

    Args:
        a: Scores of one side, on the scale they are compared on.
        b: The other's. Different seeds: with the same ones use `paired_contrast`.
        confidence_level: 1 - .05 / number of contrasts in the family.
        rng: Source of the exchanges where there are too many to try all.

    Returns:
        The contrast a - b; without bounds below 5 seeds on either side.

    Assumes:
        Independent seeds and about normal scores; the spreads may differ. The p-value
        is of the hypothesis that both sides have one distribution.

    References:
        Welch, The Generalization of "Student's" Problem when Several Different
        Population Variances are Involved, 1947.
    """
    n_seeds = min(len(a), len(b))
    estimate = float(a.mean() - b.mean()) if n_seeds else math.nan
    spread, margin, p_value = math.nan, math.inf, None
    if n_seeds >= MIN_SEEDS:
        error, degrees = _welch(a, b)
        spread = error * math.sqrt(n_seeds)
        p_value = exchange_p_value(a, b, rng=rng)
        if n_seeds >= MIN_CONTRAST_SEEDS:
            margin = float(special.stdtrit(degrees, (1 + confidence_level) / 2)) * error
    return Contrast(
        estimate=estimate,
        lower=estimate - margin if n_seeds else -math.inf,
        upper=estimate + margin if n_seeds else math.inf,
        confidence_level=confidence_level,
        spread=spread,
        n_seeds=n_seeds,
        p_value=p_value,
        smallest_p_value=_smallest_exchange_p_value(len(a), len(b)),
    )


def exchange_p_value(
    a: Float[np.ndarray, " seed_of_a"],
    b: Float[np.ndarray, " seed_of_b"],
    *,
    rng: np.random.Generator,
) -> float:
    """Test that two sides have one distribution, by exchanging runs between them.

    The share of all ways to split the runs into two such sides whose means differ by at
    least as much. All are tried up to 9,999 splits; beyond, so many are drawn and the
    observed one is counted in.

    Args:
        a: Scores of one side.
        b: The other's, of other seeds.
        rng: Source of the draws; unused where all splits are tried.

    Returns:
        The two-sided p-value, in (0, 1].

    Assumes:
        Without an effect, every run could as well be on the other side.

    Example:
        >>> a, b = np.array([3.0, 4.0, 5.0]), np.array([0.0, 1.0, 2.0])
        >>> exchange_p_value(a, b, rng=np.random.default_rng(0))
        0.1

    References:
        Pitman, Significance Tests Which May be Applied to Samples from any Populations,
        1937.
    """
    n, n_all = len(a), len(a) + len(b)
    # Sorted, so that the order of the seeds changes nothing.
    both = np.sort(np.concatenate([a, b]))
    centred = both - both.mean()
    # With centred scores the sum of one side says how far apart the means are.
    observed = abs(float(np.sort(a).sum()) - n * float(both.mean()))
    threshold = observed - _FLOAT32_STEP * float(np.abs(both).sum())
    n_splits = math.comb(n_all, n)
    if n_splits <= N_SIGN_FLIPS:
        splits = np.array(list(itertools.combinations(range(n_all), n)))
        sums = centred[splits].sum(axis=1)
        return float((np.abs(sums) >= threshold).mean())
    shuffled = rng.permuted(np.tile(centred, (N_SIGN_FLIPS, 1)), axis=1)
    n_extreme = int((np.abs(shuffled[:, :n].sum(axis=1)) >= threshold).sum())
    return (n_extreme + 1) / (N_SIGN_FLIPS + 1)


def _welch(
    a: Float[np.ndarray, " seed_of_a"], b: Float[np.ndarray, " seed_of_b"]
) -> tuple[float, float]:
    """Standard error of the difference of means and its degrees of freedom."""
    parts = np.array([a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)])
    total = float(parts.sum())
    if total == 0:
        return 0.0, float(len(a) + len(b) - 2)
    shares = parts / total
    degrees = 1 / (shares**2 / np.array([len(a) - 1, len(b) - 1])).sum()
    return math.sqrt(total), float(degrees)


def _smallest_exchange_p_value(n_a: int, n_b: int) -> float:
    # Sides of equal size mirror each other: the most extreme split counts twice.
    n_splits = math.comb(n_a + n_b, n_a)
    if n_splits > N_SIGN_FLIPS:
        return 1 / (N_SIGN_FLIPS + 1)
    return min((2 if n_a == n_b else 1) / n_splits, 1.0)
