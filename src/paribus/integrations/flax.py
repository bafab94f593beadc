"""Flax NNX: a module class or builder to a `Model`.

A module is taken apart into its graph, which is the same for every run, its `Param`s,
which are trained, and all its other variables, e.g. batch statistics, which are the
run's state. Its streams of random numbers get keys of the run's seed and step.
"""

import inspect
import threading
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from paribus.builders import Builder
from paribus.integrations.carried import strong
from paribus.models.model import Applied, Hyperparameters, Model
from paribus.user_code import user_code, wrong_product


def flax_model(builder: Builder, settings: Mapping[str, Any]) -> Model:
    """Build an NNX module, and take it apart into pure functions.

    Args:
        builder: A module class, or a function that takes `rngs` and returns a module.
            The module takes a batch; `rngs` and `train` too, if its call names them.
        settings: What the builder is called with, beside `rngs`.

    Raises:
        UserCodeError: If it raises, or returns something else.
    """
    reference = builder.reference

    def made(key: jax.Array) -> Any:
        with user_code(reference, "build a model"):
            return builder.function(**settings, rngs=nnx.Rngs(key))

    module = made(jax.random.key(0))
    if not isinstance(module, nnx.Module):
        raise wrong_product(reference, module, "a Flax NNX module")
    return _Functions(reference, made, module).model()


class _Functions:
    """`init` and `apply` of one module."""

    def __init__(self, reference: str, made: Any, module: Any) -> None:
        self._reference = reference
        self._made = made
        self._graph, *self._parts = _split(module)
        self._given = set(inspect.signature(type(module).__call__).parameters)
        # Programs are traced in several threads.
        self._lock = threading.RLock()

    def model(self) -> Model:
        has_streams = bool(jax.tree.leaves(self._parts[1])) or "rngs" in self._given
        return Model(
            init=self.init,
            apply=self.apply,
            draws=has_streams,
            note=f"Flax {version('flax')}",
        )

    def init(
        self, key: jax.Array, hyperparameters: Hyperparameters
    ) -> tuple[dict[Any, Any], dict[Any, Any]]:
        del hyperparameters
        with self._lock:
            _, params, _, rest = _split(self._made(key))
        return nnx.to_pure_dict(params), strong(nnx.to_pure_dict(rest))

    def apply(
        self,
        params: dict[Any, Any],
        state: dict[Any, Any],
        inputs: jax.Array,
        *,
        hyperparameters: Hyperparameters,
        train: bool = False,
        key: jax.Array | None = None,
    ) -> Applied:
        del hyperparameters
        with self._lock, user_code(self._reference, "be applied to examples"):
            parts = [jax.tree.map(jnp.asarray, part) for part in self._parts]
            nnx.replace_by_pure_dict(parts[0], params)
            nnx.replace_by_pure_dict(parts[2], state)
            module = nnx.merge(self._graph, parts[0], _keyed(parts[1], key), parts[2])
            module.train() if train else module.eval()
            named: dict[str, Any] = {"train": train} if "train" in self._given else {}
            if "rngs" in self._given:
                named["rngs"] = nnx.Rngs(key) if key is not None else None
            outputs = module(inputs, **named)
            _, _, _, after = _split(module)
        # Batch statistics change in training alone.
        kept = strong(nnx.to_pure_dict(after)) if train else state
        return Applied(outputs, kept)


def _split(module: Any) -> tuple[Any, Any, Any, Any]:
    """The graph, what is trained, the streams of random numbers, and the rest."""
    graph, params, streams, rest = nnx.split(module, nnx.Param, nnx.RngState, ...)
    return graph, params, streams, rest


def _keyed(streams: Any, key: jax.Array | None) -> Any:
    """Give each stream a key of its own; without one they stay what they are."""
    if key is None:
        return streams
    leaves, form = jax.tree.flatten(streams)
    drawn = [
        jax.random.fold_in(key, place)
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
        else jnp.zeros_like(leaf)
        for place, leaf in enumerate(leaves)
    ]
    return jax.tree.unflatten(form, drawn)
