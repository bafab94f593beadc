"""The multilayer perceptron; without hidden layers it is softmax regression."""

from itertools import pairwise
from typing import Any

import jax

from paribus.models.layers import ACTIVATIONS, Dropout, Hidden, layered, thinned
from paribus.models.model import Model


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
    activate = ACTIVATIONS[activation]

    def layer_inputs(
        params: Any, inputs: jax.Array, dropout: Dropout | None = None
    ) -> tuple[jax.Array, ...]:
        entering = [inputs.reshape(len(inputs), -1)]
        for position, layer in enumerate(params[:-1]):
            outputs = activate(entering[-1] @ layer["kernel"] + layer["bias"])
            entering.append(thinned(outputs, dropout, position))
        return tuple(entering)

    def hidden_layers(
        params: Any, inputs: jax.Array, dropout: Dropout | None
    ) -> Hidden:
        _, *outputs = entering = layer_inputs(params, inputs, dropout)
        return Hidden(tuple(outputs), entering[-1])

    return layered(
        list(pairwise((n_inputs, *hidden, n_classes))),
        hidden_layers,
        activation=activation,
        has_dropout=has_dropout,
        layer_inputs=layer_inputs,
    )
