"""Does a measure move in order, and do two move together with the rest held still?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy import special

from paribus.errors import TooFewSeedsError
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS


MIN_GROUPS = 3
# Of a correlation matrix: below this it has no inverse to speak of.
_SINGULAR = 1e-9


@dataclass(frozen=True, kw_only=True)
class OrderedTrend:
    """Whether a measure rises from group to group.

    Attributes:
        statistic: Pairs of runs from different groups in which the later group's is
            higher, ties counted half.
        share_rising: The same as a share of all such pairs: 1/2 without a trend, 1 if
            every run of a later group is higher.
        p_value: One-sided: of such a statistic or a larger one without a trend.
        is_exact: Whether the p-value counts all orders; with ties it is approximate.
    """

    statistic: float
    share_rising: float
    p_value: float
    is_exact: bool


def ordered_trend(groups: Sequence[Float[np.ndarray, " _"]]) -> OrderedTrend:
    """Test by Jonckheere and Terpstra whether a measure rises over ordered groups.

    Unlike a test for any difference it spends all its power on one order, as of batch
    sizes, and unlike a correlation it does not ask by how much.

    Args:
        groups: The runs' values at each batch size, in the claimed order; for a fall,
            hand in the groups reversed.

    Returns:
        The statistic and its one-sided p-value: exact without ties, and by the normal
        approximation with ties and continuity corrected otherwise.

    Raises:
        TooFewSeedsError: If there are fewer than 3 groups with a run.

    Assumes:
        Without a trend, all assignments of the values to groups are equally likely.
        Runs with the same seed at several batch sizes are taken for independent; what
        they share makes the test less likely to see a trend, not more.

    Example:
        >>> ordered_trend([np.array([1.0, 2]), np.array([3.0, 4]), np.array([5.0, 6])])
        OrderedTrend(statistic=12.0, share_rising=1.0, p_value=0.0111..., is_exact=True)

    References:
        Jonckheere, A Distribution-Free k-Sample Test Against Ordered Alternatives,
        1954. Hollander and Wolfe, Nonparametric Statistical Methods, 1999, section 6.2.
    """
    groups = [group for group in groups if len(group)]
    if len(groups) < MIN_GROUPS:
        raise TooFewSeedsError(
            f"a trend needs {MIN_GROUPS} groups of runs, got {len(groups)}"
        )
    assert all(np.isfinite(group).all() for group in groups)
    sizes = [len(group) for group in groups]
    statistic = 0.0
    for i in range(1, len(groups)):
        lower = np.sort(np.concatenate(groups[:i]))
        below = np.searchsorted(lower, groups[i], side="left")
        up_to = np.searchsorted(lower, groups[i], side="right")
        statistic += float((below + up_to).sum()) / 2
    pooled = np.concatenate(groups)
    n_pairs = (len(pooled) ** 2 - sum(size**2 for size in sizes)) / 2
    has_ties = len(np.unique(pooled)) < len(pooled)
    p_value = (
        _approximate_p_value(statistic, sizes, pooled)
        if has_ties
        else _exact_p_value(statistic, sizes)
    )
    return OrderedTrend(
        statistic=statistic,
        share_rising=statistic / n_pairs,
        p_value=p_value,
        is_exact=not has_ties,
    )


def partial_kendall_tau(
    x: Float[np.ndarray, " run"],
    y: Float[np.ndarray, " run"],
    controls: Float[np.ndarray, "run control"],
) -> float:
    """Correlate the orders of two measures with those of others held still.

    From the inverse of the matrix of Kendall's tau-b, as a partial correlation is from
    that of correlations. It says whether two measures go together, not why.

    Args:
        x: One measure of each run, e.g. sharpness.
        y: Another, e.g. the generalisation gap.
        controls: Measures to hold still, e.g. learning rate and training loss. One that
            does not vary is left out. What has no order (the optimizer) is no control:
            compute the tau within each.

    Returns:
        In [-1, 1]; NaN if x or y does not vary, or follows from the controls.

    Raises:
        TooFewSeedsError: If there are fewer than 3 runs.

    Assumes:
        Nothing exact is known of its distribution with several controls: describe with
        it, decide nothing by it. Never pool runs over learning rates without the
        learning rate among the controls.

    Example:
        >>> x = np.array([1.0, 2, 3, 4, 5])
        >>> round(partial_kendall_tau(x, x, np.array([[2.0], [1], [4], [3], [5]])), 9)
        1.0

    References:
        Kendall, Partial Rank Correlation, 1942. Jiang et al., Fantastic Generalization
        Measures and Where to Find Them, 2020, on why pooling misleads.
    """
    if (n := len(x)) < 3:
        raise TooFewSeedsError(f"a partial correlation needs 3 runs, got {n}")
    varies = np.ptp(controls, axis=0) > 0
    columns = np.column_stack([x, y, controls[:, varies]])
    if np.ptp(columns[:, :2], axis=0).min() == 0:
        return float("nan")
    k = columns.shape[1]
    taus = np.eye(k)
    for i in range(k):
        for j in range(i):
            taus[i, j] = taus[j, i] = _kendall_tau(columns[:, i], columns[:, j])
    others = taus[2:, 2:]
    if k > 2 and np.linalg.eigvalsh(others).min() < _SINGULAR:
        return float("nan")
    # What is left of x and y given the controls: Schur's complement.
    left = taus[:2, :2] - taus[:2, 2:] @ np.linalg.solve(others, taus[2:, :2])
    if min(left[0, 0], left[1, 1]) < _SINGULAR:
        return float("nan")
    return float(np.clip(left[0, 1] / np.sqrt(left[0, 0] * left[1, 1]), -1, 1))


def partial_tau_spread(
    x: Float[np.ndarray, " run"],
    y: Float[np.ndarray, " run"],
    controls: Float[np.ndarray, "run control"],
    seeds: Int[np.ndarray, " run"],
) -> float:
    """How much a partial rank correlation of runs varies with their seeds.

    Delete-one-seed jackknife: runs of one seed share initial weights and data order, so
    they are left out together.

    Args:
        x: As `partial_kendall_tau` takes it.
        y: The same.
        controls: The same.
        seeds: The seed of each run.

    Returns:
        A standard deviation, such that over the root of the number of seeds it is the
        standard error; NaN with fewer than 5 seeds, or where the correlation without
        some seed is not defined.

    Assumes:
        Seeds are independent. With ten seeds of eight runs each, t intervals from it
        cover about 95 % where nothing goes together
        (`tests/reference/test_stats_trends.py`); where the order is nearly perfect the
        correlation is near its bound, and they say little.
    """
    names = np.unique(seeds)
    n = len(names)
    if n < MIN_CONTRAST_SEEDS:
        return float("nan")
    without = np.array(
        [
            partial_kendall_tau(x[kept], y[kept], controls[kept])
            for kept in (seeds != name for name in names)
        ]
    )
    return float((n - 1) * np.sqrt(((without - without.mean()) ** 2).sum() / (n - 1)))


def _kendall_tau(x: Float[np.ndarray, " run"], y: Float[np.ndarray, " run"]) -> float:
    from scipy import stats  # slow to load

    tau = stats.kendalltau(x, y, method="asymptotic").statistic  # type: ignore
    return float(tau)


def _exact_p_value(statistic: float, sizes: Sequence[int]) -> float:
    """Without ties the statistic is a sum of independent Mann-Whitney statistics."""
    distribution = np.ones(1)
    n_before = sizes[0]
    for size in sizes[1:]:
        distribution = np.convolve(distribution, _mann_whitney(n_before, size))
        n_before += size
    return min(float(distribution[round(statistic) :].sum()), 1.0)


def _mann_whitney(m: int, n: int) -> Float[np.ndarray, " value"]:
    """Probabilities of Mann and Whitney's U of m and n values, from 0 to m n.

    The largest value belongs to the second group with probability n / (m + n), and is
    then above all m of the first.
    """
    rows = [np.ones(1) for _ in range(m + 1)]
    for j in range(1, n + 1):
        new = [np.ones(1)]
        for i in range(1, m + 1):
            probabilities = np.zeros(i * j + 1)
            probabilities[i:] += j / (i + j) * rows[i]
            probabilities[: (i - 1) * j + 1] += i / (i + j) * new[i - 1]
            new.append(probabilities)
        rows = new
    return rows[m]


def _approximate_p_value(
    statistic: float, sizes: Sequence[int], pooled: Float[np.ndarray, " run"]
) -> float:
    """Normal, with the variance that ties leave."""
    group = np.array(sizes, dtype=float)
    tied = np.unique(pooled, return_counts=True)[1].astype(float)
    n = float(len(pooled))
    centre = (n**2 - (group**2).sum()) / 4

    def triples(counts: Float[np.ndarray, " _"]) -> float:
        return float((counts * (counts - 1) * (counts - 2)).sum())

    def pairs(counts: Float[np.ndarray, " _"]) -> float:
        return float((counts * (counts - 1)).sum())

    def main(counts: Float[np.ndarray, " _"]) -> float:
        return float((counts * (counts - 1) * (2 * counts + 5)).sum())

    everything = np.array([n])
    variance = (main(everything) - main(group) - main(tied)) / 72
    variance += triples(group) * triples(tied) / (36 * n * (n - 1) * (n - 2))
    variance += pairs(group) * pairs(tied) / (8 * n * (n - 1))
    if variance <= 0:
        return 1.0
    return float(special.ndtr(-(statistic - centre - 0.5) / np.sqrt(variance)))
