"""What still verifies of a damaged study, in a new folder; the old one stays."""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paribus.errors import StoreError
from paribus.store.best_state import best_state
from paribus.store.chunks import read_runs, write_runs
from paribus.store.creation import build_study, must_be_new, remove_leftovers
from paribus.store.failures import NOT_SAVED_HINT, translated
from paribus.store.folder import DATABASE
from paribus.store.ledger import Ledger
from paribus.store.reader import read_result
from paribus.store.rows import (
    AttemptRow,
    BlockStatus,
)
from paribus.store.saved_blocks import ENDED, Found, SavedBlock
from paribus.store.schema import (
    ATTEMPT,
    BASELINE,
    BLOCK,
    CHUNK,
    ROUND,
    RUN,
    STUDY,
    TIMING,
)


@dataclass(frozen=True, kw_only=True)
class SalvageReport:
    """What could be saved of a study.

    Attributes:
        n_saved: Runs whose outcome is in the new folder.
        n_lost: Runs that were finished, and must be trained again.
        mixed: The tables in which rows stand that verify, but were not the last that
            were written: of an older state, or of another study.
    """

    n_saved: int
    n_lost: int
    mixed: tuple[str, ...] = ()


def salvage_study(folder: Path, target: Path) -> SalvageReport:
    """Copy what verifies of a study to a new folder, where `run` trains the rest.

    A finished run is saved if its row, its block and all of its curves verify; what was
    measured of it beside them is saved as far as it verifies.

    Args:
        folder: The damaged study; it is not changed.
        target: The new folder; it must not exist, or be empty, and not be in `folder`.

    Raises:
        StoreError: If there is no study, its own row is damaged, another program wrote
            it, or `target` has something in it or is in `folder`.
        ResourceError: If the disk is full or fails.
    """
    if _real(target).is_relative_to(_real(folder)):
        raise StoreError(
            f"`{target}` must be outside of `{folder}`, which is not changed",
            hint="name another folder",
        )
    found, blocks = best_state(folder)
    with translated(target / DATABASE):
        remove_leftovers(target)
        lock = build_study(
            target,
            found.study,
            found.data,
            found.epochs,
            fill=lambda new: _fill(new.ledger, found, blocks, (folder, target)),
        )
        if lock is None:
            raise must_be_new(target, hint="name another folder")
        lock.release()
    n_saved = sum(len(block.runs) for block in blocks)
    n_lost = _n_finished(found) - n_saved
    return SalvageReport(n_saved=n_saved, n_lost=n_lost, mixed=found.mixed)


def _real(path: Path) -> Path:
    """Where a path leads; `Path.resolve` raises for a link to itself."""
    return Path(os.path.realpath(path))


def _fill(
    ledger: Ledger,
    found: Found,
    blocks: Sequence[SavedBlock],
    places: tuple[Path, Path],
) -> None:
    """Write what a reader understands: all, or the curves alone.

    Args:
        ledger: The tables of the new store.
        found: What verifies.
        blocks: Those that are finished.
        places: The damaged study and the new folder, for messages.
    """
    try:
        _write(ledger, found, blocks)
    except (StoreError, sqlite3.IntegrityError):
        beside: dict[str, list[Any]] = {
            name: [] for name in ("attempt", "baseline", "timing", "round")
        }
        found = found._replace(rows=found.rows | beside)
        alone = [saved._replace(parts={CHUNK: saved.parts[CHUNK]}) for saved in blocks]
        try:
            _write(ledger, found, alone)
        except (StoreError, sqlite3.IntegrityError) as error:
            raise _refused(*places, reason=str(error)) from error


def _refused(folder: Path, target: Path, *, reason: str) -> StoreError:
    """Make the error for rows that verify one by one, but not together."""
    what = reason.partition("is damaged: ")[2]  # of a store that is not there any more
    return StoreError(
        f"`{folder / DATABASE}` is damaged: nothing can be saved to `{target}`, since "
        f"the rows that verify contradict one another: {what or reason}",
        hint=NOT_SAVED_HINT,
    )


def _write(ledger: Ledger, found: Found, blocks: Sequence[SavedBlock]) -> None:
    """Put the saved rows into the new store, in one transaction, and read them."""
    fresh = {row.name: row for row in ledger.read(RUN)}
    by_name = {run.name: run for saved in blocks for run in saved.runs}
    old = [fresh[name] for name in by_name]
    # A fresh store may number its runs otherwise than one that has grown.
    new_ids = {run.id: fresh[name].id for name, run in by_name.items()}
    new = [run._replace(id=fresh[name].id) for name, run in by_name.items()]
    n_attempts = max(
        (
            row.attempt
            for t in (BLOCK, BASELINE, TIMING, ROUND)
            for row in found.rows[t.name]
        ),
        default=0,
    )
    (stored,) = ledger.read(STUDY)
    with ledger.transaction():
        ledger.replace(STUDY, [stored], [found.rows["study"][0]._replace(id=stored.id)])
        ledger.insert(ATTEMPT, _attempts(found, n_attempts))
        for saved in blocks:
            runs = write_runs(new_ids[run.id] for run in saved.runs)
            ledger.insert(BLOCK, [saved.block._replace(runs=runs)])
            for table, rows in saved.parts.items():
                ledger.insert(table, rows)
        ledger.replace(RUN, old, new)
        ledger.insert(BASELINE, found.rows["baseline"])
        ledger.insert(TIMING, found.rows["timing"])
        ledger.insert(ROUND, found.rows["round"])
        read_result(ledger)  # as whoever opens it will


def _attempts(found: Found, n_needed: int) -> list[AttemptRow]:
    """The attempts, those that are lost as attempts of which nothing is known."""
    known = {row.number: row for row in found.rows["attempt"]}
    n_attempts = max((*known, n_needed))
    unknown = AttemptRow(0, 0, "", "", found.rows["study"][0].created, "{}", 0, 0.0, 1)
    return [
        known.get(number, unknown._replace(number=number))
        for number in range(1, n_attempts + 1)
    ]


def _n_finished(found: Found) -> int:
    """How many runs were finished, as far as anything still says so."""
    by_block = {
        run
        for block in found.rows["block"]
        if block.status == BlockStatus.FINISHED
        for run in read_runs(block.runs).tolist()
    }
    return len(by_block | {r.id for r in found.rows["run"] if r.status in ENDED})
