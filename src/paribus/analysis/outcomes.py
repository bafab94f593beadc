"""What became of each finished run, from its curves."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from paribus.analysis.measure_facts import SMALLEST_R2
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
        baseline_loss: Final training loss of a linear model with the same budget;
            None for the result's own. If that was not trained no run is sublinear.

    Returns:
        A new result; arrays other than `status` are shared with the old one. The same
        result if it lacks the curves that the rules need.
    """
    needed = {result.score_metric, f"train_{result.study.task.score}", "train_loss"}
    is_classified = result.status > RunStatus.DIVERGED
    if not needed <= set(result.metrics) or not is_classified.any():
        return result

    n = result.n_evaluations
    # What runs of large batches do after `epochs`, for equal steps, is not judged, nor
    # what was measured over such a run as a whole.
    measured = result.measures if n == len(result.epochs) else {}
    status = result.status.copy()
    status[is_classified] = outcomes_of(
        result,
        {name: result.curve(name)[..., :n][is_classified] for name in needed},
        {name: values[is_classified] for name, values in measured.items()},
        thresholds=thresholds,
        baseline_loss=baseline_loss,
    )
    return replace(result, status=status)


def outcomes_of(
    result: StudyResult,
    curves: Mapping[str, Float[np.ndarray, "run evaluation"]],
    measures: Mapping[str, Float[np.ndarray, " run"]],
    *,
    thresholds: OutcomeThresholds | None = None,
    baseline_loss: float | None = None,
) -> Int[np.ndarray, " run"]:
    """Say what became of runs of a study that spent its epochs, from their curves.

    Args:
        result: The study; its own runs only set the default of `thresholds`.
        curves: `<split>_<metric>` -> values up to the end of the study's epochs: the
            accuracy, or R2, of the split that decides and of the training split, and
            the training loss.
        measures: Name -> one number a run; those that there are of the second rule that
            finds diverged runs.
        thresholds: As for `classify_runs`.
        baseline_loss: As for `classify_runs`.

    Returns:
        A `RunStatus` for each run.
    """
    metric = result.score_metric

    def measured(name: str) -> np.ndarray | None:
        return measures[name].astype(np.float64) if name in measures else None

    judged = TrainingCurves(
        epochs=result.epochs[: result.n_evaluations].astype(np.float64),
        score=curves[metric].astype(np.float64),
        train_accuracy=curves[f"train_{result.study.task.score}"].astype(np.float64),
        train_loss=curves["train_loss"].astype(np.float64),
        chance=result.data.majority_share,
        label_entropy=result.data.label_entropy,
        n_train_evaluated=result.data.n_train_evaluated or UNKNOWN_SIZE,
        n_scored=n_examples(result, metric) or None,
        baseline_loss=result.baseline_loss if baseline_loss is None else baseline_loss,
        high_loss_share=measured("high_loss_share"),
        ends_high=measured("ends_high"),
        is_share=result.study.task.is_classification,
    )
    return classify_outcomes(judged, thresholds or _default_thresholds(result))


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
    if not result.study.task.is_classification:
        return OutcomeThresholds(smallest_effect=SMALLEST_R2)
    smallest = accuracy_smallest_effect(result, result.primary_metric)
    return OutcomeThresholds(smallest_effect=smallest)
