"""Is the best of the few values that were tried the first or the last of them?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from paribus.analysis.scores import is_bad, oriented_scores
from paribus.analysis.ties import is_rankable
from paribus.hyperparameters import is_number
from paribus.results import StudyResult
from paribus.space import Config
from paribus.stats.selection import MAX_BAD_SHARE


MAX_VALUES = 4

End = Literal["lowest", "highest"]


@dataclass(frozen=True, kw_only=True)
class BestAtEnd:
    """The best of few values has no neighbour on one side.

    Attributes:
        hyperparameter: Whose value.
        value: The best one that was tried.
        side: Which end of the values it is.
        n_values: How many were tried.
    """

    hyperparameter: str
    value: float
    side: End
    n_values: int


def best_at_ends(result: StudyResult) -> tuple[BestAtEnd, ...]:
    """Find the numbers whose best value lies at an end of two to four.

    Args:
        result: Of a study that does not tune: tuning says by itself where its grid
            ends.

    Returns:
        One for each hyperparameter whose best value, by the mean over seeds, is the
        same end at all values of the others. Zero is no end: most numbers cannot be
        lower. A value that is ahead with fewer seeds than count is no best one.
    """
    if result.study.tuning is not None or result.primary_metric not in result.metrics:
        return ()
    scores = oriented_scores(result, result.primary_metric)
    n = scores.is_counted.sum(axis=1)
    means = np.where(n > 0, scores.means(), np.nan)
    # As tuning does: what fails half of the time was tried, and is not the best.
    is_excluded = is_bad(result).sum(axis=1) >= MAX_BAD_SHARE * np.maximum(n, 1)
    means = np.where(is_excluded, -np.inf, means)
    may_be_best = is_rankable(n)
    found = (
        _best_at_end(result, name, means, may_be_best)
        for name in result.study.space.hyperparameters()
    )
    return tuple(end for end in found if end is not None)


def _best_at_end(
    result: StudyResult,
    name: str,
    means: Float[np.ndarray, " config"],
    may_be_best: Bool[np.ndarray, " config"],
) -> BestAtEnd | None:
    ends = set(_ends(result, name, means, may_be_best))
    if len(ends) != 1:
        return None
    ((value, side, n_values),) = ends
    if side is None or (side == "lowest" and value == 0):
        return None
    return BestAtEnd(hyperparameter=name, value=value, side=side, n_values=n_values)


def _ends(
    result: StudyResult,
    name: str,
    means: Float[np.ndarray, " config"],
    may_be_best: Bool[np.ndarray, " config"],
) -> Iterator[tuple[float, End | None, int]]:
    """The best value at each combination of the others, and which end it is."""
    groups: dict[Config, dict[float, int]] = {}
    for i, config in enumerate(result.configs):
        value = config.get(name)
        if is_number(value) and not np.isnan(means[i]):
            others = config.without(name)
            groups.setdefault(others, {})[float(str(value))] = i
    for members in groups.values():
        if not 2 <= len(members) <= MAX_VALUES:
            continue
        values = sorted(members)
        highest = max(means[i] for i in members.values())
        best, *equals = [value for value in values if means[members[value]] == highest]
        if highest == -np.inf or equals or not may_be_best[members[best]]:
            continue
        ends: dict[float, End] = {values[0]: "lowest", values[-1]: "highest"}
        yield best, ends.get(best), len(values)
