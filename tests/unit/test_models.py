from itertools import pairwise
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

from paribus import models
from paribus.hyperparameters import MODELS
from paribus.models.build import build_model
from paribus.models.layers import ACTIVATIONS


# Written out in NumPy; `gelu` in the form with the hyperbolic tangent.
FORMULAS = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": expit,
    "gelu": lambda x: x / 2 * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "silu": lambda x: x * expit(x),
}


def build(
    name="mlp",
    *,
    example_shape=(28, 28),
    n_classes=10,
    has_dropout=False,
    **settings,
):
    defaults = {n: h.default for n, h in MODELS[name].items()}
    return build_model(
        name,
        {**defaults, **settings},
        example_shape=example_shape,
        n_classes=n_classes,
        has_dropout=has_dropout,
    )


def draw_layers(model, seed=0):
    """The kernel and the bias of each layer."""
    params, _ = model.init(jax.random.key(seed), {})
    return [(np.asarray(p["kernel"]), np.asarray(p["bias"])) for p in params]


def draw_examples(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


KINDS = [
    *((name, shape) for name in MODELS for shape in [(28, 28), (11, 10, 3)]),
    ("mlp", (7,)),
    ("softmax", (7,)),
]


@pytest.mark.parametrize(("name", "example_shape"), KINDS, ids=str)
def test_every_model_gives_a_logit_for_each_example_and_class(name, example_shape):
    model = build(name, example_shape=example_shape, n_classes=3)
    examples = jnp.zeros((5, *example_shape))

    logits = jax.eval_shape(
        lambda key: model.logits(model.init(key, {})[0], examples), jax.random.key(0)
    )

    assert logits.shape == (5, 3)


@pytest.mark.parametrize("hidden", [(), (128, 64)], ids=str)
def test_layers_have_the_widths_that_were_asked_for(hidden):
    layers, _ = jax.eval_shape(build(hidden=hidden).init, jax.random.key(0), {})

    widths = (784, *hidden, 10)
    assert [layer["kernel"].shape for layer in layers] == list(pairwise(widths))
    assert [layer["bias"].shape for layer in layers] == [(n,) for n in widths[1:]]


def test_softmax_has_no_hidden_layer():
    ((kernel, bias),) = draw_layers(build("softmax"))

    assert kernel.shape == (784, 10)
    assert bias.shape == (10,)


def test_kernels_are_glorot_uniform():
    for kernel, _ in draw_layers(build(hidden=(128, 64))):
        bound = np.sqrt(6 / sum(kernel.shape))
        # float32 rounds the bound; the largest of n draws is within 10 / n of it.
        assert np.abs(kernel).max() <= bound * (1 + 1e-6)
        assert np.abs(kernel).max() >= bound * (1 - 10 / kernel.size)
        # Uniform: mean 0 and variance bound² / 3, here to five standard errors.
        assert abs(kernel.mean()) < 5 * bound / np.sqrt(3 * kernel.size)
        spread = np.sqrt(4 / 45 / kernel.size)
        assert kernel.var() / bound**2 == pytest.approx(1 / 3, abs=5 * spread)


def test_biases_are_zero():
    for _, bias in draw_layers(build(hidden=(128, 64))):
        assert (bias == 0).all()


def test_same_key_draws_the_same_weights():
    model = build(hidden=(128, 64))

    first, again, other = (draw_layers(model, seed=seed) for seed in (0, 0, 1))

    for (kernel, _), (kernel_again, _), (kernel_other, _) in zip(
        first, again, other, strict=True
    ):
        np.testing.assert_array_equal(kernel, kernel_again)
        assert (kernel != kernel_other).mean() > 0.99


def test_layers_of_one_shape_are_drawn_independently():
    (_, (second, _), (third, _), _) = draw_layers(build(hidden=(64, 64, 64)))

    # 4,096 pairs of independent draws: standard error 1 / 64.
    assert abs(np.corrcoef(second.ravel(), third.ravel())[0, 1]) < 5 / 64


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_logits_are_those_written_out_in_numpy(activation):
    model = build(example_shape=(3, 2), n_classes=4, hidden=(5,), activation=activation)
    examples = draw_examples(6, 3, 2)
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(6, 5)), rng.normal(size=(5, 4))
    shift, last_shift = rng.normal(size=5), rng.normal(size=4)
    params = [
        {"kernel": jnp.asarray(first), "bias": jnp.asarray(shift)},
        {"kernel": jnp.asarray(second), "bias": jnp.asarray(last_shift)},
    ]

    logits = model.logits(params, jnp.asarray(examples))

    hidden = FORMULAS[activation](examples.reshape(6, 6) @ first + shift)
    # float32 sums of six terms of about 1.
    np.testing.assert_allclose(logits, hidden @ second + last_shift, atol=1e-5)


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_dropout_leaves_out_its_share_and_scales_the_rest(rate):
    model = build(example_shape=(3,), n_classes=1, hidden=(4000,), has_dropout=True)
    # Every hidden output is 1, and the logit is their mean.
    params = [
        {"kernel": jnp.zeros((3, 4000)), "bias": jnp.ones(4000)},
        {"kernel": jnp.full((4000, 1), 1 / 4000), "bias": jnp.zeros(1)},
    ]

    applied = model.apply(
        params,
        (),
        jnp.zeros((50, 3)),
        hyperparameters={"dropout": jnp.float32(rate)},
        train=True,
        key=jax.random.key(0),
    )
    logits = np.asarray(applied.outputs)

    # Each is the share of 4,000 units that were kept, over 1 - rate.
    spread = np.sqrt(rate / (1 - rate) / 4000)
    assert logits.mean() == pytest.approx(1, abs=5 * spread / np.sqrt(50))
    assert logits.std() == pytest.approx(spread, rel=0.5)  # 50 of them: 10% each


def test_activations_that_may_be_set_are_those_there_are():
    assert MODELS["mlp"]["activation"].choices == tuple(ACTIVATIONS)
    assert MODELS["cnn"]["activation"].choices == tuple(ACTIVATIONS)
    assert get_args(models.Activation) == tuple(ACTIVATIONS)
    assert FORMULAS.keys() == ACTIVATIONS.keys()


def test_layer_inputs_are_the_examples_and_the_hidden_activations():
    model = build(example_shape=(3, 2), n_classes=4, hidden=(5, 7))
    examples = draw_examples(6, 3, 2)
    (first, shift), (second, second_shift), _ = draw_layers(model)

    assert model.layer_inputs is not None
    inputs = model.layer_inputs(
        model.init(jax.random.key(0), {})[0], jnp.asarray(examples)
    )

    flat = examples.reshape(6, 6)
    hidden = np.maximum(flat @ first + shift, 0)
    last = np.maximum(hidden @ second + second_shift, 0)
    for ours, written_out in zip(inputs, (flat, hidden, last), strict=True):
        # float32 sums of up to seven terms of about 1.
        np.testing.assert_allclose(ours, written_out, atol=1e-5)
