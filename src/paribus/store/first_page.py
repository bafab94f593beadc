"""Copies of a damaged database, each with a first page under which rows may be read.

The first page, and those below it, hold a header and where each table begins. Both are
the same in all studies of one schema, but for how long the file is: so they can be made
anew. Where a study was migrated tables begin elsewhere, and it keeps its own.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from paribus.store.connection import (
    connect_new,
    create_tables,
    guarded,
    header_version,
    is_open_here,
    is_readable_by_others,
)
from paribus.store.copying import check_fits, copy_file
from paribus.store.folder import DATABASE, JOURNAL, open_regular
from paribus.store.lock import is_held
from paribus.store.schema import APPLICATION_ID, SCHEMA_VERSION
from paribus.store.versions import TABLES_OF, tables_of


_PAGE = 4096
_HEADER = 100
_INTERIOR = 5
_N_PAGES = 28
_VERSION = slice(60, 64)
_APPLICATION = slice(68, 72)


def mended_copies(folder: Path, private: Path) -> Iterator[Path]:
    """Copy a database; first with a header made anew, then with a whole first page.

    Args:
        folder: The damaged study. While somebody writes, or may, there is no copy.
        private: Where the copy is made: one file, changed between two steps.

    Raises:
        ResourceError: If there is no space for the copy.
    """
    database, copy = folder / DATABASE, private / DATABASE
    if not _is_quiet(folder):
        return
    with guarded():
        if is_open_here(database):
            return
        with open_regular(database) as pages:
            check_fits([pages], private, database)
            copy_file(pages, copy)
            pages.seek(0)
            own = pages.read(_PAGE)
    if not _is_quiet(folder) or own != _read(copy, 0)[: len(own)]:
        return  # a writer has been there
    fresh = {v: _fresh_pages(private, v) for v in sorted(TABLES_OF, reverse=True)}
    own = own.ljust(_PAGE, b"\0")
    is_ours = any(own[_HEADER:] == pages[1][_HEADER:] for pages in fresh.values())
    if is_readable_by_others(own) and not is_ours:
        return
    said = header_version(own)
    header = fresh[said if said in fresh else SCHEMA_VERSION][1][:_HEADER]
    numbers = sorted({1}.union(*fresh.values()))
    before = {number: _read(copy, number - 1) for number in numbers}
    n_pages = max(numbers[-1], -(-copy.stat().st_size // _PAGE))
    for changed in ({1: header + own[_HEADER:]}, *fresh.values()):
        with copy.open("r+b") as file:
            for number, page in {**before, **changed}.items():
                file.seek((number - 1) * _PAGE)
                file.write(page)
            file.seek(_N_PAGES)
            file.write(n_pages.to_bytes(4, "big"))
            file.truncate(n_pages * _PAGE)
        yield copy


def _is_quiet(folder: Path) -> bool:
    """Whether nobody writes, and no write is unfinished: else a copy may be torn."""
    journal = folder / JOURNAL
    is_empty = not os.path.lexists(journal) or journal.lstat().st_size == 0
    return is_empty and is_held(folder) is False


def _read(path: Path, position: int) -> bytes:
    """A page of a file, by its position; zeros behind the end."""
    with path.open("rb") as file:
        file.seek(position * _PAGE)
        return file.read(_PAGE).ljust(_PAGE, b"\0")


def _fresh_pages(private: Path, version: int) -> dict[int, bytes]:
    """The pages that say what a database of a schema holds, by their numbers from 1."""
    path = private / f"schema-{version}.db"
    path.touch()
    connection = connect_new(path)
    try:
        connection.execute("BEGIN")
        create_tables(connection, tables_of(version))
        connection.execute("COMMIT")
    finally:
        connection.close()
    content = path.read_bytes()
    first = bytearray(content[:_PAGE])
    first[_VERSION] = version.to_bytes(4, "big")
    first[_APPLICATION] = APPLICATION_ID.to_bytes(4, "big")
    pages = {n: content[(n - 1) * _PAGE : n * _PAGE] for n in _children(first)}
    return {1: bytes(first), **pages}


def _children(first: bytes | bytearray) -> list[int]:
    """The pages on which the schema goes on, if it is too long for the first.

    A page that has others below it says so in its first byte behind the header. Where
    its cells are stands there too, in two bytes each, and in each cell a page number.

    References:
        https://www.sqlite.org/fileformat2.html, section 1.6.
    """
    kind, n_cells, last = first[100], _number(first, 103, 2), _number(first, 108, 4)
    if kind != _INTERIOR:
        return []
    cells = [_number(first, 112 + 2 * cell, 2) for cell in range(n_cells)]
    return [*(_number(first, cell, 4) for cell in cells), last]


def _number(page: bytes | bytearray, place: int, n_bytes: int) -> int:
    return int.from_bytes(page[place : place + n_bytes], "big")
