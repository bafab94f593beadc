"""[[space]]: a grid, a list of configs or a design, each value checked by itself."""

from collections.abc import Mapping
from typing import Any

from paribus.errors import SpaceError, as_toml
from paribus.hyperparameters import Hyperparameter, Value, as_trained
from paribus.optimizer_catalogue import OPTIMIZER
from paribus.space import show_value
from paribus.study_file.known import DESIGNS, SPECIAL, Known
from paribus.study_file.mistakes import Key, Mistakes
from paribus.study_file.points import drawn, read_configs
from paribus.study_file.ranges import is_range, listed, read_range


Grid = dict[str, tuple[Value, ...]]


def read_grids(
    document: dict[str, Any], known: Known, mistakes: Mistakes
) -> tuple[Grid, ...]:
    """Read every [[space]] and note every mistake in it."""
    if "space" not in document:
        return ()
    written = document["space"]
    is_list = isinstance(written, list)
    if not is_list or not all(isinstance(table, dict) for table in written):
        hint = "write [[space]]" if isinstance(written, dict) else ""
        mistakes.add(
            ("space",),
            f"`space` must be a list of tables, got {as_toml(written)}",
            hint,
        )
        return ()
    if not written:
        mistakes.add(("space",), "`space` must have at least one table, got []")
    grids: list[Grid] = []
    for position, table in enumerate(written):
        grids += _read_table(table, ("space", position), known, mistakes)
    return tuple(grids)


def _read_table(
    written: dict[str, Any], key: Key, known: Known, mistakes: Mistakes
) -> tuple[Grid, ...]:
    """The grids that one [[space]] stands for: one, or one for each config."""
    special = [name for name in SPECIAL if name in written]
    if len(special) > 1:
        got = " and ".join(f"`{name}`" for name in special)
        mistakes.add(key, f"a [[space]] must have at most one of them, got {got}")
    rest = {n: values for n, values in written.items() if n not in SPECIAL}
    if "configs" in special:
        grid = _read_grid(rest, key, known, mistakes)
        return read_configs(
            written["configs"], grid, (*key, "configs"), known, mistakes
        )
    if not rest:
        mistakes.add(key, "[[space]] must have at least one hyperparameter")
    known = known.of(rest.get(OPTIMIZER.name))
    designs = [name for name in special if name in DESIGNS]
    if designs:
        grids = _read_design(written, rest, (*key, designs[0]), known, mistakes)
    else:
        grids = (_read_grid(rest, key, known, mistakes),)
    known.check_nothing_is_missing(rest, key, mistakes)
    return grids


def _read_grid(
    written: Mapping[str, Any], key: Key, known: Known, mistakes: Mistakes
) -> Grid:
    grid: Grid = {}
    for name, values in written.items():
        hyperparameter = known.look_up((*key, name), mistakes)
        if hyperparameter is not None:
            grid[name] = _read_values(hyperparameter, values, (*key, name), mistakes)
    return grid


def _read_design(
    written: Mapping[str, Any],
    rest: Mapping[str, Any],
    key: Key,
    known: Known,
    mistakes: Mistakes,
) -> tuple[Grid, ...]:
    """The configs that are drawn, each as a grid of one point."""
    before = len(mistakes.found)
    ranges = {}
    for name, values in rest.items():
        if not is_range(values) or "n" in values:
            continue
        place = (*key[:-1], name)
        hyperparameter = known.look_up(place, mistakes)
        if hyperparameter is None:
            continue
        found = read_range(hyperparameter, values, place, mistakes)
        if found is not None:
            ranges[name] = found
            # Its ends must be values that the hyperparameter may take.
            ends = [found.lower, found.upper]
            _read_values(hyperparameter, ends, place, mistakes)
    others = {n: v for n, v in rest.items() if not is_range(v) or "n" in v}
    lists = _read_grid(others, key[:-1], known, mistakes)
    dimensions = {name: ranges.get(name) or lists.get(name) for name in rest}
    there = {name: one for name, one in dimensions.items() if one}
    configs = drawn(written[str(key[-1])], there, key, mistakes)
    if len(mistakes.found) > before:
        ends = {n: (found.lower, found.upper) for n, found in ranges.items()}
        return ({**lists, **ends},)
    return tuple({name: (value,) for name, value in c.items()} for c in configs)


def _read_values(
    hyperparameter: Hyperparameter, written: Any, key: Key, mistakes: Mistakes
) -> tuple[Value, ...]:
    name = hyperparameter.name
    if is_range(written):
        found = read_range(hyperparameter, written, key, mistakes)
        written = [] if found is None else listed(found, key, mistakes)
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
    positions: dict[Value, tuple[int, Value]] = {}
    for position, item in enumerate(written, start=1):
        try:
            value = hyperparameter.checked(item)
        except SpaceError as error:
            mistakes.add((*key, position - 1), f"`{name}` {error}")
            continue
        trained = as_trained(value)
        if trained in positions:
            earlier, other = positions[trained]
            same = "" if other == value else f" and {show_value(other)}, one float32,"
            mistakes.add(
                key,
                f"`{name}` must have each value once, got {show_value(value)}{same} as "
                f"values {earlier} and {position}",
            )
        positions[trained] = (position, value)
        values.append(value)
    return tuple(values)
