"""A user's model, whatever it is made with, as functions that the engine trains."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax

from paribus.builders import Builder
from paribus.errors import StudyError
from paribus.integrations.checks import check_model
from paribus.integrations.functions import functions_model
from paribus.models.model import FinalActivation, Model
from paribus.user_code import call, has_loaded, wrong_product


def build_user_model(
    builder: Builder,
    settings: Mapping[str, Any],
    *,
    example_shape: tuple[int, ...],
    n_classes: int,
    final: FinalActivation = "softmax",
) -> Model:
    """Build a user's model for one kind of example, and check what it does.

    Args:
        builder: With its code.
        settings: Values of its hyperparameters; those that are traced are left to the
            program.
        example_shape: Shape of one example.
        n_classes: Number of logits.
        final: The last activation that is taken away if it is there.

    Raises:
        UserCodeError: If its code raises, or gives something that cannot be trained.
        ExecutionError: If Keras runs on another backend than JAX.
    """
    model = _adapted(
        builder,
        settings,
        example_shape=example_shape,
        n_classes=n_classes,
        final=final,
    )
    check_model(model, builder, example_shape=example_shape, n_classes=n_classes)
    return model


def build_group_model(
    builder: Builder,
    settings: Sequence[Mapping[str, Any]],
    *,
    example_shape: tuple[int, ...],
    n_classes: int,
    final: FinalActivation = "softmax",
) -> Model:
    """Build the model of configs that share a program, and check that they can.

    They differ in what the optimizer takes too, as a learning rate that the builder
    compiles the model with. Nothing that the model computes may depend on it.

    Args:
        builder: With its code.
        settings: Those of each config.
        example_shape: Shape of one example.
        n_classes: Number of logits.
        final: The last activation that is taken away if it is there.

    Raises:
        StudyError: If the models of two configs differ.
        UserCodeError: As `build_user_model`.
        ExecutionError: As `build_user_model`.
    """
    static = [n for n, h in builder.hyperparameters.items() if h.is_static]
    each = [{n: one[n] for n in static if n in one} for one in settings]
    distinct = [one for i, one in enumerate(each) if one not in each[:i]]
    first = build_user_model(
        builder,
        distinct[0],
        example_shape=example_shape,
        n_classes=n_classes,
        final=final,
    )
    of_first = _program(first, example_shape) if distinct[1:] else ""
    for other in distinct[1:]:
        model = _adapted(
            builder,
            other,
            example_shape=example_shape,
            n_classes=n_classes,
            final=final,
        )
        if _program(model, example_shape) != of_first:
            names = [n for n, v in other.items() if v != distinct[0][n]]
            raise StudyError(
                f"`{names[0]}` must be a hyperparameter of the optimizer or of the "
                f"model, but `{builder.reference}` computes otherwise with "
                f"{other[names[0]]} than with {distinct[0][names[0]]}",
                hint="give the model's hyperparameter another name",
            )
    return first


def _adapted(
    builder: Builder,
    settings: Mapping[str, Any],
    *,
    example_shape: tuple[int, ...],
    n_classes: int,
    final: FinalActivation = "softmax",
) -> Model:
    if isinstance(builder.function, tuple):
        init, apply = builder.function
        return functions_model(builder, init, apply, settings)
    static = dict(settings)
    known = {"example_shape": example_shape, "n_classes": n_classes}
    static |= {name: known[name] for name in builder.supplied if name in known}
    if "rngs" in builder.supplied:
        from paribus.integrations.flax import flax_model

        return flax_model(builder, static)
    if "key" in builder.supplied:
        from paribus.integrations.equinox import equinox_model

        return equinox_model(builder, static)
    product = build_product(builder, static)
    if has_loaded("keras"):
        from paribus.integrations.keras import is_network, keras_model

        if is_network(product):
            return keras_model(
                builder,
                static,
                example_shape=example_shape,
                n_classes=n_classes,
                final=final,
            )
    if isinstance(product, tuple) and len(product) == 2 and all(map(callable, product)):
        init, apply = product
        return functions_model(builder, init, apply, {})
    kinds = "a Keras model, or the functions `init` and `apply`"
    hint = "a builder of Flax NNX models takes `rngs`, one of Equinox models `key`"
    if isinstance(getattr(product, "builder", None), Builder):
        hint = (
            "end it with `return init, apply`, without `paribus.models.functions`; "
            "what varies is what the builder takes"
        )
    raise wrong_product(builder.reference, product, kinds, hint)


def build_product(builder: Builder, settings: Mapping[str, Any]) -> Any:
    """What the builder returns, Keras on JAX if it is what it is made with.

    Raises:
        UserCodeError: If it raises.
        ExecutionError: If Keras runs on another backend than JAX.
    """
    from paribus.integrations.backend import choose_jax_backend

    choose_jax_backend()
    product = call(builder.function, builder.reference, "build a model", **settings)
    choose_jax_backend()  # it may have imported Keras itself
    return product


def _program(model: Model, example_shape: tuple[int, ...]) -> str:
    """Everything a model computes, as JAX writes it, its constants included."""

    def both(key: jax.Array, inputs: jax.Array, numbers: Any) -> Any:
        params, state = model.init(key, numbers)
        given = {"hyperparameters": numbers, "key": key if model.draws else None}
        return params, model.apply(params, state, inputs, train=True, **given)

    inputs = jax.ShapeDtypeStruct((2, *example_shape), "float32")
    number = jax.ShapeDtypeStruct((), "float32")
    numbers = dict.fromkeys(model.hyperparameters, number)
    traced = jax.make_jaxpr(both)(jax.random.key(0), inputs, numbers)
    constants = [bytes(memoryview(jax.device_get(c)).cast("B")) for c in traced.consts]
    return f"{traced.jaxpr}{constants}"
