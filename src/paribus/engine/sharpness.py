"""How far does the loss of ONE run rise within a small distance of its weights?"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jax.typing import ArrayLike
from jaxtyping import Array, Float


ASAM_RADIUS = 0.5
SAM_RADIUS = 0.05
KESKAR_EPSILON = 1e-3
KESKAR_STEPS = 10

Loss = Callable[[Any], Array]
FlatLoss = Callable[[Float[Array, " weight"]], Array]


def asam_sharpness(
    loss: Loss, params: Any, *, radius: float = ASAM_RADIUS, n_steps: int = 1
) -> Float[Array, ""]:
    """Measure how far the loss rises one step up, relative to the size of each weight.

    L(w + e) - L(w) with e = radius T²g/norm(Tg), g the gradient and T the sizes of the
    weights and biases. Multiplying a layer by a number and dividing the next by it
    changes nothing.

    Args:
        loss: Weights to the loss on fixed examples: m-sharpness, m their number.
        params: The weights.
        radius: How far, relative to each weight.
        n_steps: Steps up; more than one stay within the radius, and check the first.

    References:
        Kwon et al., ASAM: Adaptive Sharpness-Aware Minimization, 2021. Their small
        constant in T is 0 here, so that the invariance is exact.
    """
    flat, flat_loss = _flatten(loss, params)
    return _rise(flat_loss, flat, jnp.abs(flat), radius=radius, n_steps=n_steps)


def sam_sharpness(
    loss: Loss, params: Any, *, radius: float = SAM_RADIUS, n_steps: int = 1
) -> Float[Array, ""]:
    """Measure how far the loss rises one step up the gradient.

    As `asam_sharpness` with T = 1: it changes when layers are scaled against each
    other, although the network does not.

    Args:
        loss: Weights to the loss on fixed examples.
        params: The weights.
        radius: How far, in Euclidean distance.
        n_steps: Steps up.

    References:
        Foret et al., Sharpness-Aware Minimization for Efficiently Improving
        Generalization, 2021; Dinh et al., Sharp Minima Can Generalize, 2017.
    """
    flat, flat_loss = _flatten(loss, params)
    return _rise(flat_loss, flat, jnp.ones_like(flat), radius=radius, n_steps=n_steps)


def keskar_phi(
    loss: Loss,
    params: Any,
    *,
    epsilon: float = KESKAR_EPSILON,
    n_steps: int = KESKAR_STEPS,
) -> Float[Array, ""]:
    """Measure Keskar's sharpness phi over a box about the weights, in full space.

    100 (max f(x + y) - f(x))/(1 + f(x)) with abs(y_i) <= epsilon (abs(x_i) + 1). The
    maximum is sought from corner to corner of the box, each in the direction of the
    gradient's signs at the one before, which never goes down where the loss is convex.
    The paper takes 10 iterations of L-BFGS-B, which cannot be vectorised and find no
    more (`tests/reference/test_sharpness.py`). Either way the value is a lower bound.

    Args:
        loss: Weights to the loss on fixed examples.
        params: The weights.
        epsilon: Half the width of the box.
        n_steps: Corners.

    References:
        Keskar et al., On Large-Batch Training for Deep Learning, 2017, metric 2.1.
    """
    flat, flat_loss = _flatten(loss, params)
    at_centre = flat_loss(flat)
    bound = epsilon * (jnp.abs(flat) + 1)

    def step(_: ArrayLike, found: tuple[Array, Array]) -> tuple[Array, Array]:
        offset, best = found
        value, gradient = jax.value_and_grad(flat_loss)(flat + offset)
        return bound * jnp.sign(gradient), jnp.maximum(best, value)

    begun = jnp.zeros_like(flat), at_centre
    offset, best = jax.lax.fori_loop(0, n_steps, step, begun)
    best = jnp.maximum(best, flat_loss(flat + offset))
    return 100 * (best - at_centre) / (1 + at_centre)


def _flatten(loss: Loss, params: Any) -> tuple[Float[Array, " weight"], FlatLoss]:
    flat, unravel = ravel_pytree(params)
    return flat, lambda vector: loss(unravel(vector))


def _rise(
    loss: FlatLoss,
    flat: Float[Array, " weight"],
    scale: Float[Array, " weight"],
    *,
    radius: float,
    n_steps: int,
) -> Float[Array, ""]:
    """The rise from `flat` to the end of `n_steps` steps within the radius.

    Steps are made of u = e / scale, the offset in units of each weight's scale.
    """

    def up(u: Array) -> Array:
        direction = scale * jax.grad(loss)(flat + scale * u)
        length = jnp.linalg.norm(direction)
        return direction / jnp.where(length > 0, length, 1)

    # The first step goes all the way; later ones go a quarter and come back inside.
    u = radius * up(jnp.zeros_like(flat))

    def again(_: ArrayLike, u: Array) -> Array:
        moved = u + radius / 4 * up(u)
        return moved * jnp.minimum(1, radius / jnp.linalg.norm(moved))

    if n_steps > 1:
        u = jax.lax.fori_loop(1, n_steps, again, u)
    return loss(flat + scale * u) - loss(flat)
