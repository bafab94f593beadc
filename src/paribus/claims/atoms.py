"""An atom as data, and how the parts of one are put together."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from paribus.analysis.halving import is_pruned
from paribus.analysis.measure_facts import measure_facts
from paribus.claims.arms import LEARNING_RATES, Arms
from paribus.claims.evidence import BudgetKind, Evidence, is_same_value
from paribus.claims.pruning import held_option, say_stopped
from paribus.claims.records import AtomVerdict, Verdict
from paribus.claims.rules import all_of
from paribus.stats.families import intersection_union_p_value


Judge = Callable[[Evidence, Arms], AtomVerdict]


@dataclass(frozen=True, kw_only=True)
class Atom:
    """One part of a claim of the catalogue.

    Attributes:
        id: e.g. `L1a`.
        text: The sentence.
        needs: The arms it compares.
        judge: Asks the runs.
        contrast: Which contrast of the confirmatory family it is; atoms that look at
            one contrast from its two ends share it. Empty for an exploratory atom.
        remedy: The study that has the arms.
        budgets: Equal budgets that it is judged at, the primary one first; empty if its
            measure has one of its own.
        is_shared: Whether other learning rates leave it what it is: it is about all
            runs of the optimizer, or about programs.
    """

    id: str
    text: str
    needs: tuple[str, ...]
    judge: Judge
    contrast: str
    remedy: str
    budgets: tuple[BudgetKind, ...] = ()
    is_shared: bool = False

    def verdict(self, evidence: Evidence, arms: Arms | None) -> AtomVerdict:
        """Judge it, or say which design is missing."""
        if arms is None or arms.lacks(self.needs):
            reason = _missing(evidence, arms, self.needs, self.remedy)
            stopped, remedy = _say_pruned(evidence, arms, self.needs)
            found = AtomVerdict(
                id="",
                text="",
                verdict=Verdict.UNTESTED,
                reason="; ".join(filter(None, (reason, stopped))),
                remedy=remedy or self.remedy,
            )
        else:
            found = self.judge(evidence, arms)
        return replace(
            found,
            id=self.id,
            text=self.text,
            is_primary=bool(self.contrast),
            notes=found.notes
            + _against_best(arms, self.needs, found)
            + _passed_over(arms, self.needs, found),
        )


def _passed_over(
    arms: Arms | None, needs: tuple[str, ...], found: AtomVerdict
) -> tuple[str, ...]:
    """Values that scored higher than those an atom takes for the best, and fail."""
    if arms is None or found.verdict is Verdict.UNTESTED:
        return ()
    clauses = [c.say_passed_over() for role, c in arms.choices.items() if role in needs]
    return tuple(f"{clause[0].upper()}{clause[1:]}." for clause in clauses if clause)


def _against_best(
    arms: Arms | None, needs: tuple[str, ...], found: AtomVerdict
) -> tuple[str, ...]:
    """Where the learning rates of an atom lie against the best one of the study."""
    if arms is None or "best" not in arms.choices:
        return ()
    if found.verdict is Verdict.UNTESTED:
        return ()
    best = arms.choices["best"].value
    named = [LEARNING_RATES[role] for role in needs if role in LEARNING_RATES]
    ratios = [
        f"{rate:g} is {rate / best:.3g} times"
        for rate in named
        if not is_same_value(rate, best)
    ]
    if len(ratios) < len(named):
        itself = f"Of learning rates, {best:g} is the best of the grid"
        return (f"{itself}; {', '.join(ratios)} that." if ratios else f"{itself}.",)
    return (f"Of learning rates, {', '.join(ratios)} the best of the grid, {best:g}.",)


def _missing(
    evidence: Evidence, arms: Arms | None, needs: tuple[str, ...], remedy: str
) -> str:
    lacking = needs if arms is None else arms.lacks(needs)
    words = _and(lacking)
    if arms is not None and arms.designed >= set(needs):
        if is_pruned(evidence.whole).any():
            return (
                "no learning rate could be chosen: of those that were not stopped "
                "early none has learned yet in more than half of its runs"
            )
        return f"no learning rate could be chosen: no run has learned yet at {words}"
    if arms is None and remedy.endswith("batch-size"):
        return "the learning rate is not tuned for each batch size"
    tuned = [r for r in lacking if arms is not None and r in arms.only_tuned]
    absent = [role for role in lacking if role not in tuned]
    if not tuned:
        return f"the study has no runs at {words}"
    only = f"at {_and(tuned)} the study has only runs that chose a learning rate"
    return f"{only}, and none at {_and(absent)}" if absent else only


def _and(roles: Sequence[str]) -> str:
    return " and ".join(_ROLES[role] for role in roles)


def _say_pruned(
    evidence: Evidence, arms: Arms | None, needs: tuple[str, ...]
) -> tuple[str, str]:
    """What was stopped early of what an atom lacks, and what would test it."""
    lacking = () if arms is None else arms.lacks(needs)
    if arms is None or not arms.only_tuned >= set(lacking):
        return "", ""
    stopped = [arms.stopped[role] for role in lacking if role in arms.stopped]
    if not stopped:
        return "", ""
    values = [LEARNING_RATES[role] for role in lacking]
    whole = evidence.whole
    return say_stopped(whole, stopped), held_option(whole.study, values)


_ROLES = {
    "small": "learning rate 0.001",
    "medium": "learning rate 0.01",
    "large": "learning rate 0.1",
    "best": "a best learning rate",
    "batch-small": "batch size 32",
    "batch-medium": "batch size 64",
    "batch-large": "batch size 128",
    "batch-largest": "a batch of a tenth of the data",
}


def judge_all(
    evidence: Evidence,
    ask_parts: Callable[[Evidence], Sequence[AtomVerdict]],
    *,
    n_parts: int,
) -> AtomVerdict:
    """Judge parts that must all hold, at the error rate of one contrast.

    "All hold" is wrong only if some part is said to hold wrongly, so each part has the
    full level for it (intersection-union). One part alone can decide that not all hold,
    so there is a chance for each to say that wrongly: wherever a part is refuted or
    negligible, all are asked again with the error rate shared among them.

    Args:
        evidence: At the level of the family.
        ask_parts: Asks the parts at the level of the evidence that it is given.
        n_parts: How many there may be, whatever the runs show.

    References:
        Berger, Multiparameter Hypothesis Testing and Acceptance Sampling, 1982.
    """
    parts = ask_parts(evidence)
    if any(part.verdict in (Verdict.REFUTED, Verdict.NEGLIGIBLE) for part in parts):
        parts = ask_parts(evidence.shared_among(n_parts))
    return put_together(parts)


def put_together(parts: Sequence[AtomVerdict]) -> AtomVerdict:
    """Make one verdict of parts that must all hold, with the numbers of one of them.

    The numbers are those of the part that the verdict rests on.

    Of several supported parts that is the one with the least room to spare. The p-value
    is that of all parts together, and so many seeds decide as the slowest part needs.
    Where some parts hold and others are practically absent the reason names them.

    Args:
        parts: At least one.
    """
    verdict = all_of([part.verdict for part in parts])
    deciding = [part for part in parts if part.verdict is verdict] or list(parts)
    shown = min(deciding, key=_room)
    beside = tuple(say_beside(part) for part in parts if part is not shown)
    return replace(
        shown,
        verdict=verdict,
        reason=_differing(parts) if verdict is Verdict.DEPENDS else shown.reason,
        more_seeds=most_seeds([part.more_seeds for part in deciding])
        if verdict is Verdict.UNDECIDED
        else None,
        p_value=_p_value_of_all(parts),
        notes=(*shown.notes, *filter(None, beside)),
        runs=tuple(dict.fromkeys(run for part in parts for run in part.runs)),
        parts=tuple(parts),
    )


def _differing(parts: Sequence[AtomVerdict]) -> str:
    """What each part says where they are decided differently."""
    return ", ".join(
        f"{part.verdict.value} in {_measure_words(part)} for "
        + " against ".join(part.sides)
        for part in parts
    )


def _measure_words(part: AtomVerdict) -> str:
    words = measure_facts(part.measure).compared
    return words if part.epochs is None else words.removeprefix("final ")


def most_seeds(counts: Sequence[int | None]) -> int | None:
    """The seeds that would decide all of some parts; None if one may stay open."""
    return None if None in counts else max(filter(None, counts))


def _p_value_of_all(parts: Sequence[AtomVerdict]) -> float | None:
    """The largest of the parts': to say "all" wrongly, one must be said wrongly."""
    p_values = [part.p_value for part in parts if part.p_value is not None]
    if len(p_values) < len(parts):
        return None
    return intersection_union_p_value(np.array(p_values))


def _room(atom: AtomVerdict) -> float:
    """How far the interval lies beyond the smallest effect, in smallest effects."""
    if atom.lower is None or not atom.smallest_effect:
        return -math.inf
    if atom.is_ratio:
        return math.log(atom.lower) / math.log(atom.smallest_effect)
    return atom.lower / atom.smallest_effect


def say_beside(part: AtomVerdict) -> str:
    """Say what a part was decided as, where another one's numbers are shown."""
    if not part.sides:
        return ""
    between = " against ".join(part.sides)
    return f"{_measure_words(part)}, {between}: {part.verdict.value}."
