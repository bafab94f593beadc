"""Training curves to and from the blobs that a store holds."""

import re
from collections.abc import Iterable, Mapping

import numpy as np
from jaxtyping import Float, Float32, Int

from paribus.store.digests import chunk_crc
from paribus.store.rows import ChunkRow


_CURVE = re.compile(r"(minibatch|train|validation|test)_([a-z][a-z0-9_]*)")


def write_runs(runs: Iterable[int]) -> bytes:
    """Write the ids of a block's runs, in order."""
    return np.asarray(list(runs), dtype="<i8").tobytes()


def read_runs(data: bytes) -> Int[np.ndarray, " run"]:
    """Read the ids of a block's runs.

    Raises:
        ValueError: If the bytes are no whole number of ids.
    """
    return np.frombuffer(data, dtype="<i8").astype(np.int64)


def write_chunks(
    curves: Mapping[str, Float32[np.ndarray, "evaluation run"]],
    *,
    block: int,
    attempt: int,
    first_evaluation: int = 0,
) -> list[ChunkRow]:
    """Write a range of evaluations of a block: a row for each curve.

    Raises:
        ValueError: If a curve is not called `<split>_<metric>`.
    """
    rows: list[ChunkRow] = []
    for name, values in curves.items():
        split, metric = split_name(name)
        n_evaluations, n_runs = values.shape
        # C order, little-endian, whatever came: the bytes are the format.
        data = np.ascontiguousarray(values, dtype="<f4").tobytes()
        key = (block, split, metric, first_evaluation, attempt)
        rows.append(
            ChunkRow(
                *key,
                n_evaluations=n_evaluations,
                n_runs=n_runs,
                is_superseded=0,
                crc=chunk_crc(key, data),
                data=data,
            )
        )
    return rows


def split_name(curve: str) -> tuple[str, str]:
    """Take `test_accuracy` apart: the split, the metric.

    Raises:
        ValueError: If it is not made of a split and a metric.
    """
    found = _CURVE.fullmatch(curve)
    if found is None:
        raise ValueError(f"a curve must be called <split>_<metric>, got {curve!r}")
    return found[1], found[2]


def read_chunk(row: ChunkRow) -> Float[np.ndarray, "evaluation run"]:
    """Read the values of a chunk.

    Raises:
        ValueError: If its length or its checksum is wrong.
    """
    if len(row.data) != 4 * row.n_evaluations * row.n_runs:
        raise ValueError("wrong length")
    key = (row.block, row.split, row.metric, row.first_evaluation, row.attempt)
    if chunk_crc(key, row.data) != row.crc:
        raise ValueError("wrong checksum")
    values = np.frombuffer(row.data, dtype="<f4")
    return values.reshape(row.n_evaluations, row.n_runs)
