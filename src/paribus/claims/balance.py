"""Whether a value is "a good balance": no rival is as good in all, better in one."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from paribus.analysis.measure_facts import measure_facts
from paribus.claims.answering import ask
from paribus.claims.arms import Arms
from paribus.claims.atoms import most_seeds
from paribus.claims.evidence import Evidence, Question
from paribus.claims.records import AtomVerdict, Verdict
from paribus.claims.remedies import LONGER, deciding
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS
from paribus.stats.pareto import Balance, compare_balances


Parts = dict[tuple[int, int, int], AtomVerdict]


def ask_balance(
    evidence: Evidence,
    roles: Sequence[str],
    measures: Sequence[tuple[Arms, Question]],
) -> AtomVerdict:
    """Judge whether the first role is dominated by none of the others.

    Args:
        evidence: At the level of the family; each measure gets its share of the error
            rate, since against one rival each is a chance to be better. One rival alone
            can refute it, so for that the rivals share it again.
        roles: The candidate, then its rivals.
        measures: For each measure the configs by role, since tuned ones are chosen for
            it, and a question; its sides are filled in here.

    Returns:
        The verdict; its parts are the candidate against each rival in each measure,
        oriented so that above 0 (or 1) the candidate is better.
    """
    parts = _ask_parts(evidence.shared_among(len(measures)), roles, measures)
    if _balance(parts, roles, measures).verdict == "refuted":
        n_chances = len(measures) * (len(roles) - 1)
        parts = _ask_parts(evidence.shared_among(n_chances), roles, measures)
    own = tuple(part for (i, _, _), part in parts.items() if i == 0)
    tested = [part for part in own if part.verdict is not Verdict.UNTESTED]
    if not tested:
        return replace(own[0], parts=own)
    balance = _balance(parts, roles, measures)
    verdict = Verdict(balance.verdict)
    by_rival = [
        [part for (i, other, _), part in parts.items() if (i, other) == (0, j)]
        for j in range(1, len(roles))
    ]
    arms, _ = measures[0]
    notes = tuple(_against(arms, roles[j], j, parts) for j in range(1, len(roles)))
    if verdict is Verdict.UNDECIDED and (silent := _silent(by_rival)):
        return replace(silent, notes=(*silent.notes, *notes), parts=own)
    if balance.is_uninformative:
        notes += ("So are the other values: true, but it tells nothing of this one.",)
    is_open = verdict is Verdict.UNDECIDED
    reason = _what_is_open(by_rival) if is_open else ""
    return replace(
        tested[0],
        verdict=verdict,
        measure=", ".join(question.measure for _, question in measures),
        estimate=None,
        lower=None,
        upper=None,
        smallest_effect=None,
        is_ratio=False,
        unit="",
        clock="",
        n_seeds=min((part.n_seeds for part in tested if part.n_seeds), default=0),
        reason=reason,
        remedy=deciding(reason, evidence.judged.study),
        more_seeds=_more_seeds(by_rival) if is_open else None,
        notes=notes,
        sides=(),
        runs=tuple(dict.fromkeys(run for part in own for run in part.runs)),
        p_value=None,
        effect_size=None,
        share_above=None,
        parts=own,
    )


def _ask_parts(
    evidence: Evidence,
    roles: Sequence[str],
    measures: Sequence[tuple[Arms, Question]],
) -> Parts:
    """Each value against each other one in each measure."""
    return {
        (i, j, k): ask(evidence, _between(question, arms, own, rival))
        for i, own in enumerate(roles)
        for j, rival in enumerate(roles)
        for k, (arms, question) in enumerate(measures)
        if i != j
    }


def _balance(
    parts: Parts, roles: Sequence[str], measures: Sequence[tuple[Arms, Question]]
) -> Balance:
    """What the bounds say of the first value, and of the others."""
    return compare_balances(*_bounds(parts, len(roles), len(measures)), 0)


def _between(question: Question, arms: Arms, own: str, rival: str) -> Question:
    """The question with these sides, oriented so that above 0 `own` is better."""
    is_more_better = measure_facts(question.measure).higher_is_better
    higher, lower = (own, rival) if is_more_better else (rival, own)
    return replace(
        question,
        higher=(arms.configs[higher],),
        lower=(arms.configs[lower],),
        sides=(arms.words[higher], arms.words[lower]),
        choices=tuple(arms.choices[r] for r in (own, rival) if r in arms.choices),
    )


def _bounds(
    parts: Parts, n_roles: int, n_measures: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bounds of every advantage on the scale of comparison; NaN where untested."""
    lower, upper = np.full((2, n_roles, n_roles, n_measures), np.nan)
    smallest = np.full(n_measures, math.inf)
    for (i, j, k), part in parts.items():
        if part.verdict is Verdict.UNTESTED or part.smallest_effect is None:
            continue
        scale = math.log if part.is_ratio else float
        lower[i, j, k] = -math.inf if part.lower is None else scale(part.lower)
        upper[i, j, k] = math.inf if part.upper is None else scale(part.upper)
        smallest[k] = scale(part.smallest_effect)
    return lower, upper, smallest


def _against(arms: Arms, rival: str, j: int, parts: Parts) -> str:
    words = [
        f"{measure_facts(part.measure).words}: {_WORDS[part.verdict]}"
        for (i, other, _), part in parts.items()
        if i == 0 and other == j
    ]
    return f"Against {arms.words[rival]}: {'; '.join(words)}."


_WORDS = {
    Verdict.SUPPORTED: "better",
    Verdict.REFUTED: "worse",
    Verdict.NEGLIGIBLE: "as good",
    Verdict.UNDECIDED: "undecided",
    Verdict.UNTESTED: "untested",
    Verdict.DEPENDS: "depends",
}


def _silent(by_rival: Sequence[Sequence[AtomVerdict]]) -> AtomVerdict | None:
    """A part that could not be compared, where nothing else would make it better.

    More seeds may tell where some measure that was compared is seen to be better.
    """
    for against in by_rival:
        silent = [part for part in against if part.verdict is Verdict.UNTESTED]
        if silent and not _seeds_may_tell(against):
            return silent[0]
    return None


def _seeds_may_tell(against: Sequence[AtomVerdict]) -> bool:
    """Whether it is better than a rival in something, or more seeds may show it."""
    tested = [part for part in against if part.verdict is not Verdict.UNTESTED]
    return bool(tested) and (
        any(part.verdict is Verdict.SUPPORTED for part in tested)
        or max(part.n_seeds for part in tested) < MIN_CONTRAST_SEEDS
        or any(_seems_better(part) for part in tested)
    )


def _what_is_open(by_rival: Sequence[Sequence[AtomVerdict]]) -> str:
    reason = "against some rival no measure is better beyond doubt"
    lacking = [against for against in by_rival if _seeds_to_beat(against) is None]
    if not lacking:
        return reason
    if all(any(map(_is_censored, against)) for against in lacking):
        return f"{reason}; {LONGER}"
    return f"{reason}; none is seen to be, so no number of seeds can be named"


def _more_seeds(by_rival: Sequence[Sequence[AtomVerdict]]) -> int | None:
    """The seeds that would make it better than each rival in something.

    None if against some rival it is nowhere seen to be better by the smallest effect:
    more seeds of the same kind would not tell.
    """
    return most_seeds([_seeds_to_beat(against) for against in by_rival])


def _seeds_to_beat(against: Sequence[AtomVerdict]) -> int | None:
    tested = [part for part in against if part.verdict is not Verdict.UNTESTED]
    if any(part.verdict is Verdict.SUPPORTED for part in tested):
        return MIN_CONTRAST_SEEDS
    if max(part.n_seeds for part in tested) < MIN_CONTRAST_SEEDS:
        return MIN_CONTRAST_SEEDS
    counts = [part.more_seeds for part in tested if _seems_better(part)]
    return min(filter(None, counts), default=None)


def _seems_better(part: AtomVerdict) -> bool:
    if part.estimate is None or part.smallest_effect is None:
        return False
    return part.verdict is Verdict.UNDECIDED and part.estimate > part.smallest_effect


def _is_censored(part: AtomVerdict) -> bool:
    """Whether runs that never reached the target leave an end of the interval open."""
    return part.verdict is Verdict.UNDECIDED and None in (part.lower, part.upper)
