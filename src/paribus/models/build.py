"""Models by name, for the program that trains them."""

import math
from collections.abc import Mapping
from typing import Any

from paribus.hyperparameters import MODELS
from paribus.models.convolutional import cnn
from paribus.models.dense import mlp
from paribus.models.model import Model


def build_model(
    name: str,
    settings: Mapping[str, Any],
    *,
    example_shape: tuple[int, ...],
    n_classes: int,
    has_dropout: bool = False,
) -> Model:
    """Build the model called `name` for one kind of example.

    Args:
        name: A key of `paribus.hyperparameters.MODELS`.
        settings: A value for each of its hyperparameters; those that are traced are
            left to the program.
        example_shape: Shape of one example.
        n_classes: Number of logits.
        has_dropout: Whether training steps leave anything out.

    Raises:
        StudyError: If it is not for this kind of example.
    """
    static = {n: v for n, v in settings.items() if MODELS[name][n].is_static}
    n_inputs = math.prod(example_shape)
    match name:
        case "mlp":
            return mlp(
                n_inputs=n_inputs,
                n_classes=n_classes,
                **static,
                has_dropout=has_dropout,
            )
        case "cnn":
            return cnn(
                example_shape=example_shape,
                n_classes=n_classes,
                **static,
                has_dropout=has_dropout,
            )
        case "softmax":
            linear = mlp(
                n_inputs=n_inputs, n_classes=n_classes, hidden=(), activation="relu"
            )
            return linear._replace(relu_outputs=None)
    raise AssertionError(name)
