"""Schedules against optax's own, step by step."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from builders import make_blobs_study

from paribus.engine.epochs import traced_values
from paribus.optimizer_catalogue import COMMON, SCHEDULE
from paribus.optimizers.schedules import scale_at, warmup_at
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


START, END, N = 4, 44, 40

# Name -> our numbers and optax's schedule from START to END, of a rate of 1.
AGAINST = {
    "linear": ({}, optax.linear_schedule(1.0, 0.0, N)),
    "linear to a tenth": ({"final_fraction": 0.1}, optax.linear_schedule(1.0, 0.1, N)),
    "cosine": ({}, optax.cosine_decay_schedule(1.0, N)),
    "cosine to a tenth": (
        {"final_fraction": 0.1},
        optax.cosine_decay_schedule(1.0, N, alpha=0.1),
    ),
    "step": (
        {"decay_factor": 0.1, "decay_every": 0.3},
        optax.exponential_decay(1.0, 12, 0.1, staircase=True),
    ),
    "step down to a twentieth": (
        {"decay_factor": 0.5, "decay_every": 0.1, "final_fraction": 0.05},
        optax.exponential_decay(1.0, 4, 0.5, staircase=True, end_value=0.05),
    ),
    "exponential": (
        {"decay_factor": 0.2, "decay_every": 0.25},
        optax.exponential_decay(1.0, 10, 0.2),
    ),
    "exponential down to a hundredth": (
        {"decay_factor": 0.2, "decay_every": 0.25, "final_fraction": 0.01},
        optax.exponential_decay(1.0, 10, 0.2, end_value=0.01),
    ),
    "one_cycle": (
        {"start_fraction": 0.04, "rise_fraction": 0.3, "final_fraction": 4e-6},
        optax.cosine_onecycle_schedule(N, 1.0, 0.3, 25, 1e4),
    ),
    "one_cycle otherwise": (
        {"start_fraction": 0.5, "rise_fraction": 0.1, "final_fraction": 0.05},
        optax.cosine_onecycle_schedule(N, 1.0, 0.1, 2, 10),
    ),
}


@pytest.mark.parametrize("is_traced", [False, True], ids=["static", "traced"])
@pytest.mark.parametrize("case", AGAINST)
def test_every_step_of_a_schedule_equals_optax_s(case, is_traced):
    numbers, theirs = AGAINST[case]
    name = case.split()[0]
    steps = np.arange(END + 5)

    def scale(step, start, end, numbers):
        return scale_at(name, step, start, end, numbers)

    over_steps = jax.vmap(scale, in_axes=(0, None, None, None))
    if is_traced:
        over_steps = jax.jit(over_steps)
    ours = over_steps(jnp.asarray(steps), float(START), float(END), numbers)

    # Before it begins the first value holds, after it has ended the last one.
    expected = [theirs(int(np.clip(step - START, 0, N))) for step in steps]
    # float32 cosines and powers of numbers of at most 1, written in another order.
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=3e-7)


@pytest.mark.parametrize("n_drops", range(1, 10))
@pytest.mark.parametrize("n_steps", [10, 90, 1000, 187_500, 1_000_000])
def test_a_stair_begins_at_its_own_step(n_steps, n_drops):
    numbers = {"decay_factor": 0.5, "decay_every": 0.1}
    first = n_steps * n_drops // 10

    scales = [
        float(scale_at("step", jnp.float32(step), 0.0, float(n_steps), numbers))
        for step in (first - 1, first)
    ]

    assert scales == pytest.approx([0.5 ** (n_drops - 1), 0.5**n_drops], rel=1e-5)


@pytest.mark.parametrize("n_steps", [1, 2, 7, 100])
def test_a_warm_up_equals_optax_s_and_loses_no_step(n_steps):
    steps = np.arange(n_steps + 3)

    ours = [float(warmup_at(step, float(n_steps))) for step in steps]

    # One more than optax counts: its first step would have a learning rate of 0.
    theirs = optax.linear_schedule(0.0, 1.0, n_steps)
    np.testing.assert_allclose(
        ours, np.asarray([theirs(s + 1) for s in steps]), rtol=1e-6
    )
    assert ours[0] == pytest.approx(1 / n_steps)


def test_no_warm_up_is_none_and_a_whole_run_of_it_leaves_nothing_to_the_schedule():
    assert float(warmup_at(0, 0.0)) == 1
    assert float(scale_at("cosine", 9, 30.0, 10.0, {})) == 1


@pytest.mark.parametrize("schedule", SCHEDULE.choices)
def test_warm_up_comes_before_any_schedule(schedule):
    own: dict[str, Any] = {
        n: h.default for n, h in COMMON.items() if schedule in h.schedules
    }
    settings = {
        **own,
        "learning_rate": 0.1,
        "momentum": 0.0,
        "schedule": schedule,
        "warmup_steps": 4.0,
        "decay_start": 4.0,
        "decay_end": 20.0,
    }
    params = jnp.array([1.0])

    def rate(step):
        optimizer = build_optimizer("sgd", settings, step=step)
        return -float(
            jnp.asarray(optimizer.update(params, optimizer.init(params))[0])[0]
        )

    first = 0.1 * own.get("start_fraction", 1.0)
    quarters = [first / 4, first / 2, 3 * first / 4, first, first]
    np.testing.assert_allclose([rate(k) for k in range(5)], quarters, rtol=1e-5)
    if schedule != "constant":
        assert rate(19) < 0.09


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
