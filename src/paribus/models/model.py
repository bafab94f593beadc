"""What the engine needs of a model."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, Protocol

from jaxtyping import Array, Float, Key


Params = Any
ModelState = Any

# What a user's model may end with behind its logits: it is taken away.
FinalActivation = Literal["softmax", "sigmoid", "none"]

# A model's own traced hyperparameters by name, e.g. its share of dropout.
Hyperparameters = Mapping[str, Float[Array, ""]]


class Applied(NamedTuple):
    """What a model makes of some examples.

    Attributes:
        outputs: The logits, or one column of numbers to be predicted.
        state: The model's state afterwards; in evaluation nobody looks at it.
        penalty: What regularisation adds to the loss; None for nothing, at no cost.
    """

    outputs: Float[Array, "example class"]
    state: ModelState
    penalty: Float[Array, ""] | None = None


class Apply(Protocol):
    """Weights, state and inputs to logits and the new state."""

    def __call__(
        self,
        params: Params,
        state: ModelState,
        inputs: Float[Array, "example ..."],
        *,
        hyperparameters: Hyperparameters,
        train: bool = False,
        key: Key[Array, ""] | None = None,
    ) -> Applied:
        """Apply the model to examples, one a row, each in its own shape.

        Args:
            params: What the optimizer changes.
            state: What it does not, e.g. running statistics.
            inputs: The examples.
            hyperparameters: A number for each name of `Model.hyperparameters`.
            train: Whether this is a training step: it draws what it leaves out, and
                normalises by its own batch. Evaluation uses the running statistics.
            key: Of the run's seed and the step, so that configs of a seed see the same
                masks; None in evaluation, and for a model that draws nothing.
        """
        ...


class Model(NamedTuple):
    """Pure functions for ONE run; none knows that there are others.

    Attributes:
        init: Draws the weights from a key, and makes the state before the first step;
            `()` for a model that has none. Also takes the traced hyperparameters.
        apply: Weights, state and inputs to logits.
        hyperparameters: The names of those that are traced.
        draws: Whether a training step draws anything, so that it needs a key.
        layer_inputs: Weights and inputs to what enters each dense layer, one array
            [example, unit] for each; all but the first are the activations of a hidden
            layer. None for a model that is not made of dense layers alone, whose
            weights are a list of one `{"kernel": ..., "bias": ...}` for each.
        relu_outputs: Weights and inputs to what each ReLU layer puts out, its units on
            the last axis; no array if the activation is another one. None for a model
            that has no such layer whatever its hyperparameters, or does not tell.
        note: What a reader of results must know of how it is trained; may be empty.
    """

    init: Callable[[Key[Array, ""], Hyperparameters], tuple[Params, ModelState]]
    apply: Apply
    hyperparameters: tuple[str, ...] = ()
    draws: bool = False
    layer_inputs: (
        Callable[[Params, Float[Array, "example ..."]], tuple[Array, ...]] | None
    ) = None
    relu_outputs: (
        Callable[[Params, Float[Array, "example ..."]], tuple[Array, ...]] | None
    ) = None
    note: str = ""

    def logits(
        self, params: Params, inputs: Float[Array, "example ..."]
    ) -> Float[Array, "example class"]:
        """The outputs in evaluation, of a model without state."""
        return self.apply(params, (), inputs, hyperparameters={}).outputs
