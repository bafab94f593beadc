"""Models: choosing one needs no JAX; `build` makes the functions that are trained."""

from collections.abc import Sequence
from typing import Literal

from paribus.study import ModelChoice


__all__ = ["mlp", "softmax"]

Activation = Literal["relu", "tanh", "sigmoid", "gelu", "elu", "silu"]


def mlp(
    *,
    hidden: Sequence[int] | None = None,
    activation: Activation | None = None,
    dropout: float | None = None,
) -> ModelChoice:
    """Choose a multilayer perceptron: dense layers between the inputs and the logits.

    Args:
        hidden: Width of each hidden layer; `[128]` if not said. Leave it out where the
            search space varies it.
        activation: What follows each hidden layer; `"relu"` if not said.
        dropout: Share of each hidden layer's outputs left out of a training step, in
            [0, 1); 0 if not said.

    Raises:
        StudyError: If a width is no integer from 1 to 65,536, or a value is out of
            range.
    """
    widths = tuple(hidden) if isinstance(hidden, list) else hidden
    settings = {"hidden": widths, "activation": activation, "dropout": dropout}
    return ModelChoice(
        name="mlp",
        settings={k: v for k, v in settings.items() if v is not None},
    )


def softmax() -> ModelChoice:
    """Choose softmax regression: the linear baseline, no hidden layer."""
    return ModelChoice(name="softmax")
