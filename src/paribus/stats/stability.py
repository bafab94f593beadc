"""How smoothly did each run train? Curves of evaluations -> one number a run.

Ask what became of a run first (`outcomes.py`): a dead network has no jitter at all, and
is not stable. So the measures here are NaN for runs that did not learn.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float


TUV_OFFSET = 0.01
LATE_SHARE = 0.2
MIN_LATE_EVALUATIONS = 5

_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class AlarmLevels:
    """Above which value a measure deserves a second look.

    Attributes:
        amber: Unusual; None if there is only one level.
        red: Training was probably harmed.
        source: What the levels rest on.
    """

    amber: float | None
    red: float
    source: str

    def colour(self, value: float) -> Literal["none", "amber", "red"]:
        """Say which level a value is above; `"none"` for NaN: nothing was measured."""
        if value > self.red:
            return "red"
        return "amber" if self.amber is not None and value > self.amber else "none"


_DEEPOBS = (
    "100 epochs of DeepOBS's Fashion-MNIST 2c2d, one seed for each of 12 learning "
    "rates of SGD, Adam and momentum (DeepOBS_Baselines, 2019)"
)
# TUV grows with the number of evaluations: at others than 100 the colours are
# provisional, and only comparisons within the study count.
TUV_ALARM = AlarmLevels(amber=0.3, red=0.6, source=_DEEPOBS)
EARLY_PEAK_ALARM = AlarmLevels(amber=3.0, red=10.0, source=_DEEPOBS)
OVERSHOOT_ALARM = AlarmLevels(
    amber=None, red=0.5, source="more steps raise the loss of their batch than lower it"
)
DEAD_UNITS_ALARM = AlarmLevels(
    amber=0.2, red=0.5, source="convention: a fifth, and half, of a layer's units"
)
FIRST_STEP_ALARM = AlarmLevels(
    amber=None, red=0.5, source="the first step replaces half of a layer's weights"
)
UPDATE_TO_WEIGHT_ALARM = AlarmLevels(
    amber=1e-2, red=1e-1, source="rule of thumb: healthy from 1e-4 to 1e-2"
)


def total_upward_variation(
    loss: Float[np.ndarray, "*runs evaluation"],
    is_learner: Bool[np.ndarray, "*runs"],
) -> Float[np.ndarray, "*runs"]:
    """Measure how much of the way down each run climbed again: TUV.

    The sum of all rises of the loss between evaluations, over the distance from its
    start to its lowest value. 0 is a loss that only falls; .3 says that the rises add
    up to 30 % of the whole descent.

    Args:
        loss: Training loss in evaluation mode on a fixed subset; the first evaluation
            is before the first step.
        is_learner: Runs that learned (`RunStatus.is_learner`).

    Returns:
        At least 0. NaN where the run is no learner, where the loss never fell below its
        start, or where it was not finite throughout: such a run is not "stable".

    Assumes:
        Equal evaluations for all runs that are compared: TUV grows with their number.

    Example:
        >>> loss = np.array([[2.0, 1.0, 1.5, 0.0], [2.3, 2.4, 2.3, 2.3]])
        >>> total_upward_variation(loss, np.array([True, False]))
        array([0.25,  nan])
    """
    is_finite = np.asarray(np.isfinite(loss).all(axis=-1))
    known = np.where(is_finite[..., None], loss, 0.0)
    rises = np.maximum(np.diff(known, axis=-1), 0.0).sum(axis=-1)
    descent = known[..., 0] - known.min(axis=-1)
    is_measured = is_learner & is_finite & (descent > 0)
    return np.divide(rises, descent, out=np.full_like(rises, np.nan), where=is_measured)


def log_tuv(tuv: Float[np.ndarray, "*runs"]) -> Float[np.ndarray, "*runs"]:
    """Put TUV on the scale it is compared on: log(TUV + .01).

    Ratios are what matters, and the offset keeps a run that never rises comparable.
    """
    return np.log(tuv + TUV_OFFSET)


def share_of_increases(
    loss: Float[np.ndarray, "*runs evaluation"],
) -> Float[np.ndarray, "*runs"]:
    """Count in which share of the intervals between evaluations the loss rose.

    To be shown, not judged by: it is blind to the size of the rises and saturates
    between .4 and .5.

    Args:
        loss: Training loss, at least 2 evaluations.

    Returns:
        A fraction in [0, 1]; NaN where the loss was not finite throughout.

    Example:
        >>> share_of_increases(np.array([[2.0, 1.0, 1.5, 1.5]])).round(3)
        array([0.333])
    """
    is_finite = np.asarray(np.isfinite(loss).all(axis=-1))
    known = np.where(is_finite[..., None], loss, 0.0)
    share = (np.diff(known, axis=-1) > 0).mean(axis=-1)
    return np.where(is_finite, share, np.nan)


def jitter(
    at: Float[np.ndarray, " evaluation"],
    score: Float[np.ndarray, "*runs evaluation"],
    is_learner: Bool[np.ndarray, "*runs"],
    *,
    late_share: float = LATE_SHARE,
) -> Float[np.ndarray, "*runs"]:
    """Measure how much the score still jumps at the end of the budget.

    The standard deviation (n - 1) of the residuals about a straight line over the last
    fifth of the budget. The line takes out what a slow run still gains. Compared as a
    ratio, on the log scale.

    Args:
        at: When runs were evaluated, ascending, from 0 to the budget.
        score: Accuracy on the split that decides.
        is_learner: Runs that learned; a dead network would have no jitter.
        late_share: Which last part of the budget counts.

    Returns:
        In the score's unit. NaN where the run is no learner or has a score that is not
        finite, and everywhere if fewer than 5 evaluations lie in the last part.

    Assumes:
        Equal evaluations for all runs that are compared.
    """
    is_late = at >= (1 - late_share) * at[-1] - _ROUNDING * abs(at[-1])
    x, y = at[is_late], score[..., is_late]
    nothing = np.full(score.shape[:-1], np.nan)
    if len(x) < MIN_LATE_EVALUATIONS:
        return nothing
    x = x - x.mean()
    y = y - y.mean(axis=-1, keepdims=True)
    slope = (y @ x) / (x @ x)
    residuals = y - slope[..., None] * x
    spread = np.sqrt((residuals**2).sum(axis=-1) / (len(x) - 1))
    return np.where(is_learner & np.isfinite(spread), spread, nothing)


def area_under_curve(
    at: Float[np.ndarray, " evaluation"],
    score: Float[np.ndarray, "*runs evaluation"],
    *,
    share: float = 1.0,
) -> Float[np.ndarray, "*runs"]:
    """Average the score over the first part of the budget: how early did it learn?

    By trapezoids, with the curve cut by interpolation where the part ends. Less noisy
    than a time to target, but it depends on the part and on the budget.

    Args:
        at: When runs were evaluated, ascending, from 0 to the budget, in anything
            proportional to examples.
        score: Accuracy on the split that decides.
        share: The part, as a fraction of the budget, in (0, 1].

    Returns:
        In the score's unit; NaN where a score in the part is not finite.

    Example:
        >>> at, score = np.array([0.0, 1.0, 2.0]), np.array([[0.0, 1.0, 1.0]])
        >>> area_under_curve(at, score), area_under_curve(at, score, share=0.25)
        (array([0.75]), array([0.25]))
    """
    assert 0 < share <= 1
    assert at[0] == 0, "the budget is counted from its start"
    end = share * at[-1]
    after = min(int(np.searchsorted(at, end - _ROUNDING * end)), len(at) - 1)
    before = after - 1
    weight = (end - at[before]) / (at[after] - at[before])
    last = score[..., before] + weight * (score[..., after] - score[..., before])
    x = np.append(at[:after], end)
    y = np.concatenate([score[..., :after], last[..., None]], axis=-1)
    return np.trapezoid(y, x, axis=-1) / end
