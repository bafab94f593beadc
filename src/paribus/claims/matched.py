"""Comparisons at a matched training loss: where both sides fit their examples alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from paribus.analysis.run_measures import run_measure
from paribus.claims.companions import companions, say_companion
from paribus.claims.evidence import Evidence, Question
from paribus.claims.refusals import Refusal
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS


# The training losses at which runs are measured, lowest first: the lower the loss that
# both sides reach, the nearer they are to the end.
MATCHED_LOSSES = ("0.01", "0.03", "0.1", "0.3")

# From one level to the next: a run that ends lower by more has left it far behind.
LEVEL_STEP = 10 / 3

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


@dataclass(frozen=True, kw_only=True)
class MatchedEnd:
    """Where one side reached a matched training loss, and where its runs ended.

    Attributes:
        side: In words.
        reached: The first evaluation at or below the level, in epochs; the median.
        final: The training loss at the end; the median.
    """

    side: str
    reached: float
    final: float


def matched_ends(
    evidence: Evidence, question: Question, loss: str
) -> tuple[MatchedEnd, ...]:
    """Find where both sides of a comparison at a matched training loss were.

    Args:
        evidence: The study.
        question: Whose sides, of one config each; its measure is taken at the level.
        loss: The level, one of `MATCHED_LOSSES`.

    Returns:
        The side claimed higher first; nothing without curves of the training loss.
    """
    judged, measure = evidence.judged, evidence.measure(question.measure)
    if "train_loss" not in judged.curves or measure is None:
        return ()
    seeds = np.isfinite(measure.values[list(question.configs)]).all(axis=0)
    curves, final = judged.curve("train_loss"), judged.final("train_loss")
    ends = []
    for config, side in zip(question.configs, question.sides, strict=True):
        is_below = curves[config, seeds] <= float(loss)
        if not is_below.any(axis=1).all():
            return ()
        first = judged.epochs[is_below.argmax(axis=1)]
        ends.append(
            MatchedEnd(
                side=side or "one side",
                reached=float(np.median(first)),
                final=float(np.median(final[config, seeds])),
            )
        )
    return tuple(ends)


def say_level(loss: str, ends: Sequence[MatchedEnd]) -> str:
    """Say at which training loss sides are compared, and how far from their ends."""
    if not ends:
        return f"Both sides at a training loss of {loss}."
    reached = " and ".join(f"{e.reached:.2g} epochs at {e.side}" for e in ends)
    final = " and ".join(f"{end.final:.2g}" for end in ends)
    return (
        f"Both sides at a training loss of {loss}, first reached after {reached}; "
        f"runs end at {final} (medians)."
    )


def far_from_end(loss: str, ends: Sequence[MatchedEnd]) -> Refusal | None:
    """Refuse what is said of ends, where a level was passed long before.

    Args:
        loss: The lowest level that both sides reach.
        ends: As `matched_ends` finds them.
    """
    far = [end for end in ends if float(loss) > LEVEL_STEP * end.final]
    if not far:
        return None
    end = min(far, key=lambda end: end.final)
    return Refusal(
        f"the lowest training loss of both sides, {loss}, is far above "
        f"{end.final:.2g}, where runs of {end.side} end: they passed it after "
        f"{end.reached:.2g} epochs",
        "a budget at whose end both sides have about the same training loss",
    )


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
