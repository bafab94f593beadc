"""What options and arguments may be, checked on the text as it was typed."""

import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from paribus.errors import CommandError, printable


if TYPE_CHECKING:
    from paribus.study import ModelChoice, OptimizerChoice, TaskChoice

_DIGITS = re.compile(r"[0-9]+")
_MAX_DIGITS = 15  # whole numbers up to here are exact everywhere, in JSON too
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def count(text: Any) -> int:
    """A whole number of at least 1, in plain digits."""
    return _whole(text, lowest=1)


def count_or_zero(text: Any) -> int:
    """A whole number of at least 0, in plain digits."""
    return _whole(text, lowest=0)


def count_of_labels(text: Any) -> int:
    """A whole number of at least 2, in plain digits."""
    return _whole(text, lowest=2)


def some_path(text: Any) -> Path:
    """A path, taken literally; not empty."""
    if not str(text):
        raise typer.BadParameter("a path is needed, got an empty text")
    return Path(text)


def new_path(text: Any) -> Path:
    """A path that can be written to."""
    if "\0" in str(text):
        raise typer.BadParameter(f"a path cannot hold a NUL, got `{printable(text)}`")
    return some_path(text)


def number(text: Any) -> float:
    """A number above 0, in plain digits."""
    if isinstance(text, float):
        return text
    found = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not 0 < found < math.inf:
        raise typer.BadParameter(
            f"must be a finite number above 0, got `{printable(text)}`"
        )
    return found


def some_text(text: Any) -> str:
    """A text that is not empty."""
    if not text:
        raise typer.BadParameter("a name or a path is needed, got an empty text")
    return text


def some_module(text: Any) -> str:
    """The name of a top-level module: no path, and no module of a package."""
    if not _MODULE.fullmatch(text):
        raise typer.BadParameter(
            f"must be the name of a top-level module, got `{printable(text)}`"
        )
    return text


def built_in_studies() -> list[str]:
    """What a shell may complete a study's name to."""
    from paribus.study_file.sources import built_in_names

    return list(built_in_names())


def _whole(text: Any, *, lowest: int) -> int:
    if isinstance(text, int):
        return text
    is_whole = bool(_DIGITS.fullmatch(text))
    if is_whole and len(text) > _MAX_DIGITS:
        raise typer.BadParameter(
            f"must be an integer of at most {_MAX_DIGITS} digits, got `{text}`"
        )
    if not is_whole or int(text) < lowest:
        raise typer.BadParameter(
            f"must be an integer of at least {lowest}, got `{printable(text)}`"
        )
    return int(text)


def check_target(path: Path, *, may_replace: bool, option: str = "--out") -> None:
    """Refuse a file that cannot or should not be written, before any work is done.

    Args:
        path: Where.
        may_replace: Whether a file may be there.
        option: What says so.

    Raises:
        CommandError: If it is a folder, exists, or its folder is missing or read-only.
    """
    name = printable(str(path))
    if path.is_dir():
        raise CommandError(f"`{option}` must be a file, `{name}` is a folder")
    if path.exists() and not may_replace:
        raise CommandError(f"`{name}` exists", hint="--force replaces it")
    folder = path.parent
    if not folder.is_dir():
        raise CommandError(
            f"`{option}` needs a folder that exists, got `{name}`",
            hint=f"there is no folder `{printable(str(folder))}`",
        )
    if not os.access(folder, os.W_OK):
        raise CommandError(f"cannot write `{name}`: permission denied")


def check_export_target(path: Path, format: str | None, *, may_replace: bool) -> None:
    """Refuse what an export would replace; CSV files may go into a folder.

    Raises:
        CommandError: As `check_target`.
    """
    is_folder = format != "json" and not path.suffix
    if not is_folder or (path.exists() and not path.is_dir()):
        check_target(path, may_replace=may_replace)
        return
    check_target(path / "runs.csv" if path.is_dir() else path, may_replace=may_replace)


def ask_model(
    model: "ModelChoice", grids: Sequence[Mapping[str, Sequence[Any]]]
) -> "tuple[OptimizerChoice, TaskChoice]":
    """The optimizer that a model of the user's own is compiled with; loads JAX."""
    from paribus.api.compiling import ask_model

    return ask_model(model, grids)


Folder = Annotated[
    Path, typer.Argument(metavar="DIR", parser=some_path, help="A study folder.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
StudyName = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        parser=some_text,
        help="A built-in study's name, or a study file.",
        autocompletion=built_in_studies,
    ),
]
Device = Annotated[
    Literal["cpu", "gpu", "auto"],
    typer.Option(help="Where to train; auto takes a GPU where there is one."),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]
AllowModule = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        parser=some_module,
        help="A module that the study file may import its own model from; it is also "
        "looked for beside the study file.",
    ),
]
OutFile = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", parser=new_path, help="Where to write."),
]
