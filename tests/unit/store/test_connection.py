"""A connection: how it is set, and that it never stays behind."""

import sqlite3
from functools import partial
from pathlib import Path

import pytest
from builders import make_facts, make_study

from paribus.errors import StoreError
from paribus.store import StudyWriter, connection, snapshot
from paribus.store.connection import (
    StoreConnection,
    check_header,
    connect,
    connect_new,
    is_open_here,
)


KINDS = {
    "reader": partial(connect, mode="ro"),
    "writer": partial(connect, mode="rw"),
    "new": connect_new,
}
ALWAYS = {"trusted_schema": 0, "cell_size_check": 1, "mmap_size": 0, "foreign_keys": 1}
WRITING = {**ALWAYS, "query_only": 0, "synchronous": 2, "journal_mode": "delete"}


def database_of(kind: str, folder: Path) -> Path:
    if kind != "new":
        return folder / "study.db"
    (folder / "new.db").touch()
    return folder / "new.db"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("reader", {**ALWAYS, "query_only": 1}), ("writer", WRITING), ("new", WRITING)],
)
def test_a_connection_is_set_so_that_nothing_is_lost_or_let_in(
    kind: str, expected: dict[str, object], folder: Path
):
    opened = KINDS[kind](database_of(kind, folder))
    try:
        found = {
            name: value
            for name in expected
            for (value,) in [opened.execute(f"PRAGMA {name}").fetchone() or (0,)]
        }
    finally:
        opened.close()

    assert found == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("failing", ["_configure", "opened"])
def test_a_connection_that_cannot_be_used_does_not_stay_open(
    kind: str, failing: str, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    database = database_of(kind, folder)
    closed: list[StoreConnection] = []
    close = StoreConnection.close

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    def closing(self: StoreConnection) -> None:
        closed.append(self)
        close(self)

    monkeypatch.setattr(StoreConnection, "close", closing)
    place = connection if failing == "_configure" else StoreConnection
    monkeypatch.setattr(place, failing, fail)
    with pytest.raises(KeyboardInterrupt):
        KINDS[kind](database)

    assert len(closed) == 1
    assert not is_open_here(database)


def test_a_library_that_ignores_a_setting_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    wrong = ("PRAGMA cell_size_check = OFF", "PRAGMA cell_size_check", 1)
    monkeypatch.setattr(connection, "_READER_SETTINGS", (wrong,))

    with pytest.raises(StoreError) as caught:
        connect(folder / "study.db", mode="ro")

    assert str(caught.value) == (
        "SQLite must allow `PRAGMA cell_size_check = OFF`, got 0: version "
        f"{sqlite3.sqlite_version}"
    )


def test_a_transaction_has_the_database_to_itself_from_its_beginning(folder: Path):
    with StudyWriter.open(folder) as writer:
        other = sqlite3.connect(folder / "study.db", isolation_level=None, timeout=0)
        try:
            with (
                writer._ledger.transaction(),
                pytest.raises(sqlite3.OperationalError, match="locked"),
            ):
                other.execute("BEGIN IMMEDIATE")
        finally:
            other.close()


def test_a_study_is_made_below_folders_that_are_not_there(tmp_path: Path):
    folder = tmp_path / "a" / "b" / "tiny"

    StudyWriter.create(folder, make_study(), make_facts()).close()

    assert (folder / "study.db").exists()


def test_a_journal_that_is_nothing_but_a_name_of_another_is_not_followed(folder: Path):
    (folder / "study.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")

    with pytest.raises(StoreError, match="written by another program"):
        snapshot.verify_recovery(folder)


def test_a_database_is_open_here_until_its_last_connection_is_closed(folder: Path):
    database = folder / "study.db"
    first, second = (connect(database, mode="ro") for _ in range(2))

    for _ in range(2):  # closing again changes nothing
        first.close()
        assert is_open_here(database)
    second.close()
    assert not is_open_here(database)


@pytest.mark.parametrize(
    ("changes", "words", "hint"),
    [
        ({0: b"s"}, "`{}` is not a study", "its beginning is damaged: `paribus check`"),
        (
            {60: bytes(4)},
            "`{}` is damaged: it has schema 0",
            "copy of the whole folder",
        ),
        (
            {60: b"\0\0\0\1"},
            "cannot read `{}`: its schema 1 is older",
            "train the study",
        ),
        ({60: b"\1\0\0\0"}, "its schema 16777216 is newer", "pip install --upgrade"),
        ({68: b"\0\0\0\7"}, "another program: it has application id 0x7,", None),
        ({18: b"\2"}, "`{}` must have journal mode `delete`", None),
    ],
    ids=["magic", "no schema", "old", "new", "program", "journal"],
)
def test_what_is_wrong_with_a_header_is_said_and_the_file_closed(
    changes: dict[int, bytes], words: str, hint: str | None, folder: Path
):
    database = folder / "study.db"
    content = bytearray(database.read_bytes())
    for place, value in changes.items():
        content[place : place + len(value)] = value
    database.write_bytes(content)
    n_open = len(list(Path("/dev/fd").iterdir()))

    with pytest.raises(StoreError) as caught:
        check_header(database)

    assert words.format(database) in str(caught.value)
    assert caught.value.hint == "" if hint is None else hint in caught.value.hint
    assert len(list(Path("/dev/fd").iterdir())) == n_open
