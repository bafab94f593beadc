"""The multilayer perceptron; without hidden layers it is softmax regression."""

from collections.abc import Callable, Mapping
from itertools import pairwise
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
    draw_kernel = jax.nn.initializers.glorot_uniform()
    activate = ACTIVATIONS[activation]

    def init(key: jax.Array) -> Any:
        keys = jax.random.split(key, len(widths) - 1)
        return [
            {"kernel": draw_kernel(layer_key, shape), "bias": jnp.zeros(shape[1])}
            for layer_key, shape in zip(keys, pairwise(widths), strict=True)
        ]

    def apply(params: Any, inputs: jax.Array) -> jax.Array:
        *hidden_layers, last = params
        values = inputs.reshape(len(inputs), -1)
        for layer in hidden_layers:
            values = activate(values @ layer["kernel"] + layer["bias"])
        return values @ last["kernel"] + last["bias"]

    return Model(init=init, apply=apply)
