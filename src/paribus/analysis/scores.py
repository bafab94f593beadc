"""Which number of each run enters a comparison, and which runs have one?"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Bool, Float

from paribus.results import StudyResult
from paribus.stats.outcomes import OutcomeThresholds, has_learned
from paribus.stats.selection import is_bad_run
from paribus.status import RunStatus
from paribus.tasks import is_lower_better


# A cross-entropy in float32 cannot tell less than this from 0, and 0 has no logarithm.
LOSS_FLOOR = 1e-7

# By identity: the curve that was looked at, and which runs have learned by it.
_learned: WeakKeyDictionary[StudyResult, tuple[np.ndarray, np.ndarray]] = (
    WeakKeyDictionary()
)

_LEARNERS = tuple(status for status in RunStatus if status.is_learner)


def judged(result: StudyResult) -> StudyResult:
    """The runs that judge configs: those of tuning seeds, which chose, left out."""
    if result.study.tuning is None:
        return result
    return result.of_seeds(result.study.seeds)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """One number for each run, on the scale on which it is averaged.

    Attributes:
        values: Accuracies as they are, losses as natural logarithms; a diverged run has
            the score of guessing. 0 where not counted.
        is_counted: Runs that ended and have a score. Failed, interrupted and pending
            runs have none.
    """

    values: Float[np.ndarray, "config seed"]
    is_counted: Bool[np.ndarray, "config seed"]

    def means(self) -> Float[np.ndarray, " config"]:
        """The mean of each config over the runs that count; -inf without any."""
        n = self.is_counted.sum(axis=1)
        sums = np.where(self.is_counted, self.values, 0.0).sum(axis=1)
        return np.where(n > 0, sums / np.maximum(n, 1), -np.inf)


def comparable_scores(result: StudyResult, metric: str) -> Scores:
    """Reduce each run to the number that it enters comparisons with.

    A diverged run enters an accuracy with the share of the most frequent label, a loss
    with the entropy of the labels, and an error of numbers with that of their mean:
    what guessing would score. Left out, it would let its config win on the seeds that
    happened to survive.

    Raises:
        UnknownNameError: If no curve is called `metric`.
    """
    final = result.final(metric).astype(np.float64)
    guessing = result.data.by_guessing(metric)
    final = np.where(result.status == RunStatus.DIVERGED, guessing, final)
    is_counted = result.has_outcome() & np.isfinite(final)
    values = np.where(is_counted, final, 1.0)
    if is_loss(metric):
        values = np.log(np.maximum(values, LOSS_FLOOR))
    return Scores(values=np.where(is_counted, values, 0.0), is_counted=is_counted)


def oriented_scores(result: StudyResult, metric: str) -> Scores:
    """As `comparable_scores`, with the sign that makes higher better."""
    scores = comparable_scores(result, metric)
    if not is_loss(metric):
        return scores
    return Scores(values=-scores.values, is_counted=scores.is_counted)


def is_loss(metric: str) -> bool:
    """Whether a metric is a loss or an error: lower is better, compared by ratios."""
    return is_lower_better(metric)


def is_accuracy(metric: str) -> bool:
    """Whether a metric is an accuracy: a fraction, compared by differences."""
    return metric.endswith("_accuracy")


def n_examples(result: StudyResult, metric: str) -> int:
    """How many examples the metric was measured on."""
    split = metric.partition("_")[0]
    sizes = {
        "minibatch": result.data.n_train,
        "train": result.data.n_train_evaluated,
        "validation": result.data.n_validation,
        "test": result.data.n_test,
    }
    return sizes[split]


def is_bad(result: StudyResult) -> Bool[np.ndarray, "config seed"]:
    """Runs that ended badly: diverged, collapsed, fell back, or sublinear."""
    return is_bad_run(result.status)


def is_learner(result: StudyResult) -> Bool[np.ndarray, "config seed"]:
    """Runs that learned and kept it.

    By their status, and by their accuracy or R2, where the study has one: a run may end
    neither badly nor settled, slowly rising a little above guessing, and like a dead
    network it trains without a bump.
    """
    by_status = np.isin(result.status, _LEARNERS)
    metric = result.score_metric
    if metric not in result.curves:
        return by_status
    curve = result.curves[metric]
    # Asked of the same curves hundreds of times, by each part of each claim.
    known = _learned.get(result)
    if known is None or known[0] is not curve:
        score = curve[:, :, result.epochs > 0].astype(np.float64)
        chance, margin = result.data.majority_share, OutcomeThresholds.learned
        known = curve, has_learned(score, chance=chance, margin=margin)
        _learned[result] = known
    return by_status & known[1]


def is_unlearned(result: StudyResult) -> Bool[np.ndarray, "config seed"]:
    """Runs that spent their budget and did not learn, whether they ended badly."""
    return np.asarray(result.has_outcome() & ~is_learner(result))


def shown_metrics(result: StudyResult) -> list[str]:
    """The metrics that a summary shows: that which ranks, then the test split's.

    Where numbers are predicted R2 of the test split too: RMSE has the data's unit.
    """
    task = result.study.task
    of_test = dict.fromkeys((f"test_{task.primary}", f"test_{task.score}"))
    shown = dict.fromkeys((result.primary_metric, *of_test))
    return [metric for metric in shown if metric in result.metrics]
