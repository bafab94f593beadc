"""Stdout carries data, stderr everything else; neither ever ends in a traceback."""

import io
import json
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import (
    AbstractContextManager,
    contextmanager,
    redirect_stdout,
    suppress,
)
from typing import Any, TextIO

import typer

from paribus.errors import ParibusWarning, ResourceError, disarmed, printable


def write(text: str) -> None:
    """Write data to stdout and make sure that it went out.

    A study may come from anybody: nothing in it reaches the terminal as a command.

    Raises:
        ResourceError: If stdout takes no more.
        typer.Exit: If nobody reads on, which is no fault.
    """
    stdout: TextIO | None = sys.stdout
    if stdout is None:
        raise ResourceError("cannot write to stdout: it is closed")
    try:
        stdout.write(disarmed(text) + "\n")
        stdout.flush()
    except BrokenPipeError:
        _give_up_stdout()
        raise typer.Exit(0) from None
    except OSError as error:
        _give_up_stdout()
        reason = (error.strerror or str(error)).lower()
        raise ResourceError(f"cannot write to stdout: {reason}") from None


def write_json(record: dict[str, Any] | list[dict[str, Any]]) -> None:
    """Write one JSON value to stdout."""
    write(json.dumps(record, indent=2, allow_nan=False))


def prints_on_stderr() -> AbstractContextManager[Any]:
    """Send what a user's code prints to stderr: stdout carries data alone."""
    return redirect_stdout(sys.stderr)


def say(text: str) -> None:
    """Tell the person at the terminal something, on stderr."""
    with suppress(OSError, ValueError):
        sys.stderr.write(disarmed(text) + "\n")
        sys.stderr.flush()


def say_error(message: str, hint: str) -> None:
    """Say what is wrong and what to do, on stderr, unwrapped and without colour."""
    lines = f"error: {message}".split("\n") + (["", f"hint: {hint}"] if hint else [])
    say("\n".join(map(printable, lines)))


@contextmanager
def warns_in_words() -> Iterator[None]:
    """Say our own warnings as sentences, without the place in our source."""
    before = warnings.showwarning

    def show(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, ParibusWarning):
            say(f"warning: {printable(str(message))}")
        else:
            before(message, category, *place, **more)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before


def hold_streams() -> None:
    """Keep the numbers of streams that are closed from becoming those of files.

    What a library then wrote to stderr would stand in a checkpoint.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123


def tolerate_any_text() -> None:
    """Write what the terminal's encoding cannot say as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _give_up_stdout() -> None:
    """Send the rest nowhere, so that the interpreter's last flush cannot fail."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
