"""Schedules: what the learning rate is multiplied by at each step of ONE run."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float


Numbers = Mapping[str, Any]


def scale_at(
    schedule: str, step: Any, start: Any, end: Any, numbers: Numbers
) -> Float[Array, ""]:
    """The factor of the learning rate for one step.

    Args:
        schedule: `"linear"`, `"cosine"`, `"step"`, `"exponential"` or `"one_cycle"`;
            `"constant"` needs no factor.
        step: Steps done before; this and all others may be traced.
        start: Steps done when the schedule begins: up to there its first value holds.
        end: Steps done when it has ended: from there on its last value holds.
        numbers: The schedule's own hyperparameters; `final_fraction` is 0 if it is
            left out.

    References:
        Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts,
        2017, equation 5, without restarts; Smith and Topin, Super-Convergence, 2018,
        with the cosines that optax and PyTorch draw it with.
    """
    # A warm-up that takes the whole run leaves no step to the schedule.
    n_steps = jnp.maximum(end - start, 1.0)
    share = jnp.clip((step - start) / n_steps, 0.0, 1.0)
    return _SCALES[schedule](share, n_steps, numbers)


def warmup_at(step: Any, n_steps: Any) -> Float[Array, ""]:
    """The factor of a linear warm-up, whose first step is not lost: from 1/n to 1.

    Args:
        step: Steps done before.
        n_steps: Steps until the factor is 1, whole or not; 0 for no warm-up.

    References:
        Goyal et al., Accurate, Large Minibatch SGD, 2017, section 2.2.
    """
    return jnp.minimum((step + 1) / jnp.maximum(n_steps, 1.0), 1.0)


def _linear(share: Any, n_steps: Any, numbers: Numbers) -> Any:
    del n_steps
    return _down_to(1.0 - share, numbers)


def _cosine(share: Any, n_steps: Any, numbers: Numbers) -> Any:
    del n_steps
    return _down_to(_half_cosine(share), numbers)


def _down_to(scale: Any, numbers: Numbers) -> Any:
    """From 1 to the final fraction instead of to 0."""
    final = numbers.get("final_fraction")
    return scale if final is None else final + (1.0 - final) * scale


def _exponential(share: Any, n_steps: Any, numbers: Numbers) -> Any:
    del n_steps
    return _multiplied(share / numbers["decay_every"], numbers)


def _stairs(share: Any, n_steps: Any, numbers: Numbers) -> Any:
    # A tenth of a step early: a stair that begins at a step begins there, though in
    # float32 a share of 0.3 may lie a little below 3 × 0.1.
    early = share + 0.1 / n_steps
    return _multiplied(jnp.floor(early / numbers["decay_every"]), numbers)


def _multiplied(n_times: Any, numbers: Numbers) -> Any:
    scale = numbers["decay_factor"] ** n_times
    return jnp.maximum(scale, numbers.get("final_fraction", 0.0))


def _one_cycle(share: Any, n_steps: Any, numbers: Numbers) -> Any:
    del n_steps
    start, rise = numbers["start_fraction"], numbers["rise_fraction"]
    up = 1.0 + (start - 1.0) * _half_cosine(share / rise)
    down = _down_to(_half_cosine((share - rise) / (1.0 - rise)), numbers)
    return jnp.where(share < rise, up, down)


def _half_cosine(share: Any) -> Any:
    """From 1 down to 0 in half a turn."""
    return 0.5 * (1.0 + jnp.cos(math.pi * share))


_SCALES: Mapping[str, Callable[[Any, Any, Numbers], Any]] = {
    "linear": _linear,
    "cosine": _cosine,
    "step": _stairs,
    "exponential": _exponential,
    "one_cycle": _one_cycle,
}
