"""How sure is each of many contrasts, given how many were asked?

Holm's adjustment of p-values is in `compare.py`.
"""

import numpy as np
from jaxtyping import Float

from paribus.stats.looks import ONE_LOOK, Looks


ERROR_RATE = 0.05
# Of exploratory findings that are named, at most so many may be false.
FALSE_DISCOVERY_RATE = 0.1


def simultaneous_level(n_contrasts: int, *, looks: Looks = ONE_LOOK) -> float:
    """Give the confidence level of each interval, so that all hold together with 95 %.

    Bonferroni: .05 is shared among the distinct contrasts of the confirmatory family,
    and what each gets again among the planned looks at the data.

    Args:
        n_contrasts: Distinct contrasts in the family, at least 1.
        looks: The looks at the data that the study plans, and which one this is.

    Example:
        >>> simultaneous_level(8), simultaneous_level(5, looks=Looks(sizes=(10, 20)))
        (0.99375, 0.995)
    """
    assert n_contrasts >= 1
    return 1 - looks.error_rate(ERROR_RATE / n_contrasts)


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
