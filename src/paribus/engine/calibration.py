"""Do the probabilities that ONE run predicts mean what they say?"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key


N_BINS = 15
N_RESAMPLES = 200
NULL_UPPER = 0.975


class Calibration(NamedTuple):
    """How good predicted probabilities are.

    Attributes:
        nll: Mean of -log of the probability of the right class, in nats.
        brier: Mean over examples of the sum over classes of squared errors, 0 to 2.
        ece: Expected calibration error over 15 bins of equal mass, 0 to 1. Above 0 even
            for perfect predictions.
        ece_debiased: The root of its squares without their noise, 0 to 1.
        ece_null: Mean `ece` if the confidences were exactly right.
        ece_null_upper: What that would exceed in 2.5% of test splits: above it the
            predictions are not calibrated.
    """

    nll: Float[Array, ""]
    brier: Float[Array, ""]
    ece: Float[Array, ""]
    ece_debiased: Float[Array, ""]
    ece_null: Float[Array, ""]
    ece_null_upper: Float[Array, ""]


def measure_calibration(
    logits: Float[Array, "example class"],
    labels: Int[Array, " example"],
    key: Key[Array, ""],
) -> Calibration:
    """Measure the calibration of predictions.

    Args:
        logits: Of each example.
        labels: The right classes.
        key: Draws the resamples of a perfectly calibrated model.

    References:
        Kumar, Liang and Ma, Verified Uncertainty Calibration, 2019 (debiased); Roelofs
        et al., Mitigating Bias in Calibration Error Estimation, 2022 (the bias).
    """
    log_shares = jax.nn.log_softmax(logits)
    shares = jnp.exp(log_shares)
    right = jax.nn.one_hot(labels, logits.shape[1])
    confidence = shares.max(axis=1)
    is_correct = (logits.argmax(axis=1) == labels).astype(jnp.float32)
    null = null_errors(confidence, key)
    return Calibration(
        nll=-(right * log_shares).sum(axis=1).mean(),
        brier=((shares - right) ** 2).sum(axis=1).mean(),
        ece=calibration_error(confidence, is_correct),
        ece_debiased=debiased_calibration_error(confidence, is_correct),
        ece_null=null.mean(),
        ece_null_upper=jnp.quantile(null, NULL_UPPER),
    )


def calibration_error(
    confidence: Float[Array, " example"], is_correct: Float[Array, " example"]
) -> Float[Array, ""]:
    """Sum over bins of (share of examples) × abs(accuracy - mean confidence).

    Bins hold equally many examples, in the order of confidence, to within one.
    """
    sizes, gaps, _ = _bin_gaps(confidence, is_correct)
    return (sizes * jnp.abs(gaps)).sum() / len(confidence)


def debiased_calibration_error(
    confidence: Float[Array, " example"], is_correct: Float[Array, " example"]
) -> Float[Array, ""]:
    """Root of the mean square gap of bins, less what chance adds to it, at least 0."""
    sizes, gaps, accuracy = _bin_gaps(confidence, is_correct)
    by_chance = accuracy * (1 - accuracy) / jnp.maximum(sizes - 1, 1)
    square = (sizes * (gaps**2 - by_chance)).sum() / len(confidence)
    return jnp.sqrt(jnp.maximum(square, 0))


def null_errors(
    confidence: Float[Array, " example"], key: Key[Array, ""]
) -> Float[Array, " resample"]:
    """The calibration errors of resamples in which the confidences are exactly right.

    Each example is right with the probability that was predicted.
    """
    members = _bins(confidence)
    drawn = jax.random.uniform(key, (N_RESAMPLES, len(confidence))) < confidence
    gaps = (drawn - confidence) @ members.T
    return jnp.abs(gaps).sum(axis=1) / len(confidence)


def _bins(confidence: Float[Array, " example"]) -> Float[Array, "bin example"]:
    """1 where an example is in a bin; ties of confidence in the order of examples."""
    n = len(confidence)
    rank = jnp.argsort(jnp.argsort(confidence, stable=True))
    return jax.nn.one_hot(rank * N_BINS // n, N_BINS, axis=0)


def _bin_gaps(
    confidence: Float[Array, " example"], is_correct: Float[Array, " example"]
) -> tuple[Array, Array, Array]:
    """Size, accuracy minus mean confidence, and accuracy of each bin."""
    members = _bins(confidence)
    sizes = members.sum(axis=1)
    divisor = jnp.maximum(sizes, 1)
    gaps = members @ (is_correct - confidence) / divisor
    return sizes, gaps, members @ is_correct / divisor
