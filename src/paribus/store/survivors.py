"""What can still be read of the tables of a damaged store, row by row."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from paribus.errors import StoreError
from paribus.store.connection import StoreConnection
from paribus.store.ledger import Ledger
from paribus.store.schema import SELECT_OBJECTS
from paribus.store.table import Table


MAX_TRIES = 50_000  # row numbers a table that are tried one by one behind damage
_LAST = 2**63 - 1

_NEXT = {
    "study": "SELECT rowid FROM study WHERE rowid >= ? ORDER BY rowid LIMIT 1",
    "run": "SELECT rowid FROM run WHERE rowid >= ? ORDER BY rowid LIMIT 1",
    "attempt": "SELECT rowid FROM attempt WHERE rowid >= ? ORDER BY rowid LIMIT 1",
    "block": "SELECT rowid FROM block WHERE rowid >= ? ORDER BY rowid LIMIT 1",
    "chunk": "SELECT rowid FROM chunk WHERE rowid >= ? ORDER BY rowid LIMIT 1",
    "measure": "SELECT rowid FROM measure WHERE rowid >= ? ORDER BY rowid LIMIT 1",
    "answer": "SELECT rowid FROM answer WHERE rowid >= ? ORDER BY rowid LIMIT 1",
    "baseline": "SELECT rowid FROM baseline WHERE rowid >= ? ORDER BY rowid LIMIT 1",
    "timing": "SELECT rowid FROM timing WHERE rowid >= ? ORDER BY rowid LIMIT 1",
    "round": "SELECT rowid FROM round WHERE rowid >= ? ORDER BY rowid LIMIT 1",
}
_ROWS = {
    "study": "SELECT id, study, data, epochs, created, digest FROM study WHERE rowid=?",
    "run": """SELECT id, name, config, seed, status, diverged_at, block, digest
        FROM run WHERE rowid = ?""",
    "attempt": """SELECT number, pid, host, boot_id, started, environment, n_runs,
        seconds, is_finished, digest FROM attempt WHERE rowid = ?""",
    "block": """SELECT id, attempt, description, status, message, runs, digest
        FROM block WHERE rowid = ?""",
    "chunk": """SELECT block, split, metric, first_evaluation, attempt, n_evaluations,
        n_runs, is_superseded, crc, data, digest FROM chunk WHERE rowid = ?""",
    "measure": """SELECT block, name, n_runs, crc, data, digest
        FROM measure WHERE rowid = ?""",
    "answer": """SELECT block, split, n_runs, n_examples, crc, data, digest
        FROM answer WHERE rowid = ?""",
    "baseline": """SELECT id, train_loss, learning_rate, attempt, digest
        FROM baseline WHERE rowid = ?""",
    "timing": """SELECT config, seconds_per_epoch, variation, n_repeats, load_before,
        attempt, digest FROM timing WHERE rowid = ?""",
    "round": """SELECT round, config, seconds_per_epoch, load_before, attempt, digest
        FROM round WHERE rowid = ?""",
}


def surviving_rows(ledger: Ledger) -> dict[str, list[Any]]:
    """The rows that can be read and have the right digest, by the name of their table.

    Each is read by its number, so that damage in one part of the file hides no other
    part.
    """
    tables = {table.name: table for table in ledger.tables}
    ledger.connection.execute(SELECT_OBJECTS).fetchall()  # each try would read them
    return {
        name: list(_survivors(ledger, tables[name])) if name in tables else []
        for name in _ROWS
    }


def _survivors(ledger: Ledger, table: Table[Any]) -> Iterator[Any]:
    """The rows of one table, in the order of their numbers.

    Of pages that cannot be read each number is tried, as long as that ends soon: then
    halving finds where rows can be read again.
    """
    connection, number, n_tries = ledger.connection, 0, 0
    while (found := _next(connection, table.name, number)) <= _LAST:
        if found < number and n_tries >= MAX_TRIES:
            number = _behind_damage(connection, table.name, number)
            continue
        key = max(found, number)
        is_there = True
        try:
            row = ledger.read_one(table, _ROWS[table.name], key)
        except (sqlite3.Error, StoreError, UnicodeDecodeError):
            pass
        else:
            is_there = row is not None
            if is_there:
                yield row
        # What is found in order, but not by its number, is on a page out of its place.
        is_hidden = found < number or not is_there
        if is_hidden and n_tries < MAX_TRIES:
            key, n_tries = number, n_tries + 1
        number = key + 1


def _next(connection: StoreConnection, name: str, number: int) -> int:
    """The first row number from one on; -1 if damage hides it, beyond all for none."""
    if number > _LAST:
        return number
    statement = _NEXT[name]
    try:
        found = connection.execute(statement, (number,)).fetchone()
    except sqlite3.DatabaseError as error:
        # Else it is the statement that is wrong: there is no such table.
        is_damage = error.sqlite_errorcode != sqlite3.SQLITE_ERROR
        return -1 if is_damage else _LAST + 1
    if found is None:
        return _LAST + 1
    return found[0] if found[0] >= number else -1


def _behind_damage(connection: StoreConnection, name: str, number: int) -> int:
    """The first number behind one from which on rows can be read again."""
    low, step = number, 1
    while _next(connection, name, low + step) < 0:
        low, step = low + step, 2 * step
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        if _next(connection, name, middle) < 0:
            low = middle
        else:
            high = middle
    return high
