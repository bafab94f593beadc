"""The multilayer perceptron; without hidden layers it is softmax regression."""

import math
from collections.abc import Callable, Mapping
from itertools import accumulate, pairwise
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


class _Dropout(NamedTuple):
    """What one training step leaves out: `rate` of each hidden layer's outputs."""

    key: Key[Array, ""]
    rate: Float[Array, ""]


def mlp(
    *,
    n_inputs: int,
    n_classes: int,
    hidden: tuple[int, ...],
    activation: str,
    has_dropout: bool = False,
) -> Model:
    """Build a multilayer perceptron: flatten, dense layers with `activation`, logits.

    Kernels are Glorot uniform and biases zero, as Keras draws them. Dropout follows
    each hidden layer, behind its activation: a training step sets a share of its
    outputs to 0 and divides the others by 1 - that share, its hyperparameter `dropout`.

    Args:
        n_inputs: Numbers in one example.
        n_classes: Number of logits.
        hidden: Width of each hidden layer; none is softmax regression.
        activation: A key of `ACTIVATIONS`.
        has_dropout: Whether a training step leaves anything out.

    References:
        Glorot and Bengio, Understanding the difficulty of training deep feedforward
        neural networks, 2010; Srivastava et al., Dropout: A Simple Way to Prevent
        Neural Networks from Overfitting, 2014, section 10, with the scaling done in
        training.
    """
    widths = (n_inputs, *hidden, n_classes)
    shapes = list(pairwise(widths))
    activate = ACTIVATIONS[activation]

    def init(key: jax.Array, hyperparameters: Hyperparameters) -> tuple[Any, tuple[()]]:
        del hyperparameters
        # One draw for all layers: each draw of its own takes half a second to compile.
        ends = list(accumulate(math.prod(shape) for shape in shapes))
        drawn = jax.random.uniform(key, (ends[-1],), minval=-1, maxval=1)
        params = [
            {
                "kernel": math.sqrt(6 / sum(shape)) * part.reshape(shape),
                "bias": jnp.zeros(shape[1]),
            }
            for part, shape in zip(jnp.split(drawn, ends[:-1]), shapes, strict=True)
        ]
        return params, ()

    def layer_inputs(
        params: Any, inputs: jax.Array, dropout: _Dropout | None = None
    ) -> tuple[jax.Array, ...]:
        entering = [inputs.reshape(len(inputs), -1)]
        for position, layer in enumerate(params[:-1]):
            outputs = activate(entering[-1] @ layer["kernel"] + layer["bias"])
            entering.append(_thinned(outputs, dropout, position))
        return tuple(entering)

    def apply(
        params: Any,
        state: tuple[()],
        inputs: jax.Array,
        *,
        hyperparameters: Hyperparameters,
        train: bool = False,
        key: jax.Array | None = None,
    ) -> Applied:
        dropout = None
        if train and has_dropout:
            assert key is not None
            dropout = _Dropout(key, hyperparameters[DROPOUT])
        last = params[-1]
        entering = layer_inputs(params, inputs, dropout)[-1]
        return Applied(entering @ last["kernel"] + last["bias"], state)

    def relu_outputs(params: Any, inputs: jax.Array) -> tuple[jax.Array, ...]:
        return layer_inputs(params, inputs)[1:] if activation == "relu" else ()

    return Model(
        init=init,
        apply=apply,
        hyperparameters=(DROPOUT,) if has_dropout else (),
        draws=has_dropout,
        layer_inputs=layer_inputs,
        relu_outputs=relu_outputs,
    )


def _thinned(outputs: jax.Array, dropout: _Dropout | None, position: int) -> jax.Array:
    """The outputs of the hidden layer at `position` after dropout."""
    if dropout is None:
        return outputs
    key = jax.random.fold_in(dropout.key, position)
    is_kept = jax.random.uniform(key, outputs.shape) >= dropout.rate
    return jnp.where(is_kept, outputs / (1 - dropout.rate), 0.0)
