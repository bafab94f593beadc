"""Which values go on from a rung, and which are stopped there?

A score on the way selects: of what was chosen by it, it is no unbiased estimate. What
goes on is trained to the end, and what is chosen is judged by other seeds.
"""

import numpy as np
from jaxtyping import Bool, Float

from paribus.stats.selection import MAX_BAD_SHARE, seed_means


def kept_at_rung(
    scores: Float[np.ndarray, "value seed"],
    is_diverged: Bool[np.ndarray, "value seed"],
    *,
    n_kept: int,
    by_guessing: float,
) -> Bool[np.ndarray, " value"]:
    """Keep the values with the best mean scores, all seeds of a value together.

    Where no run has left chance yet, scores say nothing of values: all go on.

    Args:
        scores: At the rung, higher is better; the score of guessing for runs that have
            diverged, NaN where there is no run. Values in ascending order.
        is_diverged: Runs that have diverged.
        n_kept: How many are to be kept.
        by_guessing: The highest score that is taken for that of guessing, as
            `highest_by_guessing` of `paribus.stats.outcomes` gives it.

    Returns:
        Which values go on. Never one without runs, nor one of which at least half the
        runs have diverged: it could not be chosen at the end. Values that tie with the
        last that is kept are kept too, so that no coin is tossed, unless they score no
        better than guessing while others do; of these the lowest go on.

    References:
        Jamieson and Talwalkar, *Non-stochastic Best Arm Identification and
        Hyperparameter Optimization*, AISTATS 2016.

    Example:
        >>> scores = np.array([[0.5, 0.7], [0.9, 0.8], [0.1, 0.1]])
        >>> kept_at_rung(scores, scores < 0.2, n_kept=1, by_guessing=0.11)
        array([False,  True, False])
        >>> kept_at_rung(scores, scores < 0.2, n_kept=1, by_guessing=0.9)
        array([ True,  True, False])
    """
    is_run = ~np.isnan(scores)
    n_runs = is_run.sum(axis=1)
    share = (is_diverged & is_run).sum(axis=1) / np.maximum(n_runs, 1)
    may_go_on = (n_runs > 0) & (share < MAX_BAD_SHARE)
    if not (scores[may_go_on] > by_guessing).any():
        return may_go_on
    means = np.where(may_go_on, seed_means(scores), -np.inf)
    in_order = np.argsort(-means, kind="stable")[: max(n_kept, 1)]
    kept = np.full(len(means), False)
    kept[in_order] = True
    last = means[in_order].min()
    kept |= (means == last) & (means > by_guessing)
    return kept & may_go_on
