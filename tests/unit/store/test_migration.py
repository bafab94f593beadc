"""Stores of every older schema, made when it was the newest, and never again."""

import errno
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from golden_stores import (
    GOLDEN,
    STORES,
    expected,
    includes,
    schema_of,
    summary,
    unpacked,
)
from store_builders import edit, edit_knowingly, fingerprint

from paribus.errors import ResourceError, StoreError
from paribus.store import StudyWriter, check_study, read_study
from paribus.store import migration as migrating
from paribus.store.ledger import Ledger
from paribus.store.schema import SCHEMA_VERSION
from paribus.store.table import Table
from paribus.store.versions import STEPS


def named(golden: Path) -> str:
    return f"{golden.parent.name}-{golden.name}"


def test_there_is_a_golden_store_of_each_older_schema():
    found = {int(path.parent.name.removeprefix("schema-")) for path in STORES}

    assert found == set(STEPS) == set(range(2, SCHEMA_VERSION))


@pytest.mark.parametrize("golden", STORES, ids=named)
def test_a_reader_reads_an_old_store_as_it_is(golden: Path, tmp_path: Path):
    folder = unpacked(golden, tmp_path / "old")
    before = fingerprint(folder)

    result = read_study(folder)

    assert includes(summary(result), expected(golden))
    assert check_study(folder).problems == ()
    assert fingerprint(folder) == before


@pytest.mark.parametrize("golden", STORES, ids=named)
def test_a_writer_migrates_an_old_store_and_keeps_all(golden: Path, tmp_path: Path):
    folder = unpacked(golden, tmp_path / "öld ✓")
    old = (folder / "study.db").read_bytes()

    with StudyWriter.open(folder) as writer:
        assert schema_of(folder) == SCHEMA_VERSION
        backup = folder / f"study.db.{golden.parent.name}"
        copy = tmp_path / "copy"
        copy.mkdir()
        shutil.copyfile(backup, copy / "study.db")
        assert includes(summary(read_study(copy)), expected(golden))
        assert old != (folder / "study.db").read_bytes()
        writer.begin_attempt({})
        writer.finish_attempt(0, 0.0)

    assert {p.name for p in folder.iterdir()} == {"study.db", "writer.lock"}
    assert check_study(folder).problems == ()
    result = read_study(folder)
    written = expected(golden)
    del written["status"]  # what was running is pending by now
    found = summary(result)
    found["attempts"] = found["attempts"][:-1]
    assert includes(found, written)


def test_an_old_store_is_migrated_in_a_folder_whose_name_is_no_text(tmp_path: Path):
    golden = GOLDEN / "schema-3" / "finished.db.gz"
    folder = unpacked(golden, tmp_path / os.fsdecode(b"\xffold ?#%41"))

    StudyWriter.open(folder).close()

    assert schema_of(folder) == SCHEMA_VERSION
    assert names_in(folder) == {"study.db", "writer.lock", "study.db.schema-3"}
    assert names_in(tmp_path) == {folder.name}


@pytest.mark.parametrize(
    ("statement", "change"),
    [
        ("DELETE FROM run WHERE id = 1", edit),
        ("UPDATE chunk SET data = zeroblob(length(data)) WHERE rowid = 1", edit),
        ("UPDATE chunk SET data = randomblob(length(data))", edit_knowingly),
        ("DELETE FROM attempt", edit_knowingly),
    ],
    ids=["a missing row", "a changed value", "a forged value", "no attempt"],
)
def test_a_damaged_old_store_is_refused_before_anything_is_written(
    statement: str, change: Callable[..., None], tmp_path: Path
):
    folder = unpacked(GOLDEN / "schema-2" / "finished.db.gz", tmp_path / "old")
    change(folder, "PRAGMA foreign_keys = OFF", statement)
    before = (folder / "study.db").read_bytes()

    with pytest.raises(StoreError, match="is damaged"):
        StudyWriter.open(folder)

    assert (folder / "study.db").read_bytes() == before
    assert names_in(folder) == {"study.db", "writer.lock"}


def test_a_migration_that_stops_half_way_has_not_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    golden = GOLDEN / "schema-2" / "finished.db.gz"
    folder = unpacked(golden, tmp_path / "old")

    def stop(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(migrating, "check_schema", stop)  # the last moment before COMMIT
        with pytest.raises(Exception, match="needs more space"):
            StudyWriter.open(folder)
    assert schema_of(folder) == 2
    assert includes(summary(read_study(folder)), expected(golden))

    StudyWriter.open(folder).close()

    assert schema_of(folder) == SCHEMA_VERSION


def test_a_migration_whose_outcome_has_other_totals_has_not_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = unpacked(GOLDEN / "schema-2" / "finished.db.gz", tmp_path / "old")

    def create(ledger: Ledger, table: Table[Any]) -> None:
        create_total(ledger, table)
        ledger.connection.execute("UPDATE total SET n_rows = n_rows + 1")

    create_total = Ledger.create_total
    monkeypatch.setattr(Ledger, "create_total", create)
    with pytest.raises(StoreError, match="is damaged"):
        StudyWriter.open(folder)

    assert schema_of(folder) == 2


def test_a_copy_that_a_death_has_left_is_removed_and_no_other_file(tmp_path: Path):
    folder = unpacked(GOLDEN / "schema-2" / "finished.db.gz", tmp_path / "old")
    half = folder / ".study.db.schema-2.0123456789abcdef"
    half.write_bytes(b"half")
    half.with_name(half.name + "-journal").write_bytes(b"a journal")
    folder_of_theirs = folder / ".study.db.schema-2.0123456789abcdee"
    folder_of_theirs.mkdir()
    theirs = folder / ".study.db.schema-2.mine"
    theirs.write_text("kept")

    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        writer.finish_attempt(0, 0.0)

    assert names_in(folder) == {
        "study.db",
        "writer.lock",
        theirs.name,
        folder_of_theirs.name,
    }


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return unpacked(GOLDEN / "schema-2" / "finished.db.gz", tmp_path / "old")


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "disk")


def test_a_copy_that_a_kill_leaves_is_removed_by_the_next(
    old: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as killed:
        killed.setattr(Path, "replace", full)
        killed.setattr(Path, "unlink", lambda path: None)
        with pytest.raises(ResourceError):
            StudyWriter.open(old)
    assert len(names_in(old) - {"study.db", "writer.lock"}) == 1

    StudyWriter.open(old).close()

    assert names_in(old) == {"study.db", "writer.lock", "study.db.schema-2"}


def assert_full_and_untouched(old: Path) -> None:
    """A writer finds the disk full, and leaves the old store and nothing else."""
    with pytest.raises(ResourceError, match="`disk` needs more space"):
        StudyWriter.open(old)

    assert schema_of(old) == 2
    assert names_in(old) == {"study.db", "writer.lock"}


def test_a_backup_that_cannot_be_begun_stops_the_migration(
    old: Path, monkeypatch: pytest.MonkeyPatch
):
    open_file = os.open

    def open_other(path: Any, *arguments: Any, **more: Any) -> int:
        if "schema-2" in os.fsdecode(path):
            full()
        return open_file(path, *arguments, **more)

    monkeypatch.setattr(os, "open", open_other)
    assert_full_and_untouched(old)


def test_a_backup_that_cannot_be_finished_leaves_nothing(
    old: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Path, "replace", full)
    assert_full_and_untouched(old)


def test_a_backup_is_on_the_disk_before_the_store_changes(
    old: Path, monkeypatch: pytest.MonkeyPatch
):
    done: list[str] = []
    synced: list[int] = []
    fsync, replace = os.fsync, Path.replace

    def note_sync(descriptor: int) -> None:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        done.append(f"{'file' if is_file else 'folder'}, schema {schema_of(old)}")
        synced.append(descriptor)
        fsync(descriptor)

    def note_name(path: Path, target: Path) -> Path:
        done.append(f"its name, schema {schema_of(old)}")
        return replace(path, target)

    with monkeypatch.context() as noted:
        noted.setattr(os, "fsync", note_sync)
        noted.setattr(Path, "replace", note_name)
        StudyWriter.open(old).close()

    assert done == [
        "file, schema 2",
        "its name, schema 2",
        "folder, schema 2",
        f"folder, schema {SCHEMA_VERSION}",
    ]
    for descriptor in synced:  # is closed
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_who_may_read_a_backup_is_as_for_other_files(old: Path):
    before = os.umask(0o002)
    try:
        StudyWriter.open(old).close()
    finally:
        os.umask(before)

    assert stat.S_IMODE((old / "study.db.schema-2").stat().st_mode) == 0o664
