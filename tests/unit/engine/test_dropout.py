"""Dropout is in a program only where a study asks for it."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import make_blobs_study, train_blobs
from probe_builders import sgd_recipe

from paribus.engine.epochs import traced_values
from paribus.engine.measures import summarise
from paribus.engine.recipe import Arrays, Recipe
from paribus.engine.run import RunState, Steps, start_run, train_run
from paribus.models.build import build_model
from paribus.space import SearchSpace
from paribus.study import ModelChoice, Run, Study


N_EXAMPLES, BATCH_SIZE = 96, 8


def make_recipe(*, has_dropout: bool = True) -> Recipe:
    model = build_model(
        "mlp",
        {"hidden": (16,), "activation": "relu"},
        example_shape=(6,),
        n_classes=3,
        has_dropout=has_dropout,
    )
    return sgd_recipe(model, batch_size=BATCH_SIZE, n_examples=N_EXAMPLES)


def train(recipe: Recipe, traced: dict[str, Any], *, mask_seed: int = 0) -> RunState:
    """The state after an epoch, always from the same weights."""
    rng = np.random.default_rng(0)
    inputs = jnp.asarray(rng.normal(size=(N_EXAMPLES, 6)).astype(np.float32))
    labels = jnp.asarray(rng.integers(0, 3, size=N_EXAMPLES).astype(np.int32))
    steps = Steps(
        first_step=jnp.int32(0),
        n_steps=jnp.int32(N_EXAMPLES // BATCH_SIZE),
        has_partial=jnp.bool_(False),
        n_before=jnp.int32(0),
        span=jnp.int32(1),
    )
    order = jnp.arange(N_EXAMPLES, dtype=jnp.int32)
    numbers = {name: jnp.float32(value) for name, value in traced.items()}
    state = start_run(recipe, jnp.array([0, 0], jnp.uint32), numbers)
    if state.seed is not None:
        state = state._replace(seed=jnp.array([0, mask_seed], jnp.uint32))
    return train_run(recipe, state, numbers, order, Arrays(inputs, labels), steps)


def dropout_study(*rates: float, name: str = "blobs") -> Study:
    study = make_blobs_study()
    (grid,) = study.space.grids
    space = SearchSpace(grids=({**grid, "dropout": rates},))
    return replace(study, name=name, space=space)


@pytest.mark.parametrize(
    ("study", "expected"),
    [
        (make_blobs_study(), False),
        (dropout_study(0.0), True),  # it may grow: the program must not change
        (dropout_study(0.0, 0.5), True),
        (
            replace(
                make_blobs_study(),
                model=ModelChoice(name="mlp", settings={"dropout": 0.0}),
            ),
            False,
        ),
        (
            replace(
                make_blobs_study(),
                model=ModelChoice(name="mlp", settings={"dropout": 0.1}),
            ),
            True,
        ),
    ],
    ids=["default", "varied-zero", "varied", "fixed-zero", "fixed"],
)
def test_masks_are_drawn_where_dropout_is_varied_or_set(study, expected):
    run = Run(study.configs()[0], seed=0)

    traced = traced_values(study, [run], n_examples=200)

    assert study.has_dropout() == expected
    assert ("dropout" in traced) == expected


def test_program_without_dropout_draws_nothing():
    plain = {"learning_rate": 0.1, "momentum": 0.0}
    words = jnp.array([0, 1], jnp.uint32)

    def draws(traced: dict[str, Any]) -> bool:
        recipe = make_recipe(has_dropout="dropout" in traced)
        state = start_run(recipe, words, traced)
        program = jax.make_jaxpr(
            lambda state: train_run(
                recipe,
                state,
                traced,
                jnp.arange(N_EXAMPLES),
                Arrays(jnp.zeros((N_EXAMPLES, 6)), jnp.zeros(N_EXAMPLES, jnp.int32)),
                Steps(0, jnp.int32(2), jnp.bool_(False), 0, 1),
            )
        )(state)
        return "random_bits" in str(program)

    assert not draws({name: jnp.float32(v) for name, v in plain.items()})
    with_dropout = {**plain, "dropout": 0.0}
    assert draws({name: jnp.float32(v) for name, v in with_dropout.items()})


def test_rate_of_zero_keeps_everything():
    plain = {"learning_rate": 0.1, "momentum": 0.9}

    without = train(make_recipe(has_dropout=False), plain)
    with_zero = train(make_recipe(), {**plain, "dropout": 0.0})

    for ours, theirs in zip(
        jax.tree.leaves(without.params), jax.tree.leaves(with_zero.params), strict=True
    ):
        # Another program: float32 sums may be ordered otherwise.
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


def test_same_seed_draws_the_same_masks_and_another_seed_others():
    recipe = make_recipe()
    traced = {"learning_rate": 0.0, "momentum": 0.0, "dropout": 0.5}

    # The weights stay where they are, so that losses differ by the masks alone.
    first, again, other = (
        float(train(recipe, traced, mask_seed=s).loss_sum) for s in (0, 0, 1)
    )

    assert first == again
    assert first != other


def test_step_is_measured_again_with_its_own_mask():
    recipe = make_recipe()
    traced = {"learning_rate": 1e-3, "momentum": 0.0, "dropout": 0.5}

    state = train(recipe, traced)

    # Steps this small always descend on their own mask; on another one the loss would
    # rise in about half of them.
    found = summarise(state.measures, state.step)
    assert float(found["overshoot_share"]) == 0


@pytest.mark.slow
def test_larger_dropout_axis_leaves_every_run_as_it_was(tmp_path):
    few = dropout_study(0.2, name="few")
    many = dropout_study(0.0, 0.2, 0.5, name="many")

    small, large = train_blobs(few, tmp_path), train_blobs(many, tmp_path)

    for i, config in enumerate(small.configs):
        place = large.config_index(config)
        for name, curve in small.curves.items():
            assert curve[i].tobytes() == large.curves[name][place].tobytes(), name
