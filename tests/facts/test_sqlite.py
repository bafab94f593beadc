"""What the store leans on in SQLite and Python's module for it."""

import math
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """50 committed rows."""
    path = tmp_path / "facts.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO t VALUES (?, ?)", rows(50))
    connection.execute("COMMIT")
    connection.close()
    return path


@pytest.fixture
def memory() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def rows(n: int) -> list[tuple[int, str]]:
    return [(i, "x" * 500) for i in range(n)]


def count(path: Path, *, options: str) -> int:
    connection = sqlite3.connect(f"{path.as_uri()}?{options}", uri=True)
    try:
        return connection.execute("SELECT count(*) FROM t").fetchone()[0]
    finally:
        connection.close()


def test_a_copy_of_a_wal_database_loses_what_was_committed(database: Path):
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("INSERT INTO t VALUES (99, 'late')")
    copy = shutil.copy(database, database.parent / "copy.db")

    n_copied = count(Path(copy), options="mode=ro")
    connection.close()

    assert n_copied == 50


def test_reading_a_wal_database_makes_files_beside_it(database: Path):
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    assert [path.name for path in database.parent.iterdir()] == ["facts.db"]

    count(database, options="mode=ro")

    assert len(list(database.parent.iterdir())) > 1


CRASH = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 2")
connection.execute("BEGIN")
connection.execute("UPDATE t SET id = -id - 1, x = 'half'")
connection.execute("DELETE FROM t WHERE id > -40")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def crashed(database: Path) -> Path:
    subprocess.run([sys.executable, "-c", CRASH, str(database)], check=False)
    assert Path(f"{database}-journal").stat().st_size > 0
    return database


def test_a_crash_is_told_by_its_own_code_when_reading(crashed: Path):
    with pytest.raises(sqlite3.OperationalError) as caught:
        count(crashed, options="mode=ro")

    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_READONLY_ROLLBACK


def test_immutable_shows_half_a_transaction(crashed: Path):
    connection = sqlite3.connect(f"{crashed.as_uri()}?immutable=1", uri=True)
    try:
        found = connection.execute("SELECT id, x FROM t").fetchall()
    except sqlite3.DatabaseError:
        found = []
    finally:
        connection.close()

    assert found != rows(50)


def test_opening_for_writing_undoes_half_a_transaction(crashed: Path):
    assert count(crashed, options="mode=rw") == 50
    assert not Path(f"{crashed}-journal").exists()


LOCKED_OUT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
try:
    connection.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    print("locked")
else:
    print("in")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX drops the locks")
@pytest.mark.parametrize("is_opened", [False, True])
def test_opening_the_file_in_the_same_process_drops_the_locks(
    is_opened: bool, database: Path
):
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    if is_opened:
        database.open("rb").close()
    said = subprocess.run(
        [sys.executable, "-c", LOCKED_OUT, str(database)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    connection.close()

    assert said.strip() == ("in" if is_opened else "locked")


def test_a_plain_table_changes_values_without_a_word(memory: sqlite3.Connection):
    memory.execute("CREATE TABLE t (x REAL, y INTEGER)")
    memory.execute("INSERT INTO t VALUES (?, ?)", (math.nan, np.int64(3)))

    x, y = memory.execute("SELECT x, y FROM t").fetchone()

    assert x is None
    assert isinstance(y, bytes)


@pytest.mark.parametrize(
    "value", [math.nan, np.float32(0.5), np.int64(3), np.bool_(True), "text"]
)
def test_a_strict_table_refuses_what_it_would_change(
    value: object, memory: sqlite3.Connection
):
    memory.execute("CREATE TABLE t (x REAL NOT NULL) STRICT")

    with pytest.raises(sqlite3.IntegrityError):
        memory.execute("INSERT INTO t VALUES (?)", (value,))


def test_minus_zero_comes_back_as_zero(memory: sqlite3.Connection):
    memory.execute("CREATE TABLE t (x REAL NOT NULL) STRICT")
    memory.execute("INSERT INTO t VALUES (?)", (-0.0,))

    (x,) = memory.execute("SELECT x FROM t").fetchone()

    assert math.copysign(1, x) == 1


def test_a_number_that_is_too_big_and_half_a_character_raise(
    memory: sqlite3.Connection,
):
    memory.execute("CREATE TABLE t (x, y)")

    with pytest.raises(OverflowError):
        memory.execute("INSERT INTO t VALUES (?, 0)", (2**63,))
    with pytest.raises(UnicodeEncodeError):
        memory.execute("INSERT INTO t VALUES (0, ?)", ("\ud800",))


def test_a_sum_of_integers_overflows_with_an_error(memory: sqlite3.Connection):
    memory.execute("CREATE TABLE t (x INTEGER NOT NULL) STRICT")
    memory.executemany("INSERT INTO t VALUES (?)", [(2**62,)] * 2)

    with pytest.raises(sqlite3.OperationalError, match="overflow"):
        memory.execute("SELECT sum(x) FROM t").fetchone()


def test_a_bare_path_makes_a_missing_file_and_a_mode_does_not(tmp_path: Path):
    missing = tmp_path / "missing.db"

    for mode in ("ro", "rw"):
        with pytest.raises(sqlite3.OperationalError):
            sqlite3.connect(f"{missing.as_uri()}?mode={mode}", uri=True)
    assert not missing.exists()

    sqlite3.connect(missing).close()
    assert missing.exists()


def test_an_empty_file_opens_as_an_empty_database(tmp_path: Path):
    (tmp_path / "empty.db").touch()
    connection = sqlite3.connect(
        f"{(tmp_path / 'empty.db').as_uri()}?mode=ro", uri=True
    )
    found = connection.execute("SELECT * FROM sqlite_schema").fetchall()
    connection.close()

    assert found == []


def test_a_full_disk_has_rolled_back_by_itself(database: Path):
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA max_page_count = 1").fetchone()
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.executemany(
            "INSERT INTO t VALUES (?, ?)", [(i, "x" * 9000) for i in range(100, 200)]
        )
    # Statements roll back at once; whether the transaction did is SQLite's choice.
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    connection.close()

    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_FULL
    assert count(database, options="mode=ro") == 50


def test_a_flipped_bit_in_a_value_passes_every_check_of_sqlite(database: Path):
    content = bytearray(database.read_bytes())
    content[content.rindex(b"xxxx") + 2] ^= 1
    database.write_bytes(content)
    connection = sqlite3.connect(database)
    verdict = connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()

    assert verdict == [("ok",)]
