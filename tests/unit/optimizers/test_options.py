"""Clipping, decay of weights and warm-up of any optimizer; nothing if not asked for."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from builders import make_blobs_study

from paribus.engine.epochs import traced_values
from paribus.errors import StudyError
from paribus.optimizer_catalogue import COMMON, OPTIMIZERS
from paribus.optimizers.keras_forms import keras_adam
from paribus.optimizers.transformations import build_optimizer, traced_numbers
from paribus.space import SearchSpace
from paribus.study import OptimizerChoice, Run


PARAMS = {
    "kernel": jnp.array([[1.0, -2.0], [0.5, 3.0]]),
    "bias": jnp.array([0.1, -4.0]),
}
GRADIENT = {
    "kernel": jnp.array([[3.0, -0.1], [0.0, 4.0]]),
    "bias": jnp.array([12.0, -0.2]),
}


def step_of(name: str, **settings: Any) -> Any:
    """One compiled step, with every number traced."""

    @jax.jit
    def step(numbers: Any) -> Any:
        optimizer = build_optimizer(name, numbers)
        return optimizer.update(GRADIENT, optimizer.init(PARAMS), PARAMS)[0]

    return step({n: jnp.float32(v) for n, v in traced_numbers(name, settings).items()})


def assert_same(ours: Any, theirs: Any) -> None:
    for mine, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(mine, other, rtol=2e-6)  # a few float32 roundings


def sgd_step(gradient: Any) -> Any:
    return jax.tree.map(lambda g: -0.1 * g, gradient)


def test_clip_value_bounds_each_entry():
    ours = step_of("sgd", learning_rate=0.1, momentum=0.0, clip_value=1.5)

    assert_same(
        ours, sgd_step(jax.tree.map(lambda g: jnp.clip(g, -1.5, 1.5), GRADIENT))
    )


@pytest.mark.parametrize("most", [1.3, 13.0, 1000.0])
def test_clip_norm_bounds_all_entries_together(most):
    ours = step_of("sgd", learning_rate=0.1, momentum=0.0, clip_norm=most)

    # 3² + 0.1² + 4² + 12² + 0.2² = 13.002...²
    norm = np.sqrt(sum(float((g**2).sum()) for g in jax.tree.leaves(GRADIENT)))
    scale = min(1.0, most / norm)
    assert_same(ours, sgd_step(jax.tree.map(lambda g: g * scale, GRADIENT)))


@pytest.mark.parametrize("option", ["clip_norm", "clip_value"])
def test_clipping_at_0_is_none(option):
    ours = step_of("sgd", learning_rate=0.1, momentum=0.0, **{option: 0.0})

    assert_same(ours, sgd_step(GRADIENT))


def test_l2_is_part_of_the_gradient_of_every_weight():
    def penalised(params):
        linear = sum(
            (g * p).sum()
            for g, p in zip(*map(jax.tree.leaves, (GRADIENT, params)), strict=True)
        )
        return linear + 0.3 / 2 * sum((p**2).sum() for p in jax.tree.leaves(params))

    ours = step_of("keras_adam", learning_rate=0.1, b1=0.9, b2=0.99, eps=1e-7, l2=0.3)

    theirs = keras_adam(0.1, 0.9, 0.99, 1e-7, b1_rest=0.1, b2_rest=0.01)
    assert_same(
        ours, theirs.update(jax.grad(penalised)(PARAMS), theirs.init(PARAMS))[0]
    )


def test_a_gradient_is_clipped_before_l2_is_added():
    ours = step_of("sgd", learning_rate=0.1, momentum=0.0, clip_value=1.0, l2=2.0)

    clipped = jax.tree.map(lambda g, p: jnp.clip(g, -1, 1) + 2 * p, GRADIENT, PARAMS)
    assert_same(ours, sgd_step(clipped))


@pytest.mark.parametrize("name", sorted(OPTIMIZERS.keys() - {"lamb"}))
def test_weight_decay_takes_its_part_of_every_weight_beside_the_step(name):
    known = OPTIMIZERS[name]
    settings = {
        n: h.default
        for n, h in known.items()
        if n not in COMMON and not h.is_static and not h.is_optional
    }

    without = step_of(name, learning_rate=0.1, weight_decay=0.0, **settings)
    ours = step_of(name, learning_rate=0.1, weight_decay=0.5, **settings)

    for mine, plain, weights in zip(
        *map(jax.tree.leaves, (ours, without, PARAMS)), strict=True
    ):
        # Steps of up to 1.2 in float32.
        np.testing.assert_allclose(mine, plain - 0.05 * weights, rtol=1e-6, atol=3e-7)


def test_weight_decay_follows_the_schedule():
    settings = {
        "learning_rate": 0.1,
        "momentum": 0.0,
        "weight_decay": 0.5,
        "schedule": "linear",
        "decay_start": 0.0,
        "decay_end": 10.0,
    }

    optimizer = build_optimizer("sgd", settings, step=5)
    ours = optimizer.update(GRADIENT, optimizer.init(PARAMS), PARAMS)[0]

    theirs = jax.tree.map(lambda g, p: -0.05 * (g + 0.5 * p), GRADIENT, PARAMS)
    assert_same(ours, theirs)


def program(optimizer_at: Any, numbers: dict[str, float]) -> str:
    """What is compiled for one step, as XLA's own text."""

    def step(params: Any, gradient: Any, numbers: Any) -> Any:
        optimizer = optimizer_at(numbers)
        updates, state = optimizer.update(gradient, optimizer.init(params), params)
        return optax.apply_updates(params, updates), jax.tree.leaves(state)

    traced = {n: jnp.float32(v) for n, v in numbers.items()}
    return jax.jit(step).lower(PARAMS, GRADIENT, traced).as_text()


@pytest.mark.parametrize(
    ("name", "plain", "settings"),
    [
        ("sgd", lambda n: optax.sgd(**n), {"learning_rate": 0.1, "momentum": 0.9}),
        (
            "adam",
            lambda n: optax.adam(**n),
            {"learning_rate": 0.1, "b1": 0.9, "b2": 0.999, "eps": 1e-8},
        ),
        (
            "keras_adam",
            lambda n: keras_adam(**n),
            {"learning_rate": 0.1, "b1": 0.9, "b2": 0.999, "eps": 1e-7},
        ),
    ],
    ids=["sgd", "adam", "keras_adam"],
)
def test_a_study_without_options_has_the_program_of_the_plain_optimizer(
    name, plain, settings
):
    numbers = traced_numbers(name, settings)

    ours = program(lambda n: build_optimizer(name, n), numbers)

    assert ours == program(plain, numbers)


def blobs(space: dict[str, tuple[Any, ...]] = {}, **settings: Any):  # noqa: B006
    study = make_blobs_study(optimizer="sgd")
    return replace(
        study,
        optimizer=OptimizerChoice(name="sgd", settings=settings),
        space=SearchSpace(grids=({**study.space.grids[0], **space},)),
    )


OPTIONAL = [name for name, h in COMMON.items() if h.is_optional and not h.schedules]


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_option_is_in_the_program_where_it_is_varied_or_set(name):
    def names(study: Any) -> set[str]:
        return set(traced_values(study, [Run(study.configs()[0], 0)], n_examples=200))

    plain = {"learning_rate", "momentum"}
    inside = name.replace("epochs", "steps")

    assert names(blobs()) == plain
    assert names(blobs({}, **{name: 0.0})) == plain  # what is fixed can never change
    assert names(blobs({}, **{name: 0.5})) == {*plain, inside}
    assert names(blobs({name: (0.0,)})) == {*plain, inside}  # it may grow


@pytest.mark.parametrize(
    ("schedule", "numbers"),
    [
        ("constant", set()),
        ("linear", set()),
        ("step", {"decay_factor", "decay_every"}),
        ("one_cycle", {"start_fraction", "rise_fraction"}),
    ],
)
def test_a_program_has_the_numbers_of_its_own_schedule_only(schedule, numbers):
    study = blobs({"schedule": (schedule,)})

    own = study.settings(study.configs()[0]).optimizer

    found = {n for n in own if COMMON.get(n) and COMMON[n].schedules}
    assert found == numbers


@pytest.mark.parametrize(
    ("space", "settings", "message"),
    [
        (
            {"final_fraction": (0.0, 0.1)},
            {},
            '`final_fraction` needs a `schedule` of "linear", "cosine", "step", '
            '"exponential", "one_cycle", got "constant"',
        ),
        (
            {"schedule": ("constant", "cosine")},
            {"decay_every": 0.5},
            '`decay_every` needs a `schedule` of "step", "exponential", got '
            '"constant" and "cosine"',
        ),
        (
            {"warmup_epochs": (1.0,)},
            {"warmup_steps": 10},
            "a study must have one of `warmup_steps` and `warmup_epochs`, got both",
        ),
    ],
    ids=["constant", "others", "two-warm-ups"],
)
def test_numbers_that_would_do_nothing_are_refused(space, settings, message):
    with pytest.raises(StudyError) as caught:
        blobs(space, **settings)

    assert str(caught.value) == message


def test_a_warm_up_in_epochs_sees_as_many_examples_at_every_batch_size():
    study = make_blobs_study(optimizer="sgd", batch_size=(16, 40))
    study = replace(
        study,
        optimizer=OptimizerChoice(
            name="sgd", settings={"warmup_epochs": 0.5, "schedule": "cosine"}
        ),
    )
    small, large = (c for c in study.configs()[:2])

    values = [
        traced_values(study, [Run(config, 0)], n_examples=200)
        for config in (small, large)
    ]

    # 13 and 5 steps an epoch; the schedule begins where the warm-up ends.
    assert [v["warmup_steps"].item() for v in values] == [6.5, 2.5]
    assert [v["decay_start"].item() for v in values] == [6.5, 2.5]
    assert [v["decay_end"].item() for v in values] == [26.0, 10.0]
