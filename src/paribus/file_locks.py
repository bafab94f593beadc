"""The kernel's lock of an open file: it ends with the process, however that ends."""

import errno
import os
import sys
import time
from pathlib import Path


if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_POLL_S = 0.05
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}


class LockedError(Exception):
    """Another process holds the lock."""


def open_locked(path: Path, *, wait_s: float) -> int:
    """Open a file, made if it is not there, and take its lock.

    No link is followed, no pipe is waited for, and no folder is made.

    Args:
        path: The file.
        wait_s: How long somebody else may hold the lock; infinity to wait for ever.

    Returns:
        The descriptor; to close it gives the lock back.

    Raises:
        LockedError: If another process holds it.
        FileNotFoundError: If the folder is not there, or not there any more.
        OSError: If the file cannot be made or locked.
    """
    until = time.monotonic() + wait_s
    while True:
        descriptor = _open(path)
        try:
            is_ours = try_lock(descriptor)
            # Whoever held it may have removed the file, or another be there now.
            if is_ours and is_at(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if is_ours:
            continue
        if (left := until - time.monotonic()) <= 0:
            raise LockedError
        time.sleep(min(_POLL_S, left))


def try_lock(descriptor: int) -> bool:
    """Take the lock of an open file; False if somebody has it.

    It is given back when the file is closed. One process may ask twice, by two
    descriptors, and is refused as another would be.

    Raises:
        OSError: If the file system has no locks.
    """
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _TAKEN:
            raise
        return False
    return True


def is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one that is at a place now."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(path, flags, 0o666)
