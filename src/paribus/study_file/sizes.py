"""[sizes.NAME]: other sizes of a study, as settings that replace those of the file."""

import re
from typing import Any

from paribus.errors import CommandError, as_toml, printable, suggest
from paribus.study_file.mistakes import Mistakes
from paribus.study_file.overrides import Override
from paribus.study_file.tables import TOP


# The size that a study has as its file is written.
STANDARD = "standard"

# What a size may replace settings of.
_TABLES = tuple(name for name in TOP if name != "sizes")


def size_names(document: dict[str, Any]) -> tuple[str, ...]:
    """The sizes of a study file: `standard`, then those with a table."""
    sizes = document.get("sizes", {})
    return (STANDARD, *(sizes if isinstance(sizes, dict) else ()))


def size_overrides(
    document: dict[str, Any], size: str, mistakes: Mistakes
) -> tuple[Override, ...]:
    """What a size replaces, in the dotted form of `--set`.

    A size has a folder of its own: unless it sets `study.name`, the size's name is
    put after the study's.

    Args:
        document: The whole file.
        size: `"standard"`, for the file as it is written, or a table of [sizes].
        mistakes: Where mistakes go.

    Raises:
        CommandError: If the file has no such size.
    """
    known = size_names(document)
    if size not in known:
        raise CommandError(
            f"no size of the study is called `{printable(size)}`",
            hint=suggest(size, known),
        )
    sizes = document.get("sizes", {})
    if not isinstance(sizes, dict):
        mistakes.add(("sizes",), f"`sizes` must be a table, got {as_toml(sizes)}")
        return ()
    if STANDARD in sizes:
        mistakes.add(
            ("sizes", STANDARD), "`standard` is the size of the file as it is written"
        )
    if size == STANDARD:
        return ()
    written = sizes[size]
    if not isinstance(written, dict):
        text = f"`sizes.{size}` must be a table, got {as_toml(written)}"
        mistakes.add(("sizes", size), text)
        return ()
    for table in written:
        if table not in _TABLES:
            mistakes.add_unknown(("sizes", size, table), list(_TABLES))
    overrides = [
        Override(key=(table, *key), value=value)
        for table, settings in written.items()
        if table in _TABLES
        for key, value in _settings(table, settings)
    ]
    keys = [override.key for override in overrides]
    study = document.get("study", {}) if ("study",) not in keys else None
    if ("study", "name") not in keys:
        name = study.get("name") if isinstance(study, dict) else None
        if isinstance(name, str):
            overrides.append(Override(key=("study", "name"), value=f"{name}-{size}"))
    return tuple(overrides)


def _settings(table: str, settings: Any) -> list[tuple[tuple[str | int, ...], Any]]:
    """Keys below a table and their values; a range, also a table, is one value."""
    if not isinstance(settings, dict):
        return [((), settings)]
    if table != "space":
        return [((name,), value) for name, value in settings.items()]
    return [
        (
            (
                int(position) - 1 if re.fullmatch("[0-9]{1,9}", position) else position,
                name,
            ),
            value,
        )
        for position, grid in settings.items()
        for name, value in (grid.items() if isinstance(grid, dict) else [("", grid)])
    ]
