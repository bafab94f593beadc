"""Made-up training curves, one for each status, and the lucky and unlucky cases."""

from dataclasses import replace

import numpy as np
import pytest

from paribus.stats.outcomes import (
    OutcomeThresholds,
    TrainingCurves,
    classify_outcomes,
    has_collapsed_late,
    has_learned,
    mann_kendall_p_value,
)
from paribus.status import RunStatus


EPOCHS = np.linspace(0, 10, 41)
CHANCE, ENTROPY, START = 0.1, 2.303, 2.35


def curves_of(
    score: np.ndarray,
    *,
    loss: np.ndarray | None = None,
    train_accuracy: np.ndarray | None = None,
    epochs: np.ndarray = EPOCHS,
    baseline_loss: float | None = None,
    n_scored: int | None = 10_000,
    high_loss: tuple[float, float] | None = None,
) -> TrainingCurves:
    """One run; what is not said follows from the score."""
    share, at_end = high_loss or (None, None)
    if loss is None:
        loss = np.asarray(START * (1 - score) / (1 - score[0]))
    accuracy = score if train_accuracy is None else train_accuracy
    return TrainingCurves(
        epochs=epochs,
        score=score[None, :],
        train_accuracy=accuracy[None, :],
        train_loss=loss[None, :],
        chance=CHANCE,
        label_entropy=ENTROPY,
        n_train_evaluated=10_000,
        n_scored=n_scored,
        baseline_loss=baseline_loss,
        high_loss_share=None if share is None else np.array([share]),
        ends_high=None if at_end is None else np.array([at_end]),
    )


def status_of(curves: TrainingCurves) -> RunStatus:
    return RunStatus(int(classify_outcomes(curves)[0]))


def saturating(to: float = 0.97, rate: float = 2.0) -> np.ndarray:
    return CHANCE + (to - CHANCE) * (1 - np.exp(-rate * EPOCHS))


def test_a_run_that_levels_off_is_converged():
    assert status_of(curves_of(saturating())) == RunStatus.CONVERGED


def test_a_slow_run_that_still_improves_is_unconverged_even_below_the_baseline():
    slow = curves_of(saturating(rate=0.1), baseline_loss=0.3)

    assert slow.train_loss[0, -1] > 0.3
    assert status_of(slow) == RunStatus.UNCONVERGED


def test_a_run_that_stops_above_the_baseline_loss_is_sublinear():
    score = saturating(to=0.8)

    final = float(curves_of(score).train_loss[0, -1])
    assert status_of(curves_of(score, baseline_loss=0.3)) == RunStatus.SUBLINEAR
    assert status_of(curves_of(score)) == RunStatus.CONVERGED
    # Clearly above: by more than a quarter.
    near, far = (curves_of(score, baseline_loss=final / by) for by in (1.2, 1.3))
    assert status_of(near) == RunStatus.CONVERGED
    assert status_of(far) == RunStatus.SUBLINEAR


def test_a_dead_network_is_collapsed():
    dead = np.full(EPOCHS.shape, 0.1)
    loss = np.full(EPOCHS.shape, ENTROPY)
    loss[0] = START

    assert status_of(curves_of(dead, loss=loss)) == RunStatus.COLLAPSED


def test_a_lucky_score_before_the_first_step_is_not_learning():
    score = np.full(EPOCHS.shape, 0.1)
    score[:2] = 0.17

    assert status_of(curves_of(score)) == RunStatus.COLLAPSED


def test_one_lucky_evaluation_is_not_learning():
    score = np.full(EPOCHS.shape, 0.1)
    score[7] = 0.4

    assert status_of(curves_of(score)) == RunStatus.COLLAPSED


def test_a_run_that_learned_and_fell_is_a_late_collapse():
    score = saturating(to=0.78)
    score[-3:] = 0.1

    assert status_of(curves_of(score)) == RunStatus.LATE_COLLAPSE


@pytest.mark.parametrize(
    ("drop", "status"),
    [(0.049, RunStatus.CONVERGED), (0.051, RunStatus.LATE_COLLAPSE)],
)
def test_a_late_collapse_loses_more_than_5_points(drop: float, status: RunStatus):
    score = saturating()
    score[-1] = score.max() - drop

    assert status_of(curves_of(score)) == status


@pytest.mark.parametrize(
    ("n_scored", "status"),
    [
        # 3 sampling errors are 12.3, 8.7 and .9 points for a fall from 97 % to 87 %.
        pytest.param(100, RunStatus.CONVERGED, id="100 examples"),
        pytest.param(200, RunStatus.LATE_COLLAPSE, id="200 examples"),
        pytest.param(20_000, RunStatus.LATE_COLLAPSE, id="20,000 examples"),
        pytest.param(None, RunStatus.LATE_COLLAPSE, id="of unknown size"),
    ],
)
def test_a_late_collapse_is_more_than_the_luck_of_a_small_split(
    n_scored: int | None, status: RunStatus
):
    score = saturating()
    score[-1] = 0.87
    loss = START * (1 - saturating()) / 0.9

    assert status_of(curves_of(score, loss=loss, n_scored=n_scored)) == status


def test_a_fall_to_guessing_is_a_late_collapse_even_on_50_examples():
    score = saturating()
    score[-2:] = 0.1

    assert status_of(curves_of(score, n_scored=50)) == RunStatus.LATE_COLLAPSE


def test_a_confident_network_with_a_high_loss_is_not_collapsed():
    loss = np.full(EPOCHS.shape, 3.0)
    loss[0] = START

    assert status_of(curves_of(saturating(), loss=loss)) == RunStatus.CONVERGED


def test_a_loss_that_ends_far_above_its_start_is_diverged():
    loss = np.full(EPOCHS.shape, START)
    loss[-5:] = 3.1 * START

    assert status_of(curves_of(saturating(), loss=loss)) == RunStatus.DIVERGED


def test_a_loss_that_explodes_to_infinity_without_a_nan_is_diverged():
    loss = np.full(EPOCHS.shape, START)
    loss[-2:] = np.inf

    assert status_of(curves_of(saturating(), loss=loss)) == RunStatus.DIVERGED


def test_one_spike_at_the_end_is_not_a_divergence():
    loss = START * np.exp(-EPOCHS)
    loss[-1] = 4 * START

    assert status_of(curves_of(saturating(), loss=loss)) == RunStatus.CONVERGED


@pytest.mark.parametrize(
    ("high_loss", "status"),
    [
        pytest.param((0.5, 1.0), RunStatus.DIVERGED, id="high and ends high"),
        pytest.param((0.01, 1.0), RunStatus.DIVERGED, id="just long enough"),
        pytest.param((0.009, 1.0), RunStatus.CONVERGED, id="a spike at the end"),
        pytest.param((0.5, 0.0), RunStatus.CONVERGED, id="recovered"),
    ],
)
def test_measured_minibatch_losses_decide_on_divergence(
    high_loss: tuple[float, float], status: RunStatus
):
    # By the evaluations alone the two would be the other way round.
    loss = START * np.exp(-EPOCHS)
    if status == RunStatus.CONVERGED:
        loss[-5:] = 4 * START

    assert status_of(curves_of(saturating(), loss=loss, high_loss=high_loss)) == status


def test_runs_without_measured_losses_are_judged_by_evaluations():
    loss = START * np.exp(-EPOCHS)
    loss[-5:] = 4 * START

    curves = curves_of(saturating(), loss=loss, high_loss=(np.nan, np.nan))

    assert status_of(curves) == RunStatus.DIVERGED


def test_missing_evaluations_alone_are_no_divergence():
    nothing = np.full(EPOCHS.shape, np.nan)

    assert status_of(curves_of(nothing, loss=nothing)) == RunStatus.CONVERGED


def test_accuracy_within_3_standard_errors_of_guessing_is_collapsed():
    # 3 sqrt(.1 * .9 / 10,000) = .009
    loss = np.full(EPOCHS.shape, 2.0)
    loss[0] = START
    score = np.full(EPOCHS.shape, 0.1)

    def ends_at(train_accuracy: float) -> RunStatus:
        accuracy = np.full(EPOCHS.shape, train_accuracy)
        return status_of(curves_of(score, loss=loss, train_accuracy=accuracy))

    assert ends_at(0.1089) == RunStatus.COLLAPSED
    assert ends_at(0.1091) == RunStatus.CONVERGED


@pytest.mark.parametrize(
    ("scores", "status"),
    [
        pytest.param((0.95, 0.96, 0.97, 0.973), RunStatus.UNCONVERGED, id="last gains"),
        pytest.param((0.95, 0.96, 0.97, 0.971), RunStatus.CONVERGED, id="gains little"),
        pytest.param(
            (0.95, 0.975, 0.97, 0.973), RunStatus.CONVERGED, id="not the best"
        ),
    ],
)
def test_five_epochs_with_one_evaluation_each_are_judged_by_the_last_two(
    scores: tuple[float, ...], status: RunStatus
):
    score = np.array([0.1, 0.94, *scores])

    assert status_of(curves_of(score, epochs=np.arange(6.0))) == status


@pytest.mark.parametrize(
    ("scores", "status"),
    [
        ((0.5, 0.7, 0.9), RunStatus.UNCONVERGED),
        ((0.88, 0.881), RunStatus.CONVERGED),
        ((0.84, 0.88), RunStatus.UNCONVERGED),
        ((0.9, 0.88), RunStatus.CONVERGED),
    ],
)
def test_with_few_evaluations_the_last_is_held_against_the_one_before(
    scores: tuple[float, ...], status: RunStatus
):
    score = np.array([0.1, *scores])
    epochs = np.arange(float(len(score)))

    assert status_of(curves_of(score, epochs=epochs)) == status


def test_a_budget_of_one_epoch_is_judged_by_its_end():
    epochs = np.array([0.0, 1.0])

    learned = curves_of(np.array([0.1, 0.9]), epochs=epochs)
    dead = curves_of(np.array([0.1, 0.1]), epochs=epochs)

    assert status_of(learned) == RunStatus.CONVERGED
    assert status_of(dead) == RunStatus.COLLAPSED


def test_a_harmless_rise_is_not_unconverged():
    score = 0.97 + 1e-5 * EPOCHS
    score[0] = 0.1

    assert status_of(curves_of(score)) == RunStatus.CONVERGED


def test_thresholds_are_settings():
    score = saturating()
    score[-1] -= 0.02
    strict = OutcomeThresholds(drop=0.01)

    assert classify_outcomes(curves_of(score), strict)[0] == RunStatus.LATE_COLLAPSE


def test_runs_do_not_influence_each_other():
    rng = np.random.default_rng(0)
    score = rng.uniform(0.05, 1, size=(50, EPOCHS.size))
    loss = rng.uniform(0, 9, size=score.shape)

    def classify(rows: slice) -> np.ndarray:
        return classify_outcomes(
            TrainingCurves(
                epochs=EPOCHS,
                score=score[rows],
                train_accuracy=score[rows],
                train_loss=loss[rows],
                chance=CHANCE,
                label_entropy=ENTROPY,
                n_train_evaluated=10_000,
            )
        )

    together = classify(slice(None))
    alone = np.concatenate([classify(slice(i, i + 1)) for i in range(50)])

    assert len(set(together.tolist())) > 2
    np.testing.assert_array_equal(together, alone)


def test_long_curves_are_thinned_and_still_judged():
    epochs = np.linspace(0, 100, 2001)
    noise = 0.001 * np.random.default_rng(0).normal(size=epochs.size)
    flat = np.where(epochs == 0, 0.1, 0.97) + noise
    rising = flat + 0.0005 * np.maximum(epochs - 80, 0)

    assert status_of(curves_of(flat, epochs=epochs)) == RunStatus.CONVERGED
    assert status_of(curves_of(rising, epochs=epochs)) == RunStatus.UNCONVERGED


def test_a_trend_cannot_be_seen_in_three_values():
    assert mann_kendall_p_value(np.array([[1.0, 2.0, 3.0]]))[0] > 0.05


def test_a_constant_curve_has_no_trend():
    assert mann_kendall_p_value(np.full((1, 6), 0.5))[0] == 1.0


@pytest.mark.parametrize(
    ("score", "learned"),
    [
        ([0.5, 0.6, 0.1], True),
        ([0.5, 0.1, 0.5], False),
        ([0.1, 0.15, 0.15], False),  # exactly the margin above guessing
        ([0.5, np.nan, 0.6], True),  # in a row where it was evaluated
        ([0.5, np.nan, 0.1], False),
        ([np.nan, np.nan, 0.6], True),  # a single one
        ([np.nan, np.nan, 0.1], False),
        ([np.nan, np.nan, np.nan], False),
    ],
)
def test_learning_is_seen_in_two_evaluations_in_a_row(score, learned):
    scores = np.array([score, [0.9, 0.9, 0.9]])
    found = has_learned(scores, chance=0.1, margin=0.05)
    np.testing.assert_array_equal(found, [learned, True])


def test_a_steady_r2_on_few_examples_is_seldom_called_a_late_collapse():
    rng = np.random.default_rng(0)
    n_runs, n_evaluations, n_scored = 400, 20, 200
    # Residuals with heavy tails (a kurtosis of 4.2), drawn anew at each evaluation.
    drawn = rng.standard_t(9, size=(n_runs, n_evaluations, n_scored))
    residuals = drawn * np.sqrt(7 / 9)  # of variance 1
    score = 1 - 0.7 * (residuals**2).mean(axis=-1)
    judged = TrainingCurves(
        epochs=np.arange(float(n_evaluations)),
        score=score,
        train_accuracy=score,
        train_loss=1 - score,
        chance=0.0,
        label_entropy=1.0,
        n_train_evaluated=n_scored,
        n_scored=n_scored,
        is_share=False,
    )

    called = has_collapsed_late(judged, OutcomeThresholds())
    by_shares = has_collapsed_late(replace(judged, is_share=True), OutcomeThresholds())

    # The same level as accuracies are held to: at most 4 % (`tests/reference`).
    assert called.mean() <= 0.04
    assert by_shares.mean() > called.mean()  # what a binomial variance would call


def test_a_fall_of_r2_to_guessing_is_a_late_collapse():
    score = np.array([[0.0, 0.8, 0.85, 0.9, 0.1]])
    judged = TrainingCurves(
        epochs=np.arange(5.0),
        score=score,
        train_accuracy=score,
        train_loss=1 - score,
        chance=0.0,
        label_entropy=1.0,
        n_train_evaluated=200,
        n_scored=200,
        is_share=False,
    )

    assert has_collapsed_late(judged, OutcomeThresholds()).all()
