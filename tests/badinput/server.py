"""Runs commands, each in a process of its own that is forked with paribus loaded.

Loading takes most of the time of a command that is refused, and they are hundreds. JAX
starts no thread before it is asked for its devices, so a fork before that is safe.

Each line of stdin is a request in JSON. One with arguments starts a command, and its
answer is the number of the process; one with that number waits for it, and its answer
is the exit status and the most memory that it held. A command that takes more than ten
seconds of a processor is ended by the kernel.
"""

import ctypes
import json
import os
import resource
import signal
import struct
import sys
import warnings
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import rich.console

import paribus.analysis.outcomes
import paribus.console
import paribus.engine.train
import paribus.study_file.declarations
from paribus.cli import app
from paribus.signals import ENDING
from paribus.study_file import read_study


# Loaded before the forks, whether a name of theirs is used here or not.
LOADED = (
    *(rich.console, paribus.console, paribus.engine.train, read_study),
    *(paribus.analysis.outcomes, paribus.study_file.declarations),
)

FORBIDDEN = {"pickle.find_class", "socket.connect", "socket.getaddrinfo", "os.system"}
MOMENTS = count(1)
CAPSET = 126  # the system call on x86-64; on arm64 it is 91
CAPABILITIES_3 = 0x20080522


def watch(event: str, _: object) -> None:
    """End a command that unpickles or reaches for a network."""
    if event in FORBIDDEN:
        os.write(2, f"forbidden: {event}".encode())
        os._exit(99)


def touching(path: str, event: str, arguments: tuple[Any, ...]) -> None:
    """Write to a file whenever it is opened, as another program may."""
    if event == "open" and Path(str(arguments[0])).name == path:
        os.utime(path, (0, next(MOMENTS)))


def obey_permissions() -> None:
    """Let root be bound by the permissions of files, as everybody is."""
    head = struct.pack("<Ii", CAPABILITIES_3, 0)
    number = CAPSET if os.uname().machine == "x86_64" else 91
    if ctypes.CDLL(None).syscall(number, head, bytes(24)) != 0:
        raise OSError("capset failed")


def run(
    arguments: list[str],
    cwd: str,
    out: str,
    err: str,
    env: dict[str, str | None],
    umask: int,
    is_plain: bool,
    touched: str,
    limit_s: int,
) -> None:
    """Be the command."""
    signal.alarm(60)
    os.umask(umask)
    sys.addaudithook(watch)
    if touched:
        sys.addaudithook(partial(touching, touched))
    resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s))
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.chdir(cwd)
    if is_plain:
        obey_permissions()
    for name, value in env.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    sys.stdin.close()
    try:
        with ENDING.heard():  # as `paribus.__main__` does
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            app(arguments, prog_name="paribus")
    except KeyboardInterrupt:
        os._exit(ENDING.exit_code)
    except SystemExit as ended:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_code(ended.code))  # to take modules down takes ten times the command


def _code(code: Any) -> int:
    return code if isinstance(code, int) else 0 if code is None else 1


def answer(request: dict[str, Any]) -> str:
    """Start a command, or wait for one."""
    if "pid" in request:
        _, status, used = os.wait4(request["pid"], 0)
        return f"{os.waitstatus_to_exitcode(status)} {used.ru_maxrss}"
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    child = os.fork()
    if child == 0:
        run(**request)
        os._exit(0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    return str(child)


if __name__ == "__main__":
    warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
    for line in sys.stdin:
        sys.stdout.write(answer(json.loads(line)) + "\n")
        sys.stdout.flush()
