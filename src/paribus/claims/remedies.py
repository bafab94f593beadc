"""What would test a claim, said for the study at hand."""

import re
from collections.abc import Sequence
from dataclasses import replace

from paribus.claims.records import AtomVerdict, ClaimVerdict
from paribus.in_python import as_python
from paribus.study import Study


# Ends what is open of runs that never reached a target.
LONGER = "a longer budget would tell"
# What lifts a guard that counts seeds.
MORE_SEEDS = "--set study.seeds={}"

# Seeds that a plan has not announced are marked as added after looking.
OR_PLANNED = ", or a new study with planned looks"

_MORE_AT_LAST = "a new study, with more seeds at its last look"
_RUN = "paribus run "
_BUILT_IN_DATA = "mnist"
_ANOTHER = "with another --out"
# A study grows by seeds and by values of its space; all else stays as it was.
_FIXED = re.compile(r"--set (?!'?(?:study\.seeds\b|space\.))")


def longer_budget(study: Study) -> str:
    """The setting that trains three times as long."""
    if study.is_imported:
        return "a longer budget"
    return f"--set study.epochs={3 * study.budget.epochs}"


def deciding(reason: str, study: Study) -> str:
    """What would decide what is open for a reason; empty where seeds would."""
    return longer_budget(study) if reason.endswith(LONGER) else ""


def fitting(remedy: str, study: Study) -> str:
    """Say what a remedy is for the data of a study.

    Args:
        remedy: A command, a setting or words.
        study: The study that it would complete.

    Returns:
        The remedy. A built-in study says nothing about other data than its own, and
        there it is the design to copy. A setting that a folder keeps as it was needs
        another one. More seeds are also those of a study that plans when to look.
    """
    if study.planned_seeds and asks_seeds(remedy):
        return _MORE_AT_LAST
    if asks_seeds(remedy) and not study.is_imported:
        return f"{remedy.removesuffix(OR_PLANNED)}{OR_PLANNED}"
    if _FIXED.search(remedy) and _ANOTHER not in remedy:
        return f"{remedy} {_ANOTHER}"
    is_built_in_data = study.data.name == _BUILT_IN_DATA and not study.is_imported
    if not remedy.startswith(_RUN) or is_built_in_data:
        return remedy
    name = remedy.removeprefix(_RUN).split()[0]
    return f"a study of these data with the design that `paribus init {name}` writes"


def asks_seeds(remedy: str) -> bool:
    """Whether a remedy is more seeds."""
    return remedy.startswith((MORE_SEEDS.format(""), _MORE_AT_LAST))


def in_python(claims: Sequence[ClaimVerdict]) -> tuple[ClaimVerdict, ...]:
    """Say what would test claims to those who made the study in Python."""
    return tuple(
        replace(claim, atoms=tuple(map(_atom_in_python, claim.atoms)))
        for claim in claims
    )


def _atom_in_python(atom: AtomVerdict) -> AtomVerdict:
    return replace(
        atom,
        reason=as_python(atom.reason),
        remedy=as_python(atom.remedy),
        parts=tuple(map(_atom_in_python, atom.parts)),
    )
