"""A study that is fine, and the real command, for everything that is wrong with it."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from bad_builders import (
    Command,
    Ended,
    Forked,
    Paribus,
    Refused,
    Started,
    contents,
    squeezed,
    write_base,
)
from store_builders import make_store


SERVER = Path(__file__).with_name("server.py")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with `tiny.toml` and `tiny.npz`."""
    return write_base(tmp_path)


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished study, to be copied."""
    return make_store(tmp_path_factory.mktemp("stored") / "tiny")


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
        [sys.executable, str(SERVER)],
        # JAX, in this process, has asked for more words than paribus does.
        env={k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


@pytest.fixture
def started(
    place: Path,
    server: "subprocess.Popen[str]",
    tmp_path_factory: pytest.TempPathFactory,
) -> Started:
    """Starts the real command in `place`, as a process that the server forks."""
    outputs = tmp_path_factory.mktemp("outputs")
    stdin, stdout = server.stdin, server.stdout
    assert stdin
    assert stdout

    def ask(request: Mapping[str, Any]) -> list[int]:
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        return [int(number) for number in stdout.readline().split()]

    def start(
        *arguments: str,
        env: Mapping[str, str | None] | None = None,
        umask: int = 0o022,
        is_plain: bool = False,
        touched: str = "",
        limit_s: int = 10,  # of a processor
    ) -> Command:
        name = secrets.token_hex(4)
        out, err = outputs / f"{name}.out", outputs / f"{name}.err"
        request = {"cwd": str(place), "out": str(out), "err": str(err)}
        request |= {"arguments": arguments, "env": dict(env or {}), "umask": umask}
        request |= {"is_plain": is_plain, "touched": touched, "limit_s": limit_s}
        (pid,) = ask(request)

        def wait() -> Ended:
            code, peak = ask({"pid": pid})
            return Ended(code, out.read_text("utf-8"), err.read_text("utf-8"), peak)

        return Command(pid, wait)

    return start


@pytest.fixture
def forked(started: Started) -> Forked:
    """The real command, run to its end in `place`.

    `is_plain` binds root, too, by the permissions of files; the file `touched` in
    `place` is written to whenever the command opens it.
    """
    return lambda *arguments, **how: started(*arguments, **how).wait()


@pytest.fixture
def refused(place: Path, forked: Forked) -> Refused:
    """Checks that a command is refused with a code and words, and changes nothing."""

    def check(
        arguments: Sequence[str], code: int, *fragments: str, is_plain: bool = False
    ) -> None:
        before = contents(place)
        ended = forked(*arguments, is_plain=is_plain)
        assert ended.code == code, ended.err
        for fragment in fragments:
            assert squeezed(fragment) in squeezed(ended.err)
        assert "Traceback" not in ended.err
        assert "allow_pickle" not in ended.err
        assert ended.out == ""
        assert contents(place) == before

    return check
