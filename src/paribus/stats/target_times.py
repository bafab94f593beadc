"""How long did each run take to reach a target, and which side is faster?

A run that has not reached the target by the end of its budget, tau, has the time "more
than tau". It is written as infinity and never dropped.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from paribus.stats.contrasts import MIN_CONTRAST_SEEDS, Contrast, paired_contrast
from paribus.stats.intervals import Interval, mean_interval, share_interval


@dataclass(frozen=True, kw_only=True, eq=False)
class TargetTimes:
    """When each run of a config first reached a target, on one clock.

    Attributes:
        times: Steps, epochs or seconds; infinity where the target was not reached.
        tau: The end of the budget on the same clock, the same for all runs.
    """

    times: Float[np.ndarray, " seed"]
    tau: float

    def __post_init__(self) -> None:
        reached = self.times[np.isfinite(self.times)]
        assert not np.isnan(self.times).any()
        assert ((reached > 0) & (reached <= self.tau * (1 + 1e-9))).all()

    def has_reached(self) -> Bool[np.ndarray, " seed"]:
        """For each run whether it reached the target within the budget."""
        return np.isfinite(self.times)

    def restricted(self) -> Float[np.ndarray, " seed"]:
        """The times, with tau where the target was not reached."""
        return np.minimum(self.times, self.tau)

    def until(self, tau: float) -> "TargetTimes":
        """The same runs seen with a shorter budget: later times become "never"."""
        assert tau <= self.tau
        return TargetTimes(
            times=np.where(self.times <= tau, self.times, np.inf), tau=tau
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class TargetSummary:
    """What is said of one config's times to a target.

    Attributes:
        share_reached: Share of runs that reached it, with its exact interval.
        median: Median time, "never" counting as infinity.
        restricted_mean: Mean of min(time, tau), with interval; None below 5 seeds.
        tau: The end of the budget.
        n_seeds: Runs.
        n_lost: Runs that reached it and ended with a bad status all the same.
    """

    share_reached: Interval
    median: float
    restricted_mean: Interval | None
    tau: float
    n_seeds: int
    n_lost: int


@dataclass(frozen=True, kw_only=True)
class TimeRatio:
    """How much longer side a took than side b, on the log scale, and what it may say.

    Attributes:
        contrast: Of log(time of a / time of b). Where censoring makes it a bound, the
            other end of the interval is infinite, so that it can only be used in the
            permitted direction.
        is_lower_bound: Only a was censored: the true ratio is at least this large, and
            "a is slower" may rest on it.
        is_upper_bound: Only b was censored: "b is slower" may rest on it.
        n_censored_a: Seeds whose run of a did not reach the target.
        n_censored_b: Seeds whose run of b did not.
    """

    contrast: Contrast
    is_lower_bound: bool
    is_upper_bound: bool
    n_censored_a: int
    n_censored_b: int


def summarise_times(
    times: TargetTimes,
    ends_badly: Bool[np.ndarray, " seed"],
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator,
) -> TargetSummary:
    """Say how many runs of a config reached a target, and when.

    The restricted mean, of min(time, tau), needs no assumption about what comes after
    tau, and as every run has the same tau, no Kaplan-Meier estimate either.

    Args:
        times: The config's times; at least 1.
        ends_badly: Runs with a bad final status. One that reached the target first has
            reached it, and is counted as lost too.
        confidence_level: Nominal coverage of both intervals.
        rng: Source of the resampling from 20 seeds on.

    Returns:
        Share, median and restricted mean.

    Raises:
        TooFewSeedsError: If there is no run.

    Assumes:
        Independent seeds. If no run reached the target, the interval of the restricted
        mean has no width: read the one of the share.

    References:
        Royston and Parmar, Restricted Mean Survival Time, 2013.
    """
    n = len(times.times)
    reached = times.has_reached()
    restricted = times.restricted()[None, :]
    mean = None
    if n >= MIN_CONTRAST_SEEDS:
        mean = mean_interval(
            restricted,
            np.full(restricted.shape, True),
            confidence_level=confidence_level,
            rng=rng,
        ).within(0.0, times.tau)
    return TargetSummary(
        share_reached=share_interval(
            np.array([reached.sum()]), np.array([n]), confidence_level=confidence_level
        ),
        median=_median(times.times),
        restricted_mean=mean,
        tau=times.tau,
        n_seeds=n,
        n_lost=int((reached & ends_badly).sum()),
    )


def restricted_mean_difference(
    a: TargetTimes,
    b: TargetTimes,
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator,
) -> Contrast:
    """Say by how much the restricted mean times of two sides differ, paired by seed.

    Args:
        a: One side.
        b: The other, the same seeds in the same order. If the budgets differ on this
            clock, both are seen until the earlier end.
        confidence_level: 1 - .05 / number of contrasts in the family.
        rng: Source of the resampling from 20 seeds on.

    Returns:
        The contrast a - b, on the clock of the times, its limits within what tau
        allows; without bounds below 5 seeds.

    Assumes:
        As `paired_contrast`. It says nothing of what would have happened after tau.
    """
    tau = min(a.tau, b.tau)
    differences = a.until(tau).restricted() - b.until(tau).restricted()
    found = paired_contrast(differences, confidence_level=confidence_level, rng=rng)
    if not found.is_bounded:
        return found
    return replace(found, lower=max(found.lower, -tau), upper=min(found.upper, tau))


def log_time_ratio(
    a: TargetTimes,
    b: TargetTimes,
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator,
) -> TimeRatio:
    """Say how many times as long side a takes as side b, paired by seed, as logarithms.

    Censored times enter as tau. If only one side has any, its slow-down is
    underestimated in those seeds and nowhere overestimated: the bound of the interval
    on that side of the truth still holds, and the other is set to infinity. If both
    sides have some, the ratio says nothing and has no bounds; the restricted means do.

    Args:
        a: One side.
        b: The other, the same seeds in the same order. Budgets may differ.
        confidence_level: 1 - .05 / number of contrasts in the family.
        rng: Source of the resampling from 20 seeds on.

    Returns:
        The contrast of the logarithms, with what it may be used for.

    Assumes:
        As `paired_contrast`, for the log ratios. The p-value stands only where nothing
        is censored.
    """
    censored_a, censored_b = ~a.has_reached(), ~b.has_reached()
    contrast = paired_contrast(
        np.log(a.restricted()) - np.log(b.restricted()),
        confidence_level=confidence_level,
        rng=rng,
    )
    if censored_a.any() or censored_b.any():
        contrast = replace(
            contrast,
            lower=-math.inf if censored_b.any() else contrast.lower,
            upper=math.inf if censored_a.any() else contrast.upper,
            p_value=None,
        )
    return TimeRatio(
        contrast=contrast,
        is_lower_bound=bool(censored_a.any() and not censored_b.any()),
        is_upper_bound=bool(censored_b.any() and not censored_a.any()),
        n_censored_a=int(censored_a.sum()),
        n_censored_b=int(censored_b.sum()),
    )


def _median(times: Float[np.ndarray, " seed"]) -> float:
    """The median, with infinity a value like others; of two middle ones the mean."""
    middle = np.sort(times)[[(len(times) - 1) // 2, len(times) // 2]]
    return float(middle.mean())
