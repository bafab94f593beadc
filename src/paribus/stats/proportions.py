"""Do runs of one side fail, or reach a target, more often than the other's?

The interval of a single share is `share_interval` in `intervals.py`.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import special

from paribus.errors import TooFewSeedsError
from paribus.stats.power import MAX_SEEDS


@dataclass(frozen=True, kw_only=True)
class ShareDifference:
    """The share of hits on side a minus that on side b.

    Attributes:
        estimate: Difference of the shares, in [-1, 1].
        lower: Lower bound of its interval.
        upper: Upper bound.
        confidence_level: Nominal coverage of the interval.
        n_hits_a: Seeds of a that had it.
        n_seeds_a: Seeds of a in all.
        n_hits_b: Seeds of b that had it.
        n_seeds_b: Seeds of b in all.
        p_value: Exact two-sided test of no difference: McNemar's if the sides share
            their seeds, Fisher's if not.
    """

    estimate: float
    lower: float
    upper: float
    confidence_level: float
    n_hits_a: int
    n_seeds_a: int
    n_hits_b: int
    n_seeds_b: int
    p_value: float


def compare_shares_paired(
    a: Bool[np.ndarray, " seed"],
    b: Bool[np.ndarray, " seed"],
    *,
    confidence_level: float = 0.95,
) -> ShareDifference:
    """Compare how often two sides that ran with the same seeds had something.

    Args:
        a: For each seed whether side a had it, e.g. ended with a bad status.
        b: Side b, in the same order of seeds.
        confidence_level: 1 - .05 / number of contrasts in the family.

    Returns:
        Newcombe's interval and the exact McNemar test.

    Raises:
        TooFewSeedsError: If there is no seed.

    Assumes:
        Seeds are independent. The interval ignores the pairing, as sample sizes are
        planned: with sides that go together it is wider than it would have to be.
    """
    lower, upper = newcombe_bounds(
        int(a.sum()), len(a), int(b.sum()), len(b), confidence_level=confidence_level
    )
    return ShareDifference(
        estimate=float(a.mean() - b.mean()),
        lower=lower,
        upper=upper,
        confidence_level=confidence_level,
        n_hits_a=int(a.sum()),
        n_seeds_a=len(a),
        n_hits_b=int(b.sum()),
        n_seeds_b=len(b),
        p_value=mcnemar_p_value(int((a & ~b).sum()), int((b & ~a).sum())),
    )


def compare_shares(
    n_hits_a: int,
    n_seeds_a: int,
    n_hits_b: int,
    n_seeds_b: int,
    *,
    confidence_level: float = 0.95,
) -> ShareDifference:
    """Compare how often two sides had something that share no seed.

    Args:
        n_hits_a: Seeds of a that had it.
        n_seeds_a: Seeds of a in all, at least 1.
        n_hits_b: Seeds of b that had it.
        n_seeds_b: Seeds of b in all, at least 1.
        confidence_level: 1 - .05 / number of contrasts in the family.

    Returns:
        Newcombe's interval and Fisher's exact test.

    Raises:
        TooFewSeedsError: If a side has no seed.

    Example:
        >>> difference = compare_shares(6, 6, 0, 6)
        >>> round(difference.lower, 2), round(difference.p_value, 4)
        (0.45, 0.0022)

    References:
        Fisher, Statistical Methods for Research Workers, 5th edition, 1934, section
        21.02.
    """
    lower, upper = newcombe_bounds(
        n_hits_a, n_seeds_a, n_hits_b, n_seeds_b, confidence_level=confidence_level
    )
    from scipy import stats  # slow to load

    table = [[n_hits_a, n_seeds_a - n_hits_a], [n_hits_b, n_seeds_b - n_hits_b]]
    _, p_value = np.asarray(stats.fisher_exact(table))
    return ShareDifference(
        estimate=n_hits_a / n_seeds_a - n_hits_b / n_seeds_b,
        lower=lower,
        upper=upper,
        confidence_level=confidence_level,
        n_hits_a=n_hits_a,
        n_seeds_a=n_seeds_a,
        n_hits_b=n_hits_b,
        n_seeds_b=n_seeds_b,
        p_value=float(p_value),
    )


def newcombe_bounds(
    n_hits_a: int,
    n_seeds_a: int,
    n_hits_b: int,
    n_seeds_b: int,
    *,
    confidence_level: float = 0.95,
) -> tuple[float, float]:
    """Give Newcombe's hybrid score interval for a difference of two shares.

    Each side has Wilson's interval; the distances from the shares to their bounds add
    like standard errors. Unlike the usual interval it keeps a width where a share is 0
    or 1, which is where failures are.

    Args:
        n_hits_a: Seeds of a that had it.
        n_seeds_a: Seeds of a in all, at least 1.
        n_hits_b: Seeds of b that had it.
        n_seeds_b: Seeds of b in all, at least 1.
        confidence_level: Nominal coverage, in (0, 1).

    Returns:
        Lower and upper bound, in [-1, 1].

    Raises:
        TooFewSeedsError: If a side has no seed.

    Assumes:
        Independent seeds. It is approximate: with 5 to 30 seeds a 95 % interval covers
        95 % or more on average over all pairs of shares, and as little as 86 % at some.
        What verdicts rest on holds at all of them: two shares that differ by .2 are
        called further apart, or less, in at most 2.9 % of studies each, and two equal
        ones are called different in under 1 %
        (`tests/reference/test_stats_proportions.py`).

    Example:
        >>> [round(bound, 3) for bound in newcombe_bounds(56, 70, 48, 80)]
        [0.052, 0.334]

    References:
        Newcombe, Interval Estimation for the Difference Between Independent
        Proportions, 1998, method 10.
    """
    if min(n_seeds_a, n_seeds_b) < 1:
        raise TooFewSeedsError("a share needs at least 1 seed, got 0")
    lower, upper = _newcombe_bounds(
        n_hits_a / n_seeds_a,
        np.array([n_seeds_a]),
        n_hits_b / n_seeds_b,
        np.array([n_seeds_b]),
        confidence_level,
    )
    return float(lower[0]), float(upper[0])


def mcnemar_p_value(n_only_a: int, n_only_b: int) -> float:
    """Test, exactly, whether one side of a pair has something more often.

    Args:
        n_only_a: Seeds where side a alone had it.
        n_only_b: Seeds where side b alone had it.

    Returns:
        The two-sided binomial p-value of that split; 1 if the sides never differ.

    Example:
        >>> mcnemar_p_value(6, 0)
        0.03125

    References:
        McNemar, Note on the Sampling Error of the Difference Between Correlated
        Proportions or Percentages, 1947 (the exact form).
    """
    n = n_only_a + n_only_b
    # In whole numbers, so that it is exact and needs no `scipy.stats`, slow to load.
    n_as_extreme = 2 * sum(math.comb(n, k) for k in range(min(n_only_a, n_only_b) + 1))
    return min(n_as_extreme / 2**n, 1.0)


def share_p_value(n_hits: int, n_runs: int, *, share: float) -> float:
    """Test, exactly, whether a single share is another one than `share`.

    Args:
        n_hits: Runs that had it.
        n_runs: Runs in all, at least 1.
        share: The share under the hypothesis, in (0, 1).

    Returns:
        Twice the smaller of the two binomial tails, at most 1: below alpha exactly
        where Clopper and Pearson's interval at level 1 - alpha leaves `share` out.

    Raises:
        TooFewSeedsError: If there is no run.

    Assumes:
        Runs are independent.

    Example:
        >>> round(share_p_value(5, 5, share=0.2), 5)
        0.00064

    References:
        Clopper and Pearson, The Use of Confidence or Fiducial Limits Illustrated in
        the Case of the Binomial, 1934.
    """
    if n_runs < 1:
        raise TooFewSeedsError("a share needs at least 1 run, got 0")
    at_most = special.bdtr(n_hits, n_runs, share)
    at_least = special.bdtrc(n_hits - 1, n_runs, share) if n_hits else 1.0
    return min(2 * float(min(at_most, at_least)), 1.0)


def upper_bound_of_none(n_seeds: int, *, confidence_level: float = 0.95) -> float:
    """Give the largest share that is still compatible with 0 of `n_seeds`: one-sided.

    Args:
        n_seeds: Seeds, none of which had it; at least 1.
        confidence_level: One-sided, in (0, 1).

    Returns:
        A share: the one at which seeing none has probability 1 - `confidence_level`.

    Raises:
        TooFewSeedsError: If there is no seed.

    Example:
        >>> [round(upper_bound_of_none(n), 3) for n in (6, 10, 30)]
        [0.393, 0.259, 0.095]
    """
    if n_seeds < 1:
        raise TooFewSeedsError("a share needs at least 1 seed, got 0")
    return float(1 - (1 - confidence_level) ** (1 / n_seeds))


def seeds_to_decide_shares(
    share_a: float,
    share_b: float,
    *,
    smallest_effect: float,
    confidence_level: float = 0.95,
) -> int | None:
    """Count the seeds with which the same two shares would be decided.

    The smallest n, for both sides, at which Newcombe's interval lies wholly above
    `smallest_effect`, wholly below minus it, or wholly between.

    Args:
        share_a: Observed share of hits on side a.
        share_b: That on side b.
        smallest_effect: The smallest difference of shares that matters, above 0.
        confidence_level: 1 - .05 / number of contrasts in the family.

    Returns:
        Seeds per side; None if 1,000 are not enough.

    Assumes:
        The shares stay as they are. Fractions of a run are allowed for: 1/3 of 10 seeds
        are 3.3 hits.

    Example:
        >>> seeds_to_decide_shares(1.0, 0.0, smallest_effect=0.2)
        3
    """
    n = np.arange(1, MAX_SEEDS + 1)
    lower, upper = _newcombe_bounds(share_a, n, share_b, n, confidence_level)
    is_beyond = (lower > smallest_effect) | (upper < -smallest_effect)
    is_within = (lower > -smallest_effect) & (upper < smallest_effect)
    decides = is_beyond | is_within
    return int(n[decides.argmax()]) if decides.any() else None


def runs_to_decide_share(
    share: float, *, smallest_effect: float, confidence_level: float = 0.95
) -> int | None:
    """Count the runs with which the same single share would be decided.

    The smallest n at which Clopper and Pearson's interval lies wholly above
    `smallest_effect` or wholly below it.

    Args:
        share: Observed share of hits.
        smallest_effect: The smallest share that matters, above 0.
        confidence_level: 1 - .05 / number of contrasts in the family.

    Returns:
        Runs; None if 1,000 are not enough.

    Assumes:
        The share stays as it is. Fractions of a run are allowed for: 1/3 of 10 runs are
        3.3 hits.

    Example:
        >>> runs_to_decide_share(1.0, smallest_effect=0.2)
        3
        >>> runs_to_decide_share(0.0, smallest_effect=0.2)
        17
    """
    n = np.arange(1, MAX_SEEDS + 1)
    hits = share * n
    tail = (1 - confidence_level) / 2
    # A beta distribution needs positive parameters; the ends are known without it.
    lower = special.betaincinv(np.maximum(hits, 1e-9), n - hits + 1, tail)
    upper = special.betaincinv(hits + 1, np.maximum(n - hits, 1e-9), 1 - tail)
    lower = np.where(hits == 0, 0.0, lower)
    upper = np.where(hits == n, 1.0, upper)
    decides = (lower > smallest_effect) | (upper < smallest_effect)
    return int(n[decides.argmax()]) if decides.any() else None


def _newcombe_bounds(
    share_a: float,
    n_a: Int[np.ndarray, " size"],
    share_b: float,
    n_b: Int[np.ndarray, " size"],
    confidence_level: float,
) -> tuple[Float[np.ndarray, " size"], Float[np.ndarray, " size"]]:
    lower_a, upper_a = _wilson_bounds(share_a, n_a, confidence_level)
    lower_b, upper_b = _wilson_bounds(share_b, n_b, confidence_level)
    difference = share_a - share_b
    lower = difference - np.hypot(share_a - lower_a, upper_b - share_b)
    upper = difference + np.hypot(upper_a - share_a, share_b - lower_b)
    # Rounding may leave [-1, 1] by its last digit.
    return np.maximum(lower, -1.0), np.minimum(upper, 1.0)


def _wilson_bounds(
    share: float, n: Int[np.ndarray, " size"], confidence_level: float
) -> tuple[Float[np.ndarray, " size"], Float[np.ndarray, " size"]]:
    z = special.ndtri((1 + confidence_level) / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    margin = np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) * z / (1 + z**2 / n)
    return centre - margin, centre + margin
