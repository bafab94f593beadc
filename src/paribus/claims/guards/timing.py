"""The guard about seconds: whether a timing can be trusted."""

from paribus.claims.evidence import Evidence, Question
from paribus.claims.refusals import Refusal
from paribus.results import Timing
from paribus.results.timings import common_rounds
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS


MAX_TIMING_VARIATION = 0.1


# Before a timing the study itself may have kept every core busy, and two compilers.
OWN_LOAD = 2


def noisy_timing(evidence: Evidence, question: Question) -> Refusal | None:
    """Seconds were not measured, or vary too much to be trusted."""
    is_timed = question.clock == "seconds" or question.budget == "seconds"
    if not (is_timed or question.measure.startswith("seconds")):
        return None
    judged = evidence.judged
    again = "the same command with another --out, on an idle machine"
    sides: list[Timing] = []
    for i in question.configs:
        timing = judged.timing(judged.configs[i])
        if timing is None:
            return Refusal("no run was timed alone on the machine", again)
        sides.append(timing)
        if timing.variation > MAX_TIMING_VARIATION:
            return Refusal(
                f"the seconds of a step vary by {timing.variation:.0%} between repeats",
                again,
            )
        n_cores = _n_cores(evidence)
        if n_cores is not None and timing.load_before > n_cores + OWN_LOAD:
            return Refusal(
                f"seconds were timed under a load of {timing.load_before:.1f} on "
                f"{n_cores} cores, more than training itself makes",
                again,
            )
    if len(common_rounds(sides)) < MIN_CONTRAST_SEEDS:
        return Refusal(
            "the sides were not timed in the same rounds, so what disturbed the "
            "machine meanwhile would count as a difference",
            "`paribus run` once more, with all that is compared: it times what lacks",
        )
    return None


def _n_cores(evidence: Evidence) -> int | None:
    """Of the smallest machine that trained the study; None if it is not known."""
    found = [a.environment.get("cores", "") for a in evidence.whole.attempts]
    return min((int(n) for n in found if n.isdecimal()), default=None)
