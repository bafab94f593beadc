"""A test process reads no program that another is still writing."""

import os
import time
from pathlib import Path

import pytest
from shared_programs import SETTLED_S, SharedPrograms


NOW = 1_000_000.0


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Those of two processes, and the one between them; time stands still."""
    monkeypatch.setattr(time, "time", lambda: NOW)
    made = [tmp_path / name for name in ("one", "two", "shared")]
    for folder in made:
        folder.mkdir()
    return made


def write(folder: Path, name: str, content: bytes, *, age: float) -> None:
    (folder / name).write_bytes(content)
    os.utime(folder / name, (NOW - age, NOW - age))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_programs_that_are_finished_reach_the_other_process(folders: list[Path]):
    one, two, shared = folders
    write(one, "a-cache", b"program", age=SETTLED_S)
    write(two, "b-cache", b"another", age=SETTLED_S)
    for folder in (one, two, one):
        SharedPrograms(folder, shared).exchange()

    programs = {"a-cache": b"program", "b-cache": b"another"}
    assert content(one) == content(two) == content(shared) == programs


@pytest.mark.parametrize(
    ("begun", "age"),
    [(b"prog", 0.0), (b"prog", SETTLED_S / 2), (b"", 10 * SETTLED_S)],
    ids=["now", "just now", "nothing in it"],
)
def test_a_program_that_is_being_written_is_left_for_the_next_time(
    begun: bytes, age: float, folders: list[Path]
):
    one, two, shared = folders
    write(one, "a-cache", begun, age=age)
    for folder in (one, two):
        SharedPrograms(folder, shared).exchange()
    assert (content(shared), content(two)) == ({}, {})

    write(one, "a-cache", b"program", age=SETTLED_S)
    for folder in (one, two):
        SharedPrograms(folder, shared).exchange()

    assert content(two) == {"a-cache": b"program"}


def test_what_two_processes_have_compiled_is_kept_by_each(folders: list[Path]):
    one, two, shared = folders
    for folder in (one, two):
        write(folder, "a-cache", folder.name.encode(), age=SETTLED_S)
        SharedPrograms(folder, shared).exchange()

    assert content(shared) == content(one) == {"a-cache": b"one"}
    assert content(two) == {"a-cache": b"two"}
