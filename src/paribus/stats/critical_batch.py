"""From which batch size on do larger batches hardly save steps?

The model: steps to target S = S_min (1 + B_crit / B), examples E = S B = E_min (1 + B /
B_crit). Far below B_crit twice the batch halves the steps; far above it saves nothing.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from paribus.errors import TooFewSeedsError
from paribus.stats.intervals import MIN_SEEDS, t_interval


MIN_BATCH_SIZES = 5
LACK_OF_FIT_LEVEL = 0.01
# B_crit is looked for up to so many powers of e beyond the batch sizes.
_SEARCH_MARGIN = 7.0
_N_GRID = 400
_N_GOLDEN = 45
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, kw_only=True, eq=False)
class LocalSlopes:
    """Slopes of log steps on log batch size between neighbouring batch sizes.

    Attributes:
        first: The smaller batch size of each pair.
        last: The larger one.
        estimate: -1 is perfect scaling, 0 a plateau.
        lower: Lower bounds, simultaneous over the pairs.
        upper: Upper bounds.
    """

    first: Float[np.ndarray, " pair"]
    last: Float[np.ndarray, " pair"]
    estimate: Float[np.ndarray, " pair"]
    lower: Float[np.ndarray, " pair"]
    upper: Float[np.ndarray, " pair"]

    def leaves_perfect_scaling(self) -> float | None:
        """The batch size from which on every interval lies above -1; None if none."""
        not_above = np.flatnonzero(~(self.lower > -1))
        first = not_above[-1] + 1 if not_above.size else 0
        return float(self.first[first]) if first < len(self.first) else None


@dataclass(frozen=True, kw_only=True, eq=False)
class CriticalBatch:
    """Where the saving of steps by larger batches ends.

    Attributes:
        verdict: Whether B_crit lies inside the batch sizes, below the smallest or above
            the largest; no fit if steps do not follow the model, untested with fewer
            than 5 batch sizes that reached the target.
        critical: B_crit, in examples per step. Not to be quoted unless inside.
        lower: Lower bound; if above, the one-sided one; NaN if below.
        upper: Upper bound; if below, the one-sided one; NaN if above.
        min_steps: S_min, the steps that no batch size saves.
        lack_of_fit_p: F-test that the model fits, against the spread over seeds.
        slopes: Between neighbours; without the model.
        is_used: Batch sizes that all seeds reached the target with.
        confidence_level: Nominal coverage of each interval.
        n_seeds: Seeds, the same at all batch sizes.
    """

    verdict: Literal["inside", "below", "above", "no fit", "untested"]
    critical: float
    lower: float
    upper: float
    min_steps: float
    lack_of_fit_p: float
    slopes: LocalSlopes
    is_used: Bool[np.ndarray, " batch"]
    confidence_level: float
    n_seeds: int


def critical_batch(
    batch_sizes: Float[np.ndarray, " batch"],
    steps: Float[np.ndarray, "batch seed"],
    *,
    confidence_level: float = 0.95,
) -> CriticalBatch:
    """Fit steps to target against batch size and find the critical batch size.

    Least squares on the mean log steps of each batch size. The interval of log B_crit
    is a jackknife that leaves out a seed at all batch sizes, with n - 1 degrees of
    freedom. Beyond the batch sizes the fit is flat in B_crit, so there is only a
    one-sided bound: the weaker of the jackknife's and of what the sum of squares
    allows.

    Args:
        batch_sizes: Ascending.
        steps: Steps to one target, each batch size at its own best learning rate. Not
            finite where a run did not reach it: then the batch size is left out, since
            the rest of its seeds are the fast ones.
        confidence_level: Nominal coverage, in (0, 1).

    Returns:
        The critical batch size, the fit's quality and the slopes between neighbours.

    Raises:
        TooFewSeedsError: If there are fewer than 2 seeds.

    Assumes:
        Log steps vary about equally over seeds at all batch sizes. Simulated coverage
        of nominal 95 % is .945 to .955 with 5 and 10 seeds, with and without a shift
        that a seed gives to all batch sizes (`tests/reference`).

    References:
        McCandlish et al., An Empirical Model of Large-Batch Training, 2018,
        arXiv 1812.06162.
    """
    if (n := steps.shape[1]) < MIN_SEEDS:
        raise TooFewSeedsError(
            f"a critical batch size needs {MIN_SEEDS} seeds, got {n}",
            hint="train more seeds",
        )
    is_used = np.asarray(np.isfinite(steps).all(axis=1))
    used = batch_sizes[is_used]
    log_steps = np.log(steps[is_used])
    slopes = local_slopes(used, log_steps, confidence_level=confidence_level)
    if len(used) < MIN_BATCH_SIZES:
        nothing = dict.fromkeys(
            ("critical", "lower", "upper", "min_steps", "lack_of_fit_p"), math.nan
        )
        return CriticalBatch(
            verdict="untested",
            slopes=slopes,
            is_used=is_used,
            confidence_level=confidence_level,
            n_seeds=n,
            **nothing,
        )
    fit = _Fit(used, log_steps)
    verdict = fit.place()
    lower, upper = fit.bounds(verdict, confidence_level)
    p_value = fit.lack_of_fit_p()
    return CriticalBatch(
        verdict="no fit" if p_value < LACK_OF_FIT_LEVEL else verdict,
        critical=math.exp(fit.log_critical),
        lower=math.exp(lower),
        upper=math.exp(upper),
        min_steps=math.exp(fit.log_min_steps()),
        lack_of_fit_p=p_value,
        slopes=slopes,
        is_used=is_used,
        confidence_level=confidence_level,
        n_seeds=n,
    )


def local_slopes(
    batch_sizes: Float[np.ndarray, " batch"],
    log_steps: Float[np.ndarray, "batch seed"],
    *,
    confidence_level: float = 0.95,
) -> LocalSlopes:
    """Give the slope of log steps on log batch size between neighbours.

    Args:
        batch_sizes: Ascending.
        log_steps: Logarithms of steps to target, all finite.
        confidence_level: Nominal coverage of all intervals together.

    Returns:
        Slopes with Student's t intervals over seeds, by Bonferroni's inequality.

    Raises:
        TooFewSeedsError: If there are fewer than 2 seeds.

    Assumes:
        As `intervals.t_interval`, for the slopes of the seeds.
    """
    by_seed = np.diff(log_steps, axis=0) / np.diff(np.log(batch_sizes))[:, None]
    each = 1 - (1 - confidence_level) / max(len(by_seed), 1)
    found = t_interval(by_seed, np.full(by_seed.shape, True), confidence_level=each)
    return LocalSlopes(
        first=batch_sizes[:-1],
        last=batch_sizes[1:],
        estimate=found.estimate,
        lower=found.lower,
        upper=found.upper,
    )


class _Fit:
    """The hyperbola through the means of log steps, and how surely."""

    def __init__(
        self,
        batch_sizes: Float[np.ndarray, " batch"],
        log_steps: Float[np.ndarray, "batch seed"],
    ) -> None:
        self._batch_sizes = batch_sizes
        self._log_steps = log_steps
        self._means = log_steps.mean(axis=1)
        n = log_steps.shape[1]
        without = (log_steps.sum(axis=1) - log_steps.T) / (n - 1)
        found = _fitted(batch_sizes, np.vstack([self._means, without]))
        self.log_critical = float(found[0])
        deviations = found[1:] - found[1:].mean()
        self._error = math.sqrt((n - 1) / n * float(deviations @ deviations))

    def log_min_steps(self) -> float:
        saved = np.log1p(math.exp(self.log_critical) / self._batch_sizes)
        return float((self._means - saved).mean())

    def place(self) -> Literal["inside", "below", "above"]:
        if self.log_critical <= math.log(self._batch_sizes[0]):
            return "below"
        outside = self.log_critical >= math.log(self._batch_sizes[-1])
        return "above" if outside else "inside"

    def bounds(
        self, place: Literal["inside", "below", "above"], confidence_level: float
    ) -> tuple[float, float]:
        """Of log B_crit: both, or the one-sided one towards the batch sizes."""
        df = self._log_steps.shape[1] - 1
        if place == "inside":
            quantile = special.stdtrit(df, (1 + confidence_level) / 2)
            margin = float(quantile) * self._error
            return self.log_critical - margin, self.log_critical + margin
        margin = float(special.stdtrit(df, confidence_level)) * self._error
        allowed = self._allowed(confidence_level)
        if place == "above":
            return min(self.log_critical - margin, float(allowed.min())), math.nan
        return math.nan, max(self.log_critical + margin, float(allowed.max()))

    def lack_of_fit_p(self) -> float:
        n_batches, n = self._log_steps.shape
        noise, df = self._noise()
        excess = n * self._squares(np.array([self.log_critical]))[0] / (n_batches - 2)
        # A millionth of the steps is rounding, whatever the spread over seeds.
        if excess < 1e-12:
            return 1.0
        if noise == 0:
            return 0.0
        return float(special.fdtrc(n_batches - 2, df, excess / noise))

    def _noise(self) -> tuple[float, int]:
        """Variance over seeds, less what a seed does to all batch sizes; its df."""
        residuals = self._log_steps - self._means[:, None]
        residuals = residuals - residuals.mean(axis=0)
        df = (len(residuals) - 1) * (residuals.shape[1] - 1)
        return float((residuals**2).sum()) / df, df

    def _squares(
        self, log_critical: Float[np.ndarray, " candidate"]
    ) -> Float[np.ndarray, " candidate"]:
        return _residual_squares(
            self._batch_sizes,
            np.broadcast_to(self._means, (len(log_critical), len(self._means))),
            log_critical,
        )

    def _allowed(self, confidence_level: float) -> Float[np.ndarray, " candidate"]:
        """The values of log B_crit that the sum of squares does not rule out."""
        candidates = np.append(_candidates(self._batch_sizes), self.log_critical)
        squares = self._squares(candidates)
        noise, df = self._noise()
        quantile = float(special.stdtrit(df, confidence_level))
        limit = squares.min() + quantile**2 * noise / self._log_steps.shape[1]
        return candidates[squares <= limit]


def _candidates(
    batch_sizes: Float[np.ndarray, " batch"],
) -> Float[np.ndarray, " candidate"]:
    return np.linspace(
        math.log(batch_sizes[0]) - _SEARCH_MARGIN,
        math.log(batch_sizes[-1]) + _SEARCH_MARGIN,
        _N_GRID,
    )


def _residual_squares(
    batch_sizes: Float[np.ndarray, " batch"],
    log_steps: Float[np.ndarray, "row batch"],
    log_critical: Float[np.ndarray, " row"],
) -> Float[np.ndarray, " row"]:
    """Of each row with its own B_crit and the S_min that fits it best."""
    saved = np.log1p(np.exp(log_critical)[:, None] / batch_sizes)
    residuals = log_steps - saved
    residuals = residuals - residuals.mean(axis=1, keepdims=True)
    return np.asarray((residuals**2).sum(axis=1))


def _fitted(
    batch_sizes: Float[np.ndarray, " batch"], log_steps: Float[np.ndarray, "row batch"]
) -> Float[np.ndarray, " row"]:
    """The log B_crit that fits each row best: on a grid, then by golden section."""
    grid = _candidates(batch_sizes)
    saved = np.log1p(np.exp(grid)[:, None] / batch_sizes)
    saved = saved - saved.mean(axis=1, keepdims=True)
    # Squares of the residuals, less what all candidates share.
    squares = (saved**2).sum(axis=1)[:, None] - 2 * saved @ log_steps.T
    nearest = squares.argmin(axis=0)
    low = grid[np.maximum(nearest - 1, 0)]
    high = grid[np.minimum(nearest + 1, len(grid) - 1)]
    for _ in range(_N_GOLDEN):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        is_left = _residual_squares(batch_sizes, log_steps, left) < _residual_squares(
            batch_sizes, log_steps, right
        )
        low, high = np.where(is_left, low, left), np.where(is_left, right, high)
    return (low + high) / 2
