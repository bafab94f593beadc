"""The guard about seconds: whether a timing can be trusted."""

from paribus.claims.evidence import Evidence, Question
from paribus.claims.refusals import Refusal


MAX_TIMING_VARIATION = 0.1


# Before a timing the study itself may have kept every core busy, and two compilers.
OWN_LOAD = 2


def noisy_timing(evidence: Evidence, question: Question) -> Refusal | None:
    """Seconds were not measured, or vary too much to be trusted."""
    is_timed = question.clock == "seconds" or question.budget == "seconds"
    if not (is_timed or question.measure.startswith("seconds")):
        return None
    judged = evidence.judged
    timings = {judged.study.static_part(t.config): t for t in judged.timings}
    for i in question.configs:
        timing = timings.get(judged.study.static_part(judged.configs[i]))
        again = "the same command with another --out, on an idle machine"
        if timing is None:
            return Refusal("no run was timed alone on the machine", again)
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
    return None


def _n_cores(evidence: Evidence) -> int | None:
    """Of the smallest machine that trained the study; None if it is not known."""
    found = [a.environment.get("cores", "") for a in evidence.whole.attempts]
    return min((int(n) for n in found if n.isdecimal()), default=None)
