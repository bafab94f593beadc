"""Optimizers: traced hyperparameters to an optax transformation."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int


class _KerasAdamState(NamedTuple):
    n_steps: Int[Array, ""]
    m: optax.Updates
    v: optax.Updates


def keras_adam(
    learning_rate: Any, b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-7
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
        m = jax.tree.map(lambda m, g: m + (g - m) * (1 - b1), state.m, updates)
        v = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - b2), state.v, updates)
        steps = jax.tree.map(lambda m, v: -(m * alpha) / (jnp.sqrt(v) + eps), m, v)
        return steps, _KerasAdamState(n_steps=n_steps, m=m, v=v)

    return optax.GradientTransformation(init, update)


def build_optimizer(
    name: str, settings: Mapping[str, Any]
) -> optax.GradientTransformation:
    """Build the optimizer called `name`, inside the traced function that uses it.

    Args:
        name: A key of `paribus.hyperparameters.OPTIMIZERS`.
        settings: A value for each of its hyperparameters; numbers may be traced.
    """
    match name:
        case "keras_adam":
            return keras_adam(**settings)
        case "adam":
            return optax.adam(**settings)
        case "sgd":
            # Always with momentum: a traced 0.0 is plain gradient descent.
            return optax.sgd(**settings)
    raise AssertionError(name)
