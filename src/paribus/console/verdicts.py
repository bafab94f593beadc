"""Verdicts for a terminal, a line for each claim."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from textwrap import wrap
from types import MappingProxyType

from paribus.claims import AtomVerdict, ClaimVerdict, Verdict
from paribus.claims.rules import DECIDED
from paribus.console.claims import (
    estimate_text,
    smallest_text,
    unvaried_text,
    would_decide,
)
from paribus.counts import count
from paribus.tasks import spoken


_INDENT = " " * 13
# What is quoted is to be copied: it stays on one line, however long.
_QUOTED = re.compile(r"'[^']*'|`[^`]*`")
_WHOLE = "\0"

_SEEDS = (
    "Seeds would decide against the smallest effect, if the true effects are near the "
    "estimates; `paribus compare` counts those that tell a difference from 0."
)
_MORE = (
    "Each claim's parts, tests and scope: `paribus claims DIR --details`, or in Python "
    "`print(result.verdicts().details())`."
)


def verdicts_text(
    claims: Sequence[ClaimVerdict],
    *,
    unvaried: Mapping[str, str] = MappingProxyType({}),
    width: int | None = None,
) -> str:
    """Say what a study says of each claim, a line each, and what would decide it.

    Textbook claims of which nothing was measured come last, those that one reason
    leaves untested in one line.

    Args:
        claims: As `judge` gives them.
        unvaried: Groups of them that are one line each -> what would test them.
        width: Columns of the terminal, at which lines are folded; None for lines of any
            length.
    """
    told = [claim for claim in claims if claim.group not in unvaried]
    said = [claim for claim in told if not claim.is_unmeasured]
    unmeasured = [claim for claim in told if claim.is_unmeasured]
    untested = _untested_lines(unmeasured)
    untested += [_unvaried_line(claims, *group) for group in unvaried.items()]
    lines = [claim_line(claim) for claim in said]
    blocks = ["\n".join(_folded(x, width) for x in xs) for xs in (lines, untested)]
    parts = [_tally(claims), *filter(None, blocks)]
    if scope := _shared_scope(said):
        parts.append(_folded(scope, width, indent=""))
    hints = [_SEEDS] if any("seeds would decide" in line for line in lines) else []
    parts.append("\n".join(_folded(h, width, indent="") for h in (*hints, _MORE)))
    return "\n\n".join(parts)


def claim_line(claim: ClaimVerdict) -> str:
    """Say a claim, its verdict, the numbers that made it, and what would decide it."""
    late = " (declared after the first run)" if claim.is_late else ""
    text = f"{claim.text.strip().rstrip('.')}{late}."
    made_by, others = _made_by(claim)
    if made_by is None:
        return f"{_head(claim.verdict)} {claim.id}: {text}"
    alike = [atom for atom in others if atom.verdict is made_by.verdict]
    rest = [f"{len(alike)} more {made_by.verdict.value}"] if alike else []
    rest += [
        f"{_short(atom)} is {atom.verdict.value}"
        for atom in others
        if atom.verdict in DECIDED and atom not in alike
    ]
    said = f"{_head(claim.verdict)} {claim.id}: {text} {_said(made_by, claim)}"
    return f"{said} {', '.join(rest)}." if rest else said


def _head(verdict: Verdict) -> str:
    return f"{verdict.icon} {verdict.value:<10}"


def _made_by(
    claim: ClaimVerdict,
) -> tuple[AtomVerdict | None, list[AtomVerdict]]:
    """The part whose numbers stand for a claim, and the others that decide it."""
    deciding = list(claim.deciding)
    of_verdict = [atom for atom in deciding if atom.verdict is claim.verdict]
    if not of_verdict:  # it depends: the part that says most
        of_verdict = [atom for atom in deciding if atom.verdict in DECIDED]
        of_verdict.sort(key=lambda atom: atom.verdict is Verdict.NEGLIGIBLE)
    of_verdict.sort(key=lambda atom: atom.estimate is None)
    if not of_verdict:
        return None, deciding
    first = of_verdict[0]
    return first, [atom for atom in deciding if atom is not first]


def _short(atom: AtomVerdict) -> str:
    """A part's id without the optimizer, which its claim names."""
    return atom.id.partition("/")[0]


def _said(atom: AtomVerdict, claim: ClaimVerdict) -> str:
    """The numbers of a part, and what would decide it."""
    name = "" if len(claim.atoms) == 1 else f"{_short(atom)}: "
    is_other = atom.verdict is not claim.verdict
    verdict = f"{atom.verdict.value}, " if is_other else ""
    numbers, open_ = estimate_text(atom), ""
    if numbers:
        numbers = f"{spoken(atom.measure)} {numbers}, smallest effect "
        numbers += smallest_text(atom)
    match atom.verdict:
        case Verdict.UNTESTED:
            numbers, open_ = "", _refusal(atom)
        case Verdict.UNDECIDED:
            reason = " ".join(filter(None, (atom.reason, atom.remedy)))
            open_ = would_decide(atom) or reason or "open"
        case Verdict.DEPENDS:
            numbers, open_ = "", atom.reason
    return f"{name}{verdict}{'; '.join(filter(None, (numbers, open_)))}."


def _refusal(atom: AtomVerdict) -> str:
    remedy = f"; to test it: {atom.remedy}" if atom.remedy else ""
    return f"{atom.reason}{remedy}"


def _untested_lines(claims: Sequence[ClaimVerdict]) -> list[str]:
    """Claims of which nothing was measured, a line for each design that would test."""
    by_remedy: dict[str, list[ClaimVerdict]] = {}
    reasons: dict[str, str] = {}
    for claim in claims:
        atoms = [a for a in claim.deciding if a.verdict is Verdict.UNTESTED]
        remedies = Counter(atom.remedy or atom.reason for atom in atoms)
        remedy = remedies.most_common(1)[0][0]
        by_remedy.setdefault(remedy, []).append(claim)
        first = next(a for a in atoms if remedy in (a.remedy, a.reason))
        reasons.setdefault(remedy, _refusal(first))
    return [
        f"{_head(Verdict.UNTESTED)} {', '.join(claim.id for claim in members)}: "
        f"{reasons[remedy]}."
        for remedy, members in by_remedy.items()
    ]


def _unvaried_line(claims: Sequence[ClaimVerdict], group: str, remedy: str) -> str:
    return (
        f"{_head(Verdict.UNTESTED)} {unvaried_text(claims, group, remedy, because='')}"
    )


def _tally(claims: Sequence[ClaimVerdict]) -> str:
    counts = Counter(claim.verdict for claim in claims)
    said = [
        f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict]
    ]
    return f"{count(len(claims), 'claim')}: {', '.join(said)}"


def _shared_scope(claims: Sequence[ClaimVerdict]) -> str:
    """What the scopes of all parts that were measured have in common."""
    scopes = [
        _split(atom.scope.removesuffix("."))
        for claim in claims
        for atom in claim.atoms
        if atom.scope and atom.verdict is not Verdict.UNTESTED
    ]
    if not scopes:
        return ""
    shared = [_shared(part, scopes[1:]) for part in scopes[0]]
    said = ", ".join(filter(None, shared))
    return f"{said}." if said else ""


def _shared(part: str, others: Sequence[Sequence[str]]) -> str:
    """What all other scopes have of a part too: settings in parentheses one by one."""
    if all(part in scope for scope in others):
        return part
    name, settings = _parted(part)
    alike = [[p for p in scope if _parted(p)[0] == name] for scope in others]
    if not settings or not all(alike):
        return ""
    known = [[_parted(p)[1] for p in parts] for parts in alike]
    kept = [s for s in settings if all(any(s in one for one in k) for k in known)]
    return f"{name} ({', '.join(kept)})" if kept else name


def _parted(part: str) -> tuple[str, list[str]]:
    """`sgd (momentum 0)` -> its name, and what stands in parentheses."""
    name, _, rest = part.partition(" (")
    return name, _split(rest.removesuffix(")")) if rest else []


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no brackets."""
    parts: list[str] = []
    depth = 0
    for piece in text.split(", "):
        if depth:
            parts[-1] += f", {piece}"
        else:
            parts.append(piece)
        depth += sum(piece.count(opened) for opened in "([")
        depth -= sum(piece.count(closed) for closed in ")]")
    return parts


def _folded(line: str, width: int | None, *, indent: str = _INDENT) -> str:
    if width is None:
        return line
    folded = wrap(
        _QUOTED.sub(lambda found: found[0].replace(" ", _WHOLE), line),
        width=max(width, 2 * len(_INDENT)),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(folded).replace(_WHOLE, " ")
