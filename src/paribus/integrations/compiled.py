"""Optimizer and task of a study whose model says itself how it is trained."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from paribus.builders import SUPPLIED
from paribus.choices import ModelChoice, OptimizerChoice
from paribus.errors import StudyError
from paribus.hyperparameters import Value
from paribus.integrations.build import build_product
from paribus.optimizer_catalogue import OPTIMIZERS
from paribus.tasks import TaskChoice
from paribus.user_code import has_loaded, wrong_product


_HINT = 'add [optimizer] with `name = "adam"`'


def compiled_choices(
    model: ModelChoice, grids: Sequence[Mapping[str, Sequence[Any]]]
) -> tuple[OptimizerChoice, TaskChoice]:
    """Ask a model's builder what it compiles the model with: optimizer and loss.

    The builder is called with each value of the space that it takes. What it makes of
    them has to be the optimizer that the config names: `learning_rate` of the space is
    the learning rate of the optimizer. Everything else of it is fixed, as the loss is.

    Args:
        model: With a builder.
        grids: The grids of the search space.

    Raises:
        StudyError: If the model is not compiled, or with an optimizer that is not known
            here, or one that depends on a config in another way.
        UserCodeError: If the builder raises, or returns nothing.
    """
    builder = model.builder
    if builder is None or isinstance(builder.function, tuple):
        raise StudyError("`optimizer` is missing", hint=_HINT)
    if supplied := [name for name in builder.supplied if name in SUPPLIED]:
        raise StudyError(
            f"`optimizer` is missing, and `{builder.reference}` cannot be asked for it "
            f"before the data are read, since it takes `{supplied[0]}`",
            hint=_HINT,
        )
    varied = {name for grid in grids for name in grid}
    found: list[tuple[dict[str, Value], Any]] = []
    for values in _calls(model, grids):
        product = build_product(builder, values)
        if product is None:
            raise wrong_product(builder.reference, product, "a model")
        if not has_loaded("keras"):
            raise _without_optimizer(builder.reference)
        from paribus.integrations.keras import is_network
        from paribus.integrations.keras_compiled import compiled_with

        if not is_network(product):
            raise _without_optimizer(builder.reference)
        found.append((values, compiled_with(product, builder.reference)))
    optimizer = _common(builder.reference, found, varied)
    tasks = list(dict.fromkeys(compiled.task.loss_name for _, compiled in found))
    (_, first), *others = found
    if any(compiled.task != first.task for _, compiled in others):
        raise StudyError(
            f"`{builder.reference}` must be compiled with one loss and one set of "
            f"metrics, got {' and '.join(tasks)} with other settings or metrics"
        )
    return optimizer, first.task


def _without_optimizer(reference: str) -> StudyError:
    return StudyError(
        f"`optimizer` is missing, and `{reference}` returns no compiled Keras model "
        "that would say it",
        hint=_HINT,
    )


def _calls(
    model: ModelChoice, grids: Sequence[Mapping[str, Sequence[Any]]]
) -> list[dict[str, Value]]:
    """What to call the builder with: each value, and the first of the others."""
    assert model.builder is not None
    taken = model.builder.hyperparameters
    calls: list[dict[str, Value]] = []
    for grid in grids:
        own = {name: values for name, values in grid.items() if name in taken}
        first = {**model.settings, **{name: values[0] for name, values in own.items()}}
        calls.append(first)
        calls += [
            {**first, name: value}
            for name, values in own.items()
            for value in values[1:]
        ]
    return [call for i, call in enumerate(calls) if call not in calls[:i]]


def _common(
    reference: str, found: Sequence[tuple[dict[str, Value], Any]], varied: set[str]
) -> OptimizerChoice:
    """The one optimizer of all calls, without what the space varies."""
    _, first = found[0]
    for values, compiled in found:
        if compiled.optimizer != first.optimizer:
            raise StudyError(
                f"`{reference}` must be compiled with one optimizer, got "
                f"{first.optimizer} and {compiled.optimizer}",
                hint="vary `optimizer` in the search space, and compile without",
            )
        for name, value in compiled.settings.items():
            if name in values and name in varied:
                expected = values[name]
            else:
                expected = first.settings[name]
            if not _same(value, expected):
                raise StudyError(
                    f"`{reference}` must be compiled with the `{name}` of its config, "
                    f"got {value} for {expected} with {values}",
                    hint=f"pass `{name}` on to the optimizer that it is compiled with, "
                    f"as it is: `{name}={name}`",
                )
    fixed = {
        name: value
        for name, value in first.settings.items()
        # What an option is without stays out, so that the program is without it.
        if name not in varied and value != _default(first.optimizer, name)
    }
    return OptimizerChoice(name=first.optimizer, settings=fixed)


def _default(optimizer: str, name: str) -> Value | None:
    """0 for options that a study may go without; None where it must say a value."""
    known = OPTIMIZERS[optimizer][name]
    return known.default if known.is_optional else None


def _same(a: Value, b: Value) -> bool:
    """Whether two settings are equal as float32 numbers, which Keras keeps."""
    if isinstance(a, float) and isinstance(b, float):
        return bool(np.float32(a) == np.float32(b))
    return a == b
