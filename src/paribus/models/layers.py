"""What our own models are made of: activations, initial weights, dropout."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from paribus.models.model import Applied, Hyperparameters, Model


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


class Hidden(NamedTuple):
    """What a network does before its last layer.

    Attributes:
        outputs: Of each hidden layer.
        entering: What enters the last layer.
    """

    outputs: tuple[jax.Array, ...]
    entering: jax.Array


def layered(
    shapes: Sequence[tuple[int, ...]],
    hidden: Callable[[Any, jax.Array, Dropout | None], Hidden],
    *,
    activation: str,
    has_dropout: bool,
    layer_inputs: Callable[[Any, jax.Array], tuple[jax.Array, ...]] | None = None,
) -> Model:
    """A model of layers, the last of which puts out logits as it is.

    Args:
        shapes: Of the kernels: what enters and what leaves are the last two axes, the
            width and height of a convolution stand before them.
        hidden: All layers but the last.
        activation: Of the hidden layers, a key of `ACTIVATIONS`.
        has_dropout: Whether a training step leaves anything out.
        layer_inputs: As `Model` has it.
    """

    def init(key: jax.Array, hyperparameters: Hyperparameters) -> tuple[Any, tuple[()]]:
        del hyperparameters
        return _draw_layers(key, shapes), ()

    def apply(
        params: Any,
        state: tuple[()],
        inputs: jax.Array,
        *,
        hyperparameters: Hyperparameters,
        train: bool = False,
        key: jax.Array | None = None,
    ) -> Applied:
        dropout = _dropout_of_step(hyperparameters, key, train=train)
        last = params[-1]
        entering = hidden(params, inputs, dropout).entering
        return Applied(entering @ last["kernel"] + last["bias"], state)

    def relu_outputs(params: Any, inputs: jax.Array) -> tuple[jax.Array, ...]:
        return hidden(params, inputs, None).outputs if activation == "relu" else ()

    return Model(
        init=init,
        apply=apply,
        hyperparameters=(DROPOUT,) if has_dropout else (),
        draws=has_dropout,
        layer_inputs=layer_inputs,
        relu_outputs=relu_outputs,
    )


def _dropout_of_step(
    hyperparameters: Hyperparameters, key: jax.Array | None, *, train: bool
) -> Dropout | None:
    """The dropout of a training step; None in evaluation, or if the model has none."""
    if not train or DROPOUT not in hyperparameters:
        return None
    assert key is not None
    return Dropout(key, hyperparameters[DROPOUT])


def _draw_layers(
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
