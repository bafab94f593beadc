"""The rest of the robustness table: the same atom at other budgets, modes and arms."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from paribus.claims.arms import Arms
from paribus.claims.atoms import Atom
from paribus.claims.evidence import BudgetKind, Evidence
from paribus.claims.records import AtomVerdict, Verdict
from paribus.claims.rules import DECIDED, with_others


# Empty for that of the measure.
_Budget = BudgetKind | Literal[""]

_LETTERS = {"epochs": "E", "steps": "S", "seconds": "W", "target": "T"}
# More entries than this tell a reader nothing; those most like the primary come first.
MAX_OTHER_ARMS = 3


def comparable(
    atom: Atom, arms: Arms | None, others: Sequence[Arms]
) -> tuple[Arms, ...]:
    """Other arms that have all that an atom compares, most like the primary ones first.

    Args:
        atom: As the catalogue has it.
        arms: The primary ones; without them others stay in their order.
        others: Other batch sizes, learning rates or schedules; the untuned mode.

    Returns:
        Those; of an atom that they have in common with the primary ones none, and one
        where the primary ones cannot be judged.
    """
    judgeable = [other for other in others if not other.lacks(atom.needs)]
    ordered = sorted(judgeable, key=lambda other: _n_differing(arms, other))
    if atom.is_shared:
        has_primary = arms is not None and not arms.lacks(atom.needs)
        ordered = ordered[: 0 if has_primary else 1]
    return tuple(ordered)


def beside(
    evidence: Evidence,
    atom: Atom,
    arms: Arms | None,
    others: Sequence[Arms],
    *,
    primary: AtomVerdict,
    suffix: str,
) -> tuple[AtomVerdict, ...]:
    """Judge an atom at every other budget, and with other arms.

    Each entry alone can make a verdict depend on the conditions, so they share the
    error rate of one interval.

    Args:
        evidence: The study.
        atom: As the catalogue has it.
        arms: The primary ones; their primary budget is not judged again.
        others: As `comparable` gives them.
        primary: The verdict with the primary arms, at their budget.
        suffix: What stands behind ids, e.g. `/adam`.

    Returns:
        Exploratory entries that can be told from the primary one: of the primary arms
        and of the first `MAX_OTHER_ARMS` others. What compares the same runs by the
        same measure at the same budget, as where tuning chose the held value, by the
        final score or by the time to the target, is none of them.
    """
    own = () if arms is None or arms.lacks(atom.needs) else (arms,)
    more = others[:MAX_OTHER_ARMS]
    budgets: tuple[_Budget, ...] = atom.budgets or ("",)
    asked: list[tuple[Arms, _Budget]] = [
        *((these, budget) for these in own for budget in budgets[1:]),
        *(
            (these, budget)
            for these in more
            for budget in budgets
            if budget != budgets[0] or not _is_same(atom, arms, these)
        ),
    ]
    while True:
        shared = evidence.shared_among(len(asked)) if asked else evidence
        found = [atom.verdict(shared, _at(*one)) for one in asked]
        is_other = [not _compares_the_same(primary, entry) for entry in found]
        if all(is_other):
            break
        # Those that are left share the error rate among fewer.
        asked = [one for one, is_kept in zip(asked, is_other, strict=True) if is_kept]
    names = [
        f"{atom.id}{suffix}/{_label(_at(*one), entry, len(more))}"
        for one, entry in zip(asked, found, strict=True)
    ]
    return tuple(
        replace(entry, id=name, is_primary=False)
        for name, entry in zip(names, found, strict=True)
    )


def _at(arms: Arms, budget: _Budget) -> Arms:
    return replace(arms, budget=budget) if budget else arms


def _compares_the_same(primary: AtomVerdict, entry: AtomVerdict) -> bool:
    """Whether an entry rests on the runs of the primary one, seen in the same way."""
    is_measured = bool(primary.runs) and primary.estimate is not None
    same_terms = all(
        getattr(primary, name) == getattr(entry, name)
        for name in ("measure", "budget", "clock", "epochs")
    )
    return is_measured and same_terms and {*primary.runs} == {*entry.runs}


def _is_same(atom: Atom, arms: Arms | None, other: Arms) -> bool:
    """Whether an atom would compare the same configs with other arms."""
    return arms is not None and all(
        arms.configs.get(role) == other.configs[role] for role in atom.needs
    )


def _n_differing(arms: Arms | None, other: Arms) -> int:
    """How many of the settings that its arms share are others than the primary ones."""
    if arms is None:
        return 0
    names = {*arms.others, *other.others}
    return sum(arms.others.get(name) != other.others.get(name) for name in names)


def _label(arms: Arms, found: AtomVerdict, n_others: int) -> str:
    """What tells an entry from the others: `untuned-S`, `batch_size=32`."""
    if not arms.mode:
        return arms.label
    rate = f"-{arms.label}" if arms.label and n_others > 1 else ""
    return f"{arms.mode}-{_LETTERS[found.budget]}{rate}"


def with_entries(
    primary: AtomVerdict, entries: tuple[AtomVerdict, ...], *, n_others: int = 0
) -> tuple[AtomVerdict, ...]:
    """The primary verdict, which depends where an entry is decided otherwise; entries.

    Args:
        primary: The atom as the design asks it.
        entries: What stands beside it.
        n_others: How many other arms could be judged beside it.

    Returns:
        The primary atom, then the entries.
    """
    if (n_left := n_others - MAX_OTHER_ARMS) > 0:
        sets = "set of configs is" if n_left == 1 else "sets of configs are"
        left = f"{n_left} more {sets} not judged beside it."
        primary = replace(primary, notes=(*primary.notes, left))
    verdict = with_others(primary.verdict, [entry.verdict for entry in entries])
    if verdict is not Verdict.DEPENDS or primary.verdict is Verdict.DEPENDS:
        return (primary, *entries)
    differing = [
        f"{entry.verdict.value} for {entry.id.rpartition('/')[2]}"
        for entry in entries
        if entry.verdict in DECIDED and entry.verdict is not primary.verdict
    ]
    here = f"{primary.verdict.value} here"
    if primary.mode:
        here = f"{primary.verdict.value} for {primary.mode}-{_LETTERS[primary.budget]}"
    reason = f"{here}, {', '.join(differing)}; the two are not compared directly"
    return (replace(primary, verdict=verdict, reason=reason), *entries)
