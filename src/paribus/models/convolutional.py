"""The convolutional network: convolutions and pooling, then dense layers."""

import math
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from paribus.errors import StudyError
from paribus.models.layers import ACTIVATIONS, Dropout, Hidden, layered, thinned
from paribus.models.model import Model


# Those that keep the order of numbers, so that pooling may come before them.
_ASCENDING = ("relu", "tanh", "sigmoid", "elu")


def cnn(
    *,
    example_shape: tuple[int, ...],
    n_classes: int,
    channels: tuple[int, ...],
    kernel_size: int,
    padding: str,
    hidden: tuple[int, ...],
    activation: str,
    has_dropout: bool = False,
) -> Model:
    """Build a convolutional network: convolutions, flatten, dense layers, logits.

    Each convolution is followed by `activation` and by max pooling over squares of two
    by two; a last odd row or column is left out. Kernels are Glorot uniform and biases
    zero, as Keras draws them. Dropout precedes the first dense layer and follows each
    hidden one, behind its activation, as in `mlp`.

    Args:
        example_shape: Height and width of an image, and its channels where it has more
            than one.
        n_classes: Number of logits.
        channels: Channels of each convolution's outputs.
        kernel_size: Height and width of each kernel.
        padding: `"valid"` or `"same"`.
        hidden: Width of each hidden dense layer.
        activation: A key of `ACTIVATIONS`.
        has_dropout: Whether a training step leaves anything out.

    Raises:
        StudyError: If examples are no images, or too small for so many layers.

    References:
        LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998;
        the layers are those of the Keras example "Simple MNIST convnet".
    """
    *sides, n_channels = (*example_shape, 1)[:3]
    _check_images(example_shape, len(channels), kernel_size, padding)
    shapes: list[tuple[int, ...]] = [
        (kernel_size, kernel_size, *ends) for ends in pairwise((n_channels, *channels))
    ]
    for _ in channels:
        sides = [_side_after(side, kernel_size, padding) for side in sides]
    n_features = math.prod(sides) * (n_channels, *channels)[-1]
    shapes += pairwise((n_features, *hidden, n_classes))
    activate = ACTIVATIONS[activation]

    def convolved(layer: Any, images: jax.Array) -> jax.Array:
        sums = lax.conv_general_dilated(
            images,
            layer["kernel"],
            window_strides=(1, 1),
            padding=padding.upper(),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        # The same numbers either way, and a quarter of the activations this way.
        if activation in _ASCENDING:
            return activate(_pooled(sums) + layer["bias"])
        return _pooled(activate(sums + layer["bias"]))

    def hidden_layers(
        params: Any, inputs: jax.Array, dropout: Dropout | None
    ) -> Hidden:
        images = inputs.reshape(len(inputs), *example_shape[:2], n_channels)
        outputs = []
        for layer in params[: len(channels)]:
            images = convolved(layer, images)
            outputs.append(images)
        entering = thinned(images.reshape(len(inputs), -1), dropout, 0)
        for position, layer in enumerate(params[len(channels) : -1], start=1):
            sums = entering @ layer["kernel"] + layer["bias"]
            entering = thinned(activate(sums), dropout, position)
            outputs.append(entering)
        return Hidden(tuple(outputs), entering)

    return layered(
        shapes, hidden_layers, activation=activation, has_dropout=has_dropout
    )


def _pooled(images: jax.Array) -> jax.Array:
    """The largest number of each square of two by two."""
    square = (1, 2, 2, 1)
    return lax.reduce_window(images, -jnp.inf, lax.max, square, square, "VALID")


def _side_after(side: int, kernel_size: int, padding: str) -> int:
    """Height or width after a convolution and pooling."""
    return (side - (kernel_size - 1 if padding == "valid" else 0)) // 2


def _check_images(
    example_shape: tuple[int, ...], n_layers: int, kernel_size: int, padding: str
) -> None:
    if len(example_shape) not in (2, 3):
        raise StudyError(
            "`cnn` needs images, of a height, a width and perhaps channels, got "
            f"examples of shape {example_shape}",
            hint="`mlp` takes examples of any shape",
            key=("model", "name"),
        )
    needed = 1
    for _ in range(n_layers):
        needed = 2 * needed + (kernel_size - 1 if padding == "valid" else 0)
    if min(example_shape[:2]) < needed:
        height, width = example_shape[:2]
        raise StudyError(
            f"`cnn` needs images of at least {needed} × {needed} for {n_layers} layers "
            f"of `kernel_size` {kernel_size}, got {height} × {width}",
            hint='`padding = "same"` keeps their size, fewer `channels` take less'
            if padding == "valid"
            else "list fewer `channels`",
            key=("model",),
        )
