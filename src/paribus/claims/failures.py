"""Beside a share of failures: how runs failed, and whether it was for lack of time."""

from collections import Counter

from paribus.claims.evidence import Evidence, Question
from paribus.claims.guards.populations import MAX_UNCONVERGED
from paribus.status import RunStatus


Ways = Counter[RunStatus]

# A longer budget may make something of these. A run that had learned and fell back to
# guessing is no `collapsed` one: it is a `late_collapse`.
_STAYED_LOW = (RunStatus.COLLAPSED, RunStatus.SUBLINEAR)


def say_failures(evidence: Evidence, question: Question) -> tuple[str, ...]:
    """List the bad runs of each side by status, and say where speed may be why.

    A run that is still improving is no failure, however low it stands. Where many runs
    of one side are, and bad runs of the other ended low without having fallen, shares
    of failures do not tell slow from failed.

    Returns:
        Sentences; none if no run of either side ended badly.
    """
    sides = [
        (words or "one side", _ways(evidence, configs))
        for configs, words in zip(
            (question.higher, question.lower), question.sides, strict=True
        )
    ]
    (a, ways_a), (b, ways_b) = sides
    return (
        *(_say_ways(words, ways) for words, ways in sides if _n_bad(ways)),
        *_say_confounded(a, ways_a, b, ways_b),
        *_say_confounded(b, ways_b, a, ways_a),
    )


def _ways(evidence: Evidence, configs: tuple[int, ...]) -> Ways:
    """How many runs ended in which way, of those that did end."""
    status = evidence.judged.status[list(configs)].ravel().tolist()
    return Counter(word for word in map(RunStatus, status) if word.has_outcome)


def _n_bad(ways: Ways) -> int:
    return sum(n for status, n in ways.items() if not status.is_learner)


def _say_ways(words: str, ways: Ways) -> str:
    bad = [(status, n) for status, n in sorted(ways.items()) if not status.is_learner]
    listed = ", ".join(f"{n} {status.word.replace('_', ' ')}" for status, n in bad)
    return f"Bad runs at {words}: {listed}."


def _say_confounded(
    slow: str, ways_slow: Ways, low: str, ways_low: Ways
) -> tuple[str, ...]:
    n, n_low = ways_slow[RunStatus.UNCONVERGED], sum(ways_low[s] for s in _STAYED_LOW)
    if not n_low or n <= MAX_UNCONVERGED * ways_slow.total():
        return ()
    n_bad = _n_bad(ways_low)
    bad = f"{n_low} of {n_bad} bad runs at {low} {'is' if n_low == 1 else 'are'}"
    if n_bad == 1:
        bad = f"the one bad run at {low} is"
    return (
        f"How often runs fail is confounded with how fast they learn: {n} of "
        f"{ways_slow.total()} runs at {slow} were still improving at the end and count "
        f"as no failures, while {bad} "
        "collapsed or sublinear, as slow runs are too. A longer budget would tell slow "
        "from failed.",
    )
