"""The writer's lock: the kernel's, of the file that is at its place."""

import errno
import fcntl
import os
import signal
import threading
from pathlib import Path

import pytest
from store_builders import hear, start_child

from paribus import file_locks
from paribus.file_locks import LockedError
from paribus.store.folder import LOCK
from paribus.store.lock import WriterLock, is_held


HOLD = """
import sys, time
from pathlib import Path
from paribus.store.lock import WriterLock
lock = WriterLock.acquire(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_it_excludes_a_second_one_in_the_same_process(tmp_path: Path):
    held = WriterLock.acquire(tmp_path)

    with pytest.raises(LockedError):
        WriterLock.acquire(tmp_path, wait_s=0.0)

    held.release()
    WriterLock.acquire(tmp_path, wait_s=0.0).release()


def test_it_ends_with_the_process_that_held_it(tmp_path: Path):
    with start_child(HOLD, tmp_path) as child:
        assert hear(child) == "held"
        assert is_held(tmp_path) is True
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()

    assert is_held(tmp_path) is False


def test_it_is_waited_for(tmp_path: Path):
    held = WriterLock.acquire(tmp_path)
    release = threading.Timer(0.2, held.release)
    release.start()

    WriterLock.acquire(tmp_path, wait_s=0.9).release()

    release.join()


def test_a_file_system_without_locks_is_told_and_no_file_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[int] = []

    def fail(descriptor: int, operation: int) -> None:
        asked.append(descriptor)
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", fail)

    with pytest.raises(OSError, match="No locks available"):
        WriterLock.acquire(tmp_path)

    (descriptor,) = asked
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_lock_that_nobody_can_release_any_more_is_given_back(tmp_path: Path):
    held = WriterLock.acquire(tmp_path)

    del held

    assert is_held(tmp_path) is False


def test_it_is_released_once(tmp_path: Path):
    held = WriterLock.acquire(tmp_path)
    held.release()
    with (tmp_path / LOCK).open() as other:  # takes the descriptor that is free now
        held.release()

        assert os.fstat(other.fileno())


def test_who_asks_does_not_change_the_file(tmp_path: Path):
    (tmp_path / LOCK).write_text("mine")
    held = WriterLock.acquire(tmp_path)

    with pytest.raises(LockedError):
        WriterLock.acquire(tmp_path, wait_s=0.0)

    assert (tmp_path / LOCK).read_text() == "mine"
    held.release()


def test_it_stays_held_when_its_folder_is_renamed(tmp_path: Path):
    (tmp_path / "old").mkdir()
    held = WriterLock.acquire(tmp_path / "old")

    (tmp_path / "old").rename(tmp_path / "new")

    assert is_held(tmp_path / "new") is True
    held.release()
    assert is_held(tmp_path / "new") is False


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        WriterLock.acquire(tmp_path / "missing")

    assert list(tmp_path.iterdir()) == []


def test_a_link_in_its_place_is_not_followed(tmp_path: Path):
    (tmp_path / LOCK).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="symbolic links"):
        WriterLock.acquire(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [LOCK]


@pytest.mark.parametrize("is_replaced", [False, True], ids=["removed", "replaced"])
def test_the_lock_of_a_folder_that_was_taken_away_meanwhile_counts_for_nothing(
    is_replaced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its file was opened before, and is free by now: but it is not there any more."""
    folder, take = tmp_path / "tiny", file_locks.try_lock
    folder.mkdir()
    looks: list[int] = []

    def late(descriptor: int) -> bool:
        looks.append(descriptor)
        if len(looks) == 1:
            folder.rename(tmp_path / "aside")
            if is_replaced:
                folder.mkdir()
        return take(descriptor)

    monkeypatch.setattr(file_locks, "try_lock", late)

    if is_replaced:
        held = WriterLock.acquire(folder)
        assert is_held(folder) is True
        assert is_held(tmp_path / "aside") is False
        held.release()
    else:
        with pytest.raises(FileNotFoundError):
            WriterLock.acquire(folder)


@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_forked_child_does_not_hold_it(tmp_path: Path):
    held = WriterLock.acquire(tmp_path)
    ready, go = os.pipe()
    if not (child := os.fork()):
        os.read(ready, 1)
        os._exit(0)

    held.release()

    assert is_held(tmp_path) is False
    os.write(go, b"g")
    os.waitpid(child, 0)
    os.close(ready)
    os.close(go)
