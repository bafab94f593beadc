"""Every byte of a study that can be verified."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from paribus.errors import StoreError, printable
from paribus.store.checkpoints import checkpoint_problem
from paribus.store.connection import file_problems, schema_problems
from paribus.store.failures import translated
from paribus.store.folder import CHECKPOINTS, DATABASE
from paribus.store.ledger import Ledger
from paribus.store.reader import read_result
from paribus.store.schema import CHECKPOINT, CHUNK, RUN
from paribus.store.snapshot import read_snapshot


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What checking a study has found.

    Attributes:
        n_runs: Runs that are stored, whatever became of them.
        n_chunks: Pieces of training curves.
        n_bytes: Size of the database.
        problems: What is damaged, in words; empty for a sound study.
        are_results_sound: Whether no more than checkpoints are damaged: training goes
            on from others, or begins those blocks anew.
    """

    n_runs: int
    n_chunks: int
    n_bytes: int
    problems: tuple[str, ...]
    are_results_sound: bool = True


def check_study(folder: Path) -> CheckReport:
    """Recompute every digest, checksum and total of a study, and read all of it.

    Args:
        folder: The study folder.

    Returns:
        What was checked, and what is damaged.

    Raises:
        StoreError: If there is no study, or a newer or another program wrote it.
        ResourceError: If the disk fails.
    """
    with translated(folder / DATABASE, "read"):
        return read_snapshot(folder, _check, is_verified=False)


def _check(ledger: Ledger) -> CheckReport:
    problems = _problems(ledger)
    of_checkpoints = [] if problems else _checkpoint_problems(ledger)
    return CheckReport(
        n_runs=_n_rows(ledger, RUN.sum),
        n_chunks=_n_rows(ledger, CHUNK.sum),
        n_bytes=ledger.database.stat().st_size,
        problems=tuple(problems or of_checkpoints),
        are_results_sound=not problems,
    )


def _problems(ledger: Ledger) -> list[str]:
    """The file first, then the schema, the rows, and what they say together."""
    try:
        problems = [*file_problems(ledger.connection)]
        problems += schema_problems(ledger.connection)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return [f"`{ledger.database}` is damaged: {error}"]
    if problems:
        return [f"`{ledger.database}` is damaged: {problem}" for problem in problems]
    problems = [
        found for table in ledger.tables for found in ledger.row_problems(table)
    ]
    if not problems:
        try:
            read_result(ledger)
        except StoreError as error:
            problems.append(str(error))
    return problems


def _checkpoint_problems(ledger: Ledger) -> list[str]:
    folder = ledger.database.parent
    found = [(row, checkpoint_problem(folder, row)) for row in ledger.read(CHECKPOINT)]
    return [
        f"`{printable(str(folder / CHECKPOINTS / row.name))}`: {problem}"
        for row, problem in found
        if problem is not None
    ]


def _n_rows(ledger: Ledger, statement: str) -> int:
    try:
        return int(ledger.connection.execute(statement).fetchone()[0])
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return 0
