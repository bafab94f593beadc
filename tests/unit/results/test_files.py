import errno
import os
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from store_builders import fingerprint, make_store

from paribus.errors import CommandError, ResourceError
from paribus.file_locks import try_lock
from paribus.results import files
from paribus.results.files import STUDY_FILES, write_atomically, write_together
from paribus.store.folder import OWN_NAMES


def test_a_file_is_written_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "report.html"

    write_atomically(path, "é\r\n")

    assert path.read_bytes() == "é\r\n".encode()
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


def test_half_a_surrogate_pair_is_written_as_its_escape(tmp_path):
    write_atomically(tmp_path / "x.csv", "a\ud800b")

    assert (tmp_path / "x.csv").read_text() == "a\\ud800b"


@pytest.mark.parametrize(
    "code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS]
)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    code, tmp_path, monkeypatch
):
    path = tmp_path / "runs.csv"
    path.write_text("old")

    def broken(descriptor):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(ResourceError, match=os.strerror(code).lower()) as caught:
        write_atomically(path, "new")

    assert caught.value.hint
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_of_files_that_belong_together_none_is_new_unless_all_are(
    tmp_path, monkeypatch
):
    (tmp_path / "a.csv").write_text("old a")
    (tmp_path / "c.csv").write_text("old c")
    files = {"a.csv": "new a", "b.csv": b"new b", "c.csv": "new c"}
    sync, synced = os.fsync, []

    def full_at_the_last(descriptor):
        synced.append(descriptor)
        if len(synced) == len(files):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full_at_the_last)
        with pytest.raises(ResourceError, match=re.escape(f"{tmp_path / 'c.csv'}")):
            write_together(tmp_path, files)
    left = {path.name: path.read_text() for path in tmp_path.iterdir()}
    write_together(tmp_path, files)

    assert left == {"a.csv": "old a", "c.csv": "old c"}
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a.csv": "new a",
        "b.csv": "new b",
        "c.csv": "new c",
    }


def test_a_failed_write_leaves_no_folder_that_it_made(tmp_path, monkeypatch):
    def broken(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "there").mkdir()
    monkeypatch.setattr(os, "fsync", broken)
    for path in (tmp_path / "a" / "b" / "runs.csv", tmp_path / "there" / "runs.csv"):
        with pytest.raises(ResourceError):
            write_atomically(path, "new")

    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


def test_an_interrupt_leaves_neither_a_file_nor_a_folder(tmp_path, monkeypatch):
    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a" / ".." / "b" / "runs.csv", "new")

    assert list(tmp_path.iterdir()) == []


def test_a_new_name_that_may_not_last_is_told(tmp_path, monkeypatch):
    synced = []
    original = os.fsync

    def broken_folder(descriptor):
        synced.append(descriptor)
        if len(synced) == 2:
            raise OSError(errno.EIO, "Input/output error")
        original(descriptor)

    monkeypatch.setattr(os, "fsync", broken_folder)
    with pytest.raises(ResourceError, match="input/output error"):
        write_atomically(tmp_path / "runs.csv", "new")


def test_files_of_two_processes_are_not_mixed(tmp_path: Path, monkeypatch):
    """One of them is about to name its files, and stands still."""
    write_together(tmp_path, {"runs.csv": "old", "curves.csv": "old"})
    monkeypatch.setattr(files, "WAIT_S", 0.05)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    assert try_lock(descriptor)

    with pytest.raises(CommandError, match="being written to by another process"):
        write_together(tmp_path, {"runs.csv": "new", "curves.csv": "new"})

    os.close(descriptor)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "runs.csv": "old",
        "curves.csv": "old",
    }


@pytest.mark.parametrize(
    ("code", "is_told"), [(errno.ENOLCK, False), (errno.EIO, True)]
)
def test_where_there_are_no_locks_files_are_written_without_a_turn(
    code: int, is_told: bool, tmp_path: Path, monkeypatch
):
    def fail(descriptor: int) -> bool:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files, "try_lock", fail)

    with pytest.raises(ResourceError) if is_told else nullcontext():
        write_together(tmp_path, {"runs.csv": "new"})

    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"] * (not is_told)


def test_a_place_that_is_a_folder_is_refused(tmp_path):
    (tmp_path / "out").mkdir()

    with pytest.raises(CommandError, match="cannot write `"):
        write_atomically(tmp_path / "out", "x")

    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_a_link_waiting_at_the_place_is_replaced_and_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path = tmp_path / "report.html"
    path.symlink_to(victim)

    write_atomically(path, "new")

    assert victim.read_text() == "precious"
    assert path.read_text() == "new"


@pytest.mark.skipif(os.name != "posix", reason="processes are asked for by signals")
def test_what_a_killed_process_left_behind_is_removed_and_nothing_else(tmp_path: Path):
    path = tmp_path / "report.html"
    killed = "import os; os.fsync = lambda number: os.kill(os.getpid(), 9)"
    code = (
        f"{killed}; from pathlib import Path; from paribus.results.files import "
        f"write_atomically; write_atomically(Path({str(path)!r}), 'new')"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    (left,) = tmp_path.iterdir()
    own = f"{left.name[:-16]}{os.getpid():08x}0123abcd"
    others = [tmp_path / name for name in (own, ".report.html.mine", "notes.txt")]
    for other in others:
        other.write_text("", "utf-8")

    write_atomically(path, "new")

    assert sorted(tmp_path.iterdir()) == sorted([path, *others])


@pytest.mark.parametrize("name", sorted(STUDY_FILES))
def test_no_file_takes_the_place_of_a_part_of_a_study(tmp_path: Path, name: str):
    folder = make_store(tmp_path / "tiny")
    before = fingerprint(folder)

    with pytest.raises(CommandError, match="is a part of a study, and must stay"):
        write_atomically(folder / name, "text")

    assert fingerprint(folder) == before
    write_atomically(tmp_path / name, "text")  # elsewhere it is a name as others are


def test_the_parts_of_a_study_are_those_that_the_store_has():
    assert STUDY_FILES == OWN_NAMES
