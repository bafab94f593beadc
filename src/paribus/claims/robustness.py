"""The rest of the robustness table: the same atom at other budgets, modes and arms."""

from collections.abc import Sequence
from dataclasses import replace

from paribus.claims.arms import Arms
from paribus.claims.atoms import Atom
from paribus.claims.evidence import Evidence
from paribus.claims.records import AtomVerdict, Verdict
from paribus.claims.rules import DECIDED, with_others


_LETTERS = {"epochs": "E", "steps": "S", "seconds": "W", "target": "T"}
# More entries than this tell a reader nothing; the first ones are the design's own.
MAX_OTHER_ARMS = 3


def beside(
    evidence: Evidence,
    atom: Atom,
    arms: Arms | None,
    others: Sequence[Arms],
    *,
    suffix: str,
) -> tuple[AtomVerdict, ...]:
    """Judge an atom at every other budget, and with all other arms that have it.

    Args:
        evidence: The study.
        atom: As the catalogue has it.
        arms: The primary ones; their primary budget is not judged again.
        others: Other batch sizes or learning rates; the untuned mode.
        suffix: What stands behind ids, e.g. `/adam`.

    Returns:
        Exploratory entries that could be told from the primary one; those for which the
        study has no runs are left out.
    """
    entries: list[AtomVerdict] = []
    own, *more = (arms, *others[:MAX_OTHER_ARMS])
    for k, these in enumerate((own, *more)):
        if these is None or these.lacks(atom.needs):
            continue
        for budget in (atom.budgets or ("",))[1 if k == 0 else 0 :]:
            found = atom.verdict(
                evidence, replace(these, budget=budget) if budget else these
            )
            name = f"{atom.id}{suffix}/{_label(these, found, len(more))}"
            entries.append(replace(found, id=name, is_primary=False))
    return tuple(entries)


def _label(arms: Arms, found: AtomVerdict, n_others: int) -> str:
    """What tells an entry from the others: `untuned-S`, `batch_size=32`."""
    if not arms.mode:
        return arms.label
    rate = f"-{arms.label}" if arms.label and n_others > 1 else ""
    return f"{arms.mode}-{_LETTERS[found.budget]}{rate}"


def with_entries(
    primary: AtomVerdict, entries: tuple[AtomVerdict, ...]
) -> tuple[AtomVerdict, ...]:
    """The primary verdict, which depends where an entry is decided otherwise; entries.

    Returns:
        The primary atom, then the entries.
    """
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
    reason = f"{here}, {', '.join(differing)}"
    return (replace(primary, verdict=verdict, reason=reason), *entries)
