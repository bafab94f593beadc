"""Schedules against optax's own, step by step."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from builders import make_blobs_study

from paribus.engine.epochs import traced_values
from paribus.optimizers.schedules import scale_at
from paribus.optimizers.transformations import build_optimizer
from paribus.space import SearchSpace
from paribus.study import Budget, Run


N_STEPS = 10
LEARNING_RATE = 0.1
OPTAX_SCHEDULES = {
    "linear": optax.linear_schedule(LEARNING_RATE, 0.0, N_STEPS),
    "cosine": optax.cosine_decay_schedule(LEARNING_RATE, N_STEPS),
}
OPTAX = {
    "sgd": lambda schedule: optax.sgd(schedule, momentum=0.9),
    "adam": optax.adam,
}
SETTINGS = {
    "sgd": {"momentum": 0.9, "nesterov": False},
    "adam": {"b1": 0.9, "b2": 0.999, "eps": 1e-8},
}


def gradient_at(params):
    return jnp.sin(3 * params) + params


@pytest.mark.parametrize("schedule", OPTAX_SCHEDULES)
@pytest.mark.parametrize("name", OPTAX)
def test_ten_steps_equal_those_of_optax(name, schedule):
    settings = {
        **SETTINGS[name],
        "learning_rate": LEARNING_RATE,
        "schedule": schedule,
        "decay_start": 0.0,
        "decay_end": float(N_STEPS),
    }
    theirs = OPTAX[name](OPTAX_SCHEDULES[schedule])
    ours_at = their_params = jnp.array([1.0, -2.0, 0.3])
    our_state = build_optimizer(name, settings).init(ours_at)
    their_state = theirs.init(their_params)

    for step in range(N_STEPS + 2):
        optimizer = build_optimizer(name, settings, step=jnp.asarray(step))
        updates, our_state = optimizer.update(gradient_at(ours_at), our_state)
        ours_at = optax.apply_updates(ours_at, updates)
        updates, their_state = theirs.update(gradient_at(their_params), their_state)
        their_params = optax.apply_updates(their_params, updates)
        # The same arithmetic in float32; cosines of two libraries differ by a bit.
        np.testing.assert_allclose(
            np.asarray(ours_at), np.asarray(their_params), rtol=3e-6
        )


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_a_decay_begins_and_ends_where_it_is_told(schedule):
    steps = jnp.arange(12)

    scales = jax.vmap(lambda step: scale_at(schedule, step, 4.0, 8.0))(steps)

    assert (scales[:5] == 1).all()
    # A float32 cosine of pi leaves -1 by one part in ten million at most.
    np.testing.assert_allclose(scales[8:], 0, atol=1e-7)
    np.testing.assert_allclose(scales[6], 0.5, atol=1e-7)
    assert (jnp.diff(scales[4:9]) < 0).all()


@pytest.mark.parametrize(("steps", "end"), [(None, 26.0), (40, 40.0)])
def test_a_run_decays_over_its_own_budget(steps, end):
    study = make_blobs_study()
    grid = {**study.space.grids[0], "schedule": ("cosine",)}
    study = replace(
        study,
        space=SearchSpace(grids=(grid,)),
        budget=Budget(epochs=2, evaluate_every=1.0, steps=steps),
    )

    # Of 200 examples in batches of 16 the last of an epoch is partial: 13 steps each.
    numbers = traced_values(study, [Run(study.configs()[0], 0)], n_examples=200)

    assert numbers["decay_start"].tolist() == [0.0]
    assert numbers["decay_end"].tolist() == [end]
