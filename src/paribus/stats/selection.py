"""Which value would tuning choose, and is the choice to be trusted?

A value is chosen on tuning seeds and judged on other seeds: the best of several means
is partly the luckiest, and its own score says so (`tests/reference`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from paribus.errors import SpaceError, TooFewSeedsError
from paribus.status import RunStatus


MAX_BAD_SHARE = 0.5
# What a grid of one value is extended by: the half decade of the built-in studies.
DEFAULT_FACTOR = 10**0.5

Edge = Literal["lowest", "highest", "only"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Selection:
    """What tuning chose, and whether it could have chosen otherwise.

    Attributes:
        values: The values that were tried, ascending.
        mean_scores: Mean over tuning seeds of each; NaN for those that were pruned.
        bad_shares: Share of each value's runs that did not learn.
        is_excluded: Values of which at least half the runs did not learn.
        best: Position of the chosen value; None if all are excluded or pruned.
        edge: Which end of the grid the chosen value lies on; None if it is interior.
        values_to_add: What would make it interior; empty if it is.
        spacing_decades: Distance of the chosen value to its farther neighbour, in
            powers of ten: the resolution of the choice. NaN where there is none.
        pruned_beside: Values next to the chosen one that were pruned: at the end one of
            them might have been the best.
    """

    values: Float[np.ndarray, " value"]
    mean_scores: Float[np.ndarray, " value"]
    bad_shares: Float[np.ndarray, " value"]
    is_excluded: Bool[np.ndarray, " value"]
    best: int | None
    edge: Edge | None
    values_to_add: tuple[float, ...]
    spacing_decades: float
    pruned_beside: tuple[float, ...]

    @property
    def value(self) -> float | None:
        """The chosen value."""
        return None if self.best is None else float(self.values[self.best])


def is_bad_run(status: Int[np.ndarray, "*runs"]) -> Bool[np.ndarray, "*runs"]:
    """Tell which runs are a result but no use: diverged, collapsed or sublinear."""
    is_learner = np.isin(status, [RunStatus.CONVERGED, RunStatus.UNCONVERGED])
    return (status >= RunStatus.DIVERGED) & ~is_learner


def tuning_scores(
    scores: Float[np.ndarray, "*runs"],
    status: Int[np.ndarray, "*runs"],
    *,
    chance: float,
) -> Float[np.ndarray, "*runs"]:
    """Give the scores that runs enter tuning with.

    Args:
        scores: Final validation scores.
        status: What became of each run.
        chance: Score by guessing.

    Returns:
        The score of guessing for diverged runs, the actual score for all others that
        spent their budget or got so far, NaN for runs that are not there.
    """
    entering = np.where(status == RunStatus.DIVERGED, chance, scores)
    is_there = (status >= RunStatus.DIVERGED) | (status == RunStatus.PRUNED)
    return np.where(is_there, entering, np.nan)


def seed_means(
    scores: Float[np.ndarray, "value seed"],
) -> Float[np.ndarray, " value"]:
    """The mean of each value over its runs; 0 without any.

    Sorted, so that equal scores in another order have exactly equal means.
    """
    is_run = ~np.isnan(scores)
    entering = np.sort(np.where(is_run, scores, 0.0), axis=1)
    return np.asarray(entering.sum(axis=1) / np.maximum(is_run.sum(axis=1), 1))


def select_value(
    values: Float[np.ndarray, " value"],
    scores: Float[np.ndarray, "value seed"],
    is_bad: Bool[np.ndarray, "value seed"],
    is_pruned: Bool[np.ndarray, " value"] | None = None,
) -> Selection:
    """Choose the value with the best mean score, unless half its runs did not learn.

    Args:
        values: The grid, above 0, in any order. Judged on the log scale.
        scores: As `tuning_scores` gives them, higher is better; NaN where there is no
            run.
        is_bad: As `is_bad_run` gives them.
        is_pruned: Values that were stopped at a rung, having fallen behind: tried, and
            never chosen. None for none.

    Returns:
        The choice. The first of equal means, counted from the lowest value.

    Raises:
        SpaceError: If a value is not above 0 or is there twice.
        TooFewSeedsError: If no value has a run.

    Assumes:
        Every value was tried with the same seeds (`has_equal_budget`). What had fallen
        behind at a rung would not have been the best at the end.

    Example:
        >>> values = np.array([0.001, 0.01, 0.1])
        >>> scores = np.array([[0.95, 0.96], [0.97, 0.98], [0.1, 0.1]])
        >>> selection = select_value(values, scores, scores < 0.2)
        >>> selection.value, selection.edge
        (0.01, None)
        >>> select_value(values[1:], scores[1:], scores[1:] < 0.2).values_to_add
        (0.001,)
    """
    is_run = ~np.isnan(scores)
    if is_pruned is None:
        is_pruned = np.full(len(values), False)
    if not (is_run.any(axis=1) | is_pruned).any():
        raise TooFewSeedsError("tuning needs finished runs, got none")
    _check_grid(values)
    order = np.argsort(values)
    order = order[(is_run.any(axis=1) | is_pruned)[order]]
    stopped = is_pruned[order]
    mean_scores = np.where(stopped, np.nan, seed_means(scores[order]))
    n_runs = np.maximum(is_run[order].sum(axis=1), 1)
    bad_shares = (is_bad & is_run)[order].sum(axis=1) / n_runs
    is_excluded = ~stopped & (bad_shares >= MAX_BAD_SHARE)
    tried = values[order]
    best, is_out = None, stopped | is_excluded
    if not is_out.all():
        best = int(np.where(is_out, -np.inf, mean_scores).argmax())
    is_beside = np.abs(np.arange(len(tried)) - (np.nan if best is None else best)) == 1
    edge = _edge(best, len(tried))
    return Selection(
        values=tried,
        mean_scores=mean_scores,
        bad_shares=bad_shares,
        is_excluded=is_excluded,
        best=best,
        edge=edge,
        values_to_add=_values_to_add(tried, edge),
        spacing_decades=_spacing_decades(tried, best),
        pruned_beside=tuple(tried[is_beside & stopped].tolist()),
    )


def has_equal_budget(n_seeds: Int[np.ndarray, "arm value"]) -> bool:
    """Check that everything compared was tuned equally: as many values and seeds.

    Args:
        n_seeds: Tuning runs of each arm (a batch size, an optimizer) at each value; 0
            where it was not tried. Arms may have been refined around different values.

    Returns:
        Whether all arms have the same counts, in whatever order.

    Example:
        >>> has_equal_budget(np.array([[3, 3, 3, 0], [0, 3, 3, 3]]))
        True
        >>> has_equal_budget(np.array([[3, 3, 3], [3, 3, 0]]))
        False
    """
    counts = np.sort(n_seeds, axis=1)
    return bool((counts == counts[:1]).all())


def shared_seeds(tuning: Collection[int], evaluation: Collection[int]) -> list[int]:
    """List the seeds that both choose a value and judge it: there must be none.

    Example:
        >>> shared_seeds(range(3), range(2, 6))
        [2]
    """
    return sorted(set(tuning) & set(evaluation))


def _check_grid(values: Float[np.ndarray, " value"]) -> None:
    if not (values > 0).all():
        raise SpaceError(f"tuned values must be above 0, got {values.min():g}")
    if len(np.unique(values)) < len(values):
        raise SpaceError(f"tuned values must differ, got {sorted(values.tolist())}")


def _edge(best: int | None, n_values: int) -> Edge | None:
    if best is None:
        return None
    if n_values == 1:
        return "only"
    if best == 0:
        return "lowest"
    return "highest" if best == n_values - 1 else None


def _values_to_add(
    values: Float[np.ndarray, " value"], edge: Edge | None
) -> tuple[float, ...]:
    """One more value beyond the edge, at the grid's own spacing."""
    if edge == "only":
        return _rounded(values[0] / DEFAULT_FACTOR), _rounded(
            values[0] * DEFAULT_FACTOR
        )
    if edge == "lowest":
        return (_rounded(values[0] * values[0] / values[1]),)
    if edge == "highest":
        return (_rounded(values[-1] * values[-1] / values[-2]),)
    return ()


def _rounded(value: float) -> float:
    """Three digits, which a grid's spacing leaves; whole numbers stay as they are."""
    whole = round(value)
    is_whole = whole >= 1 and abs(value - whole) <= 1e-9 * value
    return float(whole) if is_whole else float(f"{value:.3g}")


def _spacing_decades(values: Float[np.ndarray, " value"], best: int | None) -> float:
    if best is None or len(values) == 1:
        return float("nan")
    gaps = np.diff(np.log10(values))
    return float(gaps[max(best - 1, 0) : best + 1].max())
