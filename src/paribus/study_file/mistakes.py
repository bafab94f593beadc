"""Mistakes of a study file, each with its place, collected into one error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NoReturn

from paribus.errors import (
    StudyError,
    UnknownNameError,
    as_toml,
    printable,
    suggest,
)


MAX_SHOWN = 20

Key = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One thing that is wrong.

    Attributes:
        text: The thing, the rule and the value, without the place.
        place: Where: the file, the table, the key, the position; or the option.
        hint: One action the reader can take; empty where there is none.
        missing: The key that is missing; empty if the mistake is another.
        meant: The key that an unknown name is near to; empty if it is near to none.
        is_unknown_name: Whether it is about a name that nothing has.
        table: The table of the file that it is in, or that its key was meant to be.
    """

    text: str
    place: str
    hint: str = ""
    missing: Key = ()
    meant: Key = ()
    is_unknown_name: bool = False
    table: str = ""


@dataclass(kw_only=True)
class Mistakes:
    """The mistakes found so far.

    Attributes:
        file: The name of the study file, for people.
        options: Keys that an option has set -> that option, e.g. `--set study.epochs`.
        found: In the order in which they were met.
    """

    file: str
    options: Mapping[Key, str] = field(default_factory=dict)
    found: list[Mistake] = field(default_factory=list)

    def add(self, key: Key, text: str, hint: str = "") -> None:
        """Note that the value at `key` breaks a rule."""
        place = self.place(key)
        self.found.append(Mistake(text=text, place=place, hint=hint, table=_table(key)))

    def add_unknown(self, key: Key, known: list[str], *, text: str = "") -> None:
        """Note that nothing is called as the last part of `key`."""
        name = str(key[-1])
        option, rest = self._option(key)
        place = self.place(key) if option and not rest else self.place(key[:-1])
        meant = _meant(key, known)
        self.found.append(
            Mistake(
                text=text or f"setting {quoted(name)} is unknown",
                place=place,
                hint=suggest(name, known),
                meant=meant,
                is_unknown_name=True,
                table=_table(meant or key),
            )
        )

    def add_missing(self, key: Key, hint: str = "") -> None:
        """Note that `key` must be there and is not."""
        dotted = dotted_key(key)
        place = self.place(key[:-1])
        self.found.append(
            Mistake(
                text=f"`{dotted}` is missing",
                place=place,
                hint=hint,
                missing=key,
                table=_table(key),
            )
        )

    def place(self, key: Key) -> str:
        """Say where `key` stands: `my.toml, [[space]] 2, learning_rate, value 3`."""
        option, rest = self._option(key)
        parts = [self.file]
        if option:
            parts, key = [option], rest
        elif key[:1] == ("sizes",) and len(key) > 1:
            parts, key = [size_place(self.file, str(key[1]))], key[2:]
        elif key[:1] in (("space",), ("claims",)) and len(key) > 1:
            parts.append(f"[[{key[0]}]] {int(key[1]) + 1}")
            key = key[2:]
        elif len(key) > 0:
            parts.append(f"[{printable(str(key[0]))}]")
            key = key[1:]
        for part in key:
            is_position = isinstance(part, int)
            parts.append(f"value {part + 1}" if is_position else printable(part))
        return ", ".join(parts)

    def _option(self, key: Key) -> tuple[str, Key]:
        """The option that has set `key` or a part of it, and what is left of `key`.

        Empty if none has.
        """
        for end in range(len(key), 0, -1):
            if key[:end] in self.options:
                return self.options[key[:end]], key[end:]
        return "", ()

    def has_any_in(self, *tables: str) -> bool:
        """Whether a table has one: what is checked against it then follows from it."""
        return any(mistake.table in tables for mistake in self.found)

    def raise_any(self) -> None:
        """Raise one error for all mistakes.

        Raises:
            StudyError: If there is a mistake.
        """
        # A misspelt name is one mistake: that the right one is missing follows from it.
        meant = {mistake.meant for mistake in self.found if mistake.meant}
        found = [mistake for mistake in self.found if mistake.missing not in meant]
        if found:
            self._raise(found)

    def _raise(self, found: list[Mistake]) -> NoReturn:
        if len(found) == 1:
            mistake = found[0]
            kind = UnknownNameError if mistake.is_unknown_name else StudyError
            raise kind(f"{mistake.text} ({mistake.place})", hint=mistake.hint)
        lines = [
            f"  {mistake.text} ({mistake.place})"
            + (f"; {mistake.hint}" if mistake.hint else "")
            for mistake in found[:MAX_SHOWN]
        ]
        if len(found) > MAX_SHOWN:
            lines.append(f"  and {len(found) - MAX_SHOWN} more")
        head = f"`{self.file}` cannot be used, {len(found)} mistakes:"
        raise StudyError("\n".join([head, *lines]))


def _meant(key: Key, known: list[str]) -> Key:
    """The key that a misspelt one was meant to be; empty if that is not plain."""
    by_lower_case = {name.lower(): name for name in known}
    close = get_close_matches(str(key[-1]).lower(), by_lower_case, n=1)
    return (*key[:-1], by_lower_case[close[0]]) if close else ()


def _table(key: Key) -> str:
    return str(key[0]) if key else ""


def size_place(file: str, size: str) -> str:
    """Where a size stands: `my.toml, [sizes.quick]`."""
    return f"{file}, [sizes.{printable(size)}]"


def dotted_key(key: Key) -> str:
    """Write a key as `--set` does, positions counted from 1."""
    return ".".join(str(part + 1 if isinstance(part, int) else part) for part in key)


def one_of(name: str, value: Any, known: tuple[str, ...]) -> str:
    """Return `value` if it is one of the words of a setting.

    Raises:
        StudyError: If it is none.
    """
    if value not in known:
        words = ", ".join(f'"{word}"' for word in known)
        raise StudyError(f"`{name}` must be one of {words}, got {as_toml(value)}")
    return value


def quoted(name: str) -> str:
    """Put a name from outside into backticks, with nothing in it that breaks a line."""
    return f"`{printable(name)}`"
