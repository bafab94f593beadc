"""The discussion: a section for each group of claims, a block for each claim."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from paribus.claims import AtomVerdict, ClaimVerdict, Verdict
from paribus.claims.atoms import say_beside
from paribus.counts import count
from paribus.plots import VerdictInterval, draw_verdict_intervals, to_specification
from paribus.report.claim_verdicts import (
    quoted,
    say_parts,
    shared_refusal,
    shared_scope,
    short_id,
)
from paribus.report.document import (
    Atom,
    Bullets,
    Claim,
    Figure,
    Link,
    Panel,
    Paragraph,
    Section,
    Table,
)
from paribus.report.effects import MINUS, standing, write_effect, write_smallest
from paribus.report.numbers import NONE, join
from paribus.report.prose import sentence
from paribus.report.runs import config_anchor
from paribus.report.slices import words
from paribus.report.verdicts import badge, say_change, say_finding, say_tests, say_text


HEADINGS = {
    "yours": "Your claims",
    "learning rate": "Claims about the learning rate",
    "batch size": "Claims about the batch size",
}
HOW_TO_READ = (
    "Each claim is divided into parts that can be measured, each with a verdict of its "
    "own. The charts show all effects in multiples of the smallest effect that would "
    "matter, positive as claimed. An interval wholly beyond the grey band decides; one "
    "wholly inside says that the effect is practically absent; one that crosses an "
    "edge of the band is open. The interval alone decides: the exact test beside it "
    "asks whether there is any difference, and with few seeds its p-value cannot be "
    "small. A smallest effect that no claim names is, for an accuracy, twice the noise "
    "floor of its split at the error of the best judged config, rounded up to 0.1 "
    "percentage points and at least 0.2; for other measures it is a convention. How "
    "many seeds would decide supposes that the true effect is near the estimate."
)
GLOSSARY = (
    "Learner: a run that did not diverge, collapse or end sublinear, and whose "
    "curve shows that it learned.",
    "Ended badly: diverged, collapsed to guessing, fell back after it had learned, or "
    "sublinear.",
    "Sublinear: a run with a final training loss more than 1.25 times that of a "
    "linear model with the same budget. That is about training alone: on data that a "
    "linear model fits, such a run may score well.",
    "TUV, total upward variation: how much of its way down the training loss climbed "
    "again; 0 is a descent without a step back.",
    "Target: a score on the way from guessing to that of the best config, fixed "
    "by runs that are not compared.",
)
MAX_LINKS = 12

# Config index -> its learning rate, and the best one for its other hyperparameters.
Rates = Mapping[int, tuple[float, float]]
MAX_OPEN_ROWS = 6

_HYPHEN_AS_MINUS = re.compile(r"(?<=[\s\[(])-(?=\d)")
_NOT_ANCHOR = re.compile(r"[^a-z0-9]+")
# The same atom under other terms, as the records name it: `/untuned-S`,
# `/untuned-T-learning_rate=0.01`, `/batch_size=32`.
_OTHER_TERMS = re.compile(r"/(?:(?:un)?tuned-[A-Z](?:-(\w+=[^/]+))?|(\w+=[^/]+))$")


def arrange_claims(
    claims: Sequence[ClaimVerdict],
    labels: Mapping[int, str],
    rates: Rates = MappingProxyType({}),
) -> tuple[Section, ...]:
    """A section for each group that has claims, in the order of `HEADINGS`.

    Args:
        claims: What was judged.
        labels: Config index -> its name, for links to its runs.
        rates: Config index -> its learning rate and the best one, where that is known.
    """
    groups = {group: [c for c in claims if c.group == group] for group in HEADINGS}
    sections = [
        Section(
            anchor=f"claims-{_anchor(group)}",
            heading=HEADINGS[group],
            blocks=_arrange_group(members, labels, rates),
        )
        for group, members in groups.items()
        if members
    ]
    if sections:  # how to read them is said once, before the first
        how = (Paragraph(text=HOW_TO_READ), Bullets(items=GLOSSARY))
        sections[0] = replace(sections[0], blocks=(*how, *sections[0].blocks))
    return tuple(sections)


def _arrange_group(
    claims: Sequence[ClaimVerdict], labels: Mapping[int, str], rates: Rates
) -> tuple[Claim | Table, ...]:
    """A block for each claim; several of which nothing is tested share a table."""
    # One's own claims say why part by part, unless the reason is that of all parts.
    untested = [
        claim
        for claim in claims
        if all(atom.verdict is Verdict.UNTESTED for atom in claim.atoms)
        and (claim.group != "yours" or shared_refusal(claim.atoms))
    ]
    if len(untested) < 2:
        return tuple(arrange_claim(claim, labels, rates) for claim in claims)
    refusals = {shared_refusal(claim.atoms) for claim in untested}
    refusal = refusals.pop() if len(refusals) == 1 else ""
    return (
        *(arrange_claim(c, labels, rates) for c in claims if c not in untested),
        _tabulate_untested(untested, refusal),
    )


def _tabulate_untested(claims: Sequence[ClaimVerdict], refusal: str) -> Table:
    """Claims of which no part is tested: a row for each part.

    Args:
        claims: Of one group.
        refusal: Why, if it is the same for all parts; else empty.
    """
    parts = [
        (claim, atom)
        for claim in claims
        for atom in claim.atoms
        if not _OTHER_TERMS.search(atom.id)
    ]
    columns = ("claim", "part", "what would be measured")
    rows = [(quoted(c), short_id(atom.id), say_text(atom)) for c, atom in parts]
    verb = "is" if len(claims) == 1 else "are"
    caption = f"{count(len(claims), 'claim')} that {verb} not tested"
    if refusal:
        return Table(
            caption=f"{caption}, for one reason",
            columns=columns,
            rows=tuple(rows),
            n_labels=len(columns),
            note=refusal,
            is_folded=True,
        )
    return Table(
        caption=caption,
        columns=(*columns, "why it is not"),
        rows=tuple(
            (*row, " ".join((say_finding(atom), say_change(atom))).rstrip())
            for row, (_, atom) in zip(rows, parts, strict=True)
        ),
        n_labels=len(columns) + 1,
        is_folded=True,
    )


def arrange_claim(
    claim: ClaimVerdict,
    labels: Mapping[int, str],
    rates: Rates = MappingProxyType({}),
) -> Claim:
    """One claim as a block: verdict, chart, parts, and what they rest on."""
    parts = [a for a in claim.atoms if not _OTHER_TERMS.search(a.id)]
    others = [a for a in claim.atoms if _OTHER_TERMS.search(a.id)]
    scope = shared_scope(claim.atoms)
    refusal = shared_refusal(parts)
    atoms = [_arrange_atom(a, labels, with_scope=not scope) for a in parts]
    if refusal:
        atoms = [replace(atom, finding="", change="") for atom in atoms]
        others = [a for a in others if a.verdict is not Verdict.UNTESTED]
    return Claim(
        anchor=claim_anchor(claim),
        badge=badge(claim.verdict),
        text=quoted(claim),
        summary=" ".join(filter(None, (say_parts(claim), refusal))),
        figure=figure_intervals(claim.id, parts),
        atoms=tuple(atoms),
        others=_tabulate_others(claim, parts, others),
        scope=" ".join(filter(None, (scope, say_rates_at_best(parts, rates)))),
    )


def claim_anchor(claim: ClaimVerdict) -> str:
    """The id of a claim's block in the page."""
    return f"claim-{_anchor(claim.id)}"


def figure_intervals(claim: str, atoms: Sequence[AtomVerdict]) -> Figure | None:
    """The measured parts of a claim, one row each; None if nothing was measured."""
    placed = [(atom, place) for atom in atoms if (place := standing(atom)) is not None]
    if not placed:
        return None
    intervals = [
        VerdictInterval(
            label=f"{short_id(atom.id)} {badge(atom.verdict).icon} "
            f"{atom.verdict.value}",
            remark=write_effect(atom),
            estimate=place.estimate,
            lower=place.lower,
            upper=place.upper,
            is_decided=atom.verdict in _BY_INTERVAL,
        )
        for atom, place in placed
    ]
    gist = "; ".join(
        f"{row.label}: {row.remark}, smallest effect {write_smallest(atom)}"
        for row, (atom, _) in zip(intervals, placed, strict=True)
    )
    specification = to_specification(
        draw_verdict_intervals(intervals),
        description="Effects with intervals, in smallest effects",
    )
    return Figure(
        name=f"claim-{_anchor(claim)}",
        caption=f"The parts of {short_id(claim)}: effects with simultaneous intervals, "
        "against the smallest effects that would matter (grey).",
        panels=(Panel(title="", description=f"{gist}.", specification=specification),),
    )


def say_rates_at_best(atoms: Sequence[AtomVerdict], rates: Rates) -> str:
    """Say what multiples of the best one the learning rates are; empty if unknown.

    A rate means little by itself: what is small for one optimizer breaks another.
    """
    runs = {config for atom in atoms for config, _ in atom.runs}
    by_best: dict[float, set[float]] = {}
    for config in runs & rates.keys():
        rate, best = rates[config]
        if rate != best:
            by_best.setdefault(best, set()).add(rate)
    parts = [
        f"{join([f'{rate:g} is {rate / best:.2g} times' for rate in sorted(own)])} the "
        f"learning rate that ends best, {best:g}"
        for best, own in sorted(by_best.items())
    ]
    return f"{'; '.join(parts)}." if parts else ""


_BY_INTERVAL = (Verdict.SUPPORTED, Verdict.REFUTED, Verdict.NEGLIGIBLE)


def _arrange_atom(
    atom: AtomVerdict, labels: Mapping[int, str], *, with_scope: bool
) -> Atom:
    finding, change = say_finding(atom), say_change(atom)
    if atom.verdict is Verdict.UNDECIDED and "would decide" in finding:
        change = ""  # the finding says how many seeds
    parts = tuple(_say_part(part, atom) for part in atom.parts)
    said = set(map(say_beside, atom.parts))  # of each there is more among the parts
    notes = tuple(_say_note(note) for note in atom.notes if note not in said)
    scope = (atom.scope,) if with_scope and atom.scope else ()
    details = dict.fromkeys((*parts, say_tests(atom), *notes, *scope))
    return Atom(
        name=short_id(atom.id),
        badge=badge(atom.verdict),
        text=say_text(atom),
        finding=finding,
        change=change,
        details=tuple(text for text in details if text not in ("", finding)),
        links=_links(atom, labels),
    )


def _say_part(part: AtomVerdict, whole: AtomVerdict) -> str:
    """What was found of a part, with those of its notes that the whole has not."""
    own = [_say_note(note) for note in part.notes if note not in whole.notes]
    return " ".join((say_finding(part), *own))


def _say_note(note: str) -> str:
    return sentence(_HYPHEN_AS_MINUS.sub(MINUS, note))


def _links(atom: AtomVerdict, labels: Mapping[int, str]) -> tuple[Link, ...]:
    configs = [c for c in dict.fromkeys(c for c, _ in atom.runs) if c in labels]
    return tuple(
        Link(text=labels[config], anchor=config_anchor(config))
        for config in configs[:MAX_LINKS]
    )


def _tabulate_others(
    claim: ClaimVerdict, parts: Sequence[AtomVerdict], others: Sequence[AtomVerdict]
) -> Table | None:
    """The robustness table: each part under its own terms, then under the others."""
    if not others:
        return None
    again = {_OTHER_TERMS.sub("", atom.id) for atom in others}
    atoms = [*(a for a in parts if a.id in again), *others]
    atoms.sort(key=lambda atom: _OTHER_TERMS.sub("", atom.id))
    return Table(
        caption=f"{short_id(claim.id)} under other budgets, modes and clocks",
        columns=("part", "at", "mode", "budget", "clock", "effect", "verdict"),
        rows=tuple(
            (
                short_id(_OTHER_TERMS.sub("", atom.id)),
                _place(atom.id),
                atom.mode or NONE,
                atom.budget,
                atom.clock or NONE,
                NONE if atom.estimate is None else write_effect(atom),
                f"{badge(atom.verdict).icon} {atom.verdict.value}",
            )
            for atom in atoms
        ),
        n_labels=5,
        is_folded=len(atoms) > MAX_OPEN_ROWS
        or all(atom.verdict is Verdict.UNTESTED for atom in atoms),
        note="The parts' own terms are above; all other entries are exploratory, and "
        "a part that is decided differently in two of them depends.",
    )


def _place(name: str) -> str:
    """Where the others are held in an entry: `"learning rate 0.01"`."""
    found = _OTHER_TERMS.search(name)
    at = (found[1] or found[2] or "") if found else ""
    return words(at).replace("=", " ") or NONE


def _anchor(name: str) -> str:
    return _NOT_ANCHOR.sub("-", name.lower()).strip("-")
