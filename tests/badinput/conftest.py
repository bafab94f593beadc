"""A study that is fine, and the real command, for everything that is wrong with it."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest


TINY = """\
[study]
name = "tiny"
seeds = 2
epochs = 1
[data]
path = "tiny.npz"
validation = 16
[model]
name = "mlp"
hidden = [8]
[optimizer]
name = "adam"
[[space]]
learning_rate = [0.01, 0.1]
batch_size = [16]
"""

# Runs commands, each in a process of its own that is forked with paribus loaded: that
# takes most of the time of a command that is refused, and they are hundreds. JAX starts
# no thread before it is asked for its devices, so a fork before that is safe. Reads a
# line of JSON for each, and answers with its exit status and the most memory it held.
# A command that takes more than ten seconds of a processor is ended by the kernel.
SERVER = """\
import json
import os
import resource
import signal
import sys
import warnings

import rich.console

import paribus.analysis.outcomes
import paribus.console
import paribus.engine.train
import paribus.study_file.declarations
from paribus.cli import app
from paribus.study_file import read_study


assert read_study  # loaded before the forks
warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
FORBIDDEN = {"pickle.find_class", "socket.connect", "socket.getaddrinfo", "os.system"}


def watch(event: str, _: object) -> None:
    "End a command that unpickles or reaches for a network."
    if event in FORBIDDEN:
        os.write(2, f"forbidden: {event}".encode())
        os._exit(99)


def run(
    arguments: list[str],
    cwd: str,
    out: str,
    err: str,
    env: dict[str, str | None],
    umask: int,
) -> None:
    signal.alarm(60)
    os.umask(umask)
    sys.addaudithook(watch)
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    os.chdir(cwd)
    for name, value in env.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.stdin.close()
    try:
        app(arguments, prog_name="paribus")
    except SystemExit as ended:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended.code or 0)  # to take modules down takes ten times the command


for line in sys.stdin:
    request = json.loads(line)
    child = os.fork()
    if child == 0:
        run(**request)
    _, status, used = os.wait4(child, 0)
    sys.stdout.write(f"{os.waitstatus_to_exitcode(status)} {used.ru_maxrss}\\n")
    sys.stdout.flush()
"""


class Ended(NamedTuple):
    """What a command left: its code, what it said, and the most memory it held."""

    code: int
    out: str
    err: str
    peak_kib: int


Forked = Callable[..., Ended]
Refused = Callable[..., None]
Paribus = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with `tiny.toml` and `tiny.npz`."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(64, 4)).astype(np.float32)
    np.savez(tmp_path / "tiny.npz", x=inputs, y=np.arange(64) % 3)
    (tmp_path / "tiny.toml").write_text(TINY)
    return tmp_path


@pytest.fixture
def paribus(place: Path) -> Paribus:
    """The real command, run in `place`."""

    def run(
        *arguments: str, env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "paribus", *arguments],
            cwd=place,
            env={**os.environ, **(env or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )

    return run


@pytest.fixture(scope="session")
def server() -> "Iterator[subprocess.Popen[str]]":
    """What runs each command in a process of its own, without loading paribus anew."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


@pytest.fixture
def forked(
    place: Path,
    server: "subprocess.Popen[str]",
    tmp_path_factory: pytest.TempPathFactory,
) -> Forked:
    """The real command, run in `place` by the server."""
    outputs = tmp_path_factory.mktemp("outputs")
    stdin, stdout = server.stdin, server.stdout
    assert stdin
    assert stdout

    def run(
        *arguments: str,
        env: Mapping[str, str | None] | None = None,
        umask: int = 0o022,
    ) -> Ended:
        out, err = outputs / "out", outputs / "err"
        request = {"cwd": str(place), "out": str(out), "err": str(err)}
        request |= {"arguments": arguments, "env": dict(env or {}), "umask": umask}
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        code, peak = map(int, stdout.readline().split())
        return Ended(code, out.read_text("utf-8"), err.read_text("utf-8"), peak)

    return run


@pytest.fixture
def refused(place: Path, forked: Forked) -> Refused:
    """Checks that a command is refused with a code and words, and changes nothing."""

    def check(arguments: Sequence[str], code: int, *fragments: str) -> None:
        before = contents(place)
        ended = forked(*arguments)
        assert ended.code == code, ended.err
        for fragment in fragments:
            assert squeezed(fragment) in squeezed(ended.err)
        assert "Traceback" not in ended.err
        assert "allow_pickle" not in ended.err
        assert ended.out == ""
        assert contents(place) == before

    return check


def contents(folder: Path) -> dict[str, str]:
    """Every file in a folder with the digest of its content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def squeezed(text: str) -> str:
    """A text without differences in case and white space."""
    return re.sub(r"\s+", " ", text).lower()
