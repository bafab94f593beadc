"""A first page that is damaged hides no row of a study."""

import os
import re
import shutil
import sqlite3
import struct
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from golden_stores import GOLDEN, unpacked
from store_builders import edit, edit_knowingly, fingerprint, time_rounds

from paribus.errors import ResourceError, StoreError
from paribus.store import StudyWriter, first_page, read_study, salvage_study
from paribus.store.connection import is_readable_by_others
from paribus.store.copying import copy_file
from paribus.store.first_page import _fresh_pages, mended_copies
from paribus.store.schema import APPLICATION_ID, SCHEMA_VERSION
from paribus.store.versions import TABLES_OF


PAGE = 4096


def flip(*places: int) -> Callable[[bytes], bytes]:
    def damage(content: bytes) -> bytes:
        changed = bytearray(content)
        for place in places:
            changed[place] ^= 0xFF
        return bytes(changed)

    return damage


def flip_at(text: bytes) -> Callable[[bytes], bytes]:
    return lambda content: flip(content.index(text))(content)


def salvaged(folder: Path, damage: Callable[[bytes], bytes]) -> tuple[int, int]:
    """Damage a study and save what verifies; how many runs are saved, and lost.

    What is saved is as it was, and the damaged study is not touched.
    """
    truth = read_study(folder)
    database, target = folder / "study.db", folder.parent / "saved"
    database.write_bytes(damage(database.read_bytes()))
    before = fingerprint(folder)

    report = salvage_study(folder, target)

    assert fingerprint(folder) == before
    saved = read_study(target)
    assert saved.timings == truth.timings
    assert report.mixed == ()
    is_saved = saved.has_outcome()
    assert is_saved.sum() == report.n_saved
    np.testing.assert_array_equal(saved.status[is_saved], truth.status[is_saved])
    for name, curve in saved.curves.items():
        np.testing.assert_array_equal(curve[is_saved], truth.curves[name][is_saved])
    return report.n_saved, report.n_lost


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content,
        flip(3),
        flip(17),
        flip(30),
        flip(20, 21, 22, 23),
        flip(56),
        flip(60),
        flip(63),
        flip(68),
        flip(101),
        flip(104),
        flip_at(b"CREATE TABLE chunk"),
        flip_at(b"tablerun"),
        lambda content: bytes(PAGE) + content[PAGE:],
        lambda content: b"x" * 100 + content[100:],
    ],
    ids=[
        "nothing",
        "magic",
        "page size",
        "number of pages",
        "fractions",
        "encoding",
        "schema",
        "newer schema",
        "program",
        "first free",
        "cells",
        "a statement",
        "a root",
        "a page of zeros",
        "a header of letters",
    ],
)
def test_all_is_saved_behind_a_damaged_first_page(
    damage: Callable[[bytes], bytes], folder: Path
):
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        time_rounds(writer)

    assert salvaged(folder, damage) == (8, 0)


@pytest.mark.parametrize("schema", ["schema-2", "schema-3"])
def test_all_is_saved_behind_the_first_page_of_an_older_schema(
    schema: str, tmp_path: Path
):
    folder = unpacked(GOLDEN / schema / "finished.db.gz", tmp_path / "old")
    n_finished = int(read_study(folder).has_outcome().sum())

    saved = salvaged(folder, lambda content: bytes(PAGE) + content[PAGE:])

    assert saved == (n_finished, 0)


def pages_of_schema(content: bytes) -> list[int]:
    """Where the statements of tables stand, page by page from 0."""
    starts = range(PAGE, len(content), PAGE)
    return [0, *(s // PAGE for s in starts if b"CREATE TABLE" in content[s : s + PAGE])]


def without_pages(content: bytes, pages: list[int]) -> bytes:
    changed = bytearray(content)
    for page in pages:
        changed[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    return bytes(changed)


def test_all_is_saved_if_every_page_of_the_schema_is_lost(folder: Path):
    assert len(pages_of_schema((folder / "study.db").read_bytes())) > 2

    saved = salvaged(folder, lambda c: without_pages(c, pages_of_schema(c)))

    assert saved == (8, 0)


@pytest.mark.parametrize("version", sorted(TABLES_OF))
def test_the_pages_that_are_made_anew_are_those_of_the_schema(
    version: int, tmp_path: Path
):
    pages = _fresh_pages(tmp_path, version)

    made = (tmp_path / f"schema-{version}.db").read_bytes()
    assert sorted(number - 1 for number in pages) == pages_of_schema(made)
    numbers = struct.unpack(">2I", pages[1][60:64] + pages[1][68:72])
    assert numbers == (version, APPLICATION_ID)


@pytest.mark.parametrize(
    ("application", "version", "is_other"),
    [
        (APPLICATION_ID, SCHEMA_VERSION, False),
        (APPLICATION_ID, SCHEMA_VERSION + 1, True),
        (APPLICATION_ID + 1, SCHEMA_VERSION, True),
    ],
)
def test_a_header_says_whose_a_database_is(
    application: int, version: int, is_other: bool
):
    header = bytearray(b"SQLite format 3\0".ljust(100, b"\0"))
    header[60:64], header[68:72] = (
        struct.pack(">I", version),
        struct.pack(">I", application),
    )

    assert is_readable_by_others(bytes(header)) == is_other
    assert not is_readable_by_others(b"s" + header[1:])


def test_of_a_study_that_is_cut_what_is_before_the_cut_is_saved(folder: Path):
    """The last page is of a table of which the study can do without."""
    n_saved, _ = salvaged(folder, lambda content: content[: -PAGE // 2])

    assert n_saved == 8


def write_journal(folder: Path) -> None:
    (folder / "study.db-journal").write_bytes(b"x")


def write_meanwhile(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def copy(source: BufferedReader, target: Path) -> None:
        copy_file(source, target)
        flip_file(folder / "study.db", 27)  # the number of changes

    monkeypatch.setattr(first_page, "copy_file", copy)


def flip_file(path: Path, place: int) -> None:
    path.write_bytes(flip(place)(path.read_bytes()))


@pytest.mark.parametrize(
    "disturb",
    [
        lambda monkeypatch, folder: write_journal(folder),
        write_meanwhile,
        lambda patch, folder: patch.setattr(first_page, "is_held", lambda folder: None),
        lambda patch, folder: patch.setattr(first_page, "is_held", lambda folder: True),
    ],
    ids=["an unfinished write", "a write meanwhile", "perhaps a writer", "a writer"],
)
def test_while_somebody_may_write_nothing_is_copied(
    disturb: Callable[[pytest.MonkeyPatch, Path], None],
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    disturb(monkeypatch, folder)

    assert list(mended_copies(folder, tmp_path)) == []


def test_a_copy_that_does_not_fit_is_not_begun(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=9))
    private = tmp_path / "private"
    private.mkdir()

    with pytest.raises(ResourceError, match=re.escape(f"`{folder / 'study.db'}`")):
        list(mended_copies(folder, private))

    assert list(private.iterdir()) == []


def test_an_empty_journal_hides_nothing(folder: Path):
    (folder / "study.db-journal").touch()

    assert salvaged(folder, lambda content: bytes(PAGE) + content[PAGE:]) == (8, 0)


@pytest.mark.parametrize(
    "error", [ResourceError("full"), OSError(5, "broken"), OverflowError("too large")]
)
def test_what_is_found_in_place_is_saved_where_no_copy_can_be_made(
    error: Exception, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(first_page, "check_fits", fail)
    edit(folder, "UPDATE total SET n_rows = 9 WHERE name = 'round'")

    assert salvage_study(folder, folder.parent / "saved").n_saved == 8


def test_rows_of_another_state_are_told(folder: Path):
    """As where a page holds what was there before, though it was written since."""
    database = sqlite3.connect(folder / "study.db")
    total = database.execute("SELECT * FROM total WHERE name = 'chunk'").fetchone()
    edit_knowingly(folder, "UPDATE chunk SET is_superseded = 1 WHERE rowid = 1")
    database.execute("REPLACE INTO total VALUES (?, ?, ?, ?)", total)
    database.commit()
    database.close()

    assert salvage_study(folder, folder.parent / "saved").mixed == ("chunk",)


def test_a_database_of_another_kind_is_refused_as_what_it_is(folder: Path):
    (folder / "study.db").write_bytes(b"a,b\n1,2\n" * 1000)

    with pytest.raises(StoreError, match="is not a study") as caught:
        salvage_study(folder, folder.parent / "saved")

    assert "train the study again" in caught.value.hint
    assert not os.path.lexists(folder.parent / "saved")
