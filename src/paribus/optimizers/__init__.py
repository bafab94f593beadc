"""Optimizers: choosing one needs no JAX; `transformations` makes the one that runs.

Hyperparameters that the search space varies are left out of the choice.
"""

from paribus.hyperparameters import Value
from paribus.study import OptimizerChoice


__all__ = ["adam", "keras_adam", "rmsprop", "sgd"]


def adam(
    *,
    learning_rate: float | None = None,
    b1: float | None = None,
    b2: float | None = None,
    eps: float | None = None,
) -> OptimizerChoice:
    """Choose Adam as optax computes it.

    Args:
        learning_rate: Step size, above 0.
        b1: Decay of the first moment, in [0, 1); 0.9 if not said.
        b2: Decay of the second moment, in [0, 1); 0.999 if not said.
        eps: Added to the root of the second moment, above 0; 1e-8 if not said.
    """
    return _choice("adam", learning_rate=learning_rate, b1=b1, b2=b2, eps=eps)


def keras_adam(
    *,
    learning_rate: float | None = None,
    b1: float | None = None,
    b2: float | None = None,
    eps: float | None = None,
) -> OptimizerChoice:
    """Choose Adam as Keras computes it, where epsilon counts for more at the start.

    Args:
        learning_rate: Step size, above 0.
        b1: Decay of the first moment, in [0, 1); 0.9 if not said.
        b2: Decay of the second moment, in [0, 1); 0.999 if not said.
        eps: Added to the root of the second moment, above 0; 1e-7 if not said.
    """
    return _choice("keras_adam", learning_rate=learning_rate, b1=b1, b2=b2, eps=eps)


def rmsprop(
    *,
    learning_rate: float | None = None,
    decay: float | None = None,
    eps: float | None = None,
    momentum: float | None = None,
) -> OptimizerChoice:
    """Choose RMSprop as optax and Keras compute it: epsilon stands under the root.

    Args:
        learning_rate: Step size, above 0.
        decay: Decay of the second moment, in [0, 1); 0.9 if not said. Keras's `rho`.
        eps: Added to the second moment, above 0; 1e-8 if not said. Keras's is 1e-7.
        momentum: Decay of the velocity, in [0, 1); 0 if not said.
    """
    return _choice(
        "rmsprop",
        learning_rate=learning_rate,
        decay=decay,
        eps=eps,
        momentum=momentum,
    )


def sgd(
    *,
    learning_rate: float | None = None,
    momentum: float | None = None,
    nesterov: bool | None = None,
) -> OptimizerChoice:
    """Choose gradient descent, with momentum if wanted.

    Args:
        learning_rate: Step size, above 0.
        momentum: Decay of the velocity, in [0, 1); 0 if not said.
        nesterov: Whether to look ahead; false if not said.
    """
    return _choice(
        "sgd", learning_rate=learning_rate, momentum=momentum, nesterov=nesterov
    )


def _choice(name: str, **settings: Value | None) -> OptimizerChoice:
    said = {key: value for key, value in settings.items() if value is not None}
    return OptimizerChoice(name=name, settings=said)
