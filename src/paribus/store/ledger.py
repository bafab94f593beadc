"""Rows in and out of an open store, each with its digest, each counted in a total."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from paribus.errors import StoreError
from paribus.store.connection import StoreConnection, identity_of
from paribus.store.digests import MODULUS, row_digest, to_sql
from paribus.store.failures import damaged
from paribus.store.folder import sync_folder
from paribus.store.rows import BlockRow, ChunkRow, RunRow, TotalRow
from paribus.store.schema import (
    BLOCK,
    CHECK_REFERENCES,
    CHUNK,
    REPLACE_TOTAL,
    RUN,
    SELECT_BLOCK,
    SELECT_CHUNKS,
    SELECT_RUN,
    SELECT_TOTAL,
)
from paribus.store.table import Blob, Table
from paribus.store.versions import tables_of


R = TypeVar("R", bound=tuple[Any, ...])


class Ledger:
    """The tables of one open store.

    Whatever is read is verified: a row whose digest is wrong, or a table whose rows do
    not add up, is a `StoreError`, never a value.

    Attributes:
        connection: The open database.
        database: Its path, for messages.
        version: The number of its schema; 0 before it has one.
        tables: Those that its schema has.
    """

    def __init__(self, connection: StoreConnection, database: Path) -> None:
        self.connection = connection
        self.database = database
        (self.version,) = connection.execute("PRAGMA user_version").fetchone()
        self.tables = tables_of(self.version)
        self._identity = identity_of(database)
        self._changes: dict[str, Counter[str]] = {}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside happen, and survive a power cut, or not happen at all.

        When it returns, the change may be acknowledged.
        """
        self._check_place()
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._update_totals()
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:  # a full disk has rolled back already
                with suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
            raise
        finally:
            self._changes = {}
        # SQLite does not sync the folder after it has removed the journal: after a
        # power cut it could be back, and undo what we are about to acknowledge.
        sync_folder(self.database.parent)

    def insert(self, table: Table[R], rows: Iterable[R]) -> None:
        """Add rows."""
        written = [_with_digest(table, row) for row in rows]
        self.connection.executemany(table.insert, written)
        self._count(table, [row[-1] for row in written], +1)

    def replace(self, table: Table[R], old: Sequence[R], new: Sequence[R]) -> None:
        """Put each of `new` in the place of the row of `old` that has its key."""
        written = [_with_digest(table, row) for row in new]
        self.connection.executemany(table.replace, written)
        self._count(table, [row_digest(table.name, row) for row in old], -1)
        self._count(table, [row[-1] for row in written], +1)

    def delete(self, table: Table[R], rows: Sequence[R]) -> None:
        """Remove rows of a table whose key is one column."""
        assert table.delete is not None
        self.connection.executemany(table.delete, [(to_sql(row[0]),) for row in rows])
        self._count(table, [row_digest(table.name, row) for row in rows], -1)

    def read(self, table: Table[R]) -> list[R]:
        """Read and verify all rows, in the order of their keys.

        A table that the schema of an older store does not have is empty.
        """
        if table not in self.tables:
            return []
        if table.blob is not None:
            self._check_blob_sizes(table, table.blob)
        rows: list[R] = []
        digests = 0
        for written in self.connection.execute(table.select):
            rows.append(self._verified(table, written))
            digests += written[-1]
        self._check_total(table, len(rows), digests)
        return rows

    def read_run(self, key: int) -> RunRow:
        """Read and verify one run."""
        return self._verified(RUN, self._one(RUN, SELECT_RUN, key))

    def read_block(self, key: int) -> BlockRow:
        """Read and verify one block."""
        return self._verified(BLOCK, self._one(BLOCK, SELECT_BLOCK, key))

    def read_chunks(self, block: int) -> list[ChunkRow]:
        """Read and verify the chunks of a block, those that are superseded too."""
        found = self.connection.execute(SELECT_CHUNKS, (to_sql(block),))
        return [self._verified(CHUNK, written) for written in found]

    def read_one(self, table: Table[R], statement: str, key: int) -> R | None:
        """Read and verify the row that a statement of one parameter selects.

        Returns:
            None if there is no such row.
        """
        written = self.connection.execute(statement, (to_sql(key),)).fetchone()
        return None if written is None else self._verified(table, written)

    def check_totals(self) -> None:
        """Compare the sums of the stored digests with the totals, for all tables.

        Raises:
            StoreError: If rows are missing, doubled, exchanged or half-written.
        """
        for table in self.tables:
            n_rows, upper, lower = self.connection.execute(table.sum).fetchone()
            digests = ((upper or 0) << 24) + (lower or 0)
            self._check_total(table, n_rows, digests)

    def is_of_another_state(self, table: Table[R], rows: Sequence[R]) -> bool:
        """Whether rows that verify one by one are not those that were there last.

        Where some are missing nobody can tell, nor where the total does not verify.
        """
        try:
            total = self._read_total(table)
        except (StoreError, sqlite3.Error, UnicodeDecodeError):
            return False
        digests = sum(_with_digest(table, row)[-1] for row in rows) % MODULUS
        return len(rows) >= total.n_rows and digests != total.digests

    def check_references(self) -> None:
        """Refuse rows that name a config, a block or an attempt that is not there.

        Raises:
            StoreError: With the table and the row, by its number in SQLite.
        """
        for name, row, parent, _ in self.connection.execute(CHECK_REFERENCES):
            raise damaged(
                self.database,
                f"table `{name}`, row {row}: it names no row of `{parent}`",
            )

    def row_problems(self, table: Table[Any]) -> Iterator[str]:
        """Recompute all digests of a table and its total; say what is wrong."""
        n_rows = digests = 0
        try:
            for written in self.connection.execute(table.select):
                n_rows += 1
                digests += written[-1]
                try:
                    self._verified(table, written)
                except StoreError as error:
                    yield str(error)
            self._check_total(table, n_rows, digests)
        except StoreError as error:
            yield str(error)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            yield f"`{self.database}` is damaged: table `{table.name}`: {error}"

    def create_totals(self) -> None:
        """Write the totals of a new store's empty tables."""
        for table in self.tables:
            self.create_total(table)

    def create_total(self, table: Table[Any]) -> None:
        """Write the total of a new, empty table."""
        self._write_total(TotalRow(name=table.name, n_rows=0, digests=0))

    def _check_place(self) -> None:
        """Refuse to write when the folder was moved or removed under us."""
        try:
            is_there = identity_of(self.database) == self._identity
        except OSError:
            is_there = False
        if not is_there:
            raise StoreError(
                f"`{self.database}` must stay in place while it is written, "
                "got another file or none",
                hint="move the folder back, then run the same command again",
            )

    def _one(self, table: Table[Any], statement: str, key: int) -> tuple[Any, ...]:
        written = self.connection.execute(statement, (to_sql(key),)).fetchone()
        if written is None:
            raise damaged(self.database, f"table `{table.name}` has no key {key}")
        return written

    def _verified(self, table: Table[R], written: tuple[Any, ...]) -> R:
        *values, digest = written
        if row_digest(table.name, values) != digest:
            key = table.key_of(written)
            raise damaged(
                self.database, f"table `{table.name}`, key {key}: wrong digest"
            )
        if not all(isfinite(v) for v in values if type(v) is float):
            key = table.key_of(written)  # `to_sql` never writes one
            raise damaged(
                self.database, f"table `{table.name}`, key {key}: an infinite number"
            )
        return table.row(*values)

    def _check_blob_sizes(self, table: Table[Any], blob: Blob) -> None:
        """Compare the length of each blob with its declared shape before it is read."""
        for row in self.connection.execute(blob.sizes):
            shape, length = row[table.n_key : -1], row[-1]
            if min(shape) < 1 or length != blob.n_bytes(*shape):
                declared = " by ".join(map(str, shape))
                raise damaged(
                    self.database,
                    f"table `{table.name}`, key {table.key_of(row)}: {length} bytes "
                    f"for a declared shape of {declared}",
                )

    def _check_total(self, table: Table[Any], n_rows: int, digests: int) -> None:
        total = self._changed_total(table)
        if (n_rows, digests % MODULUS) != (total.n_rows, total.digests):
            raise damaged(
                self.database,
                f"table `{table.name}` has {n_rows} rows that do not agree with its "
                f"total of {total.n_rows}",
            )

    def _read_total(self, table: Table[Any]) -> TotalRow:
        written = self.connection.execute(SELECT_TOTAL, (table.name,)).fetchone()
        if written is None:
            raise damaged(self.database, f"table `total` has no key {table.name}")
        *values, digest = written
        if row_digest("total", values) != digest:
            raise damaged(
                self.database, f"table `total`, key {table.name}: wrong digest"
            )
        return TotalRow(*values)

    def _write_total(self, total: TotalRow) -> None:
        digest = row_digest("total", total)
        self.connection.execute(REPLACE_TOTAL, (*map(to_sql, total), digest))

    def _count(self, table: Table[Any], digests: Sequence[int], sign: int) -> None:
        changes = self._changes.setdefault(table.name, Counter())
        changes["n_rows"] += sign * len(digests)
        changes["digests"] += sign * sum(digests)

    def _changed_total(self, table: Table[Any]) -> TotalRow:
        """The stored total with what the transaction has changed so far."""
        total = self._read_total(table)
        changes = self._changes.get(table.name, Counter())
        return total._replace(
            n_rows=total.n_rows + changes["n_rows"],
            digests=(total.digests + changes["digests"]) % MODULUS,
        )

    def _update_totals(self) -> None:
        for table in self.tables:
            if table.name in self._changes:
                self._write_total(self._changed_total(table))


def _with_digest(table: Table[Any], row: tuple[Any, ...]) -> tuple[Any, ...]:
    values = [to_sql(value) for value in row]
    return (*values, row_digest(table.name, values))
