"""Optimizers: choosing one needs no JAX; `transformations` makes the one that runs.

Hyperparameters that the search space varies are left out of the choice. All optimizers
have those of `Common`; `docs/reference/optimizers.md` says what each is, with defaults.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypedDict, Unpack

from paribus.study import OptimizerChoice


__all__ = [
    "adadelta",
    "adafactor",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "keras_adam",
    "keras_adamw",
    "keras_nadam",
    "lamb",
    "lion",
    "momentum",
    "nadam",
    "nadamw",
    "nesterov",
    "radam",
    "rmsprop",
    "sgd",
]


class Common(TypedDict, total=False):
    """What may be set of every optimizer.

    Attributes:
        learning_rate: Step size, above 0; the highest of the schedule.
        weight_decay: Part of the weights, times the learning rate, that a step takes.
        l2: Part of the weights that is added to the gradient.
        clip_norm: The largest norm of all gradients together; 0 for no bound.
        clip_value: The largest size of an entry of a gradient; 0 for no bound.
        schedule: What the learning rate does over the run's budget.
        warmup_steps: Steps in which the learning rate rises to where the schedule
            begins.
        warmup_epochs: The same in epochs; one of the two.
        final_fraction: Part of the learning rate that the schedule ends at.
        decay_factor: What `step` and `exponential` multiply by.
        decay_every: After which part of the budget they do so.
        start_fraction: Part of the learning rate that `one_cycle` begins at.
        rise_fraction: Part of the budget in which `one_cycle` rises.
    """

    learning_rate: float
    weight_decay: float
    l2: float
    clip_norm: float
    clip_value: float
    schedule: Literal[
        "constant", "linear", "cosine", "step", "exponential", "one_cycle"
    ]
    warmup_steps: float
    warmup_epochs: float
    final_fraction: float
    decay_factor: float
    decay_every: float
    start_fraction: float
    rise_fraction: float


class OfMoments(Common, total=False):
    """What may be set of Adam and its like.

    Attributes:
        b1: Decay of the first moment, in [0, 1).
        b2: Decay of the second moment, in [0, 1).
        eps: Added to the root of the second moment, above 0.
    """

    b1: float
    b2: float
    eps: float


class OfSigns(Common, total=False):
    """What may be set of Lion.

    Attributes:
        b1: What the velocity counts for in a step, in [0, 1).
        b2: Decay of the velocity, in [0, 1).
    """

    b1: float
    b2: float


class OfVelocity(Common, total=False):
    """What may be set of gradient descent with momentum.

    Attributes:
        momentum: Decay of the velocity, in [0, 1).
    """

    momentum: float


class OfDescent(OfVelocity, total=False):
    """What may be set of gradient descent.

    Attributes:
        nesterov: Whether to look ahead; false if not said.
    """

    nesterov: bool


class OfMeanSquares(OfVelocity, total=False):
    """What may be set of RMSprop.

    Attributes:
        decay: Decay of the second moment, in [0, 1). Keras's `rho`.
        eps: Added to the second moment, above 0. Keras's is 1e-7.
    """

    decay: float
    eps: float


class OfSums(Common, total=False):
    """What may be set of Adagrad.

    Attributes:
        initial_accumulator_value: What the sum of squares begins with, at least 0.
        eps: Added to the sum of squares, above 0.
    """

    initial_accumulator_value: float
    eps: float


class OfDeltas(Common, total=False):
    """What may be set of Adadelta.

    Attributes:
        rho: Decay of both averages of squares, in [0, 1).
        eps: Added to both averages, above 0.
    """

    rho: float
    eps: float


class OfFactors(OfVelocity, total=False):
    """What may be set of Adafactor.

    Attributes:
        decay_rate: How soon the average of squares becomes slow, above 0.
        clipping_threshold: The largest root mean square of a layer's step.
        eps: Added to squared gradients, above 0.
        multiply_by_parameter_scale: Whether steps are relative to the weights.
        min_dim_size_to_factor: Matrices smaller than this are not factored.
    """

    decay_rate: float
    clipping_threshold: float
    eps: float
    multiply_by_parameter_scale: bool
    min_dim_size_to_factor: int


def adam(**settings: Unpack[OfMoments]) -> OptimizerChoice:
    """Choose Adam as optax computes it.

    Args:
        settings: Those of `OfMoments`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("adam", settings)


def keras_adam(**settings: Unpack[OfMoments]) -> OptimizerChoice:
    """Choose Adam as Keras computes it, where epsilon counts for more at the start.

    Args:
        settings: Those of `OfMoments`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("keras_adam", settings)


def adamw(**settings: Unpack[OfMoments]) -> OptimizerChoice:
    """Choose Adam with decoupled weight decay, 1e-4 if not said, as optax has it.

    Args:
        settings: Those of `OfMoments`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("adamw", settings)


def keras_adamw(**settings: Unpack[OfMoments]) -> OptimizerChoice:
    """Choose Keras's Adam with decoupled weight decay, 0.004 if not said.

    Args:
        settings: Those of `OfMoments`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("keras_adamw", settings)


def nadam(**settings: Unpack[OfMoments]) -> OptimizerChoice:
    """Choose Adam that looks ahead, as optax computes it.

    Args:
        settings: Those of `OfMoments`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("nadam", settings)


def nadamw(**settings: Unpack[OfMoments]) -> OptimizerChoice:
    """Choose optax's Nadam with decoupled weight decay, 1e-4 if not said.

    Args:
        settings: Those of `OfMoments`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("nadamw", settings)


def keras_nadam(**settings: Unpack[OfMoments]) -> OptimizerChoice:
    """Choose Nadam as Keras computes it, whose b1 rises from step to step.

    Args:
        settings: Those of `OfMoments`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("keras_nadam", settings)


def radam(**settings: Unpack[OfMoments]) -> OptimizerChoice:
    """Choose Adam that waits until its second moment is known, as optax has it.

    Args:
        settings: Those of `OfMoments`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("radam", settings)


def adamax(**settings: Unpack[OfMoments]) -> OptimizerChoice:
    """Choose Adam by the largest gradient, as optax computes it.

    Args:
        settings: Those of `OfMoments`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("adamax", settings)


def lamb(**settings: Unpack[OfMoments]) -> OptimizerChoice:
    """Choose LAMB: Adam's steps, relative to the weights of each layer.

    Args:
        settings: Those of `OfMoments`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("lamb", settings)


def lion(**settings: Unpack[OfSigns]) -> OptimizerChoice:
    """Choose Lion, whose steps are signs; weights decay by 1e-3 if not said.

    Args:
        settings: Those of `OfSigns`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("lion", settings)


def rmsprop(**settings: Unpack[OfMeanSquares]) -> OptimizerChoice:
    """Choose RMSprop as optax and Keras compute it: epsilon stands under the root.

    Args:
        settings: Those of `OfMeanSquares`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("rmsprop", settings)


def adagrad(**settings: Unpack[OfSums]) -> OptimizerChoice:
    """Choose Adagrad as optax and Keras compute it.

    Args:
        settings: Those of `OfSums`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("adagrad", settings)


def adadelta(**settings: Unpack[OfDeltas]) -> OptimizerChoice:
    """Choose Adadelta as optax and Keras compute it.

    Args:
        settings: Those of `OfDeltas`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("adadelta", settings)


def adafactor(**settings: Unpack[OfFactors]) -> OptimizerChoice:
    """Choose Adafactor as optax computes it.

    Args:
        settings: Those of `OfFactors`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("adafactor", settings)


def sgd(**settings: Unpack[OfDescent]) -> OptimizerChoice:
    """Choose gradient descent, with momentum if wanted.

    Args:
        settings: Those of `OfDescent`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("sgd", settings)


def momentum(**settings: Unpack[OfVelocity]) -> OptimizerChoice:
    """Choose gradient descent with momentum, 0.9 if not said.

    Args:
        settings: Those of `OfVelocity`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("momentum", settings)


def nesterov(**settings: Unpack[OfVelocity]) -> OptimizerChoice:
    """Choose gradient descent with Nesterov's momentum, 0.9 if not said.

    Args:
        settings: Those of `OfVelocity`; what is left out has its default.

    Raises:
        StudyError: If a setting is not of this optimizer, or out of range.
    """
    return _choice("nesterov", settings)


def _choice(name: str, settings: Mapping[str, Any]) -> OptimizerChoice:
    return OptimizerChoice(name=name, settings=dict(settings))
