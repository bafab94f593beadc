"""What the engine needs of a model."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from jaxtyping import Array, Float, Key


Params = Any


class Dropout(NamedTuple):
    """What one training step of ONE run leaves out; evaluations leave out nothing.

    Attributes:
        key: Of the run's seed and the step: configs of a seed see the same masks, as
            far as their shapes agree.
        rate: The share of outputs of each hidden layer that become 0, in [0, 1); the
            others are divided by 1 - rate.

    References:
        Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from
        Overfitting, 2014, section 10, with the scaling done in training.
    """

    key: Key[Array, ""]
    rate: Float[Array, ""]


class Apply(Protocol):
    """Weights and inputs to logits; in training also what is left out."""

    def __call__(
        self,
        params: Params,
        inputs: Float[Array, "example ..."],
        dropout: Dropout | None = None,
    ) -> Float[Array, "example class"]:
        """One example a row, in the example's own shape."""
        ...


class Model(NamedTuple):
    """Pure functions for ONE run; none knows that there are others.

    Attributes:
        init: Draws the weights from a key.
        apply: Weights and inputs to logits.
        layer_inputs: Weights and inputs to what enters each dense layer, one array
            [example, unit] for each; all but the first are the activations of a hidden
            layer. None for a model that is not made of dense layers alone, whose
            weights are a list of one `{"kernel": ..., "bias": ...}` for each.
        relu_outputs: Weights and inputs to what each ReLU layer puts out, its units on
            the last axis; no array if the activation is another one. None for a model
            that has no such layer whatever its hyperparameters.
    """

    init: Callable[[Key[Array, ""]], Params]
    apply: Apply
    layer_inputs: (
        Callable[[Params, Float[Array, "example ..."]], tuple[Array, ...]] | None
    ) = None
    relu_outputs: (
        Callable[[Params, Float[Array, "example ..."]], tuple[Array, ...]] | None
    ) = None
