"""What the store leans on in filelock."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock, Timeout


HOLD = """
import sys, time
from filelock import FileLock
lock = FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_a_lock_excludes_a_second_one_in_the_same_process(tmp_path: Path):
    with (
        FileLock(tmp_path / "lock", thread_local=False),
        pytest.raises(Timeout),
    ):
        FileLock(tmp_path / "lock", thread_local=False).acquire(timeout=0)


def test_a_lock_ends_with_the_process_that_held_it(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(Timeout):
            FileLock(tmp_path / "lock").acquire(timeout=0)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()

    FileLock(tmp_path / "lock").acquire(timeout=0).lock.release()


def test_a_contender_does_not_change_the_file(tmp_path: Path):
    (tmp_path / "lock").write_text("mine")
    with FileLock(tmp_path / "lock"), pytest.raises(Timeout):
        FileLock(tmp_path / "lock").acquire(timeout=0)

    assert (tmp_path / "lock").read_text() == "mine"


def test_a_lock_stays_held_when_its_folder_is_renamed(tmp_path: Path):
    (tmp_path / "old").mkdir()
    with FileLock(tmp_path / "old" / "lock"):
        (tmp_path / "old").rename(tmp_path / "new")
        with pytest.raises(Timeout):
            FileLock(tmp_path / "new" / "lock").acquire(timeout=0)

    FileLock(tmp_path / "new" / "lock").acquire(timeout=0).lock.release()


def test_a_lock_makes_a_missing_folder(tmp_path: Path):
    with FileLock(tmp_path / "missing" / "lock"):
        pass

    assert (tmp_path / "missing").is_dir()


def test_falling_back_to_a_file_that_exists_can_be_switched_off(tmp_path: Path):
    lock = FileLock(tmp_path / "lock", fallback_to_soft=False)

    assert lock.acquire(timeout=0).lock is lock
    lock.release()
