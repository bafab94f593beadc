"""What our own models are made of: activations, initial weights, dropout."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from paribus.models.model import Hyperparameters


ACTIVATIONS: Mapping[str, Callable[[jax.Array], jax.Array]] = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "gelu": jax.nn.gelu,
    "elu": jax.nn.elu,
    "silu": jax.nn.silu,
}

# Traced where a study sets or varies it; without it a program draws no masks.
DROPOUT = "dropout"


class Dropout(NamedTuple):
    """What one training step leaves out: `rate` of the outputs of each place."""

    key: Key[Array, ""]
    rate: Float[Array, ""]


def dropout_of_step(
    hyperparameters: Hyperparameters, key: jax.Array | None, *, train: bool
) -> Dropout | None:
    """The dropout of a training step; None in evaluation, or if the model has none."""
    if not train or DROPOUT not in hyperparameters:
        return None
    assert key is not None
    return Dropout(key, hyperparameters[DROPOUT])


def draw_layers(
    key: jax.Array, shapes: Sequence[tuple[int, ...]]
) -> list[dict[str, Any]]:
    """Draw layers as Keras does: kernels Glorot uniform, biases zero.

    Args:
        key: Draws all of them.
        shapes: Of the kernels: what enters and what leaves are the last two axes, the
            width and height of a convolution stand before them.
    """
    # One draw for all layers: each draw of its own takes half a second to compile.
    ends = list(accumulate(math.prod(shape) for shape in shapes))
    drawn = jax.random.uniform(key, (ends[-1],), minval=-1, maxval=1)
    return [
        {
            "kernel": math.sqrt(6 / _n_neighbours(shape)) * part.reshape(shape),
            "bias": jnp.zeros(shape[-1]),
        }
        for part, shape in zip(jnp.split(drawn, ends[:-1]), shapes, strict=True)
    ]


def _n_neighbours(shape: tuple[int, ...]) -> int:
    """How many numbers a unit reads, and how many read it."""
    return math.prod(shape[:-2]) * sum(shape[-2:])


def thinned(outputs: jax.Array, dropout: Dropout | None, position: int) -> jax.Array:
    """The outputs at a place of the model after dropout; each place has own masks."""
    if dropout is None:
        return outputs
    key = jax.random.fold_in(dropout.key, position)
    is_kept = jax.random.uniform(key, outputs.shape) >= dropout.rate
    return jnp.where(is_kept, outputs / (1 - dropout.rate), 0.0)
