"""Verdicts as text for a terminal."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from paribus.claims import AtomVerdict, ClaimVerdict, Verdict
from paribus.claims.rules import DECIDED
from paribus.console.layout import Row, lay_out
from paribus.counts import count
from paribus.stats.families import FALSE_DISCOVERY_RATE
from paribus.stats.intervals import MIN_SEEDS
from paribus.stats.power import MAX_SEEDS


def claims_text(
    claims: Sequence[ClaimVerdict],
    *,
    unvaried: Mapping[str, str] = MappingProxyType({}),
    width: int | None = None,
) -> str:
    """Say what a study says of each claim: its verdict, its atoms, what is open.

    Args:
        claims: As `judge` gives them.
        unvaried: Groups of them that are one line each -> what would test them.
        width: Columns of the terminal; None where lines may have any length.
    """
    n_atoms = sum(len(claim.atoms) for claim in claims)
    parts = [f"{len(claims)} claims, {n_atoms} atoms"]
    parts += [_claim_text(c, width) for c in claims if c.group not in unvaried]
    parts += [unvaried_text(claims, *group) for group in unvaried.items()]
    if any(claim.digest for claim in claims):
        parts.append(
            "SHA-256 of the claims declared before the first run:\n"
            f"{next(claim.digest for claim in claims if claim.digest)}"
        )
    parts.append(_HOW_ADJUSTED)
    return "\n\n".join(parts)


def own_claims_text(claims: Sequence[ClaimVerdict]) -> str:
    """Say in a line each what became of the claims that the study itself declares."""
    lines = []
    for claim in claims:
        if claim.group == "yours":
            late = " (declared after the first run)" if claim.is_late else ""
            found = [estimate_text(atom) for atom in claim.atoms]
            notes = [
                note.removeprefix(f"{claim.id}: ")
                for atom in claim.atoms
                for note in _open(atom)
            ]
            said = "; ".join(filter(None, (*found, *notes)))
            head = f"{claim.id} is {claim.verdict.value}{late}"
            text = claim.text.strip().rstrip(".")
            lines.append(": ".join(filter(None, (head, text, said))))
    return "\n".join(lines)


_HOW_ADJUSTED = (
    "Atom: a part of a claim that can be measured. Behind its name, as in\n"
    "untuned-E, stand other terms: tuned or one shared learning rate; equal epochs\n"
    "(E), steps (S), seconds (W), or to a target (T).\n"
    "Adjusted p: Holm's over the confirmatory family. Atoms with * are exploratory:\n"
    "Benjamini-Hochberg's over all of them, which would count at "
    f"{FALSE_DISCOVERY_RATE}.\n"
    "The interval alone decides: a p-value asks whether there is any difference, and\n"
    "with few seeds cannot be small.\n"
    "Smallest effects that no claim names: of an accuracy twice the noise floor at\n"
    "the error of the best judged config, at least 0.2 pp; of others a convention.\n"
    "Seeds added where no looks were planned are marked as added after looking; a new\n"
    "study may plan looks."
)


def _claim_text(claim: ClaimVerdict, width: int | None) -> str:
    late = " (declared after the first run)" if claim.is_late else ""
    lines = [f"{claim.id}: {claim.verdict.value}{late}{_parts(claim)}", claim.text, ""]
    lines.append(lay_out([_row(atom) for atom in claim.atoms], width=width))
    notes = [note for atom in claim.atoms for note in _notes(atom)]
    if claim.apart:
        apart = ", ".join(atom.id for atom in claim.listed_apart)
        notes.append(f"listed apart from the verdict: {apart}")
    scopes = dict.fromkeys(
        atom.scope
        for atom in claim.atoms
        if atom.scope and atom.verdict is not Verdict.UNTESTED
    )
    return "\n".join([*lines, *notes, *scopes])


def _parts(claim: ClaimVerdict) -> str:
    """Which parts make a claim depend."""
    if claim.verdict is not Verdict.DEPENDS:
        return ""
    decided = [atom for atom in claim.deciding if atom.verdict in DECIDED]
    said = [f"{atom.id} is {atom.verdict.value}" for atom in decided]
    return f" ({', '.join(said)})" if said else ""


def unvaried_text(
    claims: Sequence[ClaimVerdict],
    group: str,
    remedy: str,
    *,
    because: str = "not tested because ",
) -> str:
    """Say that a study compares no values of what a group of claims is about."""
    ids = ", ".join(claim.id for claim in claims if claim.group == group)
    test = f"; to test them: {remedy}" if remedy else ""
    return f"{ids}: {because}the study compares no values of the {group}{test}"


def _row(atom: AtomVerdict) -> Row:
    return {
        "atom": atom.id if atom.is_primary else f"{atom.id} *",
        "verdict": atom.verdict.value,
        "estimate": estimate_text(atom),
        "smallest effect": smallest_text(atom),
        "seeds": str(atom.n_seeds) if atom.n_seeds else "",
        "adjusted p": _adjusted(atom),
        "measure": atom.measure,
    }


def estimate_text(atom: AtomVerdict) -> str:
    """Write an estimate and its interval; an end that the data leave open is a dash."""
    if atom.estimate is None:
        return ""
    text = f"{atom.limit}{_number(atom, atom.estimate)}"
    if atom.lower is None and atom.upper is None:
        cut = " of cut times, no bound" if atom.bound == "none" else ""
        return _with_unit(atom, text) + cut
    bounds = f"[{_number(atom, atom.lower)}, {_number(atom, atom.upper)}]"
    return _with_unit(atom, f"{text} {bounds}")


def smallest_text(atom: AtomVerdict) -> str:
    """Write the smallest effect that matters; empty where there is none."""
    return _with_unit(atom, _number(atom, atom.smallest_effect, ""))


def _number(atom: AtomVerdict, value: float | None, sign: str = "+") -> str:
    if value is None:
        return "-" if sign else ""
    if atom.is_ratio:
        return f"{value:.3g}"
    if atom.is_share:
        return f"{100 * value:.2f}"
    return f"{100 * value:{sign}.2f}" if atom.unit == "pp" else f"{value:{sign}.3g}"


def _with_unit(atom: AtomVerdict, text: str) -> str:
    """Put the unit behind a text that is not empty; a ratio is marked in front."""
    if not text:
        return ""
    if atom.is_share:
        return f"{text} %"
    return f"ratio {text}" if atom.is_ratio else f"{text} {atom.unit}".rstrip()


def _adjusted(atom: AtomVerdict) -> str:
    p = atom.p_value_holm if atom.is_primary else atom.p_value_bh
    return "" if p is None else f"{p:.2g}"


def _notes(atom: AtomVerdict) -> list[str]:
    """What is open, what would change it, and whether its seeds were planned."""
    if not atom.n_late_seeds:
        return _open(atom)
    late = f"{atom.n_late_seeds} of {count(atom.n_seeds, 'seed')}"
    return [*_open(atom), f"{atom.id}: seeds added after looking, {late}"]


def _open(atom: AtomVerdict) -> list[str]:
    match atom.verdict:
        case Verdict.UNTESTED:
            remedy = f"; to test it: {atom.remedy}" if atom.remedy else ""
            return [f"{atom.id}: not tested because {atom.reason}{remedy}"]
        case Verdict.UNDECIDED:
            reason = f"; {atom.reason}" if atom.reason else ""
            reason += f": {atom.remedy}" if atom.remedy else ""
            return [
                f"{atom.id}: not decided with {count(atom.n_seeds, 'seed')}"
                f"{_would_decide(atom)}{reason}"
            ]
        case Verdict.DEPENDS:
            return [f"{atom.id}: depends, {atom.reason}"]
        case _:
            return []


def _would_decide(atom: AtomVerdict) -> str:
    said = would_decide(atom)
    if said.startswith("more"):
        at = "" if atom.estimate is None else ": the estimate sits at the boundary"
        return f", and {said}{at}"
    if said.startswith("about"):
        said += ", if the true effect is near the estimate"
    return said and f"; {said}"


def would_decide(atom: AtomVerdict) -> str:
    """Say how many seeds would decide an open part; empty where nobody knows."""
    more = atom.more_seeds
    if more is None:
        return ""
    if more > MAX_SEEDS:
        return f"more than {MAX_SEEDS} seeds would be needed"
    if atom.n_seeds < MIN_SEEDS:
        return f"at least {more} seeds are needed"
    return f"about {more} seeds would decide"
