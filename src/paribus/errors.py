"""Every error that paribus raises on purpose, with its exit code and its hint.

ParibusError                      1
├── CommandError                  2   the command line
├── StudyError (ValueError)       3   the study file, or a Study made in Python
│   ├── SpaceError                    the search space
│   ├── TooFewSeedsError              a statistic needs more seeds
│   └── UnknownNameError              a name that nothing has
├── DataError (ValueError)        4   the data set
├── StoreError                    5   the study folder
├── ResourceError                 6   disk or memory
├── TooManyFailuresError          7   finished, but more runs failed than allowed
├── UserCodeError                 8   the user's model, loss or loader raised
└── ExecutionError                9   the execution engine
    └── MissingPackageError (ImportError)
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date, time
from difflib import get_close_matches
from typing import Any


# What steers a terminal or turns the direction of text; line feeds and tabs do not.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


_MAX_LISTED = 8
_N_NEAREST = 5
# What other tools call it.
_OTHER_NAMES = {
    "lr": "learning_rate",
    "eta": "learning_rate",
    "step_size": "learning_rate",
    "bs": "batch_size",
    "wd": "weight_decay",
    "decay": "weight_decay",
    "beta": "momentum",
    "beta1": "b1",
    "beta_1": "b1",
    "beta2": "b2",
    "beta_2": "b2",
    "epsilon": "eps",
    "clipnorm": "clip_norm",
    "clipvalue": "clip_value",
}


class ParibusError(Exception):
    """The base of every error that paribus raises on purpose.

    The first line of the message stands alone: the thing in backticks, the rule, the
    offending value and the place.

    Attributes:
        hint: One action the reader can take; empty where there is none.
        exit_code: What the command line returns for it.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        if hint:
            self.add_note(f"hint: {hint}")


class CommandError(ParibusError):
    """A command line that cannot be carried out."""

    exit_code = 2


class StudyError(ParibusError, ValueError):
    """A study, in a file or in Python, that cannot be used.

    Attributes:
        key: Where it says so in a study file: the table, the key, positions from 0.
            Empty where the message names the place, or there is none.
    """

    exit_code = 3

    def __init__(
        self, message: str, *, hint: str = "", key: tuple[str | int, ...] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.key = key


class SpaceError(StudyError):
    """A search space that cannot be used."""


class TooFewSeedsError(StudyError):
    """A statistic was asked of fewer seeds than it needs."""


class UnknownNameError(StudyError):
    """A name that nothing has."""


class DataError(ParibusError, ValueError):
    """A data set that cannot be used."""

    exit_code = 4


class StoreError(ParibusError):
    """A study folder that cannot be used."""

    exit_code = 5


class ResourceError(ParibusError):
    """Not enough disk or memory."""

    exit_code = 6


class TooManyFailuresError(ParibusError):
    """The study finished, but more runs failed than were allowed."""

    exit_code = 7


class UserCodeError(ParibusError):
    """The user's model, loss or loader raised."""

    exit_code = 8


class ExecutionError(ParibusError):
    """The execution engine cannot work: no such device, or JAX is missing."""

    exit_code = 9


class MissingPackageError(ExecutionError, ImportError):
    """An optional package is not installed."""


class ParibusWarning(UserWarning):
    """What paribus did instead of refusing, and how to silence it."""


def unknown_name(
    kind: str,
    name: str,
    known: Collection[str],
    *,
    where: str = "",
    key: tuple[str | int, ...] = (),
    likely: Collection[str] = (),
) -> UnknownNameError:
    """Make the error for a name that nothing has, with the nearest one that exists.

    Args:
        kind: What the name should have named, e.g. "optimizer".
        name: The name as written.
        known: The names there are.
        where: What should have the name; empty where the kind says it.
        key: As for `StudyError`.
        likely: As for `suggest`.
    """
    place = f": {where}" if where else ""
    return UnknownNameError(
        f"no {kind} is called `{name}`{place}",
        hint=suggest(name, known, likely=likely),
        key=key,
    )


def suggest(name: str, known: Collection[str], *, likely: Collection[str] = ()) -> str:
    """Say which known name is nearest to `name`, or which names there are.

    Args:
        name: The name as written.
        known: The names there are. Of more than eight the five nearest are said.
        likely: Those of them that come before the nearest.

    Example:
        >>> suggest("lr", ["learning_rate", "batch_size"])
        'did you mean `learning_rate`?'
    """
    if (meant := _OTHER_NAMES.get(name.lower())) in known:
        return f"did you mean `{meant}`?"
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name.lower(), by_lower_case, n=1)
    if close:
        return f"did you mean `{by_lower_case[close[0]]}`?"
    if len(known) <= _MAX_LISTED:
        return f"known: {_listed(sorted(known))}"
    near = get_close_matches(name.lower(), by_lower_case, n=len(known), cutoff=0.0)
    ranked = dict.fromkeys([*likely, *(by_lower_case[low] for low in near)])
    return f"there are {len(known)}, such as {_listed([*ranked][:_N_NEAREST])}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def first_twice(names: Iterable[str]) -> str | None:
    """The first name that stands more than once; None where each stands once."""
    counts = Counter(names)
    return next((name for name, count in counts.items() if count > 1), None)


def disarmed(text: str) -> str:
    """Write what steers a terminal as escapes; text of many lines keeps its form.

    Example:
        >>> disarmed("a" + chr(27) + "[2J") == "a" + chr(92) + "x1b[2J"
        True
    """
    return _STEERING.sub(lambda found: _escaped(found[0]), text)


def printable(text: str) -> str:
    """Write control and direction marks, line breaks included, as escapes.

    Names from outside pass through it on their way into a message.

    Example:
        >>> printable("a" + chr(10) + "b") == "a" + chr(92) + "nb"
        True
    """
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def as_toml(value: Any) -> str:
    """Write a value as a study file does; tables and lists of tables by their kind."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        if value and all(isinstance(item, dict) for item in value):
            return "a list of tables"
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, str):
        return f'"{printable(value)}"'
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()
