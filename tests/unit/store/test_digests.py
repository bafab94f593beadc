import math
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from store_builders import edit, edit_knowingly

from paribus.store import check_study, read_study
from paribus.store.digests import chunk_crc, row_digest, to_sql
from paribus.store.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES


@pytest.mark.parametrize("value", [0, -(2**63), 0.5, "text", b"\x00", None])
def test_what_sqlite_keeps_passes(value):
    assert to_sql(value) is value or to_sql(value) == value


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, True, np.float32(1), np.int64(1), np.bool_(True), [1], Path()],
)
def test_what_sqlite_would_change_is_refused(value):
    with pytest.raises(TypeError):
        to_sql(value)


def test_what_is_refused_is_named_with_its_type():
    with pytest.raises(TypeError, match=r"would change .* of type float32$"):
        to_sql(np.float32(1))


def test_minus_zero_is_stored_as_zero():
    assert repr(to_sql(-0.0)) == "0.0"


def test_a_digest_depends_on_the_table_and_on_every_column():
    row = (1, "a", 0.5, b"xyz", None)
    changed = [
        row_digest("other", row),
        row_digest("t", (2, *row[1:])),
        row_digest("t", (1, "b", *row[2:])),
        row_digest("t", (1, "a", 0.25, *row[3:])),
        row_digest("t", (1, "a", 0.5, b"xyy", None)),
        row_digest("t", (1, "a", 0.5, b"xyz", 0)),
        row_digest("t", ("a", 1, 0.5, b"xyz", None)),
        row_digest("t", row[:-1]),
    ]

    assert row_digest("t", row) == row_digest("t", list(row))
    assert row_digest("t", row) not in changed
    assert len(set(changed)) == len(changed)
    assert 0 <= row_digest("t", row) < 2**48


def test_a_digest_tells_a_number_from_its_text_and_its_float():
    assert len({row_digest("t", (value,)) for value in (1, 1.0, "1", b"1")}) == 4


def test_a_digest_is_the_same_in_every_release():
    # hashlib.blake2b of '["t",1,"\\u00e9",0.1,[3,891568578],null]', 6 bytes, where the
    # pair is length and zlib.crc32 of b"abc"; 2026-11-23. A change needs a migration.
    digest = row_digest("t", (1, "é", 0.1, b"abc", None))

    assert f"{digest:012x}" == "9d2bf5fd3ef6"


def test_a_checksum_depends_on_the_key():
    keys = [(1, "test", "loss", 0, 1), (2, "test", "loss", 0, 1), (1, "train", "x", 0)]

    assert len({chunk_crc(key, b"same") for key in keys}) == 3


def test_a_study_says_what_it_is_in_its_file(folder: Path):
    header = (folder / "study.db").read_bytes()[:100]

    assert header[68:72] == b"PARI"
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID
    assert int.from_bytes(header[60:64], "big") == SCHEMA_VERSION
    assert int.from_bytes(header[16:18], "big") == 4096


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_statement_fits_its_table(table, folder: Path):
    connection = sqlite3.connect(folder / "study.db")
    try:
        rows = connection.execute(table.select).fetchall()
        (n_rows, upper, lower) = connection.execute(table.sum).fetchone()
        names = [
            column[1]
            for column in connection.execute(f"PRAGMA table_info({table.name})")
        ]
    finally:
        connection.close()

    assert names == [*table.row._fields, "digest"]
    assert n_rows == len(rows)
    assert ((upper or 0) << 24) + (lower or 0) == sum(row[-1] for row in rows)


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE run SET diverged_at = 8 WHERE id = 0", "`run`, key 0"),
        ("UPDATE chunk SET data = zeroblob(length(data))", "`chunk`, key 1"),
        ("UPDATE attempt SET seconds = 9.0", "`attempt`, key 1"),
        ("UPDATE total SET n_rows = 7 WHERE name = 'run'", "`total`, key run"),
        ("DELETE FROM total WHERE name = 'run'", "`total` has no key run"),
        ("DELETE FROM run WHERE id = 7", "`run` has 7 rows"),
        ("UPDATE block SET id = 3 WHERE id = 2", "`block`, key 3"),
    ],
)
def test_a_changed_row_is_named_by_the_check(statement, table, folder: Path):
    edit(folder, statement)

    assert any(f"table {table}" in found for found in check_study(folder).problems)
    with pytest.raises(Exception, match="damaged"):
        read_study(folder)


def test_exchanged_chunks_are_found(folder: Path):
    edit(
        folder,
        "UPDATE chunk SET block = 9 WHERE block = 1",
        "UPDATE chunk SET block = 1 WHERE block = 2",
        "UPDATE chunk SET block = 2 WHERE block = 9",
    )

    problems = check_study(folder).problems

    assert len(problems) == 8
    assert all("table `chunk`" in problem for problem in problems)


def test_a_check_counts_what_it_has_seen(folder: Path):
    report = check_study(folder)

    assert (report.n_runs, report.n_chunks) == (8, 8)
    assert report.n_bytes == (folder / "study.db").stat().st_size
    assert report.problems == ()


def test_a_knowing_change_passes_as_what_it_says(folder: Path):
    # Digests find damage. They are no signature: who can write a study can forge it.
    edit_knowingly(folder, "UPDATE run SET diverged_at = 8 WHERE id = 0")

    assert read_study(folder).diverged_at[0, 0] == 8
