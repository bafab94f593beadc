"""What a reader verifies before it reads, and that it sees one moment."""

import sqlite3
from pathlib import Path

import pytest

from paribus.errors import StoreError
from paribus.store import read_study, snapshot
from paribus.store.connection import connect
from paribus.store.ledger import Ledger
from paribus.store.snapshot import read_snapshot, verify_store


def test_what_sqlite_finds_in_the_file_is_damage_with_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(snapshot, "file_problems", lambda connection: ["Page 3: lost"])

    with pytest.raises(StoreError) as caught:
        read_study(folder)

    message = str(caught.value).splitlines()[0]
    assert message == f"`{folder / 'study.db'}` is damaged: Page 3: lost"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("PRAGMA user_version = 99", "its schema 99 is newer"),
        ("PRAGMA application_id = 5", "belongs to another program"),
        ("CREATE TABLE mine (id INTEGER)", "is damaged: the schema's table `mine`"),
    ],
)
def test_what_an_open_database_says_it_is_is_verified(
    statement: str, words: str, folder: Path
):
    database = folder / "study.db"
    connection = connect(database, mode="rw")
    try:
        connection.execute(statement)
        with pytest.raises(StoreError, match=words) as caught:
            verify_store(connection, database)
    finally:
        connection.close()

    assert f"`{database}`" in str(caught.value)


def test_while_somebody_reads_nothing_is_committed(folder: Path):
    """So that all that is read is of one moment."""
    writer = sqlite3.connect(folder / "study.db", timeout=0.0, isolation_level=None)

    def read(ledger: Ledger) -> None:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            writer.execute("UPDATE attempt SET pid = 1")

    read_snapshot(folder, read, is_verified=False)
    writer.execute("UPDATE attempt SET pid = 1")
    writer.close()
