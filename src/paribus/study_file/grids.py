"""[[space]]: values and ranges of each hyperparameter, checked one by one."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paribus.choices import every_hyperparameter, shared_hyperparameters
from paribus.errors import SpaceError
from paribus.hyperparameters import (
    BATCH_SIZE,
    MODELS,
    Hyperparameter,
    Value,
)
from paribus.optimizer_catalogue import OPTIMIZER, OPTIMIZERS
from paribus.space import show_value
from paribus.study import ModelChoice, OptimizerChoice
from paribus.study_file.choices import owners, say_owners
from paribus.study_file.mistakes import Key, Mistakes, as_toml
from paribus.study_file.ranges import is_range, read_range


Grid = dict[str, tuple[Value, ...]]


@dataclass(frozen=True, kw_only=True)
class Known:
    """The hyperparameters that the model and the optimizer of a study have.

    Attributes:
        model: None where [model] has a mistake in its name.
        optimizer: None where [optimizer] has one.
        optimizers: Those that [[space]] names; empty if it varies none.
    """

    model: ModelChoice | None
    optimizer: OptimizerChoice | None
    optimizers: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether both are known, so that a name can be called unknown."""
        return self.model is not None and self.optimizer is not None

    def hyperparameters(self) -> Mapping[str, Hyperparameter]:
        """All hyperparameters by name; those of every choice where one is not known."""
        known = {BATCH_SIZE.name: BATCH_SIZE, OPTIMIZER.name: OPTIMIZER}
        of_all = every_hyperparameter(MODELS)
        known = {**(self.model.hyperparameters() if self.model else of_all), **known}
        if self.optimizers:
            return known | shared_hyperparameters(self.optimizers)
        if self.optimizer is None or self.optimizer.name is None:
            return known | every_hyperparameter(OPTIMIZERS)
        return {**known, **OPTIMIZERS[self.optimizer.name]}

    def asked(self, name: str) -> str:
        """Which model or optimizer lacks the hyperparameter that a space names."""
        is_optimizers = owners(name)[0] in OPTIMIZERS
        if not is_optimizers:
            return self.model.name if self.model else "the model"
        lacking = (o for o in self.optimizers if name not in OPTIMIZERS[o])
        own = self.optimizer.name if self.optimizer else None
        return own or next(lacking, "the optimizer")

    def fixed(self) -> Mapping[str, str]:
        """Fixed hyperparameters -> the table that fixes them."""
        model = self.model.settings if self.model else {}
        optimizer = self.optimizer.settings if self.optimizer else {}
        return dict.fromkeys(model, "model") | dict.fromkeys(optimizer, "optimizer")


def read_grids(
    document: dict[str, Any], known: Known, mistakes: Mistakes
) -> tuple[Grid, ...]:
    """Read every [[space]] and note every mistake in it."""
    if "space" not in document:
        return ()
    written = document["space"]
    is_list = isinstance(written, list)
    if not is_list or not all(isinstance(grid, dict) for grid in written):
        hint = "write [[space]]" if isinstance(written, dict) else ""
        mistakes.add(
            ("space",),
            f"`space` must be a list of tables, got {as_toml(written)}",
            hint,
        )
        return ()
    if not written:
        mistakes.add(("space",), "`space` must have at least one table, got []")
    grids = []
    for position, grid in enumerate(written):
        if not grid:
            mistakes.add(
                ("space", position), "[[space]] must have at least one hyperparameter"
            )
        grids.append(_read_grid(grid, position, known, mistakes))
    _check_same_names(written, mistakes)
    _check_nothing_is_missing(written, known, mistakes)
    return tuple(grids)


def _read_grid(
    written: dict[str, Any], position: int, known: Known, mistakes: Mistakes
) -> Grid:
    grid: Grid = {}
    for name, values in written.items():
        key = ("space", position, name)
        hyperparameter = known.hyperparameters().get(name)
        if hyperparameter is None:
            _note_unknown(key, known, mistakes)
            continue
        if name in known.fixed():
            mistakes.add(
                key,
                f"`{name}` must stand in one of [{known.fixed()[name]}] and [[space]], "
                "got both",
            )
        grid[name] = _read_values(hyperparameter, values, key, mistakes)
    return grid


def _read_values(
    hyperparameter: Hyperparameter, written: Any, key: Key, mistakes: Mistakes
) -> tuple[Value, ...]:
    name = hyperparameter.name
    if is_range(written):
        written = read_range(hyperparameter, written, key, mistakes)
    elif not isinstance(written, list):
        mistakes.add(
            key,
            f"`{name}` must be a list of values or a range, got {as_toml(written)}",
            f"`{name} = [{as_toml(written)}]`",
        )
        return ()
    elif not written:
        mistakes.add(key, f"`{name}` must have at least one value, got []")
    values: list[Value] = []
    positions: dict[Value, int] = {}
    for position, item in enumerate(written, start=1):
        try:
            value = hyperparameter.checked(item)
        except SpaceError as error:
            mistakes.add((*key, position - 1), f"`{name}` {error}")
            continue
        if value in positions:
            mistakes.add(
                key,
                f"`{name}` must have each value once, got {show_value(value)} as "
                f"values {positions[value]} and {position}",
            )
        positions[value] = position
        values.append(value)
    return tuple(values)


def _note_unknown(key: Key, known: Known, mistakes: Mistakes) -> None:
    name = str(key[-1])
    if not known.is_complete:
        mistakes.add_unknown(key, list(known.hyperparameters()))
    elif owners(name):
        mistakes.add(
            key[:-1],
            f"{known.asked(name)} has no hyperparameter `{name}`",
            say_owners(name),
        )
    else:
        mistakes.add_unknown(
            key,
            list(known.hyperparameters()),
            text=f"no hyperparameter is called `{name}`",
        )


def _check_same_names(written: list[dict[str, Any]], mistakes: Mistakes) -> None:
    for position, grid in enumerate(written[1:], start=1):
        for name in sorted(set(grid) ^ set(written[0])):
            has, lacks = (position, 0) if name in grid else (0, position)
            mistakes.add(
                ("space", lacks),
                f"every [[space]] must name the same hyperparameters, got `{name}` in "
                f"[[space]] {has + 1} and not in [[space]] {lacks + 1}",
            )


def _check_nothing_is_missing(
    written: list[dict[str, Any]], known: Known, mistakes: Mistakes
) -> None:
    if not known.is_complete:
        return
    for name, hyperparameter in known.hyperparameters().items():
        if name == OPTIMIZER.name:
            continue
        is_given = name in known.fixed() or any(name in grid for grid in written)
        is_needed = hyperparameter.default is None and hyperparameter.is_required
        if is_needed and not is_given:
            mistakes.add(
                ("space", 0),
                f"`{name}` is missing",
                f"add `{name} = [...]` to [[space]]",
            )


def n_points(grids: tuple[Grid, ...]) -> int:
    """How many points the grids have together, counted without listing them."""
    return sum(math.prod(len(values) for values in grid.values()) for grid in grids)
