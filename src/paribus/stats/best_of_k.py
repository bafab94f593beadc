"""How good is the best of k configs that a search tries?"""

import numpy as np
from jaxtyping import Float
from scipy import special

from paribus.errors import TooFewSeedsError


def expected_best(scores: Float[np.ndarray, " config"]) -> Float[np.ndarray, " k"]:
    """Expect the best of k scores, for each k from 1 to half of how many there are.

    The mean of the maximum over all subsets of k scores. With k larger than half, the
    few highest scores would decide nearly all of it.

    Args:
        scores: Higher is better; at least 2.

    Returns:
        One expectation for each k = 1, ..., n // 2: what a search of k random configs
        would have found.

    Raises:
        TooFewSeedsError: If there are fewer than 2 scores.

    Assumes:
        Scores are a random draw of what the search could have tried, e.g. not a grid
        that was refined around its best value. Unbiased, unlike the plug-in form of
        Dodge et al. 2019. A description; no verdict rests on it.

    Example:
        >>> expected_best(np.array([0.1, 0.4, 0.2, 0.3]))
        array([0.25      , 0.33333333])

    References:
        Tang et al., Showing Your Work Doesn't Always Work, 2020, arXiv 2004.13705.
    """
    n = len(scores)
    if n < 2:
        raise TooFewSeedsError(f"the best of k needs 2 scores, got {n}")
    ranked = np.sort(scores)
    k = np.arange(1, n // 2 + 1)[:, None]
    i = np.arange(1, n + 1)[None, :]
    # Share of the subsets of k whose best is the i-th from below; by logarithms, since
    # the counts outgrow a float from about 1,000 scores on.
    with np.errstate(divide="ignore"):
        shares = np.exp(_log_choose(i - 1, k - 1) - _log_choose(n, k))
    return np.where(i >= k, shares, 0.0) @ ranked


def _log_choose(n, k):
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
