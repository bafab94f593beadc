"""Which configs do the data allow to be the best?"""

import numpy as np
from jaxtyping import Bool, Float

from paribus.errors import TooFewSeedsError
from paribus.stats.compare import paired_one_sided_p_values
from paribus.stats.intervals import MIN_SEEDS


def tied_with_best(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
    *,
    level: float = 0.05,
) -> Bool[np.ndarray, " config"]:
    """Find the configs that no other config has been shown to beat.

    A config is left out if, for some other one, the paired one-sided t-test "the other
    is better" has p < `level` / (number of configs - 1), over the seeds both have. The
    config with the best mean is always in.

    Args:
        scores: Final scores, higher is better. A run that diverged must stand here with
            the score of guessing, not be left out: a config may not win on the seeds
            that happened to survive.
        is_counted: Which scores enter. The others may be anything, NaN included.
        level: Probability of leaving out the true best, at most.

    Returns:
        For each config whether it is tied with the best. A config without a counted
        score is not: nothing speaks for it.

    Raises:
        TooFewSeedsError: If no config has 2 counted scores.

    Assumes:
        As `t_interval` for the differences. Nine equal configs with 10 seeds: the set
        had the (arbitrary) best one in 96 % of simulated studies
        (`tests/reference/test_stats_ties.py`). With few seeds the set is large, and
        says so about the seeds, not about the configs.

    Example:
        >>> scores = np.array([[0.97, 0.98, 0.97], [0.98, 0.97, 0.98], [0.1, 0.2, 0.1]])
        >>> tied_with_best(scores, np.full(scores.shape, True))
        array([ True,  True, False])

    References:
        Hsu, Simultaneous Confidence Intervals for All Distances from the "Best", 1981.
        We use Bonferroni's bound in place of his critical values, for paired data.
    """
    n_seeds = is_counted.sum(axis=1)
    if (most := n_seeds.max(initial=0)) < MIN_SEEDS:
        raise TooFewSeedsError(
            f"a set of ties needs {MIN_SEEDS} seeds, got {most}",
            hint="train more seeds",
        )
    assert np.isfinite(scores[is_counted]).all(), "only finite scores may be counted"
    threshold = level / max(int((n_seeds > 0).sum()) - 1, 1)
    best = best_mean(scores, is_counted)
    champion = np.broadcast_to(scores[best], scores.shape)
    beaten = paired_one_sided_p_values(champion, scores, is_counted & is_counted[best])
    # Most of a large grid is beaten by the best mean; only the others meet every rival.
    is_tied = (n_seeds > 0) & (beaten >= threshold)
    for i in np.flatnonzero(is_tied):
        own = np.broadcast_to(scores[i], scores.shape)
        p_values = paired_one_sided_p_values(scores, own, is_counted & is_counted[i])
        p_values[i] = 1.0
        is_tied[i] = p_values.min() >= threshold
    is_tied[best] = True
    return is_tied


def best_mean(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
) -> int:
    """Find the config with the highest mean of its counted scores; the first of equals.

    A config without a counted score is never it.
    """
    return int(counted_means(scores, is_counted).argmax())


def counted_means(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
) -> Float[np.ndarray, " config"]:
    """Mean of each config's counted scores; minus infinity where there is none."""
    n_seeds = is_counted.sum(axis=1)
    # Sorted, so that configs with the same scores in another order are exactly equal.
    sums = np.sort(np.where(is_counted, scores, 0.0), axis=1).sum(axis=1)
    nothing = np.full(len(scores), -np.inf)
    return np.divide(sums, n_seeds, out=nothing, where=n_seeds > 0)
