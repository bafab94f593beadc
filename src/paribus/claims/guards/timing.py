"""The guard about seconds: whether a timing can be trusted."""

from collections.abc import Sequence

from paribus.claims.evidence import Evidence, Question
from paribus.claims.refusals import Refusal
from paribus.results import Timing
from paribus.results.timings import (
    MAX_TIMING_VARIATION,
    common_rounds,
    ratio_variation,
)
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS


# Before a timing the study itself may have kept every core busy, and two compilers.
OWN_LOAD = 2

_AGAIN = "the same command with another --out, on an idle machine"


def noisy_timing(evidence: Evidence, question: Question) -> Refusal | None:
    """Seconds were not measured, or vary too much to be compared."""
    is_timed = question.clock == "seconds" or question.budget == "seconds"
    if not (is_timed or question.measure.startswith("seconds")):
        return None
    higher, lower = (
        _timings(evidence, side) for side in (question.higher, question.lower)
    )
    if higher is None or lower is None:
        return Refusal("no run was timed alone on the machine", _AGAIN)
    sides = [*higher, *lower]
    return (
        _noisy_repeats(sides)
        or _loaded(evidence, sides)
        or _few_rounds(sides)
        or _noisy_ratio(higher, lower)
    )


def _timings(evidence: Evidence, side: Sequence[int]) -> list[Timing] | None:
    """Those of the configs of one side; None if one was not timed."""
    judged = evidence.judged
    timings = [judged.timing(judged.configs[i]) for i in side]
    there = [timing for timing in timings if timing is not None]
    return there if len(there) == len(timings) else None


def _noisy_repeats(sides: Sequence[Timing]) -> Refusal | None:
    """Repeats that were taken one after the other, of which each counts for itself."""
    in_a_row = [timing.variation for timing in sides if not timing.by_round]
    if (worst := max(in_a_row, default=0.0)) <= MAX_TIMING_VARIATION:
        return None
    return Refusal(f"the seconds of a step vary by {worst:.0%} between repeats", _AGAIN)


def _loaded(evidence: Evidence, sides: Sequence[Timing]) -> Refusal | None:
    """Another load takes its cores from programs that use several, so ratios move."""
    n_cores = _n_cores(evidence)
    for timing in sides:
        if n_cores is not None and timing.load_before > n_cores + OWN_LOAD:
            return Refusal(
                f"seconds were timed under a load of {timing.load_before:.1f} on "
                f"{n_cores} cores, more than training itself makes",
                _AGAIN,
            )
    return None


def _few_rounds(sides: Sequence[Timing]) -> Refusal | None:
    if len(common_rounds(sides)) >= MIN_CONTRAST_SEEDS:
        return None
    return Refusal(
        "the sides were not timed in the same rounds, so what disturbed the machine "
        "meanwhile would count as a difference",
        "`paribus run` once more, with all that is compared: it times what lacks",
    )


def _noisy_ratio(higher: Sequence[Timing], lower: Sequence[Timing]) -> Refusal | None:
    """What slows all programs of a round alike is not in the ratio: no reason."""
    variation = ratio_variation(higher, lower)
    if variation <= MAX_TIMING_VARIATION:
        return None
    return Refusal(
        "the ratio of the two sides' seconds of a step varies by "
        f"{variation:.0%} from round to round",
        _AGAIN,
    )


def _n_cores(evidence: Evidence) -> int | None:
    """Of the smallest machine that trained the study; None if it is not known."""
    found = [a.environment.get("cores", "") for a in evidence.whole.attempts]
    return min((int(n) for n in found if n.isdecimal()), default=None)
