"""What SQLite and the operating system raise, as errors of ours."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from paribus.errors import ResourceError, StoreError


FULL_HINT = (
    "free some space, then run the same command again: "
    "everything that was reported as done is stored"
)
NOT_BEGUN_HINT = (
    "free some space, then run the same command again, or train elsewhere: use "
    "`--out`; there is no study yet, and nothing was stored"
)
READ_ONLY_HINT = (
    "make the disk writable again, then run the same command again: "
    "everything that was reported as done is stored"
)
DAMAGED_HINT = (
    "`paribus check` lists what is damaged, and with `--salvage NEW_FOLDER` copies "
    "what still verifies; better go on from a copy of the whole folder, if there is one"
)
NOT_SAVED_HINT = (
    "go on from a copy of the whole folder, if there is one; else train the study "
    "again in another folder, with `--out`"
)

_FULL = {errno.ENOSPC, errno.EDQUOT}
_BROKEN_DISK = {errno.EIO, errno.EFBIG}
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_TOOBIG}
_CANNOT_WRITE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def damaged(path: Path, what: str) -> StoreError:
    """Make the error for a store that does not verify."""
    return StoreError(f"`{path}` is damaged: {what}", hint=DAMAGED_HINT)


@contextmanager
def translated(
    path: Path,
    doing: Literal["read", "write"] = "write",
    *,
    when_full: str = FULL_HINT,
) -> Iterator[None]:
    """Turn what SQLite and the operating system raise into errors that name `path`.

    Args:
        path: What is worked on.
        doing: What is done to it.
        when_full: The hint where the disk is full.

    Raises:
        ResourceError: If the disk is full, a quota is used up, or the disk fails.
        StoreError: If the store is damaged, busy, or cannot be read or written.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _from_sqlite(error, path, doing, when_full) from error
    except OSError as error:
        raise _from_system(error, path, doing, when_full) from error
    except UnicodeDecodeError as error:  # a text, or SQLite's own message about one
        raise damaged(path, f"a text is not UTF-8: {error.reason}") from error


def is_unfinished_write(error: sqlite3.Error) -> bool:
    """Whether a reader met a transaction that a crash left half-written."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code == sqlite3.SQLITE_READONLY_ROLLBACK


def is_damage(error: Exception) -> bool:
    """Whether what a reader met is in the file, and not in the disk or in the way."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in _DAMAGE or code == 0  # 0: found by Python, not by SQLite


def _from_sqlite(
    error: sqlite3.Error, path: Path, doing: str, when_full: str
) -> StoreError | ResourceError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return ResourceError(f"`{path}` needs more space, got: {error}", hint=when_full)
    if code == sqlite3.SQLITE_IOERR:
        return ResourceError(
            f"`{path}` cannot be read or written: {error}", hint=when_full
        )
    if code in _BUSY:
        return StoreError(
            f"`{path}` is in use: another program has locked it",
            hint="close the other program, then run the same command again",
        )
    if code in _CANNOT_WRITE:
        return StoreError(f"cannot {doing} `{path}`: {error}")
    if is_damage(error):
        return damaged(path, str(error))
    return StoreError(f"`{path}` cannot be used: {error}")


def _from_system(
    error: OSError, path: Path, doing: str, when_full: str
) -> StoreError | ResourceError:
    place = Path(os.fsdecode(error.filename)) if error.filename else path
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return ResourceError(
            f"`{place}` needs more space, got: {reason}", hint=when_full
        )
    if error.errno in _BROKEN_DISK:
        return ResourceError(
            f"`{place}` cannot be read or written: {reason}", hint=when_full
        )
    if error.errno == errno.EROFS:  # as a system makes a disk that has failed
        return ResourceError(f"cannot write `{place}`: {reason}", hint=READ_ONLY_HINT)
    return StoreError(f"cannot {doing} `{place}`: {reason}")
