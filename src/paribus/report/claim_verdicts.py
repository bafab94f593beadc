"""Verdicts on whole claims as sentences: what their parts make of them."""

from collections import Counter
from collections.abc import Sequence

from paribus.claims import AtomVerdict, ClaimVerdict, Verdict
from paribus.claims.rules import DECIDED
from paribus.counts import count
from paribus.optimizer_catalogue import optimizer_words
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
    text = f"{Verdict.UNTESTED.icon} Untested here: {_names(claims, among)}."
    by_remedy: dict[str, list[ClaimVerdict]] = {}
    for claim in claims:
        remedies = Counter(atom.remedy for atom in claim.deciding)
        by_remedy.setdefault(remedies.most_common(1)[0][0], []).append(claim)
    runs = [
        f"{'them' if members == claims else _names(members, among)}: {as_command(r)}"
        for r, members in by_remedy.items()
        if r.startswith("paribus ")
    ]
    return text + (f" To test {'; '.join(runs)}." if runs else "")


def say_left_out(
    claims: Sequence[ClaimVerdict], *, among: Sequence[ClaimVerdict]
) -> str:
    """Name claims that have no line of their own, and what was decided of them.

    Args:
        claims: Those; nothing is said without any.
        among: All of the study: an optimizer is named where others have the claim too.
    """
    by_text: dict[str, list[ClaimVerdict]] = {}
    for claim in claims:
        decided = [
            f"{atom.id.partition('/')[0]} is {atom.verdict.value}"
            for atom in claim.deciding
            if atom.verdict in DECIDED and atom.verdict is not claim.verdict
        ]
        text = "; ".join((claim.verdict.value, *filter(None, [join(decided)])))
        by_text.setdefault(text, []).append(claim)
    said = [f"{_names(members, among)} ({t})" for t, members in by_text.items()]
    return f" Further down, for want of room here: {join(said)}." if said else ""


def _names(claims: Sequence[ClaimVerdict], among: Sequence[ClaimVerdict]) -> str:
    """Claims by their ids; an optimizer is named if others have the claim as well."""
    names = {claim.id.partition("/")[0]: list[str]() for claim in claims}
    for claim in claims:
        name, _, optimizer = claim.id.partition("/")
        names[name].append(optimizer_words(optimizer))
    n_of = Counter(claim.id.partition("/")[0] for claim in among)
    return join(
        [
            name if len(optimizers) == n_of[name] else f"{name} with {join(optimizers)}"
            for name, optimizers in names.items()
        ]
    )


def short_id(name: str) -> str:
    """An id for people: `"L1a, SGD"`."""
    return ", ".join(map(optimizer_words, name.split("/")))


def say_verdicts(claims: Sequence[ClaimVerdict]) -> str:
    """Count the verdicts: `"Of 6 claims: 1 supported, 2 refuted and 3 undecided."`."""
    return f"Of {count(len(claims), 'claim')}: {_tally(claims)}."


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
