"""Verdicts on whole claims as sentences: what their parts make of them."""

from collections import Counter
from collections.abc import Sequence

from paribus.claims import AtomVerdict, ClaimVerdict, Verdict
from paribus.claims.rules import DECIDED
from paribus.counts import count
from paribus.optimizer_catalogue import optimizer_words
from paribus.report.effects import standing
from paribus.report.numbers import join
from paribus.report.prose import sentence
from paribus.report.verdicts import as_command, badge, say_change, say_finding


def say_parts(claim: ClaimVerdict) -> str:
    """Say how the parts of a claim make its verdict, and which are listed apart."""
    deciding = claim.deciding
    text = f"Its {count(len(deciding), 'part')}: {_tally(deciding)}."
    if len(deciding) == 1:
        text = f"Its one part is {deciding[0].verdict.value}."
    if claim.apart:
        text += f" Listed apart: {_tally(claim.listed_apart)}."
    if " because " in claim.text:
        text += " The reason that it names is not tested."
    if claim.is_late:
        text += " It was declared after the first run, so it was not fixed beforehand."
    return text


def say_claim(claim: ClaimVerdict) -> str:
    """Say a claim and its verdict in one line, with the numbers that made it.

    Parts that were decided otherwise are named: of a claim whose one half is refuted a
    reader must not take the other half to be.
    """
    text = quoted(claim)
    head = f"{badge(claim.verdict).icon} {sentence(claim.verdict.value)}: {text}."
    deciding = claim.deciding
    made_by = [atom for atom in deciding if atom.verdict is claim.verdict]
    others = [
        f"{short_id(atom.id)} is {atom.verdict.value}"
        for atom in deciding
        if atom.verdict in DECIDED and atom.verdict is not claim.verdict
    ]
    if made_by:
        finding = f" {short_id(made_by[0].id)}: {say_finding(made_by[0])}"
        return head + finding + (f" But {join(others)}." if others else "")
    if not others:
        return head
    # Decided differently: one that says most, with its numbers, and what others are.
    decided = [atom for atom in deciding if atom.verdict in DECIDED]
    first = min(decided, key=lambda atom: atom.verdict is Verdict.NEGLIGIBLE)
    others.remove(f"{short_id(first.id)} is {first.verdict.value}")
    finding = f" {short_id(first.id)} is {first.verdict.value}: {say_finding(first)}"
    return head + finding + (f" {sentence(join(others))}." if others else "")


def say_untested(
    claims: Sequence[ClaimVerdict], *, among: Sequence[ClaimVerdict]
) -> str:
    """Name claims of which nothing was measured, and what is designed to test them.

    Args:
        claims: Those.
        among: All of the study: an optimizer is named where others test the claim.
    """
    names = {claim.id.partition("/")[0]: list[str]() for claim in claims}
    for claim in claims:
        name, _, optimizer = claim.id.partition("/")
        names[name].append(optimizer_words(optimizer))
    n_of = Counter(claim.id.partition("/")[0] for claim in among)
    said = join(
        [
            name if len(optimizers) == n_of[name] else f"{name} with {join(optimizers)}"
            for name, optimizers in names.items()
        ]
    )
    remedies = Counter(atom.remedy for claim in claims for atom in claim.deciding)
    runs = [
        as_command(r) for r, _ in remedies.most_common() if r.startswith("paribus ")
    ]
    text = f"{Verdict.UNTESTED.icon} Untested here: {said}."
    return text + (f" To test them: {join(runs)}." if runs else "")


def short_id(name: str) -> str:
    """An id for people: `"L1a, SGD"`."""
    return ", ".join(map(optimizer_words, name.split("/")))


def say_verdicts(claims: Sequence[ClaimVerdict]) -> str:
    """Count the verdicts: `"Of 6 claims: 1 supported, 2 refuted and 3 undecided."`."""
    return f"Of {count(len(claims), 'claim')}: {_tally(claims)}."


def n_measured(claim: ClaimVerdict) -> int:
    """How many of the parts that make a claim's verdict have numbers."""
    return sum(standing(atom) is not None for atom in claim.deciding)


def quoted(claim: ClaimVerdict) -> str:
    """A claim's own words: what is claimed, not what was found.

    The optimizer is named where a study has several, of which each is judged alone.
    """
    _, _, optimizer = claim.id.partition("/")
    whose = f", with {optimizer_words(optimizer)}" if optimizer else ""
    return f"“{claim.text.strip().rstrip('.')}”{whose}"


def shared_refusal(atoms: Sequence[AtomVerdict]) -> str:
    """Why none of the atoms is tested, and what would; empty if they differ."""
    if len(atoms) < 2 or any(atom.verdict is not Verdict.UNTESTED for atom in atoms):
        return ""
    refusals = {" ".join((say_finding(a), say_change(a))).rstrip() for a in atoms}
    return refusals.pop() if len(refusals) == 1 else ""


def shared_scope(atoms: Sequence[AtomVerdict]) -> str:
    """The scope that all atoms have in common; empty if they differ."""
    scopes = {atom.scope for atom in atoms if atom.scope}
    return scopes.pop() if len(scopes) == 1 else ""


def _tally(judged: Sequence[AtomVerdict] | Sequence[ClaimVerdict]) -> str:
    counts = Counter(item.verdict for item in judged)
    return join([f"{counts[v]} {v.value}" for v in Verdict if counts[v]])
