"""What a Keras model is compiled with, in our names: the optimizer.

The tables below are all there is to extend; whatever is not in them is refused by name.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from paribus.errors import StudyError, suggest
from paribus.hyperparameters import Value
from paribus.integrations.keras_tasks import compiled_task, refuse_others
from paribus.tasks import TaskChoice


class _Optimizer(NamedTuple):
    """One of Keras's optimizers in ours.

    Attributes:
        name: What it is called here.
        settings: Its hyperparameters here, by their names in Keras.
    """

    name: str
    settings: Mapping[str, str]


# Each gives Keras's own losses (`tests/reference/test_keras_models.py`).
_MOMENTS = {"beta_1": "b1", "beta_2": "b2", "epsilon": "eps"}
OPTIMIZERS: Mapping[str, _Optimizer] = {
    "Adam": _Optimizer("keras_adam", _MOMENTS),
    "AdamW": _Optimizer("keras_adamw", _MOMENTS),
    "Nadam": _Optimizer("keras_nadam", _MOMENTS),
    "Adamax": _Optimizer("adamax", _MOMENTS),
    "Lion": _Optimizer("lion", {"beta_1": "b1", "beta_2": "b2"}),
    "RMSprop": _Optimizer(
        "rmsprop", {"rho": "decay", "epsilon": "eps", "momentum": "momentum"}
    ),
    "Adagrad": _Optimizer(
        "adagrad",
        {
            "initial_accumulator_value": "initial_accumulator_value",
            "epsilon": "eps",
        },
    ),
    "Adadelta": _Optimizer("adadelta", {"rho": "rho", "epsilon": "eps"}),
    "SGD": _Optimizer("sgd", {"momentum": "momentum", "nesterov": "nesterov"}),
}

# What all of them have, and none is without: None in Keras, 0 here.
_OPTIONS = {
    "weight_decay": "weight_decay",
    "global_clipnorm": "clip_norm",
    "clipvalue": "clip_value",
}

# Settings that change nothing at these values; another value is refused by name.
_WITHOUT_EFFECT: Mapping[str, tuple[Any, ...]] = {
    "clipnorm": (None,),  # of each variable by itself
    "use_ema": (False,),
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None, 1),
    "amsgrad": (False,),
    "centered": (False,),
}
_IGNORED = ("name", "learning_rate", "ema_momentum", "ema_overwrite_frequency")


class Compiled(NamedTuple):
    """What a model is compiled with.

    Attributes:
        optimizer: The optimizer's name here.
        settings: Its hyperparameters here, the learning rate among them.
        task: What its loss and metrics are here.
    """

    optimizer: str
    settings: dict[str, Value]
    task: TaskChoice


def compiled_with(network: Any, reference: str) -> Compiled:
    """Read what a network is compiled with.

    Args:
        network: A compiled Keras model.
        reference: Whose it is.

    Raises:
        StudyError: If it is not compiled, or its optimizer, loss or a metric has no
            counterpart here.
    """
    if not network.compiled:
        raise StudyError(
            f"`{reference}` must return a compiled model, or the study have an "
            "optimizer, got neither",
            hint="give the study an `optimizer`, or call `model.compile(...)`",
        )
    config = network.get_compile_config()
    if config is None:
        raise StudyError(
            f"`{reference}` must be compiled with parts that Keras can name"
        )
    if _has_exclusions(network.optimizer):
        raise StudyError(
            f"`{reference}` must be compiled with an optimizer that decays every "
            "weight, got one with `exclude_from_weight_decay`"
        )
    task = compiled_task(network, config, reference)
    for name in ("loss_weights", "weighted_metrics"):
        if config.get(name) is not None:
            raise StudyError(
                f"`{reference}` must be compiled without `{name}`, got {config[name]}"
            )
    return Compiled(*_optimizer(config["optimizer"], reference), task)


def _has_exclusions(optimizer: Any) -> bool:
    """Whether some weights are left out of decay, which no configuration tells."""
    names = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    return any(getattr(optimizer, name, None) for name in names)


def _optimizer(
    config: Mapping[str, Any], reference: str
) -> tuple[str, dict[str, Value]]:
    """An optimizer's name here, and its hyperparameters here."""
    theirs, settings = config["class_name"], config["config"]
    if theirs not in OPTIMIZERS:
        raise StudyError(
            f"`{reference}` must be compiled with an optimizer that is known here, "
            f"got {theirs}",
            hint=suggest(theirs, OPTIMIZERS),
        )
    known = OPTIMIZERS[theirs]
    if isinstance(settings["learning_rate"], dict):
        raise StudyError(
            f"`{reference}` must be compiled with a number as learning rate, "
            f"got {settings['learning_rate'].get('class_name', 'a schedule')}",
            hint="give the study an optimizer with a `schedule`",
        )
    taken = {*known.settings, *_OPTIONS, *_IGNORED}
    refuse_others(settings, taken, _WITHOUT_EFFECT, f"`{reference}`", of=f"a {theirs}")
    ours = {known.settings[n]: v for n, v in settings.items() if n in known.settings}
    ours |= {_OPTIONS[n]: v or 0.0 for n, v in settings.items() if n in _OPTIONS}
    ours["learning_rate"] = settings["learning_rate"]
    return known.name, {n: _shortest(v) for n, v in ours.items()}


def _shortest(value: Value) -> Value:
    """The number that was written: Keras keeps 0.001 as the nearest float32."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return float(str(np.float32(value)))
