"""Optimizers as Keras writes them, where its numbers differ from optax's."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int


class KerasMoments(NamedTuple):
    """The state of Keras's Adam: steps done, first and second moment."""

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

    def init(params: optax.Params) -> KerasMoments:
        zeros = jax.tree.map(jnp.zeros_like, params)
        return KerasMoments(n_steps=jnp.zeros((), jnp.int32), m=zeros, v=zeros)

    def update(
        updates: optax.Updates,
        state: Any,
        params: optax.Params | None = None,
    ) -> tuple[optax.Updates, KerasMoments]:
        del params
        n_steps = state.n_steps + 1
        t = n_steps.astype(jnp.float32)
        alpha = learning_rate * jnp.sqrt(1 - b2**t) / (1 - b1**t)
        m = jax.tree.map(lambda m, g: m + (g - m) * b1_rest, state.m, updates)
        v = jax.tree.map(lambda v, g: v + (g * g - v) * b2_rest, state.v, updates)
        steps = jax.tree.map(lambda m, v: -(m * alpha) / (jnp.sqrt(v) + eps), m, v)
        return steps, KerasMoments(n_steps=n_steps, m=m, v=v)

    return optax.GradientTransformation(init, update)


class _NadamState(NamedTuple):
    n_steps: Int[Array, ""]
    m: optax.Updates
    v: optax.Updates
    product: Float[Array, ""]


def keras_nadam(
    learning_rate: Any, b1: Any, b2: Any, eps: Any, *, b1_rest: Any, b2_rest: Any
) -> optax.GradientTransformation:
    """Nadam as Keras and its paper write it: b1 itself rises from step to step.

    In step t the velocity counts for `u_t = b1 (1 - 0.96^t / 2)`, and bias is corrected
    by the product of these. optax's `nadam` has b1 throughout.

    Args:
        learning_rate: Step size; this and all others may be traced.
        b1: What the decay of the first moment rises to, in [0, 1).
        b2: Decay of the second moment, in [0, 1).
        eps: Added to the root of the second moment.
        b1_rest: 1 - b1, from double precision.
        b2_rest: 1 - b2, from double precision.

    References:
        Dozat, Incorporating Nesterov Momentum into Adam, 2016;
        keras/src/optimizers/nadam.py.
    """

    def init(params: optax.Params) -> _NadamState:
        zeros = jax.tree.map(jnp.zeros_like, params)
        return _NadamState(
            n_steps=jnp.zeros((), jnp.int32), m=zeros, v=zeros, product=jnp.ones(())
        )

    def update(
        updates: optax.Updates,
        state: Any,
        params: optax.Params | None = None,
    ) -> tuple[optax.Updates, _NadamState]:
        del params
        n_steps = state.n_steps + 1
        t = n_steps.astype(jnp.float32)
        now, after = (b1 * (1 - 0.5 * 0.96**k) for k in (t, t + 1))
        product = state.product * now
        of_m = learning_rate * after / (1 - product * after)
        of_gradient = learning_rate * (1 - now) / (1 - product)
        m = jax.tree.map(lambda m, g: m + (g - m) * b1_rest, state.m, updates)
        v = jax.tree.map(lambda v, g: v + (g * g - v) * b2_rest, state.v, updates)
        # The same rounded 1 - b2 as in v, so that the first step has no bias at all.
        unbiased = 1 / (1 - b2**t)
        steps = jax.tree.map(
            lambda m, v, g: (
                -(of_m * m + of_gradient * g) / (jnp.sqrt(v * unbiased) + eps)
            ),
            m,
            v,
            updates,
        )
        return steps, _NadamState(n_steps=n_steps, m=m, v=v, product=product)

    return optax.GradientTransformation(init, update)
