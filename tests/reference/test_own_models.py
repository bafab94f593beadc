"""Users' models in a vectorised study, and in a plain Python loop over runs."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from keras_builders import convolution, normalised, residual
from loop_builders import losses_both_ways
from module_builders import NnxNetwork, apply, equinox_mlp, equinox_network, init

import paribus as pb
from paribus.data.batches import epoch_order
from paribus.engine.keys import purpose_key
from paribus.integrations.build import build_user_model


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Keras

SPACE = {"learning_rate": [0.03, 0.3], "batch_size": [16, 23]}
MODELS = {
    "keras": (normalised, {}),
    "keras_convolution": (convolution, {}),
    "keras_residual": (residual, {}),
    "flax": (NnxNetwork, {"width": [3, 4]}),
    "equinox": (equinox_network, {}),
    "equinox_mlp": (equinox_mlp, {}),
    "functions": (
        pb.models.functions(init, apply, width=6, noise=0.1),
        {"noise": [0.0, 0.3]},
    ),
}
IN_CI = ("keras", "flax", "equinox", "functions")


def write_images(path):
    rng = np.random.default_rng(0)
    arrays = {}
    for split, n in (("train", 90), ("test", 40)):
        labels = rng.integers(0, 3, size=n).astype(np.int32)
        images = rng.normal(size=(n, 8, 8, 1)) + labels[:, None, None, None] / 2
        arrays |= {f"x_{split}": images.astype(np.float32), f"y_{split}": labels}
    np.savez(path, allow_pickle=False, **arrays)
    return str(path)


def plain_loop(study, dataset, run):
    """The test losses of one run after each epoch, by optax and a Python loop.

    Not by Adam: a bias before batch statistics has no gradient but rounding, which Adam
    makes as large as any.
    """
    settings = study.settings(run.config)
    model = build_user_model(
        study.model.builder,
        settings.model,
        example_shape=dataset.example_shape,
        n_classes=dataset.n_classes,
    )
    numbers = {n: jnp.float32(settings.model[n]) for n in model.hyperparameters}
    optimizer = optax.sgd(run.config["learning_rate"])
    seed = jnp.array([0, run.seed], jnp.uint32)
    params, state = model.init(purpose_key(seed, "initialisation"), numbers)
    optimizer_state = optimizer.init(params)

    def objective(params, state, inputs, labels, key):
        applied = model.apply(
            params, state, inputs, hyperparameters=numbers, train=True, key=key
        )
        shares = jax.nn.log_softmax(applied.outputs)
        loss = -shares[jnp.arange(len(labels)), labels].mean()
        penalty = 0.0 if applied.penalty is None else applied.penalty
        return loss + penalty, applied.state

    @jax.jit
    def test_loss(params, state, inputs, labels):
        logits = model.apply(params, state, inputs, hyperparameters=numbers).outputs
        shares = jax.nn.log_softmax(logits)
        return -shares[jnp.arange(len(labels)), labels].mean()

    descend = jax.jit(jax.grad(objective, has_aux=True))
    losses, n_steps = [], 0
    for epoch in range(study.budget.epochs):
        order = epoch_order(run.seed, epoch, len(dataset.train))
        for first in range(0, len(order), settings.batch_size):
            batch = dataset.train.take(order[first : first + settings.batch_size])
            key = jax.random.fold_in(purpose_key(seed, "dropout"), n_steps)
            key = key if model.draws else None
            gradient, state = descend(params, state, batch.inputs, batch.labels, key)
            updates, optimizer_state = optimizer.update(
                gradient, optimizer_state, params
            )
            params = optax.apply_updates(params, updates)
            n_steps += 1
        test = dataset.splits["test"]
        losses.append(float(test_loss(params, state, test.inputs, test.labels)))
    return losses


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=pytest.mark.slow if name in IN_CI else pytest.mark.long
        )
        for name in MODELS
    ],
)
def test_vectorised_runs_equal_a_plain_loop_over_runs(tmp_path, name):
    model, space = MODELS[name]
    study = pb.Study(
        name=name.replace("_", "-"),
        data=pb.data.npz(write_images(tmp_path / "images.npz")),
        model=model,
        optimizer=pb.optimizers.sgd(),
        space=pb.grid(**SPACE, **space),
        epochs=2,
        seeds=[0, 9],
        evaluate_every=1.0,
    )

    ours, theirs = losses_both_ways(study, tmp_path, plain_loop)

    # A dozen steps in float32 with sums in another order.
    np.testing.assert_allclose(ours, theirs, rtol=2e-5)
