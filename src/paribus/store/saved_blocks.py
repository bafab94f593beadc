"""The finished blocks of a damaged study of which something can be saved."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from paribus.results import DataFacts
from paribus.status import RunStatus
from paribus.store.chunks import read_chunk, read_runs, write_chunks
from paribus.store.creation import run_name
from paribus.store.digests import chunk_crc
from paribus.store.rows import BlockRow, BlockStatus, ChunkRow, MeasureRow, RunRow
from paribus.store.schema import ANSWER, CHUNK, MEASURE
from paribus.store.table import Table
from paribus.study import Study


ENDED = (RunStatus.PRUNED, RunStatus.DIVERGED, RunStatus.CONVERGED)


class Found(NamedTuple):
    """Every row that verifies, table by table.

    Attributes:
        mixed: The tables whose rows are not those that were there last.
    """

    study: Study
    data: DataFacts
    epochs: tuple[float, ...]
    rows: dict[str, list[Any]]
    mixed: tuple[str, ...] = ()


class SavedBlock(NamedTuple):
    """A finished block of which runs are saved: its rows under its new id."""

    block: BlockRow
    runs: list[RunRow]
    parts: dict[Table[Any], list[Any]]


def saved_blocks(found: Found) -> list[SavedBlock]:
    """The finished blocks of which something is saved, numbered anew."""
    runs = {row.id: row for row in found.rows["run"]}
    chunks: dict[int, list[ChunkRow]] = {}
    for chunk in found.rows["chunk"]:
        if not chunk.is_superseded:
            chunks.setdefault(chunk.block, []).append(chunk)
    n_curves = max(
        (len({(c.split, c.metric) for c in rows}) for rows in chunks.values()),
        default=0,
    )
    saved: list[SavedBlock] = []
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
    """The curves of a block that are whole, and of which no part is there twice."""
    parts: dict[str, list[np.ndarray]] = {}
    spoilt: set[str] = set()
    for chunk in sorted(chunks):
        name = f"{chunk.split}_{chunk.metric}"
        found = parts.setdefault(name, [])
        if chunk.first_evaluation != sum(map(len, found)):
            spoilt.add(name)
            continue
        try:
            found.append(read_chunk(chunk).astype(np.float32))
        except ValueError:
            spoilt.add(name)
    whole = {n: np.concatenate(parts[n]) for n in parts if n not in spoilt}
    return {n: curve for n, curve in whole.items() if len(curve) == n_evaluations}


def _save(
    found: Found,
    runs: dict[int, RunRow],
    block: BlockRow,
    curves: dict[str, np.ndarray],
    *,
    new_id: int,
) -> SavedBlock | None:
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
    return SavedBlock(
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


def _is_saved(run: RunRow | None, block: BlockRow, found: Found) -> bool:
    """Whether a run's row verifies and says that this block has trained it."""
    configs = found.study.configs()
    return (
        run is not None
        and run.block == block.id
        and 0 <= run.config < len(configs)
        and run.name == run_name(configs[run.config].to_json(), run.seed)
        and run.status in ENDED
    )


def _of(found: Found, table: Table[Any], block: BlockRow) -> list[Any]:
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
