"""How sure is each of many contrasts, given how many were asked?

Holm's adjustment of p-values is in `compare.py`.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from paribus.errors import TooFewSeedsError
from paribus.stats.intervals import MIN_BOOTSTRAP_SEEDS


ERROR_RATE = 0.05
# Of exploratory findings that are named, at most so many may be false.
FALSE_DISCOVERY_RATE = 0.1
N_JOINT_FLIPS = 9999

_CHUNK = 1000


@dataclass(frozen=True, kw_only=True, eq=False)
class JointIntervals:
    """Intervals that all hold at once with the stated probability.

    Attributes:
        estimate: Mean over seeds of each contrast.
        lower: Lower bounds.
        upper: Upper bounds.
        p_value: Two-sided p-values, adjusted for the whole family.
        quantile: How many standard errors the bounds lie from the estimates.
        n_seeds: Seeds that entered.
        confidence_level: Nominal coverage of all of them together.
    """

    estimate: Float[np.ndarray, " contrast"]
    lower: Float[np.ndarray, " contrast"]
    upper: Float[np.ndarray, " contrast"]
    p_value: Float[np.ndarray, " contrast"]
    quantile: float
    n_seeds: int
    confidence_level: float


def simultaneous_level(n_contrasts: int, *, n_looks: int = 1) -> float:
    """Give the confidence level of each interval, so that all hold together with 95 %.

    Bonferroni: .05 is shared among the distinct contrasts of the confirmatory family,
    and again among the planned looks at the data.

    Args:
        n_contrasts: Distinct contrasts in the family, at least 1.
        n_looks: How often the study's plan allows to look and add seeds.

    Example:
        >>> simultaneous_level(8), simultaneous_level(5, n_looks=2)
        (0.99375, 0.995)
    """
    assert n_contrasts >= 1
    assert n_looks >= 1
    return 1 - ERROR_RATE / (n_contrasts * n_looks)


def benjamini_hochberg(
    p_values: Float[np.ndarray, " test"],
) -> Float[np.ndarray, " test"]:
    """Adjust exploratory p-values for the share of false discoveries among the named.

    Args:
        p_values: The whole exploratory family.

    Returns:
        Adjusted p-values in the same order: naming those at or below q keeps the
        expected share of false ones among them at or below q.

    Assumes:
        Independent tests, or positively dependent ones, as contrasts with a shared
        config are.

    Example:
        >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.04, 0.04])

    References:
        Benjamini and Hochberg, Controlling the False Discovery Rate, 1995.
    """
    # Three lines here, since scipy.stats takes longer to load than `claims` to answer.
    n = len(p_values)
    order = np.argsort(p_values)[::-1]
    stepped = np.minimum.accumulate(p_values[order] * n / np.arange(n, 0, -1))
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def intersection_union_p_value(p_values: Float[np.ndarray, " part"]) -> float:
    """Give the p-value of "all of these hold": the largest of the parts.

    Each part is tested at the full level of the whole. No further correction is due: to
    say "all" wrongly, at least one part must be said wrongly.

    Args:
        p_values: One per part, at least one.

    References:
        Berger, Multiparameter Hypothesis Testing and Acceptance Sampling, 1982.
    """
    return float(p_values.max())


def max_t_intervals(
    differences: Float[np.ndarray, "contrast seed"],
    *,
    confidence_level: float = 0.95,
    n_flips: int = N_JOINT_FLIPS,
    rng: np.random.Generator,
) -> JointIntervals:
    """Give simultaneous intervals that use how the contrasts go together.

    All differences of a seed change sign together, so contrasts that share runs stay
    as dependent as they are. The largest studentised mean over the family, under such
    flips of the centred differences, replaces Bonferroni's t quantile and is never much
    larger: the more alike the contrasts, the narrower the intervals.

    Args:
        differences: Paired differences; every seed has all of them.
        confidence_level: Coverage of all intervals together.
        n_flips: Random sign assignments.
        rng: Source of the flips.

    Returns:
        Intervals and adjusted p-values, in the order of the contrasts.

    Raises:
        TooFewSeedsError: If there are fewer than 20 seeds.

    Assumes:
        Seeds are independent, and differences about symmetric around their means.

    References:
        Westfall and Young, Resampling-Based Multiple Testing, 1993, chapter 2.
    """
    n = differences.shape[1]
    if n < MIN_BOOTSTRAP_SEEDS:
        raise TooFewSeedsError(
            f"joint intervals need {MIN_BOOTSTRAP_SEEDS} seeds, got {n}",
            hint="use Bonferroni's level with fewer",
        )
    assert np.isfinite(differences).all()
    estimate = differences.mean(axis=1)
    error = differences.std(axis=1, ddof=1) / np.sqrt(n)
    centred = differences - estimate[:, None]
    largest = np.concatenate(
        [
            _largest_t(centred, min(_CHUNK, n_flips - start), rng)
            for start in range(0, n_flips, _CHUNK)
        ]
    )
    # Rounded up to an order statistic, with the observed assignment counted in.
    rank = min(int(np.ceil(round(confidence_level * (n_flips + 1), 6))), n_flips)
    quantile = float(np.sort(largest)[rank - 1])
    no_error = np.where(estimate == 0, 0.0, np.inf)
    t = np.divide(np.abs(estimate), error, out=no_error, where=error > 0)
    n_above = (largest[None, :] >= t[:, None]).sum(axis=1)
    return JointIntervals(
        estimate=estimate,
        lower=estimate - quantile * error,
        upper=estimate + quantile * error,
        p_value=(n_above + 1) / (n_flips + 1),
        quantile=quantile,
        n_seeds=n,
        confidence_level=confidence_level,
    )


def _largest_t(
    centred: Float[np.ndarray, "contrast seed"], n_flips: int, rng: np.random.Generator
) -> Float[np.ndarray, " flip"]:
    """For each joint sign flip, the largest studentised mean over the contrasts."""
    n = centred.shape[1]
    signs = rng.integers(2, size=(n_flips, n)) * 2.0 - 1.0
    mean = signs @ centred.T / n
    # Flips leave the squares alone, so the variance follows from the mean.
    variance = ((centred**2).mean(axis=1) - mean**2) * n / (n - 1)
    error = np.sqrt(np.maximum(variance, 0.0) / n)
    t = np.divide(np.abs(mean), error, out=np.zeros_like(mean), where=error > 0)
    return t.max(axis=1, initial=0.0)
