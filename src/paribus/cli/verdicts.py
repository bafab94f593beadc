"""The JSON objects of `claims --json`."""

from collections.abc import Sequence
from typing import Any

from paribus.claims import AtomVerdict, ClaimVerdict
from paribus.stats.power import MAX_SEEDS


def claim_records(claims: Sequence[ClaimVerdict]) -> list[dict[str, Any]]:
    """What `claims --json` prints: each claim, and behind it each of its atoms."""
    records: list[dict[str, Any]] = []
    for claim in claims:
        first = next((atom for atom in claim.atoms if atom.scope), claim.atoms[0])
        records.append(
            {
                **_atom_record(first, claim.id),
                **dict.fromkeys(_OF_ATOMS),
                "id": claim.id,
                "text": claim.text,
                "verdict": claim.verdict.value,
                "reason": "",
                "atoms": [atom.id for atom in claim.atoms],
                "is_late": claim.is_late,
                "claims_digest": claim.digest or None,
            }
        )
        records += [_atom_record(atom, claim.id) for atom in claim.atoms]
    return records


# What a claim has none of: they belong to its atoms.
_OF_ATOMS = (
    "measure",
    "estimate",
    "lower",
    "upper",
    "smallest_effect",
    "confidence_level",
    "is_ratio",
    "bound",
    "unit",
    "n_seeds",
    "p_value",
    "p_value_holm",
    "p_value_bh",
    "n_late_seeds",
    "more_seeds",
    "more_seeds_above",
    "remedy",
    "clock",
    "epochs",
    "mode",
    "budget",
    "is_primary",
    "notes",
    "sides",
)


def _atom_record(atom: AtomVerdict, claim: str) -> dict[str, Any]:
    is_bound = atom.more_seeds is not None and atom.more_seeds > MAX_SEEDS
    return {
        "claim": claim,
        "id": atom.id,
        "text": atom.text,
        "verdict": atom.verdict.value,
        "scope": atom.scope,
        "measure": atom.measure,
        "estimate": atom.estimate,
        "lower": atom.lower,
        "upper": atom.upper,
        "smallest_effect": atom.smallest_effect,
        "confidence_level": atom.confidence_level,
        "is_ratio": atom.is_ratio,
        "bound": atom.bound,
        "unit": atom.unit,
        "n_seeds": atom.n_seeds,
        "p_value": atom.p_value,
        "p_value_holm": atom.p_value_holm,
        "p_value_bh": atom.p_value_bh,
        "n_late_seeds": atom.n_late_seeds,
        "reason": atom.reason,
        "more_seeds": None if is_bound else atom.more_seeds,
        "more_seeds_above": MAX_SEEDS if is_bound else None,
        "remedy": atom.remedy,
        "budget": atom.budget,
        "clock": atom.clock,
        "epochs": atom.epochs,
        "mode": atom.mode,
        "is_primary": atom.is_primary,
        "notes": list(atom.notes),
        "sides": list(atom.sides),
    }
