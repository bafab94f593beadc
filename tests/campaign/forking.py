"""Processes forked with paribus loaded: to load it takes most of a short scenario.

Nothing here starts a thread, opens a database or asks JAX for a device before a fork.
"""

import os
import pickle
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from paribus.errors import ParibusError


warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)

np.random.default_rng(0)  # loads ten libraries, once for all forks

LIMIT_S = 60  # a scenario takes a fraction of a second: after this it hangs


def start(
    act: Callable[[], object], *, waits: bool = False, limit_s: int = LIMIT_S
) -> tuple[int, int]:
    """Fork a process that calls `act` and ends as the command line would.

    Args:
        act: What it does.
        waits: Whether it waits first, until a byte is written to the descriptor.
        limit_s: After so many seconds it is taken to hang, and ended.

    Returns:
        Its id, and the descriptor that lets it go (-1 if it does not wait).
    """
    ready, go = os.pipe()
    there, here = os.pipe()
    child = os.fork()
    if child:
        os.close(ready)
        os.close(here)
        os.read(there, 1)  # what Python does after a fork is done
        os.close(there)
        if waits:
            return child, go
        os.close(go)
        return child, -1
    os.close(go)
    os.close(there)
    os.close(here)
    signal.alarm(limit_s)
    if waits:
        os.read(ready, 1)
    os.close(ready)
    os._exit(_ended(act))


def end(child: int) -> int:
    """Wait for a process; its exit code, negative for the signal that ended it."""
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def ask(question: Callable[[], Any]) -> Any:
    """What `question` returns in a process of its own.

    Raises:
        RuntimeError: If it raised or died there.
    """
    (answer,) = ask_all([question])
    return answer


def ask_all(questions: Sequence[Callable[[], Any]], *, limit_s: int = LIMIT_S) -> Any:
    """What each question returns, all at once, each in a process of its own.

    Args:
        questions: What to ask.
        limit_s: After so many seconds a process is taken to hang, and ended.

    Raises:
        RuntimeError: If one raised or died there.
    """
    asked = [_asked(question, limit_s) for question in questions]
    return [_answer(child, reading) for child, reading in asked]


def _asked(question: Callable[[], Any], limit_s: int) -> tuple[int, int]:
    """The process that answers, and the descriptor to read from."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    os.close(reading)
    signal.alarm(limit_s)
    try:
        answer = (True, question())
    except BaseException:
        answer = (False, traceback.format_exc())
    try:
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
    finally:  # what the asker has begun, it ends itself
        os._exit(0)


def _answer(child: int, reading: int) -> Any:
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    code = end(child)
    if not said:
        raise RuntimeError(f"died with {code}")
    is_answer, value = pickle.loads(said)
    if not is_answer:
        raise RuntimeError(value)
    return value


def _ended(act: Callable[[], object]) -> int:
    code, said = 0, ""
    try:
        act()
    except ParibusError as error:
        code, said = error.exit_code, f"{type(error).__name__}: {error}\n"
    except BaseException:
        code, said = 1, traceback.format_exc()
    with suppress(OSError):  # this write may be one that is made to fail, too
        sys.stderr.write(said)
        sys.stderr.flush()
    return code


def fast_folder() -> str | None:
    """A folder in memory, where there is one: a sync costs nothing there."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
