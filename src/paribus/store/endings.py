"""What runs leave beside their curves: measures, and which answers were right."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

from paribus.errors import StoreError
from paribus.results import DataFacts
from paribus.results.answers import PackedAnswers
from paribus.store.chunks import read_runs
from paribus.store.digests import chunk_crc
from paribus.store.failures import damaged
from paribus.store.ledger import Ledger
from paribus.store.rows import AnswerRow, BlockStatus, MeasureRow
from paribus.store.schema import ANSWER, MEASURE


ANSWER_SPLITS = ("validation", "test")


def write_measures(
    measures: Mapping[str, Float32[np.ndarray, " run"]], *, block: int, n_runs: int
) -> list[MeasureRow]:
    """Write one number a run for each measure of a block.

    Raises:
        ValueError: If a measure is not float32 of all runs.
    """
    rows: list[MeasureRow] = []
    for name, values in measures.items():
        if values.shape != (n_runs,) or values.dtype != np.float32:
            raise ValueError(
                f"{name} must be float32 of {n_runs} runs, got {values.dtype} of shape "
                f"{values.shape}"
            )
        data = np.ascontiguousarray(values, dtype="<f4").tobytes()
        crc = chunk_crc((block, name), data)
        rows.append(MeasureRow(block, name, n_runs=n_runs, crc=crc, data=data))
    return rows


def add_measures(
    ledger: Ledger, block: int, measures: Mapping[str, Float32[np.ndarray, " run"]]
) -> None:
    """Store more about a finished block; what has the same name is replaced.

    Raises:
        ValueError: If the block is not finished, or a measure does not fit it.
    """
    row = ledger.read_block(block)
    if row.status != BlockStatus.FINISHED:
        raise ValueError(f"block {block} must be finished, it is {row.status}")
    new = write_measures(measures, block=block, n_runs=len(read_runs(row.runs)))
    old = [
        stored
        for stored in ledger.read(MEASURE)
        if stored.block == block and stored.name in measures
    ]
    with ledger.transaction():
        ledger.replace(MEASURE, old, new)


def write_answers(
    correct: Mapping[str, UInt8[np.ndarray, "trained byte"]],
    columns: Int[np.ndarray, " trained"],
    *,
    block: int,
    n_runs: int,
    data: DataFacts,
) -> list[AnswerRow]:
    """Write which examples of each split each run of a block classified right.

    Args:
        correct: Split -> eight answers to a byte, the first in its highest bit.
        columns: Which runs of the block these are; the others have no right answer.
        block: The block.
        n_runs: How many runs it has.
        data: What the study is trained on.

    Raises:
        ValueError: If a split is unknown, or its bytes are not those of all runs.
    """
    n_examples = _answered_examples(data)
    rows: list[AnswerRow] = []
    for split, packed in correct.items():
        if split not in n_examples:
            raise ValueError(f"the study has no examples of {split}")
        expected = (len(columns), -(-n_examples[split] // 8))
        if packed.shape != expected or packed.dtype != np.uint8:
            raise ValueError(
                f"answers on {split} must be bytes of shape {expected}, got "
                f"{packed.dtype} of shape {packed.shape}"
            )
        whole = np.zeros((n_runs, packed.shape[1]), np.uint8)
        whole[columns] = packed
        content = whole.tobytes()
        rows.append(
            AnswerRow(
                block,
                split,
                n_runs=n_runs,
                n_examples=n_examples[split],
                crc=chunk_crc((block, split), content),
                data=content,
            )
        )
    return rows


def _answered_examples(data: DataFacts) -> dict[str, int]:
    """How many examples each split has whose answers are kept one by one."""
    sizes = {"validation": data.n_validation, "test": data.n_test}
    return {split: size for split, size in sizes.items() if size}


class EndingReader:
    """Puts what each block left where its runs are."""

    def __init__(
        self,
        ledger: Ledger,
        members: Mapping[int, Int[np.ndarray, " _"]],
        places: tuple[Int[np.ndarray, " run"], Int[np.ndarray, " run"]],
        shape: tuple[int, int],
    ) -> None:
        """Prepare to read.

        Args:
            ledger: The open store.
            members: The runs of each finished block.
            places: The position of each run's config and of its seed.
            shape: Number of configs and seeds.
        """
        self._ledger = ledger
        self._members = members
        self._config_of, self._seed_of = places
        self._shape = shape

    def measures(self) -> dict[str, Float[np.ndarray, "config seed"]]:
        """Every measure by name, in the order of the alphabet; NaN where it is not.

        Raises:
            StoreError: If a row does not verify, or does not fit its block.
        """
        found: dict[str, np.ndarray] = {}
        for row in self._ledger.read(MEASURE):
            key = (row.block, row.name)
            place = self._checked(MEASURE.name, key, row.n_runs, row.crc, row.data)
            if row.name not in found:
                found[row.name] = np.full(self._shape, np.nan)
            found[row.name][place] = np.frombuffer(row.data, dtype="<f4")
        return dict(sorted(found.items()))

    def answers(self, data: DataFacts) -> PackedAnswers:
        """Which examples were right, by split; none where nothing is stored.

        Raises:
            StoreError: If a row does not verify, or does not fit its block or the data.
        """
        n_examples = _answered_examples(data)
        found: dict[str, np.ndarray] = {}
        for row in self._ledger.read(ANSWER):
            key = (row.block, row.split)
            place = self._checked(ANSWER.name, key, row.n_runs, row.crc, row.data)
            if n_examples.get(row.split) != row.n_examples:
                raise self._wrong(ANSWER.name, key, f"{row.n_examples} examples")
            packed = np.frombuffer(row.data, dtype=np.uint8).reshape(row.n_runs, -1)
            if row.split not in found:
                found[row.split] = np.zeros((*self._shape, packed.shape[1]), np.uint8)
            found[row.split][place] = packed
        in_order = {split: found[split] for split in ANSWER_SPLITS if split in found}
        return PackedAnswers(in_order, n_examples)

    def _checked(
        self, table: str, key: tuple[int, str], n_runs: int, crc: int, data: bytes
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where the runs of a row are, once it fits them."""
        runs = self._members.get(key[0])
        if runs is None or n_runs != len(runs):
            raise self._wrong(table, key, f"{n_runs} runs")
        if chunk_crc(key, data) != crc:
            raise self._wrong(table, key, "wrong checksum")
        return self._config_of[runs], self._seed_of[runs]

    def _wrong(self, table: str, key: tuple[int, str], what: str) -> StoreError:
        shown = ", ".join(map(str, key))
        return damaged(self._ledger.database, f"table `{table}`, key {shown}: {what}")
