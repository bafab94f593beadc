"""A connection to a study's database, checked before anything in it is believed."""

import os
import sqlite3
import threading
from collections import Counter
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any, Literal

from paribus.errors import StoreError
from paribus.store.failures import damaged
from paribus.store.folder import empty
from paribus.store.schema import (
    APPLICATION_ID,
    CREATE_TOTAL,
    OLDEST_SCHEMA,
    SCHEMA_VERSION,
    SELECT_OBJECTS,
    TABLES,
)
from paribus.store.table import Table
from paribus.store.versions import tables_of


BUSY_TIMEOUT_S = 30.0

_MAGIC = b"SQLite format 3\x00"
_NO_HEADER_HINT = (
    "if it was one, its beginning is damaged: `paribus check` with `--salvage "
    "NEW_FOLDER` copies what still verifies"
)
_SETTINGS = (  # statement, how to read it back, what it must then be
    ("PRAGMA trusted_schema = OFF", "PRAGMA trusted_schema", 0),
    ("PRAGMA cell_size_check = ON", "PRAGMA cell_size_check", 1),
    ("PRAGMA mmap_size = 0", "PRAGMA mmap_size", 0),
    ("PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", 1),
)
_READER_SETTINGS = (("PRAGMA query_only = ON", "PRAGMA query_only", 1),)
_WRITER_SETTINGS = (
    ("PRAGMA synchronous = FULL", "PRAGMA synchronous", 2),
    ("PRAGMA journal_mode = DELETE", "PRAGMA journal_mode", "delete"),
)

# POSIX drops a process's locks on a file when the process closes any descriptor of it,
# SQLite's too. So a file is read in another way only while nothing has it open here.
_guard = threading.RLock()
_open_here: Counter[tuple[int, int]] = Counter()


class StoreConnection(sqlite3.Connection):
    """A connection that knows which file it has open."""

    _identity: tuple[int, int] | None = None

    def opened(self, database: Path) -> None:
        """Count the file as open in this process until `close`."""
        self._identity = identity_of(database)
        _open_here[self._identity] += 1

    def close(self) -> None:
        """Close the connection; a transaction in progress is rolled back."""
        with _guard:
            super().close()
            if self._identity is not None:
                _open_here[self._identity] -= 1
                self._identity = None


def identity_of(path: Path) -> tuple[int, int]:
    """What tells a file from another that takes its name: device and inode."""
    found = path.stat()
    return found.st_dev, found.st_ino


def connect(
    database: Path,
    *,
    mode: Literal["ro", "rw"],
    busy_timeout_s: float = BUSY_TIMEOUT_S,
) -> StoreConnection:
    """Open an existing database of ours; a file of another kind is not touched.

    Raises:
        StoreError: If the file is not a study, or one that this program cannot read.
        sqlite3.Error: If SQLite cannot open it.
    """
    with _guard:
        check_header(database)
        connection = _sqlite(database, mode, busy_timeout_s)
    try:
        _configure(connection, mode)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_new(database: Path) -> StoreConnection:
    """Open an empty file, which is to become a study, for writing.

    Raises:
        sqlite3.Error: If SQLite cannot open it.
    """
    with _guard:
        connection = _sqlite(database, "rw", BUSY_TIMEOUT_S)
    try:
        _configure(connection, "rw")
    except BaseException:
        connection.close()
        raise
    return connection


def check_header(database: Path) -> None:
    """Refuse a file by its first bytes, before SQLite could change anything beside it.

    A file that this process has open was checked when it was opened.

    Raises:
        StoreError: If it is not a study, or one that this program cannot read.
    """
    header = _read_header(database)
    if header is None:
        return
    if not header:
        raise empty(database)
    if not header.startswith(_MAGIC[: len(header)]):
        raise StoreError(f"`{database}` is not a study", hint=_NO_HEADER_HINT)
    if len(header) < 100:
        raise damaged(database, f"it ends after {len(header)} bytes")
    check_identity(
        database,
        application_id=_application_id(header),
        version=header_version(header),
    )
    if header[18:20] != b"\x01\x01":
        raise StoreError(
            f"`{database}` must have journal mode `delete`: another program changed it"
        )


def header_version(header: bytes) -> int:
    """The schema that the first bytes of a database say it has."""
    return int.from_bytes(header[60:64], "big")


def is_readable_by_others(header: bytes) -> bool:
    """Whether a database is whole at its beginning, and of another or newer program."""
    is_ours = _application_id(header) == APPLICATION_ID
    is_known = is_ours and header_version(header) <= SCHEMA_VERSION
    return header.startswith(_MAGIC) and not is_known


def _application_id(header: bytes) -> int:
    return int.from_bytes(header[68:72], "big")


def check_identity(database: Path, *, application_id: int, version: int) -> None:
    """Refuse the database of another program, and one of a schema that is not read."""
    if application_id != APPLICATION_ID:
        raise StoreError(
            f"`{database}` belongs to another program: it has application id "
            f"{application_id:#x}, a study has {APPLICATION_ID:#x}"
        )
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"cannot read `{database}`: its schema {version} is newer than this "
            f"program's {SCHEMA_VERSION}",
            hint="pip install --upgrade paribus",
        )
    if version < 1:
        raise damaged(database, f"it has schema {version}")
    if version < OLDEST_SCHEMA:
        raise StoreError(
            f"cannot read `{database}`: its schema {version} is older than this "
            f"program's {SCHEMA_VERSION}, and no release wrote it",
            hint="train the study again in another folder, with `--out`",
        )


def check_schema(connection: sqlite3.Connection, database: Path) -> None:
    """Refuse a schema that differs from a fresh one in any object.

    Raises:
        StoreError: With the name of the first that is missing, different or additional.
    """
    for problem in schema_problems(connection):
        raise damaged(database, problem)


def schema_problems(connection: sqlite3.Connection) -> list[str]:
    """What differs from a fresh store of the schema that it says it has, in words."""
    stored = _objects(connection)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    fresh = _fresh_objects(tables_of(version))
    names = sorted(set(stored) | set(fresh))
    return [
        f"the schema's {kind} `{name}` is {_difference(stored, fresh, (kind, name))}"
        for kind, name in names
        if stored.get((kind, name)) != fresh.get((kind, name))
    ]


def file_problems(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds in the file, its indexes against their tables too, in words."""
    rows = connection.execute("PRAGMA integrity_check").fetchall()
    return [str(row[0]) for row in rows if row[0] != "ok"]


def create_schema(connection: sqlite3.Connection) -> None:
    """Make all tables in an empty database, inside the caller's transaction."""
    create_tables(connection, TABLES)
    connection.execute("PRAGMA application_id = 1346458185")
    connection.execute("PRAGMA user_version = 4")


def create_tables(
    connection: sqlite3.Connection, tables: tuple[Table[Any], ...]
) -> None:
    """Make the tables of some schema in an empty database."""
    for table in tables:
        connection.execute(table.create)
    connection.execute(CREATE_TOTAL)


def guarded() -> AbstractContextManager[Any]:
    """The lock under which files are opened otherwise than through SQLite."""
    return _guard


def is_open_here(database: Path) -> bool:
    """Whether this process has the file open through SQLite."""
    return _open_here[identity_of(database)] > 0


def _read_header(database: Path) -> bytes | None:
    """The first 100 bytes; None if this process must not open the file."""
    with _guard:
        if is_open_here(database):
            return None
        descriptor = os.open(
            database,
            os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0),
        )
        try:
            return os.read(descriptor, 100)
        finally:
            os.close(descriptor)


def _sqlite(
    database: Path, mode: Literal["ro", "rw"], busy_timeout_s: float
) -> StoreConnection:
    """Open a file that exists; a bare path would make one that is missing."""
    connection = sqlite3.connect(
        f"{database.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=busy_timeout_s,
        factory=StoreConnection,
    )
    try:
        connection.opened(database)
    except BaseException:
        connection.close()
        raise
    return connection


def _configure(connection: sqlite3.Connection, mode: Literal["ro", "rw"]) -> None:
    settings = _WRITER_SETTINGS if mode == "rw" else _READER_SETTINGS
    for statement, question, expected in (*_SETTINGS, *settings):
        connection.execute(statement).fetchall()
        (got,) = connection.execute(question).fetchone()
        if got != expected:
            raise StoreError(
                f"SQLite must allow `{statement}`, got {got!r}: "
                f"version {sqlite3.sqlite_version}"
            )
    setconfig = getattr(connection, "setconfig", None)  # Python 3.12
    if setconfig is not None:
        setconfig(1010, True)  # SQLITE_DBCONFIG_DEFENSIVE


def _objects(connection: sqlite3.Connection) -> dict[tuple[str, str], tuple[Any, ...]]:
    rows = connection.execute(SELECT_OBJECTS).fetchall()
    return {(str(kind), str(name)): (table, sql) for kind, name, table, sql in rows}


@cache
def _fresh_objects(
    tables: tuple[Table[Any], ...],
) -> dict[tuple[str, str], tuple[Any, ...]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        create_tables(connection, tables)
        return _objects(connection)
    finally:
        connection.close()


def _difference(
    stored: dict[tuple[str, str], Any],
    fresh: dict[tuple[str, str], Any],
    key: tuple[str, str],
) -> str:
    if key not in stored:
        return "missing"
    return "different" if key in fresh else "not ours"
