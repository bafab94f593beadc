"""Which programs are still to be timed alone, and which timings compare badly?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True)
class NoisyRatios:
    """Pairs of programs of which one was slow in rounds in which the other was not.

    Attributes:
        worst_pair: The pair whose ratio of seconds varied most.
        worst: The standard deviation of its logarithm over rounds.
        n_noisy: Pairs that vary too much to be compared in seconds.
        n_pairs: Pairs that were timed in the same rounds.
    """

    worst_pair: tuple[Timing, Timing]
    worst: float
    n_noisy: int
    n_pairs: int


def noisy_ratios(timings: Sequence[Timing]) -> NoisyRatios | None:
    """The pairs of programs that are not compared in seconds; None if all may be.

    Args:
        timings: One a program; those without rounds are in no pair.
    """
    in_rounds = [timing for timing in timings if timing.by_round]
    if len(in_rounds) < 2 or len(common_rounds(in_rounds)) < 2:
        return None
    covariance = np.cov(log_seconds(in_rounds))
    own = np.diag(covariance)
    # Rounding may leave the variance of two equal programs just below 0.
    variances = np.maximum(own[:, None] + own - 2 * covariance, 0.0)
    variation = np.triu(np.sqrt(variances), 1)
    n_noisy = int((variation > MAX_TIMING_VARIATION).sum())
    if not n_noisy:
        return None
    i, j = np.unravel_index(int(variation.argmax()), variation.shape)
    return NoisyRatios(
        worst_pair=(in_rounds[int(i)], in_rounds[int(j)]),
        worst=float(variation[i, j]),
        n_noisy=n_noisy,
        n_pairs=len(in_rounds) * (len(in_rounds) - 1) // 2,
    )


def is_comparable(timings: Sequence[Timing]) -> bool:
    """Whether the seconds of all of some programs may be compared.

    Args:
        timings: One a program.
    """
    in_a_row = (timing.variation for timing in timings if not timing.by_round)
    is_steady = max(in_a_row, default=0.0) <= MAX_TIMING_VARIATION
    return is_steady and noisy_ratios(timings) is None


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
