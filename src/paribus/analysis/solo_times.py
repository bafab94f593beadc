"""Which programs are still to be timed alone, and which seconds are compared?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from paribus.results import StudyResult, Timing
from paribus.results.timings import (
    MAX_TIMING_VARIATION,
    N_ROUNDS,
    common_rounds,
    log_seconds,
)
from paribus.space import Config
from paribus.status import RunStatus
from paribus.study import Run


# Before a timing the study itself may have kept every core busy, and two compilers.
OWN_LOAD = 2


@dataclass(frozen=True, kw_only=True)
class NoisyTiming:
    """Times of an epoch that are not compared, or were not taken in peace.

    Attributes:
        kind: What is wrong. The `repeats` of a program varied, one after the other; the
            `load` before a timing was more than the study's own; the programs were
            timed `apart`, in fewer than 5 common rounds; the `ratio` of two varied from
            round to round. All these forbid to compare seconds. The seconds of the
            `rounds` of all programs together, which are in no ratio, do not.
        configs: Whose program was timed; of ratios the two of the worst.
        worst: The largest variation, a share.
        load: The machine's load average before that timing.
        n_cores: Of the machine, where they were counted.
        n_noisy: Of ratios, how many vary too much.
        n_pairs: How many pairs of sides there are.
    """

    kind: Literal["repeats", "load", "apart", "ratio", "rounds"]
    configs: tuple[Config, ...]
    worst: float
    load: float
    n_cores: int | None = None
    n_noisy: int = 0
    n_pairs: int = 0

    @property
    def forbids_seconds(self) -> bool:
        """Whether seconds are not compared for it."""
        return self.kind != "rounds"


def incomparable_seconds(
    sides: Sequence[Sequence[Timing]], *, n_cores: int | None
) -> NoisyTiming | None:
    """Say why the seconds of some sides are not compared; None if they may be.

    Claims, cautions and the Pareto front all ask it.

    Args:
        sides: What is compared, each one or more programs, of which the geometric mean
            counts.
        n_cores: Of the machine; None if not known, and then no load is too high.
    """
    timings = [timing for side in sides for timing in side]
    return (
        _varying_repeats(timings)
        or _high_load(timings, n_cores)
        or _timed_apart(timings)
        or _varying_ratio(sides)
    )


def count_cores(result: StudyResult) -> int | None:
    """Of the smallest machine that trained a study; None if it is not known."""
    found = [a.environment.get("cores", "") for a in result.attempts]
    return min((int(n) for n in found if n.isdecimal()), default=None)


def _varying_repeats(timings: Sequence[Timing]) -> NoisyTiming | None:
    """Repeats that were taken one after the other, of which each counts for itself."""
    noisy = [
        timing
        for timing in timings
        if not timing.by_round and timing.variation > MAX_TIMING_VARIATION
    ]
    return _of_most("repeats", noisy) if noisy else None


def _of_most(
    kind: Literal["repeats", "rounds"], noisy: Sequence[Timing]
) -> NoisyTiming:
    worst = max(noisy, key=lambda timing: timing.variation)
    return NoisyTiming(
        kind=kind,
        configs=tuple(timing.config for timing in noisy),
        worst=worst.variation,
        load=worst.load_before,
    )


def _high_load(timings: Sequence[Timing], n_cores: int | None) -> NoisyTiming | None:
    """Another load takes its cores from programs that use several, so ratios move."""
    if n_cores is None:
        return None
    loaded = [t for t in timings if t.load_before > n_cores + OWN_LOAD]
    if not loaded:
        return None
    return NoisyTiming(
        kind="load",
        configs=tuple(timing.config for timing in loaded),
        worst=max(timing.variation for timing in loaded),
        load=max(timing.load_before for timing in loaded),
        n_cores=n_cores,
    )


def _timed_apart(timings: Sequence[Timing]) -> NoisyTiming | None:
    if not timings or len(common_rounds(timings)) >= N_ROUNDS:
        return None
    return NoisyTiming(
        kind="apart",
        configs=tuple(timing.config for timing in timings),
        worst=max(timing.variation for timing in timings),
        load=max(timing.load_before for timing in timings),
    )


def _varying_ratio(sides: Sequence[Sequence[Timing]]) -> NoisyTiming | None:
    """What slows all programs of a round alike is in no ratio: no reason."""
    if len(sides) < 2:
        return None
    logs = log_seconds([timing for side in sides for timing in side])
    ends = np.cumsum([len(side) for side in sides])[:-1]
    means = [rows.mean(axis=0) for rows in np.split(logs, ends)]
    covariance = np.cov(means)
    own = np.diag(covariance)
    # Rounding may leave the variance of two equal programs just below 0.
    variances = np.maximum(own[:, None] + own - 2 * covariance, 0.0)
    variation = np.triu(np.sqrt(variances), 1)
    n_noisy = int((variation > MAX_TIMING_VARIATION).sum())
    if not n_noisy:
        return None
    i, j = np.unravel_index(int(variation.argmax()), variation.shape)
    worst = [*sides[int(i)], *sides[int(j)]]
    return NoisyTiming(
        kind="ratio",
        configs=tuple(timing.config for timing in worst),
        worst=float(variation[i, j]),
        load=max(timing.load_before for timing in worst),
        n_noisy=n_noisy,
        n_pairs=len(sides) * (len(sides) - 1) // 2,
    )


def noisy_timing(result: StudyResult) -> NoisyTiming | None:
    """What is to be said of the timings of a study; None if they were in peace."""
    found = incomparable_seconds(
        [[timing] for timing in result.timings], n_cores=count_cores(result)
    )
    if found is not None:
        return found
    slowed = [t for t in result.timings if t.variation > MAX_TIMING_VARIATION]
    return _of_most("rounds", slowed) if slowed else None


def missing_rounds(result: StudyResult, configs: Iterable[Config]) -> int:
    """How many rounds of timings a study lacks.

    Only rounds in which all programs were timed count: where one has joined, all are
    timed again, since seconds of another hour are not comparable.

    Args:
        result: What was trained and timed so far.
        configs: Those that are asked for; those without a finished run do not count.
    """
    static_part = result.study.static_part
    has_ended = {
        config
        for config, of_seeds in zip(result.configs, result.has_outcome(), strict=True)
        if of_seeds.any()
    }
    parts = {static_part(config) for config in has_ended.intersection(configs)}
    timed = {static_part(timing.config): timing for timing in result.timings}
    if not parts <= timed.keys():
        return N_ROUNDS
    common = common_rounds([timed[part] for part in parts])
    return N_ROUNDS - len(common) if parts else 0


def run_to_time(result: StudyResult, configs: Iterable[Config]) -> Run | None:
    """A finished run of one of some configs, if there is one.

    One that did not diverge, if possible: what diverges is trained by other programs.
    """
    members = set(configs)
    has_ended = result.has_outcome()
    is_sound = has_ended & (result.status != RunStatus.DIVERGED)
    for is_fit in (is_sound, has_ended):
        for i in np.flatnonzero(is_fit.any(axis=1)):
            if (config := result.configs[i]) in members:
                return Run(config, result.seeds[int(is_fit[i].argmax())])
    return None
