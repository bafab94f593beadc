"""The network `cnn` beside Keras's layers, and beside a plain loop over runs."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from loop_builders import losses_both_ways

import paribus as pb
from paribus.data.batches import epoch_order
from paribus.engine.keys import purpose_key
from paribus.engine.recipe import Arrays, Recipe
from paribus.engine.run import Steps, start_run, train_run
from paribus.models.build import build_model
from paribus.optimizers.transformations import traced_numbers


os.environ["KERAS_BACKEND"] = "jax"

N_STEPS, BATCH_SIZE = 50, 16
SEED = jnp.array([0, 5], jnp.uint32)
SETTINGS = {
    "channels": (4, 6),
    "kernel_size": 3,
    "padding": "valid",
    "hidden": (),
    "activation": "relu",
}


def make_images(n, side=12, seed=0):
    """Images with a bright square at one of three places, on black as digits are."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, size=n).astype(np.int32)
    images = np.zeros((n, side, side), np.float32)
    for image, label in zip(images, labels, strict=True):
        first = 3 * label + rng.integers(0, 3)
        image[first : first + 4, 2:9] = rng.uniform(0, 1, size=(4, 7))
    return images, labels


def our_losses(images, labels):
    """The loss of each batch before its step, and the first weights."""
    model = build_model("cnn", SETTINGS, example_shape=images.shape[1:], n_classes=3)
    recipe = Recipe(
        model=model,
        optimizer_name="keras_adam",
        static_settings={},
        batch_size=BATCH_SIZE,
        n_examples=len(labels),
        input_divisor=1.0,
    )
    numbers = {"learning_rate": 3e-3, "b1": 0.9, "b2": 0.999, "eps": 1e-7}
    traced = {
        name: jnp.float32(value)
        for name, value in traced_numbers("keras_adam", numbers).items()
    }
    data = Arrays(jnp.asarray(images), jnp.asarray(labels))
    order = jnp.arange(len(labels))

    @jax.jit
    def step(state, k):
        one = Steps(k, jnp.int32(1), jnp.bool_(False), jnp.int32(0), jnp.int32(1))
        after = train_run(recipe, state, traced, order, data, one)
        loss = (after.loss_sum - state.loss_sum) / BATCH_SIZE
        return after._replace(loss_sum=jnp.zeros(())), loss

    first = state = start_run(recipe, SEED, traced)
    losses = []
    for k in range(N_STEPS):
        state, loss = step(state, jnp.int32(k))
        losses.append(float(loss))
    return first.params, np.array(losses)


def keras_network():
    import keras
    from keras import layers

    network = keras.Sequential(
        [
            layers.Input((12, 12, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    network.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return network


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Keras
def test_the_losses_are_keras_s_own_for_50_steps():
    images, labels = make_images(N_STEPS * BATCH_SIZE)
    first, ours = our_losses(images, labels)

    network = keras_network()
    values = [layer[name] for layer in first for name in ("kernel", "bias")]
    for variable, value in zip(network.trainable_variables, values, strict=True):
        variable.assign(value)
    theirs = []
    for k in range(N_STEPS):
        part = slice(k * BATCH_SIZE, (k + 1) * BATCH_SIZE)
        network.reset_metrics()  # else the loss is a running mean
        theirs.append(
            float(network.train_on_batch(images[part][..., None], labels[part]))
        )

    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert ours[-5:].mean() < ours[:5].mean() - 0.1  # it learns, so the steps count


def forward(params, images, kept):
    """`cnn` written out: a sum over the places of the kernel, no convolution of JAX's.

    `kept` is what dropout multiplies the features by.
    """
    for layer in params[:-1]:
        kernel, bias = layer["kernel"], layer["bias"]
        height, width = images.shape[1] - 2, images.shape[2] - 2
        sums = bias + sum(
            images[:, i : i + height, j : j + width] @ kernel[i, j]
            for i in range(3)
            for j in range(3)
        )
        outputs = jnp.where(sums > 0, sums, 0)  # black pixels give exact zeros
        n, height, width = len(images), height // 2, width // 2
        squares = outputs[:, : 2 * height, : 2 * width].reshape(
            n, height, 2, width, 2, -1
        )
        images = squares.max(axis=(2, 4))
    features = images.reshape(len(images), -1) * kept
    return features @ params[-1]["kernel"] + params[-1]["bias"]


def loss_of(params, images, labels, kept):
    shares = jax.nn.log_softmax(forward(params, images[..., None], kept))
    return -shares[jnp.arange(len(labels)), labels].mean()


DESCEND, TEST_LOSS = jax.jit(jax.grad(loss_of)), jax.jit(loss_of)


def plain_loop(study, dataset, run):
    """The test losses of one run after each epoch, by optax and a Python loop."""
    settings = study.settings(run.config)
    rate = settings.model["dropout"]
    model = build_model("cnn", SETTINGS, example_shape=(12, 12), n_classes=3)
    seed = jnp.array([0, run.seed], jnp.uint32)
    params, _ = model.init(purpose_key(seed, "initialisation"), {})
    optimizer = optax.sgd(run.config["learning_rate"])
    state = optimizer.init(params)
    losses, n_steps = [], 0
    for epoch in range(study.budget.epochs):
        order = epoch_order(run.seed, epoch, len(dataset.train))
        for first in range(0, len(order), settings.batch_size):
            batch = dataset.train.take(order[first : first + settings.batch_size])
            step = jax.random.fold_in(purpose_key(seed, "dropout"), n_steps)
            drawn = jax.random.uniform(
                jax.random.fold_in(step, 0), (len(batch.labels), 6)
            )
            kept = np.where(drawn >= rate, 1 / (1 - rate), 0).astype(np.float32)
            gradient = DESCEND(params, batch.inputs, batch.labels, kept)
            updates, state = optimizer.update(gradient, state, params)
            params = optax.apply_updates(params, updates)
            n_steps += 1
        test = dataset.splits["test"]
        losses.append(float(TEST_LOSS(params, test.inputs, test.labels, 1.0)))
    return losses


@pytest.mark.slow
def test_vectorised_runs_equal_a_plain_loop_over_runs(tmp_path):
    arrays = {}
    for split, n, seed in (("train", 90, 1), ("test", 40, 2)):
        arrays[f"x_{split}"], arrays[f"y_{split}"] = make_images(n, seed=seed)
    np.savez(tmp_path / "images.npz", allow_pickle=False, **arrays)
    study = pb.Study(
        name="cnn",
        data=pb.data.npz(str(tmp_path / "images.npz")),
        model=pb.models.cnn(channels=[4, 6]),
        optimizer=pb.optimizers.sgd(),
        space=pb.grid(learning_rate=[0.03, 0.3], batch_size=[16], dropout=[0.0, 0.4]),
        epochs=2,
        seeds=[0, 9],
        evaluate_every=1.0,
    )

    ours, theirs = losses_both_ways(study, tmp_path, plain_loop)

    # A dozen steps in float32 with sums in another order.
    np.testing.assert_allclose(ours, theirs, rtol=2e-5)
