"""The same weights on the same batches in real Keras 3."""

import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from paribus.data import load_dataset
from paribus.data.batches import epoch_order
from paribus.engine.recipe import Arrays, Recipe
from paribus.engine.run import Steps, start_run, train_run
from paribus.models.build import build_model
from paribus.optimizers.transformations import traced_numbers
from paribus.study import DataChoice


N_STEPS = 100

os.environ["KERAS_BACKEND"] = "jax"


def ours_on_mnist(dataset):
    model = build_model(
        "mlp",
        {"hidden": (128,), "activation": "relu"},
        example_shape=(28, 28),
        n_classes=10,
    )
    return Recipe(
        model=model,
        optimizer_name="keras_adam",
        static_settings={},
        batch_size=32,
        n_examples=len(dataset.train),
        input_divisor=dataset.input_divisor,
    )


def keras_losses(weights, learning_rate, batches):
    """Losses before each step of Keras's own training, from the same weights."""
    import keras  # reads KERAS_BACKEND

    network = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    network.compile(
        optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    network.set_weights(weights)
    losses = []
    for inputs, labels in batches:
        network.reset_metrics()  # else the loss is a running mean
        losses.append(float(network.train_on_batch(inputs, labels)))
    return np.array(losses)


def our_losses(recipe, dataset, learning_rate, order):
    """Our weights before the first step, as Keras orders them, and our losses."""
    settings = {"learning_rate": learning_rate, "b1": 0.9, "b2": 0.999, "eps": 1e-7}
    numbers = traced_numbers("keras_adam", settings)
    traced = {name: jnp.float32(value) for name, value in numbers.items()}
    data = Arrays(jnp.asarray(dataset.train.inputs), jnp.asarray(dataset.train.labels))
    train = jax.jit(
        lambda state, steps: train_run(recipe, state, traced, order, data, steps)
    )
    state = start_run(recipe, jnp.array([0, 5], jnp.uint32), traced)
    weights = [
        np.asarray(layer[name]) for layer in state.params for name in ("kernel", "bias")
    ]
    losses = []
    for k in range(N_STEPS):
        state = state._replace(loss_sum=jnp.float32(0))
        steps = Steps(
            first_step=jnp.int32(k),
            n_steps=jnp.int32(1),
            has_partial=jnp.bool_(False),
            n_before=jnp.int32(0),
            span=jnp.int32(1),
        )
        state = train(state, steps)
        losses.append(float(state.loss_sum) / recipe.batch_size)
    return weights, np.array(losses)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Keras
@pytest.mark.parametrize("learning_rate", [0.001, 0.01])
def test_keras_adam_gives_keras_s_own_losses_for_100_steps(learning_rate):
    dataset = load_dataset(DataChoice(name="mnist"), folder=Path())
    recipe = ours_on_mnist(dataset)
    order = epoch_order(5, 0, len(dataset.train))
    batches = [
        (
            dataset.train.inputs[part].astype(np.float32) / 255,
            dataset.train.labels[part],
        )
        for part in np.split(order[: 32 * N_STEPS], N_STEPS)
    ]

    weights, ours = our_losses(recipe, dataset, learning_rate, jnp.asarray(order))
    theirs = keras_losses(weights, learning_rate, batches)

    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
