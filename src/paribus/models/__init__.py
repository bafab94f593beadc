"""Models: choosing one needs no JAX; `build` makes the functions that are trained."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from paribus.builders import describe_builder, describe_functions
from paribus.hyperparameters import Value
from paribus.study import ModelChoice


__all__ = ["built_by", "cnn", "functions", "mlp", "softmax"]

Activation = Literal["relu", "tanh", "sigmoid", "gelu", "elu", "silu"]
Padding = Literal["valid", "same"]


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
    settings = {
        "hidden": _widths(hidden),
        "activation": activation,
        "dropout": dropout,
    }
    return _chosen("mlp", settings)


def cnn(
    *,
    channels: Sequence[int] | None = None,
    kernel_size: int | None = None,
    padding: Padding | None = None,
    hidden: Sequence[int] | None = None,
    activation: Activation | None = None,
    dropout: float | None = None,
) -> ModelChoice:
    """Choose a convolutional network for images: convolutions, then dense layers.

    Each convolution is followed by its activation and by max pooling, which halves
    height and width. What is not said has its default, which makes the network of many
    a tutorial on MNIST; leave out what the search space varies.

    Args:
        channels: Of each convolution; `[32, 64]` if not said.
        kernel_size: Height and width of every kernel; 3 if not said.
        padding: `"valid"` convolves within the image, so that it shrinks; `"same"`
            pads it with zeros, so that it does not. `"valid"` if not said.
        hidden: Width of each dense layer before the logits; none if not said.
        activation: What follows each layer but the last; `"relu"` if not said.
        dropout: Share left out of a training step, of what enters the first dense layer
            and of each hidden dense layer's outputs, in [0, 1); 0 if not said.

    Raises:
        StudyError: If a width or size is no integer from 1 to 65,536, or a value is out
            of range.
    """
    settings = {
        "channels": _widths(channels),
        "kernel_size": kernel_size,
        "padding": padding,
        "hidden": _widths(hidden),
        "activation": activation,
        "dropout": dropout,
    }
    return _chosen("cnn", settings)


def softmax() -> ModelChoice:
    """Choose softmax regression: the linear baseline, no hidden layer."""
    return ModelChoice(name="softmax")


def built_by(
    build: Callable[..., Any], **settings: Value | Sequence[int]
) -> ModelChoice:
    """Choose your own model: a function that builds it in Keras, Flax NNX or Equinox.

    A study takes the function itself, too; this fixes some of its hyperparameters. The
    others are those of the search space, or have the function's own defaults. Each
    value has a compiled program of its own.

    Args:
        build: Returns a Keras model, compiled or not; or takes `rngs` and returns a
            Flax NNX module; or takes `key` and returns an Equinox module, also with its
            state. If it takes `example_shape` or `n_classes`, it is given them.
        settings: Hyperparameter -> value, by the names of the function's parameters.

    Raises:
        StudyError: If the function does not name each of its parameters, or lacks one
            of `settings`.
    """
    builder = describe_builder(build)
    values: dict[str, Any] = dict(settings)
    return ModelChoice(name=builder.reference, builder=builder, settings=values)


def functions(
    init: Callable[..., Any],
    apply: Callable[..., Any],
    **hyperparameters: Value | Sequence[int],
) -> ModelChoice:
    """Choose your own model: two plain functions on JAX arrays.

    Args:
        init: `init(key, hyperparameters)` returns the weights, a tree of float32
            arrays, or the weights and a state.
        apply: `apply(parameters, state, inputs, train, key)` returns the logits of a
            batch, or (logits, state), or (logits, state, penalty). `key` is None in
            evaluation. What it needs of the hyperparameters, `init` puts into the
            state.
        hyperparameters: Those that `init` is given, with their defaults. A float is
            traced: all its values share one program. Any other value is static.

    Raises:
        StudyError: If a part is no function.
        SpaceError: If a default cannot be recorded.
    """
    values: dict[str, Any] = dict(hyperparameters)
    builder = describe_functions(init, apply, values)
    return ModelChoice(name=builder.reference, builder=builder)


def _widths(widths: Sequence[int] | None) -> Any:
    return tuple(widths) if isinstance(widths, list) else widths


def _chosen(name: str, settings: Mapping[str, Any]) -> ModelChoice:
    said = {setting: value for setting, value in settings.items() if value is not None}
    return ModelChoice(name=name, settings=said)
