"""Calibration against a plain loop, and on predictions whose errors are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from paribus.engine.calibration import (
    N_BINS,
    calibration_error,
    debiased_calibration_error,
    measure_calibration,
    null_errors,
)


def draw_predictions(*, n=3000, n_classes=5, temperature=1.0, seed=0):
    """Logits and labels; at temperature 1 predictions are perfectly calibrated."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(n, n_classes))
    shares = softmax(logits, axis=1)
    labels = np.array([rng.choice(n_classes, p=p) for p in shares])
    return (logits / temperature).astype(np.float32), labels.astype(np.int32)


def measured(logits, labels):
    calibration = measure_calibration(
        jnp.asarray(logits), jnp.asarray(labels), jax.random.key(0)
    )
    return {name: float(v) for name, v in calibration._asdict().items()}


def by_loop(confidence, is_correct):
    """The plug-in and the debiased error, bin by bin."""
    order = np.argsort(confidence, kind="stable")
    n = len(confidence)
    plug_in = squares = 0.0
    for b in range(N_BINS):
        bin_ = [i for rank, i in enumerate(order) if rank * N_BINS // n == b]
        accuracy, mean = is_correct[bin_].mean(), confidence[bin_].mean()
        share = len(bin_) / n
        plug_in += share * abs(accuracy - mean)
        noise = accuracy * (1 - accuracy) / (len(bin_) - 1)
        squares += share * ((accuracy - mean) ** 2 - noise)
    return plug_in, np.sqrt(max(0, squares))


@pytest.mark.parametrize("n", [200, 3000])
@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_calibration_is_that_of_a_plain_loop(n, temperature):
    logits, labels = draw_predictions(n=n, temperature=temperature)

    ours = measured(logits, labels)

    shares = softmax(logits.astype(np.float64), axis=1)
    right = np.eye(logits.shape[1])[labels]
    nll = -(right * log_softmax(logits.astype(np.float64), axis=1)).sum(axis=1).mean()
    plug_in, debiased = by_loop(shares.max(axis=1), shares.argmax(axis=1) == labels)
    assert ours["nll"] == pytest.approx(nll, rel=1e-5)
    assert ours["brier"] == pytest.approx(
        ((shares - right) ** 2).sum(axis=1).mean(), rel=1e-5
    )
    # float32 may put examples of one confidence into neighbouring bins.
    assert ours["ece"] == pytest.approx(plug_in, abs=2e-5)
    assert ours["ece_debiased"] == pytest.approx(debiased, abs=2e-4)


def test_predictions_that_are_right_about_themselves_are_called_calibrated():
    n_studies, n = 200, 2000
    rng = np.random.default_rng(0)
    confidence = jnp.asarray(rng.uniform(0.3, 1, size=(n_studies, n)), jnp.float32)
    is_correct = jnp.asarray(rng.random((n_studies, n)) < confidence, jnp.float32)

    plug_in = np.asarray(jax.vmap(calibration_error)(confidence, is_correct))
    debiased = np.asarray(jax.vmap(debiased_calibration_error)(confidence, is_correct))
    null = np.asarray(null_errors(confidence[0], jax.random.key(1)))

    assert debiased.mean() < plug_in.mean() / 2
    # Each null distribution is that of the plug-in error: 2.5% lie above its upper end,
    # give or take 3.3 standard errors of 200 studies, 1.1 points each.
    assert (plug_in > np.quantile(null, 0.975)).mean() < 0.025 + 0.036
    assert null.mean() == pytest.approx(plug_in.mean(), rel=0.05)


def test_overconfidence_is_seen_beyond_chance():
    logits, labels = draw_predictions(temperature=0.5)

    ours = measured(logits, labels)

    assert ours["ece"] > ours["ece_null_upper"] > ours["ece_null"] > 0
    assert ours["ece_debiased"] > ours["ece_null_upper"]


def test_certain_and_right_predictions_have_no_error():
    labels = np.arange(60, dtype=np.int32) % 3
    logits = (200 * np.eye(3)[labels]).astype(np.float32)

    ours = measured(logits, labels)

    assert ours == dict.fromkeys(ours, 0.0)


def test_fewer_examples_than_bins_leave_bins_empty():
    logits, labels = draw_predictions(n=5)

    ours = measured(logits, labels)

    assert all(np.isfinite(value) for value in ours.values())
