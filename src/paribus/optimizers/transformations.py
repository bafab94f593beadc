"""Optimizers: traced hyperparameters to an optax transformation."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

from paribus.hyperparameters import OPTIMIZERS, Value
from paribus.optimizers.schedules import scale_at


class _KerasAdamState(NamedTuple):
    n_steps: Int[Array, ""]
    m: optax.Updates
    v: optax.Updates


def keras_adam(
    learning_rate: Any, b1: Any, b2: Any, eps: Any, *, b1_rest: Any, b2_rest: Any
) -> optax.GradientTransformation:
    """Adam as Keras writes it: epsilon is added before the bias is corrected.

    The step is `lr √(1 - b2^t) / (1 - b1^t) · m / (√v + eps)`. optax's, and the
    paper's algorithm 1, is `lr · m̂ / (√v̂ + eps)`: near the start, where √v is small,
    Keras's epsilon counts for up to √(1 / (1 - b2)) = 32 times as much.

    Args:
        learning_rate: Step size; this and all others may be traced.
        b1: Decay of the first moment, in [0, 1).
        b2: Decay of the second moment, in [0, 1).
        eps: Added to the root of the second moment.
        b1_rest: 1 - b1, from double precision.
        b2_rest: 1 - b2, from double precision: in float32, 1 - 0.999 is off by 1.3e-5,
            and so would be every second moment.

    References:
        Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, end of
        section 2; keras/src/optimizers/adam.py.
    """

    def init(params: optax.Params) -> _KerasAdamState:
        zeros = jax.tree.map(jnp.zeros_like, params)
        return _KerasAdamState(n_steps=jnp.zeros((), jnp.int32), m=zeros, v=zeros)

    def update(
        updates: optax.Updates,
        state: Any,
        params: optax.Params | None = None,
    ) -> tuple[optax.Updates, _KerasAdamState]:
        del params
        n_steps = state.n_steps + 1
        t = n_steps.astype(jnp.float32)
        alpha = learning_rate * jnp.sqrt(1 - b2**t) / (1 - b1**t)
        m = jax.tree.map(lambda m, g: m + (g - m) * b1_rest, state.m, updates)
        v = jax.tree.map(lambda v, g: v + (g * g - v) * b2_rest, state.v, updates)
        steps = jax.tree.map(lambda m, v: -(m * alpha) / (jnp.sqrt(v) + eps), m, v)
        return steps, _KerasAdamState(n_steps=n_steps, m=m, v=v)

    return optax.GradientTransformation(init, update)


def traced_numbers(name: str, settings: Mapping[str, Value]) -> dict[str, float]:
    """List the numbers that the program of an optimizer takes, in double precision.

    Args:
        name: A key of `paribus.hyperparameters.OPTIMIZERS`.
        settings: A value for each of its hyperparameters.
    """
    numbers = {
        hyperparameter: float(value)
        for hyperparameter, value in settings.items()
        if isinstance(value, float) and not OPTIMIZERS[name][hyperparameter].is_static
    }
    if name == "keras_adam":
        numbers |= {f"{decay}_rest": 1 - numbers[decay] for decay in ("b1", "b2")}
    return numbers


def build_optimizer(
    name: str, settings: Mapping[str, Any], *, step: Any = 0
) -> optax.GradientTransformation:
    """Build the optimizer called `name`, inside the traced function that uses it.

    Args:
        name: A key of `paribus.hyperparameters.OPTIMIZERS`.
        settings: The `traced_numbers`, a value for each static hyperparameter and,
            with a schedule that decays, `decay_start` and `decay_end`, in steps.
        step: Steps done before, which the schedule scales the learning rate by. State
            does not depend on it, so a run may go on with another schedule.
    """
    own = dict(settings)
    schedule = own.pop("schedule", "constant")
    decay = own.pop("decay_start", 0.0), own.pop("decay_end", 1.0)
    if schedule != "constant":
        own["learning_rate"] *= scale_at(schedule, step, *decay)
    match name:
        case "keras_adam":
            return keras_adam(**own)
        case "adam":
            return optax.adam(**own)
        # Always with momentum: a traced 0.0 is none.
        case "rmsprop":
            return optax.rmsprop(**own)
        case "sgd":
            return optax.sgd(**own)
    raise AssertionError(name)
