"""Claims about hyperparameters, judged by the runs of a study."""

from paribus.claims.declared import claims_digest
from paribus.claims.judge import judge
from paribus.claims.records import AtomVerdict, ClaimVerdict, Verdict
from paribus.claims.unvaried import unvaried_groups


__all__ = [
    "AtomVerdict",
    "ClaimVerdict",
    "Verdict",
    "claims_digest",
    "judge",
    "unvaried_groups",
]
