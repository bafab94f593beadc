"""A vectorised study with each loss against a loop of NumPy alone.

The model is linear, so that every gradient is written by hand.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from paribus.api.tasks import as_task
from paribus.data import arrays
from paribus.data.batches import epoch_order
from paribus.engine.keys import purpose_key
from paribus.engine.train import train_study
from paribus.models.build import build_model
from paribus.space import SearchSpace
from paribus.study import Budget, ModelChoice, OptimizerChoice, Study


N, N_TEST, N_INPUTS = 60, 20, 4
BATCH_SIZE = 16  # the last batch of an epoch is partial
WEIGHTS = np.array([1.0, 2.0, 0.5])
SMOOTHING = 0.2


def quartic_loss(outputs, targets):
    return (outputs - targets) ** 4


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def of_errors(loss, slope):
    """Losses of numbers, and their slopes, as functions of the errors."""

    def both(outputs, targets):
        errors = outputs[:, 0] - targets
        return loss(errors), slope(errors)[:, None]

    return both


def huber(errors):
    sizes = abs(errors)
    return np.where(sizes <= 0.5, 0.5 * sizes**2, 0.5 * (sizes - 0.25))


def entropy(outputs, labels, *, smoothing=0.0, weights=None):
    shares = softmax(outputs)
    spread = np.eye(shares.shape[1])[labels] * (1 - smoothing)
    spread = spread + smoothing / shares.shape[1]
    factor = np.ones(len(labels)) if weights is None else weights[labels]
    losses = -(spread * np.log(shares)).sum(axis=1)
    return factor * losses, factor[:, None] * (shares - spread)


def binary(outputs, labels):
    chance = 1 / (1 + np.exp(-outputs[:, 0]))
    losses = -np.log(np.where(labels == 1, chance, 1 - chance))
    return losses, (chance - labels)[:, None]


REGRESSION = {"kind": "regression"}
CASES: dict[str, tuple[dict[str, Any], Any, str]] = {
    "squared": (REGRESSION, of_errors(np.square, lambda e: 2 * e), "numbers"),
    "absolute": (
        {**REGRESSION, "loss": "mean_absolute_error"},
        of_errors(abs, np.sign),
        "numbers",
    ),
    "huber": (
        {**REGRESSION, "loss": "huber", "delta": 0.5},
        of_errors(huber, lambda e: np.clip(e, -0.5, 0.5)),
        "numbers",
    ),
    "own": (
        {**REGRESSION, "loss": quartic_loss},
        of_errors(lambda e: e**4, lambda e: 4 * e**3),
        "numbers",
    ),
    "entropy": ({}, entropy, "classes"),
    "smoothed": (
        {"label_smoothing": SMOOTHING},
        lambda o, y: entropy(o, y, smoothing=SMOOTHING),
        "classes",
    ),
    "weighted": (
        {"class_weights": WEIGHTS.tolist()},
        lambda o, y: entropy(o, y, weights=WEIGHTS),
        "classes",
    ),
    "binary": ({"loss": "binary_cross_entropy"}, binary, "binary"),
}


def make_examples(labels: str):
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(N + N_TEST, N_INPUTS)).astype(np.float32)
    numbers = 0.5 * (inputs @ [1.0, -1.0, 0.5, 0.0]) + 0.3 * rng.normal(size=N + N_TEST)
    kinds = {
        "numbers": numbers.astype(np.float32),
        "classes": np.digitize(numbers, [-0.3, 0.3]),
        "binary": (numbers > 0).astype(int),
    }
    return inputs, kinds[labels]


def plain_loop(study, rate, seed, both, inputs, targets, n_outputs):
    """The test losses after each epoch, of one run in float64."""
    model = build_model("softmax", {}, example_shape=(N_INPUTS,), n_classes=n_outputs)
    key = purpose_key(jnp.array([0, seed], jnp.uint32), "initialisation")
    (layer,), _ = model.init(key, {})
    kernel, bias = (np.asarray(layer[n], np.float64) for n in ("kernel", "bias"))
    losses = []
    for epoch in range(study.budget.epochs):
        order = epoch_order(seed, epoch, N)
        for first in range(0, N, BATCH_SIZE):
            rows = order[first : first + BATCH_SIZE]
            x = inputs[rows].astype(np.float64)
            _, slopes = both(x @ kernel + bias, targets[rows])
            kernel = kernel - rate * x.T @ slopes / len(rows)
            bias = bias - rate * slopes.mean(axis=0)
        test = inputs[N:].astype(np.float64) @ kernel + bias
        losses.append(both(test, targets[N:])[0].mean())
    return losses


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_a_vectorised_study_takes_the_steps_of_a_plain_loop(tmp_path, name):
    task, both, labels = CASES[name]
    inputs, targets = make_examples(labels)
    rates, seeds = (0.01, 0.05), (0, 1)
    study = Study(
        name=name,
        seeds=seeds,
        budget=Budget(epochs=3, evaluate_every=1.0),
        data=arrays(inputs[:N], targets[:N], inputs[N:], targets[N:]),
        model=ModelChoice(name="softmax"),
        optimizer=OptimizerChoice(name="sgd"),
        space=SearchSpace(
            grids=({"learning_rate": rates, "batch_size": (BATCH_SIZE,)},)
        ),
        task=as_task(task),
    )
    found = train_study(study, tmp_path / name, data_folder=tmp_path, device="cpu")

    n_outputs = {"numbers": 1, "binary": 1, "classes": 3}[labels]
    expected = [
        [
            plain_loop(study, rate, seed, both, inputs, targets, n_outputs)
            for seed in seeds
        ]
        for rate in rates
    ]
    # Twelve steps in float32 against float64; fourth powers lose a digit more.
    np.testing.assert_allclose(found.curves["test_loss"][..., 1:], expected, rtol=2e-5)
