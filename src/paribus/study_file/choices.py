"""[model] and [optimizer]: a name, and hyperparameters that depend on it."""

from collections.abc import Callable, Mapping
from typing import Any

from paribus.builders import Builder
from paribus.errors import SpaceError, as_toml
from paribus.hyperparameters import (
    MODELS,
    Hyperparameter,
    Value,
    every_hyperparameter,
)
from paribus.optimizer_catalogue import OPTIMIZER, OPTIMIZERS
from paribus.study import ModelChoice, OptimizerChoice
from paribus.study_file.mistakes import Mistakes, quoted


MAX_OWNERS = 5

Catalogue = Mapping[str, Mapping[str, Hyperparameter]]


def read_model(
    document: dict[str, Any],
    mistakes: Mistakes,
    load: Callable[[str], Builder],
) -> ModelChoice | None:
    """Read [model]; None where it has a mistake in its name.

    Args:
        document: The study file.
        mistakes: Where mistakes go.
        load: Imports what `builder` names, or refuses to.
    """
    written = document.get("model")
    if isinstance(written, dict) and "builder" in written:
        return _read_own_model(written, mistakes, load)
    choice = _read_choice("model", document, MODELS, mistakes)
    return None if choice is None else ModelChoice(name=choice[0], settings=choice[1])


def _read_own_model(
    written: dict[str, Any], mistakes: Mistakes, load: Callable[[str], Builder]
) -> ModelChoice | None:
    """Read a [model] with a `builder`."""
    reference = written["builder"]
    if "name" in written:
        mistakes.add(
            ("model",),
            "`model` must have exactly one of `name` and `builder`, got both",
        )
        return None
    if not isinstance(reference, str):
        mistakes.add(
            ("model", "builder"),
            f"`model.builder` must be text, got {as_toml(reference)}",
        )
        return None
    builder = load(reference)
    settings = {name: value for name, value in written.items() if name != "builder"}
    return ModelChoice(
        name=reference,
        settings=_read_settings(
            "model", reference, settings, builder.hyperparameters, mistakes
        ),
        builder=builder,
    )


def asks_model(document: dict[str, Any]) -> bool:
    """Whether the optimizer is the one that the user's own model is compiled with."""
    model = document.get("model")
    is_own = isinstance(model, dict) and "builder" in model
    return (
        is_own and "optimizer" not in document and varied_optimizers(document) is None
    )


def read_optimizer(
    document: dict[str, Any], mistakes: Mistakes
) -> OptimizerChoice | None:
    """Read [optimizer]; None where it has a mistake in its name.

    Where [[space]] varies the optimizer, the table has no name and may be left out.
    """
    varied = varied_optimizers(document)
    if varied is None:
        choice = _read_choice("optimizer", document, OPTIMIZERS, mistakes)
        if choice is None:
            return None
        return OptimizerChoice(name=choice[0], settings=choice[1])
    written = document.get("optimizer", {})
    if not isinstance(written, dict):
        _note_no_table("optimizer", written, mistakes)
        return None
    if "name" in written:
        mistakes.add(
            ("optimizer", "name"),
            "`optimizer` must stand in one of [optimizer] and [[space]], got both",
        )
    owned = {n: h for name in varied for n, h in OPTIMIZERS[name].items()}
    known = owned or every_hyperparameter(OPTIMIZERS)
    name = " and ".join(varied)
    return OptimizerChoice(
        settings=_read_settings("optimizer", name, written, known, mistakes)
    )


def varied_optimizers(document: dict[str, Any]) -> tuple[str, ...] | None:
    """The known optimizers that any [[space]] names; None if none varies them."""
    tables = _tables(document.get("space"))
    configs = [one for table in tables for one in _tables(table.get("configs"))]
    written = [t[OPTIMIZER.name] for t in (*tables, *configs) if OPTIMIZER.name in t]
    if not written:
        return None
    lists = (each if isinstance(each, list) else [each] for each in written)
    names = [name for names in lists for name in names]
    return tuple(
        dict.fromkeys(n for n in names if isinstance(n, str) and n in OPTIMIZERS)
    )


def _tables(written: Any) -> list[dict[str, Any]]:
    items = written if isinstance(written, list) else []
    return [item for item in items if isinstance(item, dict)]


def owners(name: str) -> list[str]:
    """The models and optimizers that have a hyperparameter called `name`."""
    return [
        owner
        for catalogue in (MODELS, OPTIMIZERS)
        for owner, known in catalogue.items()
        if name in known
    ]


def say_owners(name: str) -> str:
    """Name the models and optimizers that have a hyperparameter; of many, three."""
    others = [f"`{owner}`" for owner in owners(name)]
    if len(others) == 1:
        return f"{others[0]} has it"
    if len(others) > MAX_OWNERS:
        others = [*others[:3], f"{len(others) - 3} others"]
    return f"{', '.join(others[:-1])} and {others[-1]} have it"


def _read_choice(
    table: str, document: dict[str, Any], catalogue: Catalogue, mistakes: Mistakes
) -> tuple[str, dict[str, Value]] | None:
    if table not in document:
        return None
    written = document[table]
    if not isinstance(written, dict):
        _note_no_table(table, written, mistakes)
        return None
    name = _read_name(table, written, catalogue, mistakes)
    if name is None:
        return None
    return name, _read_settings(table, name, written, catalogue[name], mistakes)


def _note_no_table(table: str, written: Any, mistakes: Mistakes) -> None:
    mistakes.add((table,), f"`{table}` must be a table, got {as_toml(written)}")


def _read_settings(
    table: str,
    name: str,
    written: dict[str, Any],
    known: Mapping[str, Hyperparameter],
    mistakes: Mistakes,
) -> dict[str, Value]:
    settings: dict[str, Value] = {}
    for setting, value in written.items():
        if setting == "name":
            continue
        if setting not in known:
            _note_unknown(table, name, setting, list(known), mistakes)
            continue
        try:
            settings[setting] = known[setting].checked(value)
        except SpaceError as error:
            mistakes.add((table, setting), f"`{table}.{setting}` {error}")
    return settings


def _read_name(
    table: str, written: dict[str, Any], catalogue: Catalogue, mistakes: Mistakes
) -> str | None:
    known = ", ".join(f"`{name}`" for name in catalogue)
    if "name" not in written:
        mistakes.add_missing((table, "name"), f"known: {known}")
        for setting in written:
            if not owners(setting):
                mistakes.add_unknown((table, setting), ["name"])
        return None
    name = written["name"]
    if not isinstance(name, str):
        mistakes.add(
            (table, "name"), f"`{table}.name` must be text, got {as_toml(name)}"
        )
        return None
    if name not in catalogue:
        mistakes.add_unknown(
            (table, "name", name),
            list(catalogue),
            text=f"no {table} is called {quoted(name)}",
        )
        return None
    return name


def _note_unknown(
    table: str, name: str, setting: str, known: list[str], mistakes: Mistakes
) -> None:
    text = f"{table} {name} has no hyperparameter {quoted(setting)}"
    if setting == "batch_size":
        mistakes.add((table,), text, "`batch_size` stands in [[space]]")
    elif owners(setting):
        mistakes.add((table,), text, say_owners(setting))
    else:
        mistakes.add_unknown((table, setting), ["name", *known], text=text)
