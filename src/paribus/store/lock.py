"""The lock that makes one process the writer of a study.

Only the kernel's lock counts: what the file contains and how old it is mean nothing, so
a lock file that a crash left behind locks nobody out.
"""

import os
import time
from pathlib import Path
from weakref import WeakSet

from paribus.file_locks import LockedError, open_locked
from paribus.store.folder import LOCK


WAIT_S = 1.5
_PROBES = 3  # two readers that look at the same moment would see each other
_held: "WeakSet[WriterLock]" = WeakSet()


class WriterLock:
    """The writer's lock, held from `acquire` to `release`.

    It stays held when the folder that contains it is renamed.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        _held.add(self)

    @classmethod
    def acquire(cls, folder: Path, *, wait_s: float = WAIT_S) -> "WriterLock":
        """Take the lock of `folder`, waiting at most `wait_s` seconds.

        Raises:
            LockedError: If another process holds it.
            FileNotFoundError: If the folder is not there, or not there any more.
            OSError: If the lock file cannot be made or locked.
        """
        return cls(open_locked(folder / LOCK, wait_s=wait_s))

    def release(self) -> None:
        """Give the lock back; the file stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __del__(self) -> None:
        """Give back what nobody can release any more."""
        self.release()


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


def _leave_to_the_parent() -> None:
    """A child that is forked would hold the lock as long as it lives."""
    for lock in list(_held):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_the_parent)
