"""How does the best learning rate move with the batch size?

Linear and square root are what theories offer; nothing here assumes either one.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from paribus.stats.selection import Selection, select_value


MIN_BATCH_SIZES = 5
MIN_JACKKNIFE_SEEDS = 5
N_NEIGHBOURS = 2
# A decade; values of a grid are rounded.
_NEAR = math.log(10) * (1 + 1e-3)
# Standard deviation of a rounding error in a cell of width 1.
_RESOLUTION = 1 / math.sqrt(12)

ScalingVerdict = Literal[
    "linear",
    "square root",
    "neither",
    "undecided",
    "rises, then falls",
    "stopped early",
    "untested",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class BestValues:
    """The best learning rate of each batch size, between the values that were tried.

    Attributes:
        batch_sizes: Ascending.
        log_values: Natural logarithm of the best learning rate.
        errors: Its standard error, never below the resolution of the grid.
        is_used: Batch sizes whose best value is interior to their grid. The others have
            no `log_values`.
        selections: What tuning chose for each, with the values to add.
    """

    batch_sizes: Float[np.ndarray, " batch"]
    log_values: Float[np.ndarray, " batch"]
    errors: Float[np.ndarray, " batch"]
    is_used: Bool[np.ndarray, " batch"]
    selections: tuple[Selection, ...]

    def values_to_add(self) -> dict[float, tuple[float, ...]]:
        """For each batch size on the edge of its grid, what would make it interior."""
        pairs = zip(self.batch_sizes.tolist(), self.selections, strict=True)
        return {b: found.values_to_add for b, found in pairs if found.edge is not None}


@dataclass(frozen=True, kw_only=True, eq=False)
class Coefficient:
    """A coefficient of a fitted line or parabola and its interval.

    Attributes:
        estimate: NaN if nothing was fitted.
        lower: Lower bound.
        upper: Upper bound.
        method: What the interval rests on, the widest of three: how far batch sizes lie
            off the fit, how the fit changes without each seed, or the errors of the
            best values themselves.
    """

    estimate: float
    lower: float
    upper: float
    method: Literal["residuals", "jackknife", "errors", "none"]

    def contains(self, value: float) -> bool:
        """Whether the interval has this value in it."""
        return self.lower <= value <= self.upper


@dataclass(frozen=True, kw_only=True, eq=False)
class LearningRateScaling:
    """How the best learning rate moves with the batch size.

    Attributes:
        verdict: Linear or square root if the slope's interval has 1 or 1/2 in it and
            not the other; neither if none; undecided if both. Rises, then falls if the
            curve bends down and turns within the batch sizes. Stopped early where a
            value next to a best one was pruned: no interval has the error of that.
            Untested with fewer than 5 batch sizes whose best value is interior.
        slope: Of log learning rate on log batch size.
        curvature: Coefficient of the square, from a second fit.
        peak: Batch size at which that fit is highest; None if that is not within the
            batch sizes.
        best: What was fitted.
        confidence_level: Nominal coverage of the intervals.
    """

    verdict: ScalingVerdict
    slope: Coefficient
    curvature: Coefficient
    peak: float | None
    best: BestValues
    confidence_level: float


_NOTHING = Coefficient(estimate=math.nan, lower=math.nan, upper=math.nan, method="none")


def scale_learning_rate(
    batch_sizes: Float[np.ndarray, " batch"],
    values: Float[np.ndarray, " value"],
    scores: Float[np.ndarray, "batch value seed"],
    is_bad: Bool[np.ndarray, "batch value seed"],
    *,
    is_pruned: Bool[np.ndarray, "batch value"] | None = None,
    confidence_level: float = 0.95,
) -> LearningRateScaling:
    """Fit log best learning rate = a + b log batch size and say which rule it allows.

    Least squares over batch sizes, weighted by the errors of `best_values`. The
    interval is the widest of three: t on the residuals, from 5 seeds on a jackknife
    that leaves out a seed at all batch sizes, and what the errors of the best values,
    never below the grid's resolution, give the fit. Without the third a few batch
    sizes that happen to lie on a line would have an interval of no width.

    Args:
        batch_sizes: Ascending.
        values: All learning rates, ascending. Batch sizes refined around different
            values have NaN where they were not tried.
        scores: Final scores on tuning seeds (`selection.tuning_scores`), or minus the
            logarithm of the steps to a target: higher is better.
        is_bad: Runs that did not learn.
        is_pruned: Values that were stopped at a rung; None for none.
        confidence_level: Nominal coverage, in (0, 1).

    Returns:
        The slope, the bend and the verdict.

    Raises:
        SpaceError: If a value is not above 0 or is there twice.
        TooFewSeedsError: If a batch size has no run.

    Assumes:
        The same seeds and equally many values for every batch size. The response to the
        logarithm of the learning rate is about a parabola near its top, or equally
        lopsided for all batch sizes: what is common to all moves no slope.

    References:
        Shallue et al., Measuring the Effects of Data Parallelism on Neural Network
        Training, 2019, who found neither rule to hold throughout.
    """
    if is_pruned is None:
        is_pruned = np.full(scores.shape[:2], False)
    best = best_values(batch_sizes, values, scores, is_bad, is_pruned)
    used = best.is_used
    if used.sum() < MIN_BATCH_SIZES:
        return LearningRateScaling(
            verdict="untested",
            slope=_NOTHING,
            curvature=_NOTHING,
            peak=None,
            best=best,
            confidence_level=confidence_level,
        )
    x, weights = np.log(batch_sizes[used]), best.errors[used] ** -2
    without = _without_each_seed(values, scores[used], is_bad[used], is_pruned[used])
    fits = [
        _fit(x, best.log_values[used], weights, without, degree, confidence_level)
        for degree in (1, 2)
    ]
    (slope, _), (curvature, peak) = fits
    is_inside = curvature.estimate < 0 and x[0] < peak < x[-1]
    turns = is_inside and curvature.upper < 0
    verdict: ScalingVerdict = "rises, then falls" if turns else _rule(slope)
    if any(selection.pruned_beside for selection in best.selections):
        verdict = "stopped early"
    return LearningRateScaling(
        verdict=verdict,
        slope=slope,
        curvature=curvature,
        peak=math.exp(peak) if is_inside else None,
        best=best,
        confidence_level=confidence_level,
    )


def best_values(
    batch_sizes: Float[np.ndarray, " batch"],
    values: Float[np.ndarray, " value"],
    scores: Float[np.ndarray, "batch value seed"],
    is_bad: Bool[np.ndarray, "batch value seed"],
    is_pruned: Bool[np.ndarray, "batch value"] | None = None,
) -> BestValues:
    """Find the best learning rate of each batch size between the values tried.

    The top of a parabola through the best value and two neighbours on each side, in the
    logarithm of the learning rate, kept within these. Values that break half the runs
    stay out: a collapsed neighbour would drag the top away from it. Where a neighbour
    was pruned it is the best value itself.

    Args:
        batch_sizes: Ascending.
        values: As for `scale_learning_rate`.
        scores: As for `scale_learning_rate`.
        is_bad: Runs that did not learn.
        is_pruned: Values that were stopped at a rung; None for none.

    Returns:
        The best values, with delete-one-seed jackknife errors of at least the grid's
        spacing over the root of 12.

    Raises:
        SpaceError: If a value is not above 0 or is there twice.
        TooFewSeedsError: If a batch size has no run.
    """
    if is_pruned is None:
        is_pruned = np.full(scores.shape[:2], False)
    rows = zip(scores, is_bad, is_pruned, strict=True)
    selections = tuple(select_value(values, *row) for row in rows)
    is_used = np.array([found.value is not None for found in selections])
    is_used &= np.array([found.edge is None for found in selections])
    tops = np.array([_top(found) for found in selections])
    spacing = np.array([found.spacing_decades for found in selections]) * math.log(10)
    errors = spacing * _RESOLUTION
    without = _without_each_seed(values, scores, is_bad, is_pruned)
    if (n := len(without)) > 1:
        errors = np.fmax(errors, _jackknife_error(without, n))
    return BestValues(
        batch_sizes=batch_sizes,
        log_values=np.where(is_used, tops, np.nan),
        errors=np.where(is_used, errors, np.nan),
        is_used=is_used,
        selections=selections,
    )


def _top(selection: Selection) -> float:
    """Where the parabola through the best value and its neighbours is highest.

    Neighbours are two values on each side and all within a decade, so that values added
    close to the best one do not narrow what the parabola is laid through.
    """
    best = selection.best
    if best is None:
        return math.nan
    x = np.log(selection.values)
    is_next = np.abs(np.arange(len(x)) - best) <= N_NEIGHBOURS
    is_near = np.abs(x - x[best]) <= _NEAR
    window = np.flatnonzero((is_next | is_near) & ~selection.is_excluded)
    # Values that were pruned have no final score: the best stands for itself then.
    if len(window) < 3 or np.isnan(selection.mean_scores[window]).any():
        return float(x[best])
    at = x[window] - x[best]
    design = np.stack([at**2, at, np.ones_like(at)], axis=1)
    (a, b, _), *_ = np.linalg.lstsq(design, selection.mean_scores[window])
    # Without a top there is nothing better than the best value itself.
    top = -b / (2 * a) if a < 0 else 0.0
    return float(x[best] + np.clip(top, at[0], at[-1]))


def _without_each_seed(
    values: Float[np.ndarray, " value"],
    scores: Float[np.ndarray, "batch value seed"],
    is_bad: Bool[np.ndarray, "batch value seed"],
    is_pruned: Bool[np.ndarray, "batch value"],
) -> Float[np.ndarray, "omission batch"]:
    """The tops as they would be without one seed at all batch sizes; empty with one."""
    n = scores.shape[2]
    if n < 2:
        return np.empty((0, len(scores)))
    tops = np.empty((n, len(scores)))
    for seed in range(n):
        kept = np.arange(n) != seed
        for batch in range(len(scores)):
            some, bad = scores[batch][:, kept], is_bad[batch][:, kept]
            is_empty = np.isnan(some).all()
            tops[seed, batch] = (
                math.nan
                if is_empty
                else _top(select_value(values, some, bad, is_pruned[batch]))
            )
    return tops


def _jackknife_error(
    without: Float[np.ndarray, "omission *quantities"], n: int
) -> Float[np.ndarray, "*quantities"]:
    deviations = without - without.mean(axis=0)
    return np.asarray(np.sqrt((n - 1) / n * (deviations**2).sum(axis=0)))


def _fit(
    x: Float[np.ndarray, " batch"],
    y: Float[np.ndarray, " batch"],
    weights: Float[np.ndarray, " batch"],
    without: Float[np.ndarray, "omission batch"],
    degree: int,
    confidence_level: float,
) -> tuple[Coefficient, float]:
    """The highest coefficient of a weighted fit, and where the fit turns."""
    centre = float(x.mean())
    design = np.vander(x - centre, degree + 1) * np.sqrt(weights)[:, None]
    solve = np.linalg.pinv(design) * np.sqrt(weights)
    coefficients = solve @ y
    estimate = float(coefficients[0])
    df, tail = len(x) - degree - 1, (1 + confidence_level) / 2
    residuals = np.sqrt(weights) * y - design @ coefficients
    by_errors = float(np.linalg.inv(design.T @ design)[0, 0])
    variance = (residuals @ residuals) / df * by_errors
    margin = float(special.stdtrit(df, tail) * math.sqrt(variance))
    method: Literal["residuals", "jackknife", "errors"] = "residuals"
    if (known := float(special.ndtri(tail)) * math.sqrt(by_errors)) > margin:
        margin, method = known, "errors"
    n = len(without)
    if n >= MIN_JACKKNIFE_SEEDS and np.isfinite(without).all():
        error = float(_jackknife_error(without @ solve[0], n))
        if (other := float(special.stdtrit(n - 1, tail) * error)) > margin:
            margin, method = other, "jackknife"
    turn = math.nan
    if degree == 2 and estimate != 0:
        turn = centre - float(coefficients[1]) / (2 * estimate)
    found = Coefficient(
        estimate=estimate,
        lower=estimate - margin,
        upper=estimate + margin,
        method=method,
    )
    return found, turn


def _rule(slope: Coefficient) -> ScalingVerdict:
    linear, root = slope.contains(1.0), slope.contains(0.5)
    if linear and root:
        return "undecided"
    if linear:
        return "linear"
    return "square root" if root else "neither"
