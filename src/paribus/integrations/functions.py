"""A pair of plain functions, `init` and `apply`, to a `Model`."""

from collections.abc import Callable, Mapping
from typing import Any

import jax

from paribus.builders import Builder
from paribus.errors import UserCodeError
from paribus.models.model import Applied, Hyperparameters, Model
from paribus.user_code import call


def functions_model(
    builder: Builder,
    init: Callable[..., Any],
    apply: Callable[..., Any],
    settings: Mapping[str, Any],
) -> Model:
    """Adapt `init(key, hyperparameters)` and `apply(parameters, state, inputs, ...)`.

    Args:
        builder: Whose functions they are.
        init: Returns the weights and the state, or the weights alone. Hyperparameters
            are a mapping: floats are traced numbers, all others plain values.
        apply: Takes `parameters, state, inputs, train, key`; returns the logits, with
            the new state, and with a penalty, or alone.
        settings: Values of the hyperparameters.
    """
    traced = tuple(n for n, h in builder.hyperparameters.items() if not h.is_static)
    static = {name: value for name, value in settings.items() if name not in traced}
    reference = builder.reference

    def draw(key: jax.Array, hyperparameters: Hyperparameters) -> tuple[Any, Any]:
        numbers = {**static, **hyperparameters}
        made = call(
            lambda: init(key, _ReadOnly(numbers)), reference, "draw its weights"
        )
        return made if isinstance(made, tuple) and len(made) == 2 else (made, ())

    def run(
        params: Any,
        state: Any,
        inputs: jax.Array,
        *,
        hyperparameters: Hyperparameters,
        train: bool = False,
        key: jax.Array | None = None,
    ) -> Applied:
        del hyperparameters  # `init` has put into the state what `apply` needs
        made = call(
            lambda: apply(params, state, inputs, train, key),
            reference,
            "be applied to examples",
        )
        if not isinstance(made, tuple):
            return Applied(made, state)
        if len(made) not in (2, 3):
            raise UserCodeError(
                f"`{reference}` must return logits, (logits, state) or (logits, state, "
                f"penalty), got a tuple of {len(made)}"
            )
        return Applied(*made)

    return Model(init=draw, apply=run, hyperparameters=traced, draws=True)


class _ReadOnly(dict[str, Any]):
    """Hyperparameters that cannot be assigned to."""

    def __setitem__(self, name: str, value: Any) -> None:
        raise TypeError(f"hyperparameters are read-only, got an assignment to `{name}`")

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None
