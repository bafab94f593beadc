"""What became of each run? Training curves -> `RunStatus`."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import special

from paribus.status import RunStatus


MAX_TREND_POINTS = 30

_CHUNK = 2000


@dataclass(frozen=True, kw_only=True)
class OutcomeThresholds:
    """When a run is called what.

    Attributes:
        explosion: Diverged: the training loss ends above this many times its start.
        explosion_share: Diverged: and it was there on this share of the steps.
        worse_than_linear: Sublinear: the training loss ends above this many times that
            of softmax regression: the smallest ratio of losses that matters.
        drop: Late collapse: the score ends this far below its best, as a fraction.
        drop_errors: Late collapse: and by so many sampling errors of the split.
        learned: Learned: two evaluations in a row this far above guessing.
        chance_errors: Collapsed: final training accuracy within so many standard errors
            of guessing.
        entropy_share: Collapsed: final training loss at or above this share of the loss
            by guessing, and accuracy not above guessing by `learned`.
        late_share: The last part of the budget, where a run should no longer improve.
        last_share: The very last part; the best score should not lie here.
        p_value: One-sided level of the test for a trend.
        smallest_effect: An improvement that matters, in the score's unit.
    """

    explosion: float = 3.0
    explosion_share: float = 0.01
    worse_than_linear: float = 1.25
    drop: float = 0.05
    drop_errors: float = 3.0
    learned: float = 0.05
    chance_errors: float = 3.0
    entropy_share: float = 0.98
    late_share: float = 0.2
    last_share: float = 0.05
    p_value: float = 0.05
    smallest_effect: float = 0.002


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingCurves:
    """The evaluations of runs that spent their budget, and what guessing would give.

    Attributes:
        epochs: When runs were evaluated, ascending. 0 is before the first step.
        score: Accuracy on the split that decides: validation, or test if there is none.
        train_accuracy: On the fixed training subset.
        train_loss: On the fixed training subset, in nats.
        chance: Accuracy by guessing: the share of the most frequent label.
        label_entropy: Loss by guessing, in nats.
        n_train_evaluated: Examples of the training subset.
        n_scored: Examples of the split that decides; None if not known, and then its
            sampling error counts as none.
        baseline_loss: Final training loss of softmax regression with the same split and
            epochs; None if it was not trained, or if the model itself is linear, and
            then no run is `sublinear`.
        high_loss_share: Share of the steps at which the moving average of the minibatch
            loss was above `explosion` times the loss before the first step; NaN for a
            run in which it was not measured, None if in none.
        ends_high: 1 where the moving average was there after the last step, 0 where it
            was not; as `high_loss_share`.
        is_share: Whether scores are shares of examples that are classified right, as
            accuracies are; if not they are R2, guessing is 0 and the loss by guessing
            that of the training mean.
    """

    epochs: Float[np.ndarray, " evaluation"]
    score: Float[np.ndarray, "run evaluation"]
    train_accuracy: Float[np.ndarray, "run evaluation"]
    train_loss: Float[np.ndarray, "run evaluation"]
    chance: float
    label_entropy: float
    n_train_evaluated: int
    n_scored: int | None = None
    baseline_loss: float | None = None
    high_loss_share: Float[np.ndarray, " run"] | None = None
    ends_high: Float[np.ndarray, " run"] | None = None
    is_share: bool = True

    def sampling_variance(
        self, score: Float[np.ndarray, "*any"]
    ) -> Float[np.ndarray, "*any"]:
        """Variance of a score over the draw of the examples of its split.

        Of a share of answers that of a binomial. Of R2, 4 (1 - R2)^2 / n: that of the
        mean of squared residuals with a kurtosis of 5, normal ones having 3.

        Args:
            score: On the split that decides, whose size is known.
        """
        assert self.n_scored is not None
        if self.is_share:
            return np.maximum(score * (1 - score), 0.0) / self.n_scored
        return 4 * np.square(1 - score) / self.n_scored


def classify_outcomes(
    curves: TrainingCurves, thresholds: OutcomeThresholds | None = None
) -> Int[np.ndarray, " run"]:
    """Say what became of each run that spent its budget: the first rule that holds.

    Runs that the training program stopped as diverged do not come here: that status is
    kept as the program set it, and a NaN in a curve alone never means diverged.

    Args:
        curves: What was measured.
        thresholds: When a run is called what; None for the defaults.

    Returns:
        A `RunStatus` for each run: diverged, late_collapse, collapsed, unconverged,
        sublinear or converged.

    Assumes:
        The evaluations are dense enough for the rule. Late collapse needs two after
        the first step. The test for a trend needs four in the last fifth of the budget:
        with one evaluation an epoch, 15 epochs. A run of 2 to 14 such epochs is called
        unconverged only if its last evaluation is the best and beats the one before by
        more than the smallest effect; a run of one never.
        The loss that ends far above its start is judged by the minibatch losses where
        they were measured, by evaluations elsewhere.

    References:
        Mann, Nonparametric Tests Against Trend, 1945. Sen, Estimates of the Regression
        Coefficient Based on Kendall's Tau, 1968.
    """
    thresholds = thresholds or OutcomeThresholds()
    rules = (
        (RunStatus.DIVERGED, has_exploded(curves, thresholds)),
        (RunStatus.LATE_COLLAPSE, has_collapsed_late(curves, thresholds)),
        (RunStatus.COLLAPSED, has_collapsed(curves, thresholds)),
        (RunStatus.UNCONVERGED, is_improving(curves, thresholds)),
        (RunStatus.SUBLINEAR, is_sublinear(curves, thresholds)),
    )
    status = np.full(len(curves.score), int(RunStatus.CONVERGED))
    for word, applies in reversed(rules):
        status[applies] = word
    return status


def has_exploded(
    curves: TrainingCurves, thresholds: OutcomeThresholds
) -> Bool[np.ndarray, " run"]:
    """Whether the training loss ended far above its value before the first step.

    By the moving average of the minibatch loss where it was measured: above 3 times the
    start at the end and on 1 % of the steps. Elsewhere the last two evaluations must
    both say so, where there are two after the start: one spike is not an ending.
    """
    by_evaluations = _ends_far_above(curves, thresholds)
    if curves.high_loss_share is None or curves.ends_high is None:
        return by_evaluations
    is_measured = np.isfinite(curves.high_loss_share) & np.isfinite(curves.ends_high)
    by_steps = curves.high_loss_share >= thresholds.explosion_share
    by_steps &= curves.ends_high > 0
    return np.where(is_measured, by_steps, by_evaluations)


def _ends_far_above(
    curves: TrainingCurves, thresholds: OutcomeThresholds
) -> Bool[np.ndarray, " run"]:
    after = np.flatnonzero(curves.epochs > 0)[-2:]
    if curves.epochs[0] != 0 or not after.size:
        return np.zeros(len(curves.score), dtype=bool)
    limit = thresholds.explosion * curves.train_loss[:, :1]
    return np.asarray((curves.train_loss[:, after] > limit).all(axis=1))


def has_learned(
    score: Float[np.ndarray, "*runs evaluation"], *, chance: float, margin: float
) -> Bool[np.ndarray, "*runs"]:
    """Whether each run was clearly above guessing in two evaluations in a row.

    One alone can be luck.

    Args:
        score: Accuracies after the first step; NaN where a run was not evaluated, and
            then its evaluations before and after are in a row. Of a run with a single
            one that one decides.
        chance: Accuracy by guessing.
        margin: How far above it is clearly.

    Example:
        >>> score = np.array([[0.5, 0.1, 0.6], [0.1, 0.5, 0.6]])
        >>> has_learned(score, chance=0.1, margin=0.05)
        array([False,  True])
    """
    is_known = np.isfinite(score)
    is_above = score > chance + margin
    # For each evaluation the one before it that there is: -1 where there is none.
    at = np.where(is_known, np.arange(score.shape[-1]), -1)
    latest = np.maximum.accumulate(at, axis=-1)
    before = np.concatenate([np.full_like(latest[..., :1], -1), latest[..., :-1]], -1)
    was_above = np.take_along_axis(is_above, np.maximum(before, 0), axis=-1)
    in_a_row = is_above & was_above & (before >= 0)
    is_single = is_known.sum(axis=-1) == 1
    return np.asarray(in_a_row.any(axis=-1) | (is_single & is_above.any(axis=-1)))


def has_collapsed_late(
    curves: TrainingCurves, thresholds: OutcomeThresholds
) -> Bool[np.ndarray, " run"]:
    """Whether the run learned, then lost much of its best score.

    Learned means two evaluations in a row: the score before the first step, or one
    evaluation, can be above guessing by luck.

    Lost means by more than 5 points and by more than 3 sampling errors of the split:
    those of the best and of the last evaluation, as if on examples of their own. The
    best of many evaluations is partly the luckiest: without the second condition a
    steady run that is right on 90 % of 200 examples would be called a late collapse in
    17 to 35 % of cases, with it in at most 4 % (`tests/reference`). From about 2,000
    examples on the 5 points are the stricter condition.
    """
    score = curves.score[:, curves.epochs > 0]
    if score.shape[1] < 2:
        return np.zeros(len(score), dtype=bool)
    learned = has_learned(score, chance=curves.chance, margin=thresholds.learned)
    best, last = score.max(axis=1), score[:, -1]
    has_dropped = best - last > thresholds.drop
    if curves.n_scored is not None:
        variance = curves.sampling_variance(best) + curves.sampling_variance(last)
        error = np.sqrt(variance)
        has_dropped &= best - last > thresholds.drop_errors * error
    return np.asarray(learned & has_dropped)


def has_collapsed(
    curves: TrainingCurves, thresholds: OutcomeThresholds
) -> Bool[np.ndarray, " run"]:
    """Whether the run ended no better than guessing, on the data it was trained on.

    A high loss with a good accuracy is over-confidence, not collapse.
    """
    accuracy, loss = curves.train_accuracy[:, -1], curves.train_loss[:, -1]
    guesses = accuracy <= highest_by_guessing(
        curves.chance, curves.n_train_evaluated, n_errors=thresholds.chance_errors
    )
    knows_nothing = loss >= thresholds.entropy_share * curves.label_entropy
    hardly_better = accuracy <= curves.chance + thresholds.learned
    return np.asarray(guesses | (knows_nothing & hardly_better))


def highest_by_guessing(
    chance: float,
    n_examples: int,
    *,
    n_errors: float = OutcomeThresholds.chance_errors,
) -> float:
    """The highest accuracy that is taken for that of guessing.

    Args:
        chance: Accuracy by guessing; 0 where scores are R2, and then it is 0.
        n_examples: Of the split that was evaluated; 0 if not known, and then its
            sampling error counts as none.
        n_errors: How many standard errors above chance.

    Example:
        >>> round(highest_by_guessing(0.1, 10_000), 3)
        0.109
    """
    if not n_examples:
        return chance
    return chance + n_errors * math.sqrt(chance * (1 - chance) / n_examples)


def is_improving(
    curves: TrainingCurves, thresholds: OutcomeThresholds
) -> Bool[np.ndarray, " run"]:
    """Whether the score was still rising at the end, by an amount that matters.

    Either it rises over the last part of the budget, by Mann and Kendall's test, and by
    Theil and Sen's slope times that part's length; or the best evaluation lies in the
    very last part and beats all of the part before it; where no evaluation lies in that
    part, the one before it.
    """
    budget = float(curves.epochs[-1])
    window = curves.epochs >= (1 - thresholds.late_share) * budget - 1e-9
    rises = _rises(curves.epochs[window], curves.score[:, window], thresholds)
    last_from = (1 - thresholds.last_share) * budget
    is_last = curves.epochs > last_from + 1e-9
    before_from = last_from - thresholds.late_share * budget
    is_before = ~is_last & (curves.epochs >= max(before_from - 1e-9, 1e-9))
    if not is_before.any():
        earlier = np.flatnonzero(~is_last & (curves.epochs > 0))
        if not earlier.size:
            return rises
        is_before[earlier[-1]] = True
    best_last = curves.score[:, is_last].max(axis=1)
    is_best = best_last >= curves.score.max(axis=1)
    gain = best_last - curves.score[:, is_before].max(axis=1)
    return rises | (is_best & (gain > thresholds.smallest_effect))


def is_sublinear(
    curves: TrainingCurves, thresholds: OutcomeThresholds
) -> Bool[np.ndarray, " run"]:
    """Whether the run ended with a clearly worse loss than softmax regression.

    Clearly: where a linear model does well, healthy runs of a small network end on
    either side of its loss, and none of them has failed.

    A rule for runs that no longer improve: those that do are `unconverged` before it is
    asked.
    """
    if curves.baseline_loss is None:
        return np.zeros(len(curves.score), dtype=bool)
    limit = thresholds.worse_than_linear * curves.baseline_loss
    return curves.train_loss[:, -1] > limit


def mann_kendall_p_value(
    values: Float[np.ndarray, "run evaluation"],
) -> Float[np.ndarray, " run"]:
    """Test each curve for a rising trend: one-sided, by Mann and Kendall.

    Args:
        values: At least 2 evaluations; more than 30 make large arrays of pairs.

    Returns:
        P-values: the normal approximation with continuity and tie corrections. It
        decides at .05 as the exact distribution does for 4 to 8 distinct values; fewer
        than 4 can never pass.

    Assumes:
        Without a trend, all orders of the values are equally likely. Evaluations of one
        run are correlated, so the test calls a slow wander a trend too often; the
        smallest effect beside it keeps harmless ones out.
    """
    n = values.shape[1]
    first, second = np.triu_indices(n, k=1)
    s = np.sign(values[:, second] - values[:, first]).sum(axis=1)
    n_equal = (values[:, :, None] == values[:, None, :]).sum(axis=2)
    ties = ((n_equal - 1) * (2 * n_equal + 5)).sum(axis=1)
    variance = (n * (n - 1) * (2 * n + 5) - ties) / 18
    z = np.divide(s - 1, np.sqrt(variance), out=np.zeros(len(s)), where=variance > 0)
    return np.where(s > 0, special.ndtr(-z), 1.0)


def theil_sen_slope(
    at: Float[np.ndarray, " evaluation"], values: Float[np.ndarray, "run evaluation"]
) -> Float[np.ndarray, " run"]:
    """Estimate the slope of each curve: the median over all pairs of evaluations.

    Args:
        at: Where the values were taken, ascending.
        values: At least 2 evaluations.

    Returns:
        In the unit of `values` per unit of `at`.
    """
    first, second = np.triu_indices(len(at), k=1)
    slopes = (values[:, second] - values[:, first]) / (at[second] - at[first])
    return np.median(slopes, axis=1)


def _rises(
    epochs: Float[np.ndarray, " evaluation"],
    score: Float[np.ndarray, "run evaluation"],
    thresholds: OutcomeThresholds,
) -> Bool[np.ndarray, " run"]:
    """Whether the score rises over these epochs, by an amount that matters."""
    rises = np.zeros(len(score), dtype=bool)
    if len(epochs) < 4:
        return rises
    # Evenly thinned: pairs grow with the square, what a trend shows does not.
    n = min(len(epochs), MAX_TREND_POINTS)
    kept = np.linspace(0, len(epochs) - 1, n).round().astype(int)
    epochs, score = epochs[kept], score[:, kept]
    length = epochs[-1] - epochs[0]
    for start in range(0, len(score), _CHUNK):
        some = np.arange(start, min(start + _CHUNK, len(score)))
        some = some[mann_kendall_p_value(score[some]) < thresholds.p_value]
        gain = theil_sen_slope(epochs, score[some]) * length
        rises[some] = gain > thresholds.smallest_effect
    return rises
