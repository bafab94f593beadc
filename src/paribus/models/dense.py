"""The multilayer perceptron; without hidden layers it is softmax regression."""

import math
from collections.abc import Callable, Mapping
from itertools import accumulate, pairwise
from typing import Any

import jax
import jax.numpy as jnp

from paribus.models.model import Model


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

    Kernels are Glorot uniform and biases zero, as Keras draws them.

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

    def layer_inputs(params: Any, inputs: jax.Array) -> tuple[jax.Array, ...]:
        entering = [inputs.reshape(len(inputs), -1)]
        for layer in params[:-1]:
            entering.append(activate(entering[-1] @ layer["kernel"] + layer["bias"]))
        return tuple(entering)

    def apply(params: Any, inputs: jax.Array) -> jax.Array:
        last = params[-1]
        return layer_inputs(params, inputs)[-1] @ last["kernel"] + last["bias"]

    def relu_outputs(params: Any, inputs: jax.Array) -> tuple[jax.Array, ...]:
        return layer_inputs(params, inputs)[1:] if activation == "relu" else ()

    return Model(
        init=init, apply=apply, layer_inputs=layer_inputs, relu_outputs=relu_outputs
    )
