"""The rest of the robustness table: the same atom at other budgets, modes and arms."""

from collections.abc import Sequence
from dataclasses import replace

from paribus.claims.arms import Arms
from paribus.claims.atoms import Atom
from paribus.claims.evidence import Evidence
from paribus.claims.records import AtomVerdict, Verdict
from paribus.claims.rules import DECIDED, with_others


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
    """
    judgeable = [other for other in others if not other.lacks(atom.needs)]
    return tuple(sorted(judgeable, key=lambda other: _n_differing(arms, other)))


def beside(
    evidence: Evidence,
    atom: Atom,
    arms: Arms | None,
    others: Sequence[Arms],
    *,
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
        suffix: What stands behind ids, e.g. `/adam`.

    Returns:
        Exploratory entries that can be told from the primary one: of the primary arms
        and of the first `MAX_OTHER_ARMS` others. What would compare the same runs at
        the primary budget, as where tuning chose the held value, is none of them.
    """
    own = () if arms is None or arms.lacks(atom.needs) else (arms,)
    more = others[:MAX_OTHER_ARMS]
    budgets = atom.budgets or ("",)
    asked = [
        *((these, budget) for these in own for budget in budgets[1:]),
        *(
            (these, budget)
            for these in more
            for budget in budgets
            if budget != budgets[0] or not _is_same(atom, arms, these)
        ),
    ]
    entries: list[AtomVerdict] = []
    for these, budget in asked:
        at = replace(these, budget=budget) if budget else these
        found = atom.verdict(evidence.shared_among(len(asked)), at)
        name = f"{atom.id}{suffix}/{_label(at, found, len(more))}"
        entries.append(replace(found, id=name, is_primary=False))
    return tuple(entries)


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
