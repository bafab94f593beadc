"""A vectorised block against a plain Python loop over runs and steps."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from builders import make_blobs_study, make_dataset, train_blobs

from paribus.data.batches import epoch_order
from paribus.engine.keys import purpose_key
from paribus.models.build import build_model
from paribus.space import SearchSpace
from paribus.study import OptimizerChoice, Run


# As the engine hands them over: 1 - b2 is then rounded by 1e-5. Steps that are relative
# to the weights' own size make 1e-4 of a loss of it.
TRACED = {"b1": jnp.float32(0.9), "b2": jnp.float32(0.999)}


def plain_loop(study, dataset, run, *, make_optimizer):
    """Train one run with nothing but optax and a Python loop; its test losses."""
    settings = study.settings(run.config)
    model = build_model(
        study.model.name,
        settings.model,
        example_shape=dataset.example_shape,
        n_classes=dataset.n_classes,
    )
    optimizer = make_optimizer(run.config["learning_rate"])
    seed = jnp.array([0, run.seed], jnp.uint32)
    params, _ = model.init(purpose_key(seed, "initialisation"), {})
    state = optimizer.init(params)

    @jax.jit
    def loss_of(params, inputs, labels):
        logits = model.logits(params, inputs.astype(jnp.float32) / 255)
        shares = jax.nn.log_softmax(logits)
        return -shares[jnp.arange(len(labels)), labels].mean()

    losses = []
    for epoch in range(study.budget.epochs):
        order = epoch_order(run.seed, epoch, len(dataset.train))
        for first in range(0, len(order), settings.batch_size):
            batch = dataset.train.take(order[first : first + settings.batch_size])
            gradient = jax.grad(loss_of)(params, batch.inputs, batch.labels)
            updates, state = optimizer.update(gradient, state, params)
            params = optax.apply_updates(params, updates)
        test = dataset.splits["test"]
        losses.append(float(loss_of(params, test.inputs, test.labels)))
    return losses


@pytest.mark.parametrize(
    ("optimizer", "make_optimizer"),
    [
        pytest.param("adam", optax.adam, marks=pytest.mark.slow),
        ("sgd", optax.sgd),
        pytest.param("adamw", partial(optax.adamw, **TRACED), marks=pytest.mark.long),
        pytest.param("lamb", partial(optax.lamb, **TRACED), marks=pytest.mark.long),
        pytest.param("adagrad", optax.adagrad, marks=pytest.mark.long),
        pytest.param("adafactor", optax.adafactor, marks=pytest.mark.long),
    ],
    ids=["adam", "sgd", "adamw", "lamb", "adagrad", "adafactor"],
)
def test_vectorised_runs_equal_a_plain_loop_over_runs(
    tmp_path, optimizer, make_optimizer
):
    study = make_blobs_study(optimizer=optimizer, batch_size=(16, 37), seeds=(0, 9))
    dataset = make_dataset()

    result = train_blobs(study, tmp_path)

    ours = result.curves["test_loss"][:, :, 1:]
    theirs = [
        [
            plain_loop(study, dataset, Run(config, seed), make_optimizer=make_optimizer)
            for seed in study.seeds
        ]
        for config in study.configs()
    ]
    # Up to 26 steps in float32 with sums in another order; a loss near zero is the
    # difference of logits near 10, whose last bit is 1e-6.
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6)


@pytest.mark.slow
def test_options_and_schedule_equal_those_of_a_plain_loop(tmp_path):
    study = make_blobs_study(optimizer="adam", batch_size=(16,), seeds=(0, 9))
    (grid,) = study.space.grids
    options = {"warmup_epochs": 0.5, "clip_norm": 0.5, "l2": 0.01}
    study = replace(
        study,
        optimizer=OptimizerChoice(name="adam", settings=options),
        space=SearchSpace(
            grids=(
                {
                    **grid,
                    "schedule": ("cosine",),
                    "final_fraction": (0.0, 0.2),
                    "weight_decay": (0.0, 0.1),
                },
            )
        ),
    )
    dataset = make_dataset()

    def make_optimizer(config):
        # 13 steps an epoch: 6.5 of warm-up, then 19.5 of decay.
        cosine = optax.cosine_decay_schedule(
            config["learning_rate"], 39, alpha=config["final_fraction"]
        )

        def rate(step):  # the schedule in half steps: optax wants a whole number
            return jnp.minimum((step + 1) / 6.5, 1.0) * cosine(
                jnp.maximum(2 * step - 13, 0)
            )

        return optax.chain(
            optax.clip_by_global_norm(0.5),
            optax.add_decayed_weights(0.01),
            optax.adamw(rate, **TRACED, weight_decay=config["weight_decay"]),
        )

    result = train_blobs(study, tmp_path)

    theirs = [
        [
            plain_loop(
                study,
                dataset,
                Run(config, seed),
                make_optimizer=lambda _, config=config: make_optimizer(config),
            )
            for seed in study.seeds
        ]
        for config in study.configs()
    ]
    # As above.
    np.testing.assert_allclose(
        result.curves["test_loss"][:, :, 1:], theirs, rtol=2e-5, atol=2e-6
    )
