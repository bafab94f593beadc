"""The lock that makes one process the writer of a study.

Only the kernel's lock counts: what the file contains and how old it is mean nothing, so
a lock file that a crash left behind locks nobody out.
"""

import os
import time
from pathlib import Path

from filelock import FileLock, Timeout

from paribus.store.folder import LOCK


WAIT_S = 1.5
_PROBES = 3  # two readers that look at the same moment would see each other


class LockedError(Exception):
    """Another process holds the lock."""


class WriterLock:
    """The writer's lock, held from `acquire` to `release`.

    It stays held when the folder that contains it is renamed.
    """

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    @classmethod
    def acquire(cls, folder: Path, *, wait_s: float = WAIT_S) -> "WriterLock":
        """Take the lock of `folder`, waiting at most `wait_s` seconds.

        Raises:
            LockedError: If another process holds it.
            OSError: If the lock file cannot be made or locked.
        """
        folder.lstat()  # filelock would make a missing folder
        lock = FileLock(
            folder / LOCK,
            timeout=wait_s,
            thread_local=False,
            # A plain "file exists" lock would outlive a killed process for ever.
            fallback_to_soft=False,
        )
        try:
            lock.acquire()
        except Timeout:
            raise LockedError from None
        return cls(lock)

    def release(self) -> None:
        """Give the lock back; the file stays."""
        self._lock.release()


def is_held(folder: Path) -> bool | None:
    """Whether a process holds the writer's lock; None where we may not find out.

    Takes the lock for a moment if it is free. Never makes a file.
    """
    for _ in range(_PROBES):
        if not os.path.lexists(folder / LOCK):
            return False
        try:
            WriterLock.acquire(folder, wait_s=0.0).release()
        except LockedError:
            time.sleep(0.01)
        except OSError:
            return None
        else:
            return False
    return True
