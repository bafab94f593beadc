"""How a reader sees one consistent state of a study without changing a byte of it."""

import os
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar

from paribus.errors import ParibusWarning, StoreError
from paribus.store.connection import (
    StoreConnection,
    check_identity,
    check_schema,
    connect,
    file_problems,
    guarded,
    is_open_here,
)
from paribus.store.copying import check_fits, copy_file
from paribus.store.failures import damaged, is_unfinished_write
from paribus.store.folder import DATABASE, JOURNAL, check_folder, open_regular
from paribus.store.ledger import Ledger
from paribus.store.lock import is_held


RETRY_S = 5.0

# The end of a journal that names a second file. SQLite would look for that file, and
# may remove it; ours never write one.
_SUPER_JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"

# A journal holds each page of the database once: 4,096 bytes, 8 more, and at most a
# header, which takes two sectors of 4,096 with what fills the one before it. That is
# about three times the database. A short one may be longer: the database may be cut.
_SMALL_JOURNAL = 16 * 2**20

T = TypeVar("T")


def read_snapshot(
    folder: Path, read: Callable[[Ledger], T], *, is_verified: bool = True
) -> T:
    """Call `read` with the tables of a study, as they were at one moment.

    When a crash has left an unfinished write, the state before it is restored in a
    private copy and read there.

    Args:
        folder: The study folder.
        read: What to do; it may be called again if a writer is just recovering.
        is_verified: Whether schema, file and totals are checked first.

    Raises:
        StoreError: If it is not a study, or does not verify.
    """
    check_folder(folder)
    database = folder / DATABASE
    try:
        return read_at(database, database, "ro", read, is_verified)
    except sqlite3.OperationalError as error:
        if not is_unfinished_write(error):
            raise
    return _read_recovered(folder, read, is_verified)


def verify_store(connection: StoreConnection, database: Path) -> None:
    """Check what an open database says it is, its schema, its file and its totals.

    Raises:
        StoreError: If anything does not agree; `database` names it in the message.
    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    check_identity(database, application_id=application_id, version=version)
    check_schema(connection, database)
    for problem in file_problems(connection):
        raise damaged(database, problem)
    Ledger(connection, database).check_totals()


def verify_recovery(folder: Path) -> None:
    """Try the recovery from an unfinished write on a copy, before it is done for real.

    A journal of another study, or a damaged one, would ruin what it is applied to.

    Raises:
        StoreError: If the recovered copy does not verify.
    """
    database = folder / DATABASE
    with tempfile.TemporaryDirectory(prefix="paribus-") as private:
        if _copy_unfinished(folder, Path(private)):
            read_at(Path(private) / DATABASE, database, "rw", lambda _: None, True)


def has_unfinished_write(folder: Path) -> bool:
    """Whether a journal lies beside the database."""
    return os.path.lexists(folder / JOURNAL)


def read_at(
    path: Path,
    shown: Path,
    mode: Literal["ro", "rw"],
    read: Callable[[Ledger], T],
    is_verified: bool,
) -> T:
    """Read the database at `path`; messages call it `shown`.

    Raises:
        StoreError: If it is not a study, or is to be verified and does not.
        sqlite3.Error: If SQLite cannot read it.
    """
    connection = connect(path, mode=mode)
    try:
        connection.execute("BEGIN")
        connection.execute(
            "PRAGMA schema_version"
        ).fetchone()  # finds a crash's journal
        if is_verified:
            verify_store(connection, shown)
        return read(Ledger(connection, shown))
    finally:
        connection.close()


def _read_recovered(folder: Path, read: Callable[[Ledger], T], is_verified: bool) -> T:
    """Read a recovered copy, again while the failure may be a writer's doing.

    A writer that recovers at this moment makes the two copies disagree, which only
    their totals show. So a copy is read without being verified only at the last try:
    when no writer was there before it was made, or the time is up.
    """
    deadline = time.monotonic() + RETRY_S
    is_last = False
    while True:
        is_last = is_last or time.monotonic() > deadline
        try:
            return _read_copy(folder, read, is_verified, must_verify=not is_last)
        except (StoreError, sqlite3.Error, UnicodeDecodeError):
            if is_last:
                raise
        if is_held(folder) is False:  # but one may have ended since the copy was made
            is_last = True
        else:
            time.sleep(0.1)


def _read_copy(
    folder: Path, read: Callable[[Ledger], T], is_verified: bool, *, must_verify: bool
) -> T:
    """Read what a writer would recover, or the study itself if one has done so."""
    database = folder / DATABASE
    with tempfile.TemporaryDirectory(prefix="paribus-") as private:
        if not _copy_unfinished(folder, Path(private)):
            return read_at(database, database, "ro", read, is_verified)
        copy = Path(private) / DATABASE
        value = read_at(copy, database, "rw", read, is_verified or must_verify)
    warnings.warn(
        f"`{folder}` has an unfinished write: the state before it is shown, "
        "`paribus run` repairs it",
        ParibusWarning,
        stacklevel=2,
    )
    return value


def _copy_unfinished(folder: Path, private: Path) -> bool:
    """Copy a database and its journal; False if the write has been finished since."""
    database, journal = folder / DATABASE, folder / JOURNAL
    with guarded():
        if is_open_here(database):
            return False
        try:
            with open_regular(journal) as undo, open_regular(database) as pages:
                _check_sizes(database, undo, pages)
                check_fits([undo, pages], private, database)
                copy_file(undo, private / JOURNAL)
                copy_file(pages, private / DATABASE)
        except FileNotFoundError:
            return False
    with (private / JOURNAL).open("rb") as copy:
        copy.seek(0, os.SEEK_END)
        copy.seek(max(0, copy.tell() - len(_SUPER_JOURNAL)))
        if copy.read() == _SUPER_JOURNAL:
            raise damaged(database, f"`{JOURNAL}` was written by another program")
    return True


def _check_sizes(database: Path, undo: BinaryIO, pages: BinaryIO) -> None:
    """Refuse a journal longer than any can be, before it is copied."""
    n_bytes = os.fstat(undo.fileno()).st_size
    n_most = 4 * os.fstat(pages.fileno()).st_size + _SMALL_JOURNAL
    if n_bytes > n_most:
        raise damaged(
            database,
            f"`{JOURNAL}` has {n_bytes:,} bytes, at most {n_most:,} can be",
        )
