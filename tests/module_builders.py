"""Models in Flax NNX, Equinox and plain functions, as users write them."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from flax import nnx


class NnxNetwork(nnx.Module):
    """A convolution with batch statistics, dropout and a linear layer."""

    def __init__(self, width: int = 4, rate: float = 0.3, *, rngs: nnx.Rngs) -> None:
        self.convolution = nnx.Conv(1, width, (3, 3), rngs=rngs)
        self.norm = nnx.BatchNorm(width, momentum=0.9, rngs=rngs)
        self.dropout = nnx.Dropout(rate, rngs=rngs)
        self.out = nnx.Linear(width, 3, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        x = nnx.relu(self.norm(self.convolution(x)))
        return self.out(self.dropout(x.mean((1, 2))))


class _EquinoxNetwork(eqx.Module):
    linear: eqx.nn.Linear
    norm: eqx.nn.BatchNorm
    dropout: eqx.nn.Dropout
    out: eqx.nn.Linear

    def __init__(self, key: jax.Array, width: int, rate: float) -> None:
        first, second = jax.random.split(key)
        self.linear = eqx.nn.Linear(64, width, key=first)
        self.norm = eqx.nn.BatchNorm(width, axis_name="batch", mode="batch")
        self.dropout = eqx.nn.Dropout(rate)
        self.out = eqx.nn.Linear(width, 3, key=second)

    def __call__(
        self, x: jax.Array, state: eqx.nn.State, key: jax.Array | None = None
    ) -> tuple[jax.Array, eqx.nn.State]:
        x, state = self.norm(self.linear(x.reshape(-1)), state)
        return self.out(self.dropout(jax.nn.relu(x), key=key)), state


def equinox_network(key: jax.Array, width: int = 8, rate: float = 0.3) -> Any:
    """A module and its state."""
    return eqx.nn.make_with_state(_EquinoxNetwork)(key, width, rate)


def equinox_mlp(key: jax.Array, width: int = 8) -> Any:
    """A module without state."""
    inner = eqx.nn.MLP(64, 3, width, 1, key=key)
    return eqx.nn.Sequential([eqx.nn.Lambda(jnp.ravel), inner])


def init(key: jax.Array, hyperparameters: Any) -> Any:
    """Weights, and a state with a running mean and a share of noise."""
    first, second = jax.random.split(key)
    width = hyperparameters["width"]
    params = {
        "in": jax.random.normal(first, (64, width)) / 8,
        "out": jax.random.normal(second, (width, 3)) / width**0.5,
    }
    return params, {"mean": jnp.zeros(width), "noise": hyperparameters["noise"]}


def apply(params: Any, state: Any, inputs: Any, train: bool, key: Any) -> Any:
    """Centre by the batch in training and by the running mean else; add noise."""
    hidden = inputs.reshape(len(inputs), -1) @ params["in"]
    if not train:
        return jax.nn.relu(hidden - state["mean"]) @ params["out"]
    mean = hidden.mean(axis=0)
    state = {**state, "mean": 0.9 * state["mean"] + 0.1 * mean}
    noise = state["noise"] * jax.random.normal(key, hidden.shape)
    penalty = 1e-3 * jnp.square(params["out"]).sum()
    return jax.nn.relu(hidden - mean + noise) @ params["out"], state, penalty
