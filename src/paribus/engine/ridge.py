"""How well a linear model predicts numbers: ridge regression in closed form."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from paribus.data import Dataset, Split
from paribus.engine.tasks import Task


# Beyond so many numbers in an example the closed form takes minutes.
MAX_INPUTS = 4096

# Of the largest eigenvalue: penalties that are tried, and what counts as 0.
PENALTIES = np.concatenate([[0.0], np.logspace(-10, 2, 49)])
RANK_TOLERANCE = 1e-10

# A float32 loss cannot tell a better fit than this share of guessing's from 0.
LOSS_SHARE_FLOOR = 1e-6


class LinearFit(NamedTuple):
    """A linear model of standardised inputs.

    Attributes:
        mean: Of each input in training.
        deviation: Of each input; 1 where it is constant.
        weights: Of each standardised input.
        intercept: The training mean of what is predicted.
        penalty: The ridge penalty that was chosen.
    """

    mean: Float[np.ndarray, " input"]
    deviation: Float[np.ndarray, " input"]
    weights: Float[np.ndarray, " input"]
    intercept: float
    penalty: float

    def predict(
        self, inputs: Float[np.ndarray, "example input"]
    ) -> Float[np.ndarray, " example"]:
        """The predictions for examples, one a row."""
        return (inputs - self.mean) / self.deviation @ self.weights + self.intercept


def fit_ridge(
    inputs: Float[np.ndarray, "example input"], targets: Float[np.ndarray, " example"]
) -> LinearFit:
    """Fit a ridge regression, its penalty chosen by generalised cross-validation.

    With far more examples than inputs this is least squares. With fewer, least squares
    would fit anything without an error, and be no measure of a linear model.

    Args:
        inputs: Examples by row.
        targets: What is predicted.

    References:
        Golub, Heath and Wahba, Generalized Cross-Validation as a Method for Choosing a
        Good Ridge Parameter, 1979.
    """
    n = len(inputs)
    mean, deviation = inputs.mean(axis=0), inputs.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    scaled = (inputs - mean) / deviation
    intercept = float(targets.mean())
    centred = targets - intercept
    # Eigenvectors of the inputs' covariance, by which every penalty is one division.
    values, vectors = np.linalg.eigh(scaled.T @ scaled)
    kept = values > RANK_TOLERANCE * max(values[-1], 0.0)
    values, vectors = values[kept], vectors[:, kept]
    if not values.size:
        return LinearFit(mean, deviation, np.zeros(inputs.shape[1]), intercept, 0.0)
    along = vectors.T @ (scaled.T @ centred)
    total = float(centred @ centred)
    scores = []
    for share in PENALTIES:
        penalised = values + share * values[-1]
        shrunk = along / penalised
        residual = total - 2 * shrunk @ along + shrunk**2 @ values
        free = n - 1 - (values / penalised).sum()  # 1 for the intercept
        is_sound = free > 0.5  # else nothing is left to judge the fit by
        scores.append(max(residual, 0.0) / free**2 if is_sound else np.inf)
    penalty = float(PENALTIES[int(np.argmin(scores))] * values[-1])
    weights = vectors @ (along / (values + penalty))
    return LinearFit(mean, deviation, weights, intercept, penalty)


def ridge_loss(task: Task, dataset: Dataset) -> float | None:
    """The training loss of ridge regression, on the examples that runs are judged by.

    Args:
        task: Whose loss it is; the fit itself is by squares whatever it is.
        dataset: With numbers to be predicted.

    Returns:
        None if an example has too many numbers for a closed form, or the loss is not
        finite.
    """
    if int(np.prod(dataset.example_shape)) > MAX_INPUTS:
        return None
    train = dataset.train.gathered()
    fit = fit_ridge(_rows(train), train.labels.astype(np.float64))
    seen = dataset.evaluation_splits()["train"].gathered()
    loss = _loss(task, fit.predict(_rows(seen)), seen)
    guessed = _loss(task, np.full(len(seen), fit.intercept), seen)
    loss = max(loss, LOSS_SHARE_FLOOR * guessed)
    return loss if np.isfinite(loss) else None


def _rows(split: Split) -> Float[np.ndarray, "example input"]:
    return split.inputs.reshape(len(split), -1).astype(np.float64)


def _loss(task: Task, predicted: Float[np.ndarray, " example"], split: Split) -> float:
    outputs = jnp.asarray((predicted - task.mean) / task.deviation)[:, None]
    return float(task.losses(outputs, jnp.asarray(split.labels)).mean())
