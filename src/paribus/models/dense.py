"""The multilayer perceptron; without hidden layers it is softmax regression."""

from itertools import pairwise
from typing import Any

import jax

from paribus.models.layers import (
    ACTIVATIONS,
    DROPOUT,
    Dropout,
    draw_layers,
    dropout_of_step,
    thinned,
)
from paribus.models.model import Applied, Hyperparameters, Model


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
        return draw_layers(key, shapes), ()

    def layer_inputs(
        params: Any, inputs: jax.Array, dropout: Dropout | None = None
    ) -> tuple[jax.Array, ...]:
        entering = [inputs.reshape(len(inputs), -1)]
        for position, layer in enumerate(params[:-1]):
            outputs = activate(entering[-1] @ layer["kernel"] + layer["bias"])
            entering.append(thinned(outputs, dropout, position))
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
        dropout = dropout_of_step(hyperparameters, key, train=train)
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
