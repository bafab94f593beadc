"""Schedules: what the learning rate is multiplied by at each step of ONE run."""

import math
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float


def scale_at(schedule: str, step: Any, start: Any, end: Any) -> Float[Array, ""]:
    """The factor of the learning rate for one step, from 1 down to 0.

    Args:
        schedule: `"linear"` or `"cosine"`; `"constant"` needs no factor.
        step: Steps done before; this and all others may be traced.
        start: Steps done when the decay begins: 1 up to there.
        end: Steps done when it has ended: 0 from there on.

    References:
        Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts,
        2017, equation 5, without restarts.
    """
    share = jnp.clip((step - start) / (end - start), 0.0, 1.0)
    match schedule:
        case "linear":
            return 1.0 - share
        case "cosine":
            return 0.5 * (1.0 + jnp.cos(math.pi * share))
    raise AssertionError(schedule)
