"""Equinox: a builder of modules to a `Model`.

A module's floating-point arrays are trained. Its other arrays, and the `State` that
`make_with_state` returns beside it, are the run's state.
"""

import inspect
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import equinox as eqx
import jax

from paribus.builders import Builder
from paribus.errors import UserCodeError
from paribus.integrations.carried import strong
from paribus.models.model import Applied, Hyperparameters, Model
from paribus.user_code import user_code, wrong_product


def equinox_model(builder: Builder, settings: Mapping[str, Any]) -> Model:
    """Build an Equinox module, and take it apart into pure functions.

    Args:
        builder: A module class, or a function that takes `key` and returns a module, or
            a module and its `State`. As is Equinox's custom the module takes one
            example; the batch axis is called `"batch"`. It may take `key`, and takes
            and returns the state if there is one.
        settings: What the builder is called with, beside `key`.

    Raises:
        UserCodeError: If it raises, or returns something else.
    """
    reference = builder.reference

    def made(key: jax.Array) -> tuple[Any, Any]:
        with user_code(reference, "build a model"):
            product = builder.function(**settings, key=key)
        is_pair = isinstance(product, tuple) and len(product) == 2
        module, state = product if is_pair else (product, None)
        if not isinstance(module, eqx.Module) or not callable(module):
            kinds = "an Equinox module, or a module and its state"
            raise wrong_product(reference, module, kinds)
        return module, state

    module, state = made(jax.random.key(0))
    if isinstance(module, type(state)):
        raise UserCodeError(f"`{reference}` must return the module before its state")
    has_state = state is not None
    _, static = eqx.partition(module, eqx.is_array)
    form = jax.tree.structure(state)
    takes_key = "key" in inspect.signature(type(module).__call__).parameters

    def init(key: jax.Array, hyperparameters: Hyperparameters) -> tuple[Any, Any]:
        del hyperparameters
        module, state = made(key)
        arrays, _ = eqx.partition(module, eqx.is_array)
        params, others = eqx.partition(arrays, eqx.is_inexact_array)
        return params, strong((others, jax.tree.leaves(state)))

    def apply(
        params: Any,
        state: Any,
        inputs: jax.Array,
        *,
        hyperparameters: Hyperparameters,
        train: bool = False,
        key: jax.Array | None = None,
    ) -> Applied:
        del hyperparameters
        others, leaves = state
        with user_code(reference, "be applied to examples"):
            module = eqx.combine(params, others, static)
            module = module if train else eqx.nn.inference_mode(module)
            arguments: list[Any] = [inputs]
            axes: list[Any] = [0]
            if has_state:
                # A `State` may be used once: each call makes it anew.
                arguments.append(jax.tree.unflatten(form, leaves))
                axes.append(None)
            named: dict[str, Any] = {}
            if takes_key and key is not None:
                named["key"] = jax.random.split(key, len(inputs))
            outputs = jax.vmap(
                lambda example, named, *rest: module(example, *rest, **named),
                axis_name="batch",
                in_axes=(0, 0, *axes[1:]),
                out_axes=(0, None) if has_state else 0,
            )(arguments[0], named, *arguments[1:])
        if not has_state:
            return Applied(outputs, state)
        logits, after = outputs
        return Applied(logits, (others, strong(jax.tree.leaves(after))))

    note = f"Equinox {version('equinox')}"
    return Model(init=init, apply=apply, draws=takes_key, note=note)
