"""Errors of studies that are made in Python, in the words of Python."""

from collections.abc import Iterator
from contextlib import contextmanager

from paribus.errors import ParibusError
from paribus.in_python import as_python


@contextmanager
def said_in_python() -> Iterator[None]:
    """Let what is raised within say its message and its hint for readers of Python."""
    try:
        yield
    except ParibusError as error:
        hint = as_python(error.hint)
        error.args = (as_python(str(error)), *error.args[1:])
        notes = getattr(error, "__notes__", [])
        notes[:] = [n.replace(error.hint, hint) if error.hint else n for n in notes]
        error.hint = hint
        raise
