"""`--set KEY=VALUE`: one assignment on the command line, then in the document."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.errors import CommandError, as_toml, printable
from paribus.study_file.mistakes import Key, Mistakes, dotted_key


_KEY = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BETWEEN_ASSIGNMENTS = re.compile(r",\s*(?=[A-Za-z_][A-Za-z0-9_]*\s*=)")
_POSITION = re.compile(r"[0-9]{1,9}")
_SEEDS = ("study", "seeds")
_BARE_WORD = re.compile(r"[^\s\"'\[\]{},=#]+")


@dataclass(frozen=True, kw_only=True)
class Override:
    """One assignment.

    Attributes:
        key: The dotted key's parts; a grid of the space by its position, from 0.
        value: A TOML value.
    """

    key: Key
    value: Any

    @property
    def option(self) -> str:
        """The option as a message names it."""
        parts = (str(part + 1) if isinstance(part, int) else part for part in self.key)
        return f"--set {'.'.join(parts)}"


def parse_overrides(texts: Sequence[str]) -> tuple[Override, ...]:
    """Read `--set` options.

    Args:
        texts: Each `KEY=VALUE`: a dotted key, and a TOML value or a bare word, which is
            text. `space.2.learning_rate` is a list of the second `[[space]]`.

    Raises:
        CommandError: If one is not exactly one assignment, or two set the same key.
    """
    overrides: list[Override] = []
    for text in texts:
        override = _parse(text)
        for earlier in overrides:
            if _overlap(earlier.key, override.key):
                raise CommandError(
                    f"`{override.option}` must be given once, it is given twice"
                )
        overrides.append(override)
    return tuple(overrides)


def parse_values(text: str, *, option: str) -> dict[str, Any]:
    """Read the values that name a config: `learning_rate=0.01, activation=relu`.

    Args:
        text: Assignments with commas between them, as configs are written in tables.
        option: The option, for messages.

    Raises:
        CommandError: If a part is not one assignment, or a name stands twice.
    """
    values: dict[str, Any] = {}
    for part in _BETWEEN_ASSIGNMENTS.split(text.strip()):
        key, equals, value = part.partition("=")
        if not equals or not _NAME.fullmatch(key.strip()) or not value.strip():
            raise CommandError(
                f"`{option}` needs NAME=VALUE, got `{printable(part)}`",
                hint=f"for example {option} learning_rate=0.01",
            )
        name = key.strip()
        if name in values:
            raise CommandError(f"`{option}` must name `{name}` once, got it twice")
        parsed = _parse_value(value, text, option)
        values[name] = tuple(parsed) if isinstance(parsed, list) else parsed
    return values


def apply_overrides(
    document: dict[str, Any], overrides: Iterable[Override], mistakes: Mistakes
) -> dict[str, Any]:
    """Return the document with the overrides' values in place.

    An override whose key leads through something that is no table, or to a grid that
    is not there, is a mistake.
    """
    for override in overrides:
        document = _assigned(document, override, 0, mistakes)
    return document


def options_of(overrides: Sequence[Override], seeds: int | None) -> dict[Key, str]:
    """Which option has set which key, for the places of mistakes.

    Args:
        overrides: Those of `--set`.
        seeds: The value of `--seeds`; None without it.

    Raises:
        CommandError: If both set the seeds.
    """
    options: dict[Key, str] = {override.key: override.option for override in overrides}
    if seeds is not None:
        if _SEEDS in options:
            raise CommandError(
                "`study.seeds` must be set once, got `--seeds` and `--set`"
            )
        options[_SEEDS] = f"--seeds {seeds}"
    return options


def _parse(text: str) -> Override:
    key, equals, value = text.partition("=")
    if "\n" in text or "\r" in text:
        raise CommandError(f"`--set` needs one assignment, got `{printable(text)}`")
    if not equals or not _KEY.fullmatch(key) or not value.strip():
        raise CommandError(
            f"`--set` needs KEY=VALUE, got `{printable(text)}`",
            hint="for example --set study.epochs=2",
        )
    return Override(key=_parse_key(key), value=_parse_value(value, text))


def _parse_key(text: str) -> Key:
    parts = text.split(".")
    if parts[0] == "space" and len(parts) > 1 and _POSITION.fullmatch(parts[1]):
        return ("space", int(parts[1]) - 1, *parts[2:])
    return tuple(parts)


def _parse_value(value: str, text: str, option: str = "--set") -> Any:
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        if _BARE_WORD.fullmatch(value.strip()):
            return value.strip()
    raise CommandError(
        f"`{option}` needs a TOML value after the `=`, got `{printable(text)}`",
        hint="a text with spaces needs quotes, as in 'data.path=\"my data.npz\"'",
    )


def _overlap(a: Key, b: Key) -> bool:
    shared = min(len(a), len(b))
    return a[:shared] == b[:shared]


def _assigned(
    table: dict[Any, Any], override: Override, depth: int, mistakes: Mistakes
) -> dict[Any, Any]:
    name, *rest = override.key[depth:]
    if not rest:
        return {**table, name: override.value}
    inner = table.get(name, {})
    if isinstance(inner, dict) and not isinstance(rest[0], int):
        return {**table, name: _assigned(inner, override, depth + 1, mistakes)}
    if isinstance(inner, list) and isinstance(rest[0], int):
        return {**table, name: _assigned_grid(inner, override, mistakes)}
    dotted = dotted_key(override.key[: depth + 1])
    hint = ""
    if override.key[0] == "space":
        hint = "name one grid, from 1: --set 'space.1.learning_rate=[0.1]'"
    mistakes.add(
        override.key, f"`{dotted}` must be a table, got {as_toml(inner)}", hint
    )
    return table


def _assigned_grid(
    grids: list[Any], override: Override, mistakes: Mistakes
) -> list[Any]:
    """The grids with a value of one of them, or all of it, replaced."""
    position = override.key[1]
    assert isinstance(position, int)
    is_there = 0 <= position < len(grids)
    if not is_there or not isinstance(grids[position], dict):
        mistakes.add(
            override.key,
            f"`space.{position + 1}` must name one of the {len(grids)} grids, from 1",
        )
        return grids
    grid = override.value
    if len(override.key) > 2:
        grid = _assigned(grids[position], override, 2, mistakes)
    return [*grids[:position], grid, *grids[position + 1 :]]
