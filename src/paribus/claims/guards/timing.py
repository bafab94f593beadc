"""The guard about seconds: whether a timing can be trusted."""

from collections.abc import Sequence

from paribus.analysis.solo_times import (
    NoisyTiming,
    count_cores,
    incomparable_seconds,
)
from paribus.claims.evidence import Evidence, Question
from paribus.claims.refusals import Refusal
from paribus.results import Timing


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
    found = incomparable_seconds([higher, lower], n_cores=count_cores(evidence.whole))
    return None if found is None else _refuse(found)


def _timings(evidence: Evidence, side: Sequence[int]) -> list[Timing] | None:
    """Those of the configs of one side; None if one was not timed."""
    judged = evidence.judged
    timings = [judged.timing(judged.configs[i]) for i in side]
    there = [timing for timing in timings if timing is not None]
    return there if len(there) == len(timings) else None


def _refuse(found: NoisyTiming) -> Refusal:
    if found.kind == "repeats":
        reason = f"the seconds of a step vary by {found.worst:.0%} between repeats"
        return Refusal(reason, _AGAIN)
    if found.kind == "load":
        return Refusal(
            f"seconds were timed under a load of {found.load:.1f} on {found.n_cores} "
            "cores, more than training itself makes",
            _AGAIN,
        )
    if found.kind == "apart":
        return Refusal(
            "the sides were not timed in the same rounds, so what disturbed the "
            "machine meanwhile would count as a difference",
            "`paribus run` once more, with all that is compared: it times what lacks",
        )
    return Refusal(
        "the ratio of the two sides' seconds of a step varies by "
        f"{found.worst:.0%} from round to round",
        _AGAIN,
    )
