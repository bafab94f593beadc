"""What still verifies of a damaged study, in a new folder; the old one stays."""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from paribus.errors import StoreError
from paribus.results import DataFacts
from paribus.status import RunStatus
from paribus.store.chunks import read_chunk, read_runs, write_chunks, write_runs
from paribus.store.creation import build_study, remove_leftovers, run_name
from paribus.store.digests import chunk_crc
from paribus.store.documents import read_row
from paribus.store.failures import NOT_SAVED_HINT, translated
from paribus.store.folder import DATABASE
from paribus.store.ledger import Ledger
from paribus.store.reader import read_result
from paribus.store.rows import (
    AttemptRow,
    BlockRow,
    BlockStatus,
    ChunkRow,
    MeasureRow,
    RunRow,
)
from paribus.store.schema import (
    ANSWER,
    ATTEMPT,
    BASELINE,
    BLOCK,
    CHUNK,
    MEASURE,
    ROUND,
    RUN,
    STUDY,
    TIMING,
)
from paribus.store.sifting import sifted
from paribus.store.snapshot import read_snapshot
from paribus.store.survivors import surviving_rows
from paribus.store.table import Table
from paribus.study import Study


_ENDED = (RunStatus.PRUNED, RunStatus.DIVERGED, RunStatus.CONVERGED)


@dataclass(frozen=True, kw_only=True)
class SalvageReport:
    """What could be saved of a study.

    Attributes:
        n_saved: Runs whose outcome is in the new folder.
        n_lost: Runs that were finished, and must be trained again.
    """

    n_saved: int
    n_lost: int


class _Found(NamedTuple):
    """Every row that verifies, table by table."""

    study: Study
    data: DataFacts
    epochs: tuple[float, ...]
    rows: dict[str, list[Any]]


class _Saved(NamedTuple):
    """A finished block of which runs are saved: its rows under its new id."""

    block: BlockRow
    runs: list[RunRow]
    parts: dict[Table[Any], list[Any]]


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
    with translated(folder / DATABASE, "read"):
        found = read_snapshot(folder, _find, is_verified=False)
    runs = {row.id: row for row in found.rows["run"]}
    blocks = _blocks(found, runs)
    with translated(target / DATABASE):
        remove_leftovers(target)
        lock = build_study(
            target,
            found.study,
            found.data,
            found.epochs,
            fill=lambda ledger: _fill(ledger, found, blocks, (folder, target)),
        )
        if lock is None:
            raise StoreError(
                f"`{target}` must be a new folder, got a study",
                hint="name another folder",
            )
        lock.release()
    n_saved = sum(len(block.runs) for block in blocks)
    return SalvageReport(n_saved=n_saved, n_lost=_n_finished(found, runs) - n_saved)


def _real(path: Path) -> Path:
    """Where a path leads; `Path.resolve` raises for a link to itself."""
    return Path(os.path.realpath(path))


def _find(ledger: Ledger) -> _Found:
    rows = surviving_rows(ledger)
    if len(rows["study"]) != 1:
        raise _without_study(ledger.database, "")
    try:
        study, data, epochs = read_row(rows["study"][0])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _without_study(ledger.database, f": {error}") from error
    return _Found(study, data, epochs, sifted(rows, study))


def _without_study(database: Path, reason: str) -> StoreError:
    """Make the error for a store that does not say what its numbers are of."""
    return StoreError(
        f"`{database}` is damaged: nothing can be saved: the study's own row{reason}",
        hint=NOT_SAVED_HINT,
    )


def _blocks(found: _Found, runs: dict[int, RunRow]) -> list[_Saved]:
    """The finished blocks of which something is saved, numbered anew."""
    chunks: dict[int, list[ChunkRow]] = {}
    for chunk in found.rows["chunk"]:
        if not chunk.is_superseded:
            chunks.setdefault(chunk.block, []).append(chunk)
    n_curves = max(
        (len({(c.split, c.metric) for c in rows}) for rows in chunks.values()),
        default=0,
    )
    saved: list[_Saved] = []
    for block in sorted(found.rows["block"]):
        if block.status != BlockStatus.FINISHED:
            continue
        curves = _curves(chunks.get(block.id, []), len(found.epochs))
        if curves and len(curves) == n_curves:
            one = _save(found, runs, block, curves, new_id=len(saved) + 1)
            if one is not None:
                saved.append(one)
    return saved


def _curves(chunks: Sequence[ChunkRow], n_evaluations: int) -> dict[str, np.ndarray]:
    """The curves of a block that are whole."""
    parts: dict[str, list[np.ndarray]] = {}
    for chunk in sorted(chunks):
        found = parts.setdefault(f"{chunk.split}_{chunk.metric}", [])
        if chunk.first_evaluation == sum(map(len, found)):
            try:
                found.append(read_chunk(chunk).astype(np.float32))
            except ValueError:
                continue
    whole = {name: np.concatenate(found) for name, found in parts.items() if found}
    return {n: curve for n, curve in whole.items() if len(curve) == n_evaluations}


def _save(
    found: _Found,
    runs: dict[int, RunRow],
    block: BlockRow,
    curves: dict[str, np.ndarray],
    *,
    new_id: int,
) -> _Saved | None:
    """The runs of a block whose own rows verify, with all that belongs to them."""
    members = read_runs(block.runs)
    if any(curve.shape[1] != len(members) for curve in curves.values()):
        return None
    is_saved = np.array(
        [_is_saved(runs.get(m), block, found) for m in members.tolist()]
    )
    if not is_saved.any():
        return None
    kept = [runs[m] for m in members[is_saved].tolist()]
    row = block._replace(id=new_id)
    measured = [_measure(m, is_saved, new_id) for m in _of(found, MEASURE, block)]
    return _Saved(
        row,
        [run._replace(block=new_id) for run in kept],
        {
            CHUNK: write_chunks(
                {n: np.ascontiguousarray(c[:, is_saved]) for n, c in curves.items()},
                block=new_id,
                attempt=block.attempt,
            ),
            MEASURE: [row for row in measured if row is not None],
            ANSWER: [
                answer
                for row in _of(found, ANSWER, block)
                if (answer := _answer(row, is_saved, new_id)) is not None
            ],
        },
    )


def _is_saved(run: RunRow | None, block: BlockRow, found: _Found) -> bool:
    """Whether a run's row verifies and says that this block has trained it."""
    configs = found.study.configs()
    return (
        run is not None
        and run.block == block.id
        and 0 <= run.config < len(configs)
        and run.name == run_name(configs[run.config].to_json(), run.seed)
        and run.status in _ENDED
    )


def _of(found: _Found, table: Table[Any], block: BlockRow) -> list[Any]:
    return [row for row in found.rows[table.name] if row.block == block.id]


def _measure(
    row: MeasureRow, is_saved: Int[np.ndarray, " run"] | np.ndarray, new_id: int
) -> MeasureRow | None:
    is_sound = chunk_crc((row.block, row.name), row.data) == row.crc
    if not is_sound or len(row.data) != 4 * len(is_saved):
        return None
    data = np.frombuffer(row.data, "<f4")[is_saved].tobytes()
    crc = chunk_crc((new_id, row.name), data)
    n_runs = int(is_saved.sum())
    return row._replace(block=new_id, n_runs=n_runs, crc=crc, data=data)


def _answer(row: Any, is_saved: np.ndarray, new_id: int) -> Any:
    n_bytes = -(-row.n_examples // 8)
    is_sound = chunk_crc((row.block, row.split), row.data) == row.crc
    if not is_sound or not n_bytes or len(row.data) != n_bytes * len(is_saved):
        return None
    packed = np.frombuffer(row.data, np.uint8).reshape(len(is_saved), n_bytes)
    data = packed[is_saved].tobytes()
    crc = chunk_crc((new_id, row.split), data)
    return row._replace(block=new_id, n_runs=int(is_saved.sum()), crc=crc, data=data)


def _fill(
    ledger: Ledger, found: _Found, blocks: Sequence[_Saved], places: tuple[Path, Path]
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


def _write(ledger: Ledger, found: _Found, blocks: Sequence[_Saved]) -> None:
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


def _attempts(found: _Found, n_needed: int) -> list[AttemptRow]:
    """The attempts, those that are lost as attempts of which nothing is known."""
    known = {row.number: row for row in found.rows["attempt"]}
    n_attempts = max((*known, n_needed))
    unknown = AttemptRow(0, 0, "", "", found.rows["study"][0].created, "{}", 0, 0.0, 1)
    return [
        known.get(number, unknown._replace(number=number))
        for number in range(1, n_attempts + 1)
    ]


def _n_finished(found: _Found, runs: dict[int, RunRow]) -> int:
    """How many runs were finished, as far as anything still says so."""
    by_block = {
        run
        for block in found.rows["block"]
        if block.status == BlockStatus.FINISHED
        for run in read_runs(block.runs).tolist()
    }
    return len(by_block | {row.id for row in runs.values() if row.status in _ENDED})
