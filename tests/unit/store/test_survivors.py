"""What can be read of a damaged table is read, whatever its rows are numbered."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from store_builders import edit, edit_knowingly

from paribus.store import read_study, salvage_study, survivors
from paribus.store.connection import connect
from paribus.store.ledger import Ledger
from paribus.store.survivors import surviving_rows


N_ROWS = 400
PAGE = 4096


@pytest.fixture
def numbered(folder: Path) -> Path:
    """A study with so many measures that they are on several pages."""
    edit_knowingly(
        folder,
        "PRAGMA foreign_keys = OFF",
        "DELETE FROM measure",
        f"""WITH RECURSIVE n(i) AS
            (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {N_ROWS})
            INSERT INTO measure
            SELECT 1, printf('%05d', i), 2, i, zeroblob(8), 0 FROM n""",
    )
    return folder


def leaves(folder: Path) -> list[int]:
    """The pages that hold the rows of table `measure`, counted from 1."""
    connection = sqlite3.connect(folder / "study.db")
    (root,) = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'measure'"
    ).fetchone()
    connection.close()
    page = page_of(folder, root)
    assert page[0] == 5  # an inner page, each cell of which begins with a leaf
    n_cells = int.from_bytes(page[3:5], "big")
    starts = [int.from_bytes(page[12 + 2 * i :][:2], "big") for i in range(n_cells)]
    return [int.from_bytes(page[at : at + 4], "big") for at in (*starts, 8)]


def page_of(folder: Path, number: int) -> bytes:
    """A page, by its number from 1 on."""
    return (folder / "study.db").read_bytes()[PAGE * (number - 1) : PAGE * number]


def overwrite(folder: Path, page: int, content: bytes = bytes(PAGE)) -> int:
    """Overwrite a page; how many rows it held."""
    before = page_of(folder, page)
    with (folder / "study.db").open("r+b") as file:
        file.seek(PAGE * (page - 1))
        file.write(content)
    return int.from_bytes(before[3:5], "big")


def survived(folder: Path) -> tuple[list[str], int]:
    """The names of the measures that can be read, and how many statements it took."""
    statements: list[str] = []
    connection = connect(folder / "study.db", mode="ro")
    try:
        connection.set_trace_callback(statements.append)
        rows: list[Any] = surviving_rows(Ledger(connection, folder / "study.db"))[
            "measure"
        ]
    finally:
        connection.close()
    return [row.name for row in rows], len(statements)


ALL = [f"{number:05}" for number in range(1, N_ROWS + 1)]
FAR = 2**62


@pytest.mark.parametrize("place", [0, 1, -1], ids=["first", "second", "last"])
def test_a_damaged_page_hides_its_own_rows_and_no_others(
    place: int, numbered: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(survivors, "MAX_TRIES", 3 * N_ROWS)
    n_lost = overwrite(numbered, leaves(numbered)[place])

    names, _ = survived(numbered)

    lost = sorted(set(ALL) - set(names))
    first = ALL.index(lost[0])
    assert 0 < n_lost < N_ROWS / 2
    assert lost == ALL[first : first + n_lost]
    assert names == [name for name in ALL if name not in lost]


def test_rows_with_numbers_far_away_are_read_at_once(numbered: Path):
    edit(
        numbered,
        f"UPDATE measure SET rowid = rowid + {FAR} WHERE crc > 300",
        f"UPDATE measure SET rowid = {2**63 - 1} WHERE name = '{ALL[-1]}'",
    )

    names, n_statements = survived(numbered)

    assert names == ALL
    assert n_statements < 3 * N_ROWS


@pytest.mark.parametrize("n_tries", [0, 50, 1000])
def test_behind_a_damaged_page_rows_are_found_however_far_away(
    n_tries: int, numbered: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(survivors, "MAX_TRIES", n_tries)
    first = leaves(numbered)[0]
    n_first = int.from_bytes(page_of(numbered, first)[3:5], "big")
    edit(numbered, f"UPDATE measure SET rowid = rowid + {FAR} WHERE crc > {n_first}")
    n_lost = overwrite(numbered, first)

    names, n_statements = survived(numbered)

    assert names == ALL[n_lost:]
    assert n_statements < 3 * N_ROWS + 2 * n_tries


def test_pages_out_of_their_places_hide_no_rows_but_their_own(
    numbered: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(survivors, "MAX_TRIES", 3 * N_ROWS)
    first, *between, last = leaves(numbered)
    pages = page_of(numbered, first), page_of(numbered, last)
    overwrite(numbered, first, pages[1])
    overwrite(numbered, last, pages[0])

    names, _ = survived(numbered)

    n_between = sum(
        int.from_bytes(page_of(numbered, page)[3:5], "big") for page in between
    )
    n_first = int.from_bytes(pages[0][3:5], "big")
    assert n_between > 0
    assert names == ALL[n_first : n_first + n_between]


def test_a_forged_number_does_not_delay_a_salvage(folder: Path):
    edit_knowingly(
        folder,
        "PRAGMA foreign_keys = OFF",
        f"UPDATE attempt SET number = {FAR} WHERE number = 1",
        f"UPDATE measure SET rowid = {FAR} WHERE rowid = 1",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survivors, "MAX_TRIES", 0)  # none is needed

        report = salvage_study(folder, folder.parent / "saved")

    assert (report.n_saved, report.n_lost) == (8, 0)
    assert read_study(folder.parent / "saved").measures.keys() == {
        "first_update",
        "overshoot_share",
    }
