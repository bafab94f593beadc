"""Comparisons at a matched training loss: where both sides fit their examples alike."""

from dataclasses import replace

import numpy as np

from paribus.analysis.run_measures import run_measure
from paribus.claims.companions import companions, say_companion
from paribus.claims.evidence import Evidence, Question
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS


# The training losses at which runs are measured, lowest first: the lower the loss that
# both sides reach, the nearer they are to the end.
MATCHED_LOSSES = ("0.01", "0.03", "0.1", "0.3")

_ACCURACY = "matched_test_accuracy"


def common_loss(evidence: Evidence, question: Question, measure: str) -> str | None:
    """Find the lowest training loss at which 5 runs of both sides have a measure.

    Args:
        evidence: The study.
        question: Whose sides.
        measure: Its name without the loss, e.g. `asam_sharpness`.
    """
    for loss in MATCHED_LOSSES:
        name = f"{measure}_at_{loss}"
        if name not in evidence.judged.measures:
            continue
        values = run_measure(evidence.judged, name).values[list(question.configs)]
        if np.isfinite(values).all(axis=0).sum() >= MIN_CONTRAST_SEEDS:
            return loss
    return None


def say_matched_accuracy(evidence: Evidence, question: Question) -> tuple[str, ...]:
    """Say how test accuracies compare at the lowest training loss of both sides.

    Args:
        evidence: The study.
        question: About test accuracy at the end of the budget.

    Returns:
        A sentence; none if the study has not recorded it.
    """
    if not any(name.startswith(_ACCURACY) for name in evidence.judged.measures):
        return ()
    loss = common_loss(evidence, question, _ACCURACY)
    if loss is None:
        return (
            "No training loss was reached by 5 runs of both sides, so test accuracy "
            "is not compared at a matched one.",
        )
    matched = replace(
        question,
        measure=f"{_ACCURACY}_at_{loss}",
        judges_final_quality=False,
        generalises=False,
    )
    return tuple(
        f"{say_companion(atom)} The level is {loss}, the interval over seeds only."
        for atom in companions(evidence, [matched])
    )
