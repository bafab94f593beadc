"""From the chunks of all blocks to one array a curve."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

from paribus.errors import StoreError
from paribus.results import DataFacts
from paribus.store.chunks import read_chunk
from paribus.store.failures import damaged
from paribus.store.ledger import Ledger
from paribus.store.rows import ChunkRow
from paribus.store.schema import CHUNK
from paribus.tasks import ALL_METRICS


# Beside the splits: the training examples as they were seen, each before its own step.
CURVE_SPLITS = ("minibatch", "train", "validation", "test")

_SPLITS = ("train", "validation", "test")


class CurveReader:
    """Puts each chunk where its runs are, once.

    Attributes:
        curves: `<split>_<metric>` -> values, config by seed by evaluation; NaN where
            nothing is stored.
    """

    def __init__(
        self,
        ledger: Ledger,
        shape: tuple[int, int, int],
        members: Mapping[int, Int[np.ndarray, " _"]],
        places: tuple[Int[np.ndarray, " run"], Int[np.ndarray, " run"]],
        *,
        counted: Mapping[int, Int[np.ndarray, " _"]],
    ) -> None:
        """Start without a chunk.

        Args:
            ledger: The open store.
            shape: Number of configs, seeds and evaluations.
            members: The runs of each block.
            places: The position of each run's config and of its seed.
            counted: The blocks whose evaluations are results, and the positions of the
                runs in them of which they are.
        """
        self._ledger = ledger
        self._counted = counted
        self._shape = shape
        self._members = members
        self._config_of, self._seed_of = places
        self._covered: dict[tuple[int, str], np.ndarray] = {}
        self.curves: dict[str, np.ndarray] = {}

    def read(self) -> None:
        """Read and verify all chunks; some of them count.

        Raises:
            StoreError: If a chunk does not verify, or does not fit its block.
        """
        for row in self._ledger.read(CHUNK):
            values = self._checked(row)
            if row.block in self._counted and not row.is_superseded:
                self._place(row, values)

    def check_complete(self, block: int) -> None:
        """Refuse a finished block without all evaluations of all curves.

        Raises:
            StoreError: With the curve that is incomplete.
        """
        incomplete = [name for name in self.curves if not self._is_covered(block, name)]
        if incomplete or not self.curves:
            what = f"`{incomplete[0]}`" if incomplete else "every curve"
            raise damaged(
                self._ledger.database,
                f"table `block`, key {block}: finished, but {what} is incomplete",
            )

    def in_order(self) -> dict[str, np.ndarray]:
        """The curves by metric, the loss first, and by split."""

        def place(name: str) -> tuple[int, str, int]:
            split, _, metric = name.partition("_")
            known = (*ALL_METRICS, metric).index(metric)  # others come last
            return known, metric, CURVE_SPLITS.index(split)

        return {name: self.curves[name] for name in sorted(self.curves, key=place)}

    def _is_covered(self, block: int, name: str) -> bool:
        seen = self._covered.get((block, name))
        return seen is not None and bool(seen.all())

    def _place(
        self, row: ChunkRow, values: Float[np.ndarray, "evaluation run"]
    ) -> None:
        name = f"{row.split}_{row.metric}"
        inside = slice(row.first_evaluation, row.first_evaluation + row.n_evaluations)
        if (row.block, name) not in self._covered:
            self._covered[row.block, name] = np.zeros(self._shape[2], dtype=bool)
        seen = self._covered[row.block, name]
        if seen[inside].any():
            raise self._wrong(row, "its evaluations are there twice")
        seen[inside] = True
        if name not in self.curves:
            self.curves[name] = np.full(self._shape, np.nan)
        counted = self._counted[row.block]
        runs = self._members[row.block][counted]
        place = self._config_of[runs], self._seed_of[runs], inside
        self.curves[name][place] = values.T[counted]

    def _checked(self, row: ChunkRow) -> Float[np.ndarray, "evaluation run"]:
        end = row.first_evaluation + row.n_evaluations
        if row.split not in CURVE_SPLITS:
            raise self._wrong(row, f"there is no split `{row.split}`")
        if row.first_evaluation < 0 or end > self._shape[2]:
            raise self._wrong(row, f"evaluations from {row.first_evaluation} to {end}")
        if row.block not in self._members or row.n_runs != len(
            self._members[row.block]
        ):
            raise self._wrong(row, f"{row.n_runs} runs")
        try:
            return read_chunk(row)
        except ValueError as error:
            raise self._wrong(row, str(error)) from error

    def _wrong(self, row: ChunkRow, what: str) -> StoreError:
        return damaged(
            self._ledger.database, f"table `chunk`, key {CHUNK.key_of(row)}: {what}"
        )


def unknown_curves(
    data: DataFacts, metrics: Sequence[str], shape: tuple[int, int, int]
) -> dict[str, np.ndarray]:
    """The curves that every study has, before any run is finished: nothing but NaN."""
    sizes = (data.n_train, data.n_validation, data.n_test)
    return {
        f"{split}_{metric}": np.full(shape, np.nan)
        for metric in metrics
        for split, size in zip(_SPLITS, sizes, strict=True)
        if size
    }
