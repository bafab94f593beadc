"""Code that users bring: found by name, called, and its errors told as theirs."""

import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from paribus.errors import ParibusError, UserCodeError


_OURS = str(Path(__file__).parent)
_LIBRARIES = tuple(
    sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")
)

# What goes wrong when a model is traced, by the name of JAX's error.
_HINTS = {
    "TracerBoolConversionError": "its value is not known when the program is compiled: "
    "use `jnp.where` or `jax.lax.cond` instead of `if`",
    "ConcretizationTypeError": "its value is not known when the program is compiled: "
    "a shape cannot depend on it",
    "TracerArrayConversionError": "use `jax.numpy`, not `numpy`, on traced arrays",
    "UnexpectedTracerError": "the model keeps a traced array: return what it needs "
    "again in its state",
}


@contextmanager
def user_code(reference: str, doing: str) -> Iterator[None]:
    """Tell what the user's code raises as theirs, with their own frames alone.

    Args:
        reference: Whose code it is.
        doing: What it was asked for, e.g. "build a model".

    Raises:
        UserCodeError: For whatever is raised inside, but for our own errors and
            interrupts.
    """
    try:
        yield
    except (ParibusError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise told(error, reference, doing) from error


def told(error: BaseException, reference: str, doing: str) -> UserCodeError:
    """The error that tells what the user's code has raised."""
    frames = "".join(traceback.format_list(own_frames(error.__traceback__))).rstrip()
    text = _words_of(error).split("\n\nSee https://")[0]
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    lines = [f"`{reference}` cannot {doing}: {what}", *([frames] if frames else [])]
    return UserCodeError("\n".join(lines), hint=_HINTS.get(type(error).__name__, ""))


def _words_of(error: BaseException) -> str:
    """What an error says; nothing where the user's code cannot even say that."""
    try:
        return str(error)
    except Exception:
        return ""


def wrong_product(
    reference: str, product: Any, kinds: str, hint: str = ""
) -> UserCodeError:
    """The error for a builder that returns no model.

    Args:
        reference: The builder.
        product: What it returned.
        kinds: What it may return, e.g. "a Keras model".
        hint: What to do where it returned something else than nothing.
    """
    got = type(product).__name__
    if isinstance(product, tuple):
        got = f"a tuple of {len(product)}"
    if product is None:
        got, hint = "nothing", "end the function with `return model`"
    return UserCodeError(f"`{reference}` must return {kinds}, got {got}", hint=hint)


def own_frames(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    """The frames of a traceback that are neither ours nor a library's."""
    return [
        frame
        for frame in traceback.extract_tb(trace)
        if not frame.filename.startswith((_OURS, *_LIBRARIES, "<frozen"))
    ]


def call(
    function: Callable[..., Any], reference: str, doing: str, **arguments: Any
) -> Any:
    """Call the user's function.

    Raises:
        UserCodeError: If it raises.
    """
    with user_code(reference, doing):
        return function(**arguments)


def has_loaded(package: str) -> bool:
    """Whether anybody has imported a package; if not, nothing can be made by it."""
    return package in sys.modules
