"""Reasons not to judge a question at all: each names what would test it.

A guard takes the evidence and the question and returns None where it has nothing to
say, because it does not apply or because all is well.
"""

from collections.abc import Sequence

from paribus.claims.evidence import Evidence, Question
from paribus.claims.guards.designs import ranked_optimizers, small_batches
from paribus.claims.guards.populations import few_learners, unconverged
from paribus.claims.guards.recording import (
    broken_runs,
    no_smallest_effect,
    unequal_cadence,
    uneven_last_batch,
    unrecorded,
)
from paribus.claims.guards.timing import noisy_timing
from paribus.claims.guards.tuning import (
    best_on_edge,
    better_passed_over,
    chosen_on_test,
    coarse_grid,
    dependent_choice,
    pruned_beside_best,
    same_runs,
    shared_seeds,
    uncompared_choice,
    unequal_tuning,
)
from paribus.claims.horizon import cut_schedule
from paribus.claims.refusals import Guard, Refusal


__all__ = ["GUARDS", "first_refusal"]

GUARDS: Sequence[Guard] = (
    unrecorded,
    no_smallest_effect,
    broken_runs,
    ranked_optimizers,
    uneven_last_batch,
    cut_schedule,
    unequal_cadence,
    small_batches,
    shared_seeds,
    dependent_choice,
    chosen_on_test,
    unequal_tuning,
    best_on_edge,
    uncompared_choice,
    better_passed_over,
    same_runs,
    coarse_grid,
    pruned_beside_best,
    noisy_timing,
    few_learners,
    unconverged,
)


def first_refusal(evidence: Evidence, question: Question) -> Refusal | None:
    """The first guard that refuses the question; None if it may be judged."""
    for guard in GUARDS:
        refusal = guard(evidence, question)
        if refusal is not None:
            return refusal
    return None
