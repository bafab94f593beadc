"""[[space]] with single configs: those that are listed, and those that are drawn."""

from collections.abc import Mapping
from typing import Any

from paribus.designs import Dimension, draw_configs
from paribus.errors import SpaceError, as_toml
from paribus.hyperparameters import Value
from paribus.optimizer_catalogue import OPTIMIZER
from paribus.space import Config
from paribus.study_file.known import Known
from paribus.study_file.mistakes import Key, Mistakes


def read_configs(
    written: Any,
    crossed: Mapping[str, tuple[Value, ...]],
    key: Key,
    known: Known,
    mistakes: Mistakes,
) -> tuple[dict[str, tuple[Value, ...]], ...]:
    """Read `configs = [{ learning_rate = 0.1, ... }, ...]`, a grid for each.

    Args:
        written: The list.
        crossed: What else the [[space]] names: each config is trained with each of
            these values.
        key: Where the list stands.
        known: What the study's model and optimizers have.
        mistakes: Where mistakes go.
    """
    is_list = isinstance(written, list) and bool(written)
    if not is_list or not all(isinstance(one, dict) and one for one in written):
        mistakes.add(
            key,
            "`configs` must be a list of tables such as { learning_rate = 0.1 }, got "
            f"{as_toml(written)}",
        )
        return ()
    grids = []
    positions: dict[Config, int] = {}
    for position, one in enumerate(written):
        place = (*key, position)
        optimizers = list(crossed.get(OPTIMIZER.name, ())) or one.get(OPTIMIZER.name)
        own_known = known.of(optimizers)
        own = _read_config(one, place, own_known, mistakes)
        own_known.check_nothing_is_missing({**one, **crossed}, place, mistakes)
        for name in own:
            if name in crossed:
                mistakes.add(
                    place,
                    f"`{name}` must stand in one of `configs` and the rest of "
                    "[[space]], got both",
                )
        config = Config(own)
        if config in positions and len(own) == len(one):
            mistakes.add(
                key,
                f"`configs` must have each config once, got {config.label()} as "
                f"values {positions[config] + 1} and {position + 1}",
            )
        positions[config] = position
        grids.append({**{name: (value,) for name, value in own.items()}, **crossed})
    return tuple(grids)


def _read_config(
    written: Mapping[str, Any], key: Key, known: Known, mistakes: Mistakes
) -> dict[str, Value]:
    config: dict[str, Value] = {}
    for name, value in written.items():
        hyperparameter = known.look_up((*key, name), mistakes)
        if hyperparameter is None:
            continue
        try:
            config[name] = hyperparameter.checked(value)
        except SpaceError as error:
            mistakes.add((*key, name), f"`{name}` {error}")
    return config


def drawn(
    written: Any, dimensions: Mapping[str, Dimension], key: Key, mistakes: Mistakes
) -> tuple[dict[str, Value], ...]:
    """Draw the configs of `sobol = { n = 16 }` or `random = { n = 16, seed = 1 }`."""
    name = str(key[-1])
    if not isinstance(written, dict) or "n" not in written:
        mistakes.add(
            key,
            f"`{name}` must be a table such as {{ n = 16 }}, got {as_toml(written)}",
        )
        return ()
    unknown = [part for part in written if part not in ("n", "seed")]
    for part in unknown:
        mistakes.add_unknown((*key, part), ["n", "seed"])
    if unknown or not dimensions:
        return ()
    try:
        return draw_configs(
            dimensions,
            n=written["n"],
            method="sobol" if name == "sobol" else "random",
            seed=written.get("seed", 0),
        )
    except SpaceError as error:
        mistakes.add(key, str(error), error.hint)
        return ()
