"""Errors of studies that are made in Python, in the words of Python."""

from collections.abc import Iterator
from contextlib import contextmanager

from paribus.errors import ParibusError
from paribus.in_python import as_python


# What JAX adds to whatever is raised below it, our errors of users' code too.
_OF_JAX = "For simplicity, JAX has removed its internal frames"


@contextmanager
def said_in_python() -> Iterator[None]:
    """Let what is raised within say its message and its hint for readers of Python."""
    try:
        yield
    except ParibusError as error:
        hint = as_python(error.hint)
        error.args = (as_python(str(error)), *error.args[1:])
        notes = getattr(error, "__notes__", [])
        notes[:] = [
            note.replace(error.hint, hint) if error.hint else note
            for note in notes
            if _OF_JAX not in note
        ]
        error.hint = hint
        raise
