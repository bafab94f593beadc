"""Optimizers: traced hyperparameters to an optax transformation."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax.numpy as jnp
import optax

from paribus.hyperparameters import Value
from paribus.optimizer_catalogue import COMMON, OPTIMIZERS
from paribus.optimizers.keras_forms import keras_adam, keras_nadam
from paribus.optimizers.schedules import scale_at, warmup_at


def traced_numbers(name: str, settings: Mapping[str, Value]) -> dict[str, float]:
    """List the numbers that the program of an optimizer takes, in double precision.

    Args:
        name: A key of `paribus.optimizer_catalogue.OPTIMIZERS`.
        settings: A value for each of its hyperparameters that is in use.
    """
    numbers = {
        hyperparameter: float(value)
        for hyperparameter, value in settings.items()
        if isinstance(value, float) and not OPTIMIZERS[name][hyperparameter].is_static
    }
    if name in _KERAS_FORMS:
        numbers |= {f"{decay}_rest": 1 - numbers[decay] for decay in ("b1", "b2")}
    return numbers


def build_optimizer(
    name: str, settings: Mapping[str, Any], *, step: Any = 0
) -> optax.GradientTransformation:
    """Build the optimizer called `name`, inside the traced function that uses it.

    A gradient is first clipped, each entry and then all together; `l2` times the
    weights is added; then the optimizer makes its step of it. `weight_decay` takes its
    part of the weights beside that step, as in AdamW; LAMB scales both together. What
    is left out of `settings` is not in the program.

    Args:
        name: A key of `paribus.optimizer_catalogue.OPTIMIZERS`.
        settings: The `traced_numbers`, a value for each static hyperparameter and,
            with a schedule that is not constant, `decay_start` and `decay_end`, in
            steps.
        step: Steps done before, which the schedule scales the learning rate by. State
            does not depend on it, so a run may go on with another schedule.
    """
    own = dict(settings)
    options = {option: own.pop(option) for option in _OPTIONS if option in own}
    own["learning_rate"] = _scheduled(own["learning_rate"], options, step)
    decay = options.get("weight_decay")
    if name == "lamb" and decay is not None:
        own["weight_decay"] = options.pop("weight_decay")
    elif decay is not None:
        options["weight_decay"] = -own["learning_rate"] * decay
    before = [make(options[o]) for o, make in _BEFORE.items() if o in options]
    after = [make(options[o]) for o, make in _AFTER.items() if o in options]
    update = _UPDATES[name](**own)
    return optax.chain(*before, update, *after) if before or after else update


def _scheduled(learning_rate: Any, options: Mapping[str, Any], step: Any) -> Any:
    if "warmup_steps" in options:
        learning_rate = learning_rate * warmup_at(step, options["warmup_steps"])
    schedule = options.get("schedule", "constant")
    if schedule == "constant":
        return learning_rate
    start, end = options["decay_start"], options["decay_end"]
    return learning_rate * scale_at(schedule, step, start, end, options)


def _lion(learning_rate: Any, b1: Any, b2: Any) -> optax.GradientTransformation:
    """`optax.lion` without the decay of weights, which stands beside the step."""
    return optax.chain(
        optax.scale_by_lion(b1=b1, b2=b2), optax.scale_by_learning_rate(learning_rate)
    )


def _lamb(
    learning_rate: Any, b1: Any, b2: Any, eps: Any, weight_decay: Any = None
) -> optax.GradientTransformation:
    """`optax.lamb`, whose program has no decay of weights where a study has none."""
    decay = [] if weight_decay is None else [optax.add_decayed_weights(weight_decay)]
    return optax.chain(
        optax.scale_by_adam(b1=b1, b2=b2, eps=eps),
        *decay,
        optax.scale_by_trust_ratio(),
        optax.scale_by_learning_rate(learning_rate),
    )


def _clip_norm(most: Any) -> optax.GradientTransformation:
    return optax.clip_by_global_norm(_unless_zero(most))


def _clip_value(most: Any) -> optax.GradientTransformation:
    return optax.clip(_unless_zero(most))


def _unless_zero(most: Any) -> Any:
    """A bound, and none for 0, so that a study can compare with going without."""
    return jnp.where(jnp.asarray(most) > 0, most, jnp.inf)


# In the order in which they change the gradient.
_BEFORE: Mapping[str, Callable[[Any], optax.GradientTransformation]] = {
    "clip_value": _clip_value,
    "clip_norm": _clip_norm,
    "l2": optax.add_decayed_weights,
}
_AFTER: Mapping[str, Callable[[Any], optax.GradientTransformation]] = {
    "weight_decay": optax.add_decayed_weights,
}
# What `build_optimizer` takes care of, whatever the optimizer.
_OPTIONS = tuple(
    name for name in (*COMMON, "decay_start", "decay_end") if name != "learning_rate"
)

_KERAS_FORMS = ("keras_adam", "keras_adamw", "keras_nadam")
# Those with momentum always have it: a traced 0.0 is none.
_UPDATES: Mapping[str, Callable[..., optax.GradientTransformation]] = {
    "keras_adam": keras_adam,
    "keras_adamw": keras_adam,
    "keras_nadam": keras_nadam,
    "adam": optax.adam,
    "adamw": optax.adam,
    "nadam": optax.nadam,
    "nadamw": optax.nadam,
    "radam": optax.radam,
    "adamax": optax.adamax,
    "lamb": _lamb,
    "lion": _lion,
    "rmsprop": optax.rmsprop,
    "sgd": optax.sgd,
    "momentum": optax.sgd,
    "nesterov": partial(optax.sgd, nesterov=True),
    "adagrad": optax.adagrad,
    "adadelta": optax.adadelta,
    "adafactor": optax.adafactor,
}
