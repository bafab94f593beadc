"""What the engine needs of a model."""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxtyping import Array, Float, Key


Params = Any


class Model(NamedTuple):
    """Pure functions for ONE run; none knows that there are others.

    Attributes:
        init: Draws the weights from a key.
        apply: Weights and inputs (example by the example's own shape) to logits
            (example by class).
        layer_inputs: Weights and inputs to what enters each dense layer, one array
            [example, unit] for each; all but the first are the activations of a hidden
            layer. None for a model that is not made of dense layers alone, whose
            weights are a list of one `{"kernel": ..., "bias": ...}` for each.
        relu_outputs: Weights and inputs to what each ReLU layer puts out, its units on
            the last axis; no array if the activation is another one. None for a model
            that has no such layer whatever its hyperparameters.
    """

    init: Callable[[Key[Array, ""]], Params]
    apply: Callable[
        [Params, Float[Array, "example ..."]], Float[Array, "example class"]
    ]
    layer_inputs: (
        Callable[[Params, Float[Array, "example ..."]], tuple[Array, ...]] | None
    ) = None
    relu_outputs: (
        Callable[[Params, Float[Array, "example ..."]], tuple[Array, ...]] | None
    ) = None
