from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import correlate2d

import paribus as pb
from paribus import models
from paribus.errors import StudyError
from paribus.hyperparameters import MODELS
from paribus.models.build import build_model
from paribus.models.layers import ACTIVATIONS


def build(*, example_shape=(7, 10), n_classes=3, has_dropout=False, **settings):
    defaults = {n: h.default for n, h in MODELS["cnn"].items()}
    return build_model(
        "cnn",
        {**defaults, "kernel_size": 2, "channels": (3,), **settings},
        example_shape=example_shape,
        n_classes=n_classes,
        has_dropout=has_dropout,
    )


def draw_params(model, seed=1):
    """Weights and biases, none of them zero."""
    shapes, _ = jax.eval_shape(model.init, jax.random.key(0), {})
    rng = np.random.default_rng(seed)
    return jax.tree.map(
        lambda leaf: rng.normal(size=leaf.shape).astype(np.float32), shapes
    )


def convolve(images, layer, *, padding):
    """Each output channel is a sum of cross-correlations, by SciPy."""
    n_inputs, n_outputs = layer["kernel"].shape[2:]
    mode = "valid" if padding == "valid" else "full"
    sums = np.array(
        [
            [
                sum(
                    correlate2d(image[..., i], layer["kernel"][..., i, o], mode=mode)
                    for i in range(n_inputs)
                )
                for o in range(n_outputs)
            ]
            for image in images
        ]
    )
    if padding == "same":  # of an even kernel's two middle places the later one
        before = (layer["kernel"].shape[0] - 1) // 2
        first = layer["kernel"].shape[0] - 1 - before
        height, width = images.shape[1:3]
        sums = sums[:, :, first : first + height, first : first + width]
    return np.moveaxis(sums, 1, -1) + layer["bias"]


def pool(images):
    """The largest of each square, in a loop."""
    n, height, width, n_channels = images.shape
    pooled = np.empty((n, height // 2, width // 2, n_channels))
    for row in range(height // 2):
        for column in range(width // 2):
            square = images[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            pooled[:, row, column] = square.max(axis=(1, 2))
    return pooled


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("kernel_size", [2, 3])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_logits_are_those_of_loops_over_pixels(padding, kernel_size, activation):
    shape = (11, 14, 2)
    model = build(
        example_shape=shape,
        channels=(3, 2),
        hidden=(4,),
        padding=padding,
        kernel_size=kernel_size,
        activation=activation,
    )
    params = draw_params(model)
    examples = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)

    logits = model.logits(params, jnp.asarray(examples))

    def activate(values):
        if activation == "relu":
            return np.maximum(values, 0)
        cubic = values + 0.044715 * values**3
        return values / 2 * (1 + np.tanh((2 / np.pi) ** 0.5 * cubic))

    images = examples
    for layer in params[:2]:
        images = pool(activate(convolve(images, layer, padding=padding)))
    hidden = activate(images.reshape(2, -1) @ params[2]["kernel"] + params[2]["bias"])
    expected = hidden @ params[3]["kernel"] + params[3]["bias"]
    # float32 sums of a hundred terms of up to about 30.
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_pooling_first_changes_no_number(activation):
    model = build(activation=activation, channels=(4,))
    params = draw_params(model)
    examples = np.random.default_rng(0).normal(size=(3, 7, 10)).astype(np.float32)

    logits = model.logits(params, jnp.asarray(examples))

    sums = convolve(examples[..., None], params[0], padding="valid")
    images = pool(np.asarray(ACTIVATIONS[activation](jnp.asarray(sums))))
    expected = images.reshape(3, -1) @ params[1]["kernel"] + params[1]["bias"]
    # float32 sums of fifty terms of about 3.
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)


def test_kernels_are_glorot_uniform_over_their_whole_window():
    model = build(example_shape=(28, 28), channels=(32, 64), kernel_size=3)

    params, _ = model.init(jax.random.key(0), {})

    for layer, n_neighbours in zip(
        params, (9 * (1 + 32), 9 * (32 + 64), 1600 + 3), strict=True
    ):
        bound = np.sqrt(6 / n_neighbours)
        kernel = np.asarray(layer["kernel"])
        # float32 rounds the bound; the largest of n draws is within 10 / n of it.
        assert np.abs(kernel).max() <= bound * (1 + 1e-6)
        assert np.abs(kernel).max() >= bound * (1 - 10 / kernel.size)
        assert abs(kernel.mean()) < 5 * bound / np.sqrt(3 * kernel.size)
        assert (np.asarray(layer["bias"]) == 0).all()


def test_relu_outputs_are_what_each_layer_hands_on():
    model = build(hidden=(5,))
    params = draw_params(model)
    examples = np.random.default_rng(0).normal(size=(4, 7, 10)).astype(np.float32)

    assert model.relu_outputs is not None
    images, hidden = model.relu_outputs(params, jnp.asarray(examples))

    sums = convolve(examples[..., None], params[0], padding="valid")
    expected = np.maximum(pool(sums), 0)
    np.testing.assert_allclose(images, expected, atol=1e-5)  # sums of four terms
    flat = expected.reshape(4, -1)
    dense = np.maximum(flat @ params[1]["kernel"] + params[1]["bias"], 0)
    np.testing.assert_allclose(hidden, dense, rtol=1e-4, atol=1e-4)


def test_other_activations_have_no_relu_outputs():
    model = build(activation="tanh")

    assert model.relu_outputs is not None
    assert model.relu_outputs(draw_params(model), jnp.zeros((2, 7, 10))) == ()


@pytest.mark.parametrize("hidden", [(), (4000,)], ids=["features", "hidden"])
def test_dropout_leaves_out_its_share_before_the_logits(hidden):
    # 1 × 1 kernels of 1 on images of 1: every feature is 1, and the logit their mean.
    model = build(
        example_shape=(40, 40),
        kernel_size=1,
        channels=(10,),
        hidden=hidden,
        n_classes=1,
        has_dropout=True,
    )
    params, _ = jax.tree.map(np.asarray, model.init(jax.random.key(0), {}))
    params = [
        {"kernel": np.full_like(p["kernel"], 1 / p["kernel"][..., 0].size), "bias": b}
        for p, b in zip(params, (p["bias"] for p in params), strict=True)
    ]

    applied = model.apply(
        params,
        (),
        jnp.ones((20, 40, 40)),
        hyperparameters={"dropout": jnp.float32(0.25)},
        train=True,
        key=jax.random.key(0),
    )
    logits = np.asarray(applied.outputs)

    # Means of 4,000 units that are kept with probability 0.75 and then divided by it,
    # and in each hidden unit of the same mean of 4,000 features.
    spread = np.sqrt(0.25 / 0.75 / 4000)
    assert logits.mean() == pytest.approx(1, abs=5 * spread / np.sqrt(20))
    assert 0.3 * spread < logits.std() < 3 * spread
    assert model.draws
    assert model.hyperparameters == ("dropout",)


@pytest.mark.parametrize(
    ("example_shape", "settings", "message", "hint"),
    [
        ((7,), {}, "of shape (7,)", "`mlp`"),
        ((2, 8, 8, 3), {}, "of shape (2, 8, 8, 3)", "`mlp`"),
        (
            (9, 28),
            {"channels": (1, 1), "kernel_size": 3},
            "at least 10 × 10 for 2 layers of `kernel_size` 3, got 9 × 28",
            '`padding = "same"`',
        ),
        (
            (8, 7),
            {"channels": (1, 1, 1), "kernel_size": 3, "padding": "same"},
            "at least 8 × 8 for 3 layers of `kernel_size` 3, got 8 × 7",
            "fewer `channels`",
        ),
    ],
    ids=["vector", "volume", "shrinking", "pooling"],
)
def test_what_is_no_image_or_too_small_is_refused(
    example_shape, settings, message, hint
):
    with pytest.raises(StudyError) as caught:
        build(example_shape=example_shape, **settings)

    assert message in str(caught.value)
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("padding", "side"), [("valid", 10), ("same", 4)], ids=["valid", "same"]
)
def test_the_smallest_image_that_is_said_to_do_does(padding, side):
    model = build(
        example_shape=(side, side), channels=(1, 1), kernel_size=3, padding=padding
    )

    params, _ = jax.eval_shape(model.init, jax.random.key(0), {})

    assert [layer["kernel"].shape[-2:] for layer in params] == [(1, 1), (1, 1), (1, 3)]


def test_a_choice_keeps_what_was_said():
    choice = pb.models.cnn(channels=[8], kernel_size=5, dropout=0.5)

    assert choice.settings == {"channels": (8,), "kernel_size": 5, "dropout": 0.5}
    assert MODELS["cnn"]["padding"].choices == get_args(models.Padding)


def test_a_width_of_zero_is_refused():
    with pytest.raises(StudyError, match=r"`model\.channels` must be from 1 to 65536"):
        pb.models.cnn(channels=[8, 0])
