"""The multilayer perceptron; without hidden layers it is softmax regression."""

import math
from collections.abc import Callable, Mapping
from itertools import accumulate, pairwise
from typing import Any

import jax
import jax.numpy as jnp

from paribus.models.model import Dropout, Model


ACTIVATIONS: Mapping[str, Callable[[jax.Array], jax.Array]] = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "gelu": jax.nn.gelu,
    "elu": jax.nn.elu,
    "silu": jax.nn.silu,
}


def mlp(
    *, n_inputs: int, n_classes: int, hidden: tuple[int, ...], activation: str
) -> Model:
    """Build a multilayer perceptron: flatten, dense layers with `activation`, logits.

    Kernels are Glorot uniform and biases zero, as Keras draws them. Dropout follows
    each hidden layer, behind its activation.

    Args:
        n_inputs: Numbers in one example.
        n_classes: Number of logits.
        hidden: Width of each hidden layer; none is softmax regression.
        activation: A key of `ACTIVATIONS`.

    References:
        Glorot and Bengio, Understanding the difficulty of training deep feedforward
        neural networks, 2010.
    """
    widths = (n_inputs, *hidden, n_classes)
    shapes = list(pairwise(widths))
    activate = ACTIVATIONS[activation]

    def init(key: jax.Array) -> Any:
        # One draw for all layers: each draw of its own takes half a second to compile.
        ends = list(accumulate(math.prod(shape) for shape in shapes))
        drawn = jax.random.uniform(key, (ends[-1],), minval=-1, maxval=1)
        return [
            {
                "kernel": math.sqrt(6 / sum(shape)) * part.reshape(shape),
                "bias": jnp.zeros(shape[1]),
            }
            for part, shape in zip(jnp.split(drawn, ends[:-1]), shapes, strict=True)
        ]

    def layer_inputs(
        params: Any, inputs: jax.Array, dropout: Dropout | None = None
    ) -> tuple[jax.Array, ...]:
        entering = [inputs.reshape(len(inputs), -1)]
        for position, layer in enumerate(params[:-1]):
            outputs = activate(entering[-1] @ layer["kernel"] + layer["bias"])
            entering.append(_thinned(outputs, dropout, position))
        return tuple(entering)

    def apply(
        params: Any, inputs: jax.Array, dropout: Dropout | None = None
    ) -> jax.Array:
        last = params[-1]
        entering = layer_inputs(params, inputs, dropout)[-1]
        return entering @ last["kernel"] + last["bias"]

    def relu_outputs(params: Any, inputs: jax.Array) -> tuple[jax.Array, ...]:
        return layer_inputs(params, inputs)[1:] if activation == "relu" else ()

    return Model(
        init=init, apply=apply, layer_inputs=layer_inputs, relu_outputs=relu_outputs
    )


def _thinned(outputs: jax.Array, dropout: Dropout | None, position: int) -> jax.Array:
    """The outputs of the hidden layer at `position` after dropout."""
    if dropout is None:
        return outputs
    key = jax.random.fold_in(dropout.key, position)
    is_kept = jax.random.uniform(key, outputs.shape) >= dropout.rate
    return jnp.where(is_kept, outputs / (1 - dropout.rate), 0.0)
