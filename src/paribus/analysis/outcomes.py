"""What became of each finished run, from its curves."""

from dataclasses import replace

import numpy as np

from paribus.analysis.scores import n_examples
from paribus.results import StudyResult
from paribus.stats.noise import smallest_effect
from paribus.stats.outcomes import OutcomeThresholds, TrainingCurves, classify_outcomes
from paribus.status import RunStatus


# Of splits whose size is not known: so large that their sampling error is none.
UNKNOWN_SIZE = 2**62


def classify_runs(
    result: StudyResult,
    *,
    thresholds: OutcomeThresholds | None = None,
    baseline_loss: float | None = None,
) -> StudyResult:
    """Return the result with each finished run's status told apart by its curves.

    What the training program said (pending, failed, diverged, ...) is kept; every other
    run that spent its budget is classified anew, so doing it twice changes nothing.

    Args:
        result: As read from the store.
        thresholds: When a run is called what. None for the defaults, with the smallest
            effect taken from the noise floor of the split that decides, at the best
            config's error.
        baseline_loss: Final training loss of softmax regression with the same budget;
            None for the result's own. If that was not trained no run is sublinear.

    Returns:
        A new result; arrays other than `status` are shared with the old one. The same
        result if it lacks the curves that the rules need.
    """
    primary = result.primary_metric
    needed = {primary, "train_accuracy", "train_loss"}
    is_classified = result.status > RunStatus.DIVERGED
    if not needed <= set(result.metrics) or not is_classified.any():
        return result

    def in_budget(metric: str) -> np.ndarray:
        # What runs of large batches do after `epochs`, for equal steps, is not judged.
        curve = result.curve(metric)[..., : result.n_evaluations]
        return curve[is_classified].astype(np.float64)

    def measured(name: str) -> np.ndarray | None:
        # Measured over the whole run: not of the budget if some went on.
        if name not in result.measures or result.n_evaluations < len(result.epochs):
            return None
        return result.measures[name][is_classified].astype(np.float64)

    curves = TrainingCurves(
        epochs=result.epochs[: result.n_evaluations].astype(np.float64),
        score=in_budget(primary),
        train_accuracy=in_budget("train_accuracy"),
        train_loss=in_budget("train_loss"),
        chance=result.data.majority_share,
        label_entropy=result.data.label_entropy,
        n_train_evaluated=result.data.n_train_evaluated or UNKNOWN_SIZE,
        n_scored=n_examples(result, primary) or None,
        baseline_loss=result.baseline_loss if baseline_loss is None else baseline_loss,
        high_loss_share=measured("high_loss_share"),
        ends_high=measured("ends_high"),
    )
    status = result.status.copy()
    status[is_classified] = classify_outcomes(
        curves, thresholds or _default_thresholds(result)
    )
    return replace(result, status=status)


def accuracy_smallest_effect(result: StudyResult, metric: str) -> float:
    """The smallest difference of accuracies worth having, if the study names none.

    Twice the noise floor of the metric's split at the best config's error, at least .2
    percentage points.

    Args:
        result: Finished or not; without a finished run the best config is perfect.
        metric: An accuracy.

    Returns:
        A fraction.
    """
    final = result.final(metric).astype(np.float64)
    is_counted = result.has_outcome() & np.isfinite(final)
    n_counted = is_counted.sum(axis=1)
    sums = np.where(is_counted, final, 0.0).sum(axis=1)
    means = sums / np.maximum(n_counted, 1)
    best = float(means.max()) if n_counted.any() else 1.0
    n = n_examples(result, metric) or UNKNOWN_SIZE
    return smallest_effect(1 - best, n)


def _default_thresholds(result: StudyResult) -> OutcomeThresholds:
    smallest = accuracy_smallest_effect(result, result.primary_metric)
    return OutcomeThresholds(smallest_effect=smallest)
