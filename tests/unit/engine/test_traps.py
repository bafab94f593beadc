"""Models and losses that go bad: seen as divergence, of those runs alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import make_blobs_study, make_dataset

from paribus import models
from paribus.api import tasks
from paribus.engine.block import BlockShape, Compiler
from paribus.engine.epochs import BlockCurves, train_block
from paribus.engine.plan import group_configs
from paribus.engine.trainer import Trainer
from paribus.space import SearchSpace
from paribus.study import Run, Study


pytestmark = pytest.mark.slow

N_INPUTS = 12
Apply = Callable[..., Any]


def init(key: jax.Array, hyperparameters: Any) -> Any:
    kernel = 0.1 * jax.random.normal(key, (N_INPUTS, 3))
    return {"kernel": kernel}, {"scale": hyperparameters["scale"]}


def guarded_cond(parameters: Any, state: Any, inputs: Any, *_: Any) -> Any:
    size = 0.0 * jnp.sum(parameters["kernel"])
    added = jax.lax.cond(size > 0, jnp.log, lambda value: value, size)
    return inputs @ parameters["kernel"] + added, state


def masked_log(parameters: Any, state: Any, inputs: Any, *_: Any) -> Any:
    size = 0.0 * jnp.sum(parameters["kernel"])
    added = jnp.where(size > 0, jnp.log(size), 0.0)
    return inputs @ parameters["kernel"] + added, state


def scaled(parameters: Any, state: Any, inputs: Any, *_: Any) -> Any:
    return state["scale"] * (inputs @ parameters["kernel"]), state


def minus_log(outputs: Any, targets: Any) -> Any:
    return -jnp.log(jnp.abs(outputs).sum(axis=-1)) + 0.0 * targets


def study_of(apply: Apply, scale: tuple[float, ...] = (1.0,)) -> Study:
    grid = {"learning_rate": (0.01,), "batch_size": (16,), "scale": scale}
    return replace(
        make_blobs_study(seeds=(0, 1, 2, 3)),
        model=models.functions(init, apply, scale=1.0),
        space=SearchSpace(grids=(grid,)),
    )


def train(study: Study, runs: Sequence[Run], *, map_width: int) -> BlockCurves:
    """Train a block of four runs, so many of them mapped at once."""
    device = jax.devices("cpu")[0]
    dataset = make_dataset(n_train=96, n_test=32, n_inputs=N_INPUTS)
    with Compiler(n_threads=1) as compiler:
        trainer = Trainer(study, dataset, (device,), compiler)
        (group,) = group_configs(study)
        trainer._shapes[group] = BlockShape(
            devices=(device,), runs_per_device=4, map_width=map_width
        )
        trained = train_block(trainer.driver(group), runs, study, n_examples=96)
    assert trained is not None
    return trained


@pytest.mark.parametrize(
    ("apply", "map_width", "diverged_at"),
    [
        # Mapped, both branches are computed. But it is the gradient that is mapped, so
        # what is not taken is chosen away, and not multiplied by zero.
        (guarded_cond, 4, 0),
        (masked_log, 1, 1),
    ],
)
def test_a_gradient_that_is_no_number_is_seen_at_the_first_step(
    apply: Apply, map_width: int, diverged_at: int
):
    study = study_of(apply)
    runs = [Run(study.configs()[0], seed) for seed in study.seeds]

    trained = train(study, runs, map_width=map_width)

    assert trained.diverged_at.tolist() == [diverged_at] * 4
    assert np.isnan(trained.curves["test_loss"][-1]).all() == bool(diverged_at)
    assert np.isfinite(trained.curves["test_loss"][0]).all()


def test_a_loss_that_takes_the_logarithm_of_zero_harms_its_own_run_alone():
    study = replace(
        study_of(scaled, scale=(0.0, 1.0)), task=tasks.classification(loss=minus_log)
    )
    bad, good = sorted(study.configs(), key=lambda config: config["scale"])
    healthy = [Run(good, seed) for seed in (0, 1, 2, 3)]
    mixed = [healthy[0], Run(bad, 1), healthy[2], Run(bad, 3)]

    alone = train(study, healthy, map_width=4)
    beside = train(study, mixed, map_width=4)

    assert alone.diverged_at.tolist() == [0] * 4
    assert beside.diverged_at.tolist() == [0, 1, 0, 1]
    for name, curve in alone.curves.items():
        assert curve[:, ::2].tobytes() == beside.curves[name][:, ::2].tobytes(), name
