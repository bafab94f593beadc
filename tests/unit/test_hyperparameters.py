import inspect
import math
from typing import Any

import jax.numpy as jnp
import optax
import pytest

from paribus.errors import SpaceError
from paribus.hyperparameters import (
    BATCH_SIZE,
    MODELS,
    Hyperparameter,
)
from paribus.optimizer_catalogue import OPTIMIZERS
from paribus.optimizers.transformations import build_optimizer, traced_numbers


LEARNING_RATE = OPTIMIZERS["adam"]["learning_rate"]
B1 = OPTIMIZERS["adam"]["b1"]
NESTEROV = OPTIMIZERS["sgd"]["nesterov"]
HIDDEN = MODELS["mlp"]["hidden"]
ACTIVATION = MODELS["mlp"]["activation"]

CATALOGUE = {**OPTIMIZERS, **MODELS}
ENTRIES = [
    pytest.param(name, hyperparameter, id=f"{owner}-{name}")
    for owner, known in CATALOGUE.items()
    for name, hyperparameter in known.items()
]


@pytest.mark.parametrize(
    ("hyperparameter", "written", "canonical"),
    [
        (LEARNING_RATE, 1, 1.0),
        (LEARNING_RATE, 2.0**-126, 2.0**-126),
        (B1, 0, 0.0),
        (BATCH_SIZE, 2**31 - 1, 2**31 - 1),
        (HIDDEN, [128, 64], (128, 64)),
        (HIDDEN, [], ()),
        (NESTEROV, True, True),
        (ACTIVATION, "tanh", "tanh"),
    ],
    ids=["int", "smallest", "bound", "count", "list", "no-layer", "switch", "choice"],
)
def test_value_has_one_canonical_form(hyperparameter, written, canonical):
    checked = hyperparameter.checked(written)

    assert checked == canonical
    assert type(checked) is type(canonical)
    assert hyperparameter.checked(checked) == checked


def test_minus_zero_becomes_zero():
    checked = B1.checked(-0.0)

    assert isinstance(checked, float)
    assert math.copysign(1, checked) == 1


@pytest.mark.parametrize(
    ("hyperparameter", "value", "message"),
    [
        (LEARNING_RATE, 0.0, "must be above 0, got 0.0"),
        (LEARNING_RATE, True, "must be a number, got true"),
        (LEARNING_RATE, "0.1", 'must be a number, got "0.1"'),
        (LEARNING_RATE, math.nan, "must be finite, got nan"),
        (LEARNING_RATE, 10**400, f"must be finite, got {10**400}"),
        (B1, -0.1, "must be at least 0, got -0.1"),
        (B1, 1, "must be below 1, got 1"),
        (BATCH_SIZE, 0, "must be from 1 to 2147483647, got 0"),
        (BATCH_SIZE, 2**31, "must be from 1 to 2147483647, got 2147483648"),
        (BATCH_SIZE, 32.0, "must be an integer, got 32.0"),
        (BATCH_SIZE, True, "must be an integer, got true"),
        (HIDDEN, 128, "must be a list of layer widths, got 128"),
        (HIDDEN, [128, 0], "must be from 1 to 65536, got 0"),
        (NESTEROV, 1, "must be true or false, got 1"),
        (
            ACTIVATION,
            "Tanh",
            'must be one of "relu", "tanh", "sigmoid", "gelu", "elu", "silu", '
            'got "Tanh"',
        ),
    ],
    ids=lambda value: repr(value)[:12] if not isinstance(value, Hyperparameter) else "",
)
def test_value_out_of_range_is_refused(hyperparameter, value, message):
    with pytest.raises(SpaceError) as caught:
        hyperparameter.checked(value)

    assert str(caught.value) == message


@pytest.mark.parametrize(("name", "hyperparameter"), ENTRIES)
def test_default_is_a_value_in_canonical_form(name, hyperparameter):
    assert hyperparameter.name == name
    if hyperparameter.default is not None:
        checked = hyperparameter.checked(hyperparameter.default)
        assert (checked, type(checked)) == (
            hyperparameter.default,
            type(hyperparameter.default),
        )


def test_only_the_learning_rate_must_be_said():
    without_default = {
        name
        for known in CATALOGUE.values()
        for name, hyperparameter in known.items()
        if hyperparameter.default is None
    }

    assert without_default == {"learning_rate"}


@pytest.mark.parametrize(
    ("name", "hyperparameter"),
    [*ENTRIES, pytest.param("batch_size", BATCH_SIZE, id="batch_size")],
)
def test_only_numbers_are_traced(name, hyperparameter):
    assert hyperparameter.name == name
    assert hyperparameter.is_static == (hyperparameter.kind != "number")


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (optax.adam, "b1"),
        (optax.adam, "b2"),
        (optax.adam, "eps"),
        (optax.rmsprop, "decay"),
        (optax.rmsprop, "eps"),
        (optax.sgd, "nesterov"),
    ],
    ids=["b1", "b2", "eps", "decay", "rmsprop-eps", "nesterov"],
)
def test_default_is_the_one_of_optax(function, name):
    theirs = inspect.signature(function).parameters[name].default

    assert OPTIMIZERS[function.__name__][name].default == theirs


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_can_be_built_and_descends(name):
    settings: dict[str, Any] = {n: h.default for n, h in OPTIMIZERS[name].items()}
    settings["learning_rate"] = 0.1
    optimizer = build_optimizer(name, {**settings, **traced_numbers(name, settings)})
    params = jnp.array([1.0, -2.0])
    gradient = 2 * params

    steps, _ = optimizer.update(gradient, optimizer.init(params), params)

    assert (jnp.sign(jnp.asarray(steps)) == -jnp.sign(gradient)).all()
