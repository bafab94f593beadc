"""Each optimizer against optax's or Keras's own, ten steps on the same gradients."""

import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from paribus.optimizer_catalogue import OPTIMIZERS
from paribus.optimizers.transformations import build_optimizer, traced_numbers


N_STEPS = 10
RATE = 0.05

os.environ["KERAS_BACKEND"] = "jax"

# Every optimizer that is optax's, with hyperparameters other than the defaults.
OPTAX: dict[str, tuple[Any, dict[str, Any]]] = {
    "sgd": (optax.sgd, {"momentum": 0.8, "nesterov": True}),
    "momentum": (optax.sgd, {"momentum": 0.8}),
    "nesterov": (lambda r, **s: optax.sgd(r, nesterov=True, **s), {"momentum": 0.8}),
    "rmsprop": (optax.rmsprop, {"decay": 0.8, "eps": 1e-3, "momentum": 0.7}),
    "adam": (optax.adam, {"b1": 0.8, "b2": 0.95, "eps": 1e-3}),
    "adamw": (optax.adamw, {"b1": 0.8, "b2": 0.95, "eps": 1e-3, "weight_decay": 0.1}),
    "nadam": (optax.nadam, {"b1": 0.8, "b2": 0.95, "eps": 1e-3}),
    "nadamw": (
        optax.nadamw,
        {"b1": 0.8, "b2": 0.95, "eps": 1e-3, "weight_decay": 0.1},
    ),
    "radam": (optax.radam, {"b1": 0.8, "b2": 0.95, "eps": 1e-3}),
    "adamax": (optax.adamax, {"b1": 0.8, "b2": 0.95, "eps": 1e-3}),
    "lamb": (optax.lamb, {"b1": 0.8, "b2": 0.95, "eps": 1e-3, "weight_decay": 0.1}),
    "lion": (optax.lion, {"b1": 0.8, "b2": 0.95, "weight_decay": 0.1}),
    "adagrad": (optax.adagrad, {"initial_accumulator_value": 0.2, "eps": 1e-3}),
    "adadelta": (optax.adadelta, {"rho": 0.8, "eps": 1e-3}),
    "adafactor": (
        optax.adafactor,
        {
            "decay_rate": 0.7,
            "clipping_threshold": 0.5,
            "momentum": 0.6,
            "eps": 1e-8,
            "multiply_by_parameter_scale": False,
            "min_dim_size_to_factor": 3,
        },
    ),
}
# Keras's names of what is not called as in optax.
KERAS_NAMES = {
    "b1": "beta_1",
    "b2": "beta_2",
    "eps": "epsilon",
    "decay": "rho",
}
KERAS: dict[str, tuple[str, dict[str, Any]]] = {
    "keras_adam": ("Adam", {"b1": 0.8, "b2": 0.95, "eps": 1e-3}),
    "keras_adamw": (
        "AdamW",
        {"b1": 0.8, "b2": 0.95, "eps": 1e-3, "weight_decay": 0.1},
    ),
    "keras_nadam": ("Nadam", {"b1": 0.8, "b2": 0.95, "eps": 1e-3}),
    "sgd": ("SGD", {"momentum": 0.8, "nesterov": True}),
    "momentum": ("SGD", {"momentum": 0.8}),
    "rmsprop": ("RMSprop", {"decay": 0.8, "eps": 1e-3, "momentum": 0.7}),
    "adagrad": ("Adagrad", {"initial_accumulator_value": 0.2, "eps": 1e-3}),
    "adadelta": ("Adadelta", {"rho": 0.8, "eps": 1e-3}),
    "lamb": ("Lamb", {"b1": 0.8, "b2": 0.95, "eps": 1e-3}),
    "lion": ("Lion", {"b1": 0.8, "b2": 0.95, "weight_decay": 0.1}),
}
# Where Keras's numbers are not optax's, at the settings of both: what `keras_...` is
# for, and what is left out because the difference is no wider than epsilon.
DIFFERENT = {
    "adam": ("Adam", {"b1": 0.8, "b2": 0.95, "eps": 1e-3}),
    "nadam": ("Nadam", {"b1": 0.8, "b2": 0.95, "eps": 1e-3}),
    "adamax": ("Adamax", {"b1": 0.8, "b2": 0.95, "eps": 1e-3}),
}


def make_problem():
    """Two layers' weights and ten gradients of very different sizes."""
    rng = np.random.default_rng(0)
    shapes = {"kernel": (6, 4), "bias": (4,)}
    params = {n: rng.normal(size=s).astype(np.float32) for n, s in shapes.items()}
    gradients = [
        {
            n: (rng.normal(size=s) * 10.0**k).astype(np.float32)
            for n, s in shapes.items()
        }
        for k in np.linspace(-3, 1, N_STEPS)
    ]
    return params, gradients


def descend(optimizer_at, params, gradients):
    """The weights after each gradient, in a compiled step."""
    params = jax.tree.map(jnp.asarray, params)
    state = optimizer_at(0).init(params)
    seen = []
    for step, gradient in enumerate(gradients):
        updates, state = optimizer_at(step).update(gradient, state, params)
        params = optax.apply_updates(params, updates)
        seen.append(params)
    return seen


def ours_traced(name, settings, gradients, params):
    """As the engine trains: every number is an argument of the program."""
    known = OPTIMIZERS[name]
    static = {n: v for n, v in settings.items() if known[n].is_static}
    numbers = traced_numbers(name, settings)

    @jax.jit
    def train(params, numbers):
        def optimizer_at(step):
            return build_optimizer(name, {**numbers, **static}, step=step)

        return descend(optimizer_at, params, gradients)

    return train(params, {n: jnp.float32(v) for n, v in numbers.items()})


def ours_static(name, settings, gradients, params):
    numbers = {**settings, **traced_numbers(name, settings)}
    return descend(lambda _: build_optimizer(name, numbers), params, gradients)


def with_keras(keras_name, settings: dict[str, Any], gradients, params):
    import keras  # reads KERAS_BACKEND

    arguments: dict[str, Any] = {KERAS_NAMES.get(n, n): v for n, v in settings.items()}
    optimizer = getattr(keras.optimizers, keras_name)(learning_rate=RATE, **arguments)
    variables = {n: keras.Variable(p) for n, p in params.items()}
    seen = []
    for gradient in gradients:
        optimizer.apply(
            [jnp.asarray(gradient[n]) for n in variables], list(variables.values())
        )
        seen.append({n: np.array(v.numpy()) for n, v in variables.items()})
    return seen


def assert_same(ours, theirs):
    for mine, other in zip(ours, theirs, strict=True):
        for name, weights in mine.items():
            # Ten float32 steps of at most about 1; a traced 1 - b2 is rounded from a
            # float32 b2, so moments differ in the sixth digit.
            np.testing.assert_allclose(weights, other[name], rtol=3e-5, atol=3e-6)


def settings_of(own):
    return {"learning_rate": RATE, **own}


def test_every_optimizer_is_compared():
    assert {*OPTAX, *KERAS} == set(OPTIMIZERS)


@pytest.mark.parametrize("train", [ours_traced, ours_static], ids=["traced", "static"])
@pytest.mark.parametrize("name", OPTAX)
def test_ten_steps_equal_those_of_optax(name, train):
    make, own = OPTAX[name]
    params, gradients = make_problem()

    theirs = descend(lambda _: make(RATE, **own), params, gradients)
    ours = train(name, settings_of(own), gradients, params)

    assert_same(ours, theirs)


@pytest.mark.parametrize("name", OPTAX)
def test_defaults_are_those_of_optax(name):
    make, _ = OPTAX[name]
    params, gradients = make_problem()
    known = OPTIMIZERS[name]
    common = {"l2", "clip_norm", "clip_value", "warmup_steps", "warmup_epochs"}
    settings = {
        n: h.default
        for n, h in known.items()
        if n not in common and not h.schedules and not h.is_optional
    }
    # optax's `sgd` has no momentum of its own: ours are named after what they add.
    named = {"momentum": 0.9} if name in ("momentum", "nesterov") else {}

    ours = ours_static(name, {**settings, "learning_rate": RATE}, gradients, params)

    assert_same(ours, descend(lambda _: make(RATE, **named), params, gradients))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Keras
@pytest.mark.parametrize("name", KERAS)
def test_ten_steps_equal_those_of_keras(name):
    keras_name, own = KERAS[name]
    params, gradients = make_problem()

    ours = ours_traced(name, settings_of(own), gradients, params)

    assert_same(ours, with_keras(keras_name, own, gradients, params))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Keras
@pytest.mark.parametrize("name", DIFFERENT)
def test_keras_and_optax_differ_where_the_page_says_so(name):
    keras_name, own = DIFFERENT[name]
    params, gradients = make_problem()

    ours = ours_static(name, settings_of(own), gradients, params)
    theirs = with_keras(keras_name, own, gradients, params)

    gap = max(np.abs(ours[-1][n] - theirs[-1][n]).max() for n in params)
    assert gap > 1e-4  # thirty times what ten float32 steps are allowed above
