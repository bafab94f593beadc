"""The search space: the union of grids, as an ordered list of configs, each once."""

import hashlib
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from paribus.errors import SpaceError
from paribus.hyperparameters import Value, frozen_values
from paribus.optimizer_catalogue import optimizer_words


MAX_CONFIGS = 100_000


class Config(Mapping[str, Value]):
    """One point of the search space: a value for each of its hyperparameters.

    Immutable and hashable; equal to any mapping with the same items.

    Example:
        >>> config = Config({"learning_rate": 0.01, "batch_size": 32})
        >>> config.label()
        'learning_rate=0.01, batch_size=32'
    """

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = frozen_values(values)

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Config):  # asked for thousands of times
            return self._values == other._values
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"Config({self._values})"

    def label(self, *, without: Sequence[str] = ()) -> str:
        """Name the config in a table or a message, leaving out `without`."""
        return ", ".join(
            f"{name}={show_value(value)}"
            for name, value in self._values.items()
            if name not in without
        )

    def without(self, *names: str) -> "Config":
        """The config without some hyperparameters: what others share with it."""
        return Config({n: v for n, v in self._values.items() if n not in names})

    def matches(self, values: Mapping[str, Value]) -> bool:
        """Whether the config has all of `values`."""
        return all(self.get(name) == value for name, value in values.items())

    def to_json(self) -> str:
        """Write the config in its one canonical form, from which its id is made."""
        return json.dumps(
            self._values, sort_keys=True, separators=(",", ":"), allow_nan=False
        )

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits that depend on the values alone."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]


def show_value(value: Value | None) -> str:
    """Write a value shortly and exactly: `0.001`, `1e-05`, `[128, 64]`, `relu`.

    A dash stands for the value of a hyperparameter that a config does not have.
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return str(list(value)) if isinstance(value, tuple) else str(value)


def value_words(name: str, value: Value | None) -> str:
    """Write a hyperparameter's value for people, who call optimizers by other names."""
    if name == "optimizer" and isinstance(value, str):
        return optimizer_words(value)
    return show_value(value)


def place_words(values: Mapping[str, Value]) -> str:
    """Say where something was found, by the hyperparameters that tell it from others.

    Example:
        >>> place_words({"optimizer": "sgd", "batch_size": 32})
        'at batch size 32 with SGD'
        >>> place_words({"optimizer": "sgd", "schedule": "cosine"})
        'with SGD, cosine schedule'
    """
    given = {"optimizer": "{}", "schedule": "{} schedule"}
    at = [
        f"{name.replace('_', ' ')} {show_value(value)}"
        for name, value in values.items()
        if name not in given
    ]
    with_ = [
        form.format(value_words(name, values[name]))
        for name, form in given.items()
        if name in values
    ]
    parts = (("at", at), ("with", with_))
    return " ".join(f"{word} {', '.join(named)}" for word, named in parts if named)


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """The hyperparameters of a study and the values each may take.

    Attributes:
        grids: Each a full factorial: hyperparameter -> its values. The space is their
            union, and a config in several grids is trained once. What one of them
            leaves out, its configs do not have.
        refined: Positions of the grids that tuning added around best values, from 0.
            All others are declared.

    Raises:
        SpaceError: If there is no grid, a grid without a hyperparameter, a
            hyperparameter without a value or with one twice, or if there are more than
            100,000 configs.
    """

    grids: tuple[Mapping[str, tuple[Value, ...]], ...]
    refined: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.grids:
            raise SpaceError("`space` must have at least one grid")
        for position, grid in enumerate(self.grids, start=1):
            self._check_grid(grid, f"[[space]] {position}")
        if (n := n_points(self.grids)) > MAX_CONFIGS:
            raise SpaceError(f"`space` has {n:,} configs, the limit is {MAX_CONFIGS:,}")

    def _check_grid(self, grid: Mapping[str, tuple[Value, ...]], where: str) -> None:
        if not grid:
            raise SpaceError(f"{where} must name at least one hyperparameter")
        for name, values in grid.items():
            if not values:
                raise SpaceError(f"`{name}` must have at least one value: {where}")
            check_distinct(name, values, where)

    def configs(self) -> tuple[Config, ...]:
        """All configs, each once, in the order in which the grids name them."""
        points = (
            Config(dict(zip(grid, values, strict=True)))
            for grid in self.grids
            for values in itertools.product(*grid.values())
        )
        return tuple(dict.fromkeys(points))

    def hyperparameters(self) -> tuple[str, ...]:
        """The names of the hyperparameters, in the order in which grids name them."""
        return tuple(dict.fromkeys(name for grid in self.grids for name in grid))

    def declared(self) -> "SearchSpace":
        """The space without what tuning added to it."""
        if not self.refined:
            return self
        grids = enumerate(self.grids)
        return SearchSpace(grids=tuple(g for i, g in grids if i not in self.refined))

    def is_declared(self, config: Config) -> bool:
        """Whether the space had a config before tuning added any."""
        return not self.refined or config in self._declared

    @cached_property
    def _declared(self) -> frozenset[Config]:
        return frozenset(self.declared().configs())

    def is_full_grid(self) -> bool:
        """Whether the declared configs are all combinations of their values."""
        configs = self.declared().configs()
        values = [
            {config.get(name) for config in configs} for name in self.hyperparameters()
        ]
        return len(configs) == math.prod(len(distinct) for distinct in values)


def values_of(
    grids: Sequence[Mapping[str, tuple[Value, ...]]],
) -> dict[str, tuple[Value, ...]]:
    """Every value that each hyperparameter takes in any grid, in order."""
    values: dict[str, dict[Value, None]] = {}
    for grid in grids:
        for name, own in grid.items():
            values.setdefault(name, {}).update(dict.fromkeys(own))
    return {name: tuple(own) for name, own in values.items()}


def n_points(grids: Iterable[Mapping[str, tuple[Value, ...]]]) -> int:
    """How many points some grids have together, counted without listing them."""
    return sum(math.prod(len(values) for values in grid.values()) for grid in grids)


def check_distinct(name: str, values: Sequence[Any], where: str) -> None:
    """Refuse a list that has a value twice, naming both positions."""
    seen: dict[Any, int] = {}
    for position, value in enumerate(values, start=1):
        if value in seen:
            raise SpaceError(
                f"`{name}` must have each value once, got {show_value(value)} "
                f"as values {seen[value]} and {position}: {where}"
            )
        seen[value] = position
