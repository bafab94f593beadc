"""Blocks that take long: their evaluations and checkpoints, and how they go on."""

import warnings
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int

from paribus.errors import ParibusWarning
from paribus.status import ENDED_EARLY, READY, RunStatus
from paribus.store.blocks import (
    check_rows,
    trained_columns,
    widened,
)
from paribus.store.checkpoints import (
    read_checkpoint,
    remove_checkpoints,
    remove_strays,
    write_checkpoint,
)
from paribus.store.chunks import read_chunk, read_runs, write_chunks
from paribus.store.contents import read_stored_runs
from paribus.store.deaths import tell_deaths
from paribus.store.failures import damaged, translated
from paribus.store.folder import CHECKPOINTS, DATABASE
from paribus.store.held import HeldStudy
from paribus.store.replays import Earlier
from paribus.store.rows import (
    BlockRow,
    BlockStatus,
    CheckpointRow,
    ChunkRow,
    ReplayRow,
    RunRow,
)
from paribus.store.schema import BLOCK, CHECKPOINT, CHUNK, REPLAY, RUN
from paribus.study import Run


KEPT_CHECKPOINTS = 2  # the newest may be damaged

_STOPPED = (BlockStatus.DIED, BlockStatus.INTERRUPTED, BlockStatus.PAUSED)

# Which runs of its block a checkpoint has, where some had ended before.
POSITIONS = "positions"


class Resumed(NamedTuple):
    """Where a block goes on.

    Attributes:
        evaluation: How many of its evaluations stand.
        tensors: Its checkpoint after them; None to start it again.
        rows: Which runs of the checkpoint go on; None for all.
    """

    evaluation: int
    tensors: Mapping[str, np.ndarray] | None
    rows: Int[np.ndarray, " trained"] | None = None


class BlockProgress(HeldStudy):
    """What `StudyWriter` stores of blocks that are not finished."""

    def begin_attempt(self, environment: Mapping[str, str]) -> int:
        """Record that this process begins to train.

        Runs that an attempt before was training when it died become pending, and the
        checkpoints that no block goes on from are removed. A block in which two
        attempts have died is warned of.

        Args:
            environment: Versions, device and machine: name -> text.

        Returns:
            The attempt's number, 1 for the first.
        """
        number = super().begin_attempt(environment)
        with translated(self.folder / DATABASE):
            self._clear_checkpoints()
            tell_deaths(self._ledger, self.folder)
        return number

    def commit_evaluations(
        self,
        block: int,
        curves: Mapping[str, Float32[np.ndarray, "evaluation run"]],
        *,
        checkpoint: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Store the evaluations that follow those that are stored of a running block.

        Args:
            block: What `begin_block` or `resume_block` was about.
            curves: `<split>_<metric>` -> values of the new evaluations, of the runs
                that are trained; with a checkpoint there may be none that are new.
            checkpoint: All that is needed to go on after them; None to store no state.
                It takes the place of one after the same evaluation.

        Raises:
            ValueError: If the block is not running, or the arrays do not fit it.
            ResourceError: If the disk is full or fails: nothing is stored then.
        """
        with translated(self.folder / DATABASE):
            _, runs = self._computed(block)
            first = self._n_kept.get(block, 0)
            columns = trained_columns(runs)
            at_least = 1 if checkpoint is None else 0
            n_left = len(self.epochs) - first
            n_new = check_rows(curves, n_left, len(columns), at_least=at_least)
            new: list[CheckpointRow] = []
            gone: list[CheckpointRow] = []
            if checkpoint is not None:
                row = self._checkpoint(block, runs, checkpoint, first + n_new)
                new, gone = _exchanged(self._checkpoints_of(block), row)
            with self._ledger.transaction():
                self._write_evaluations(curves, block, runs)
                self._store_starts()
                self._ledger.insert(CHECKPOINT, new)
                self._ledger.delete(CHECKPOINT, gone)
            self._n_kept[block] = first + n_new
            remove_checkpoints(self.folder, gone)

    def stopped_blocks(self) -> dict[int, tuple[Run, ...]]:
        """The blocks that were stopped after something of them was stored.

        With those of their runs that go on; those of which a run has been trained
        elsewhere since are not among them.
        """
        with translated(self.folder / DATABASE):
            runs = read_stored_runs(self._ledger, self.study)
            configs = self.study.configs()
            return {
                row.id: tuple(
                    Run(configs[runs[i].config], runs[i].seed)
                    for i in read_runs(row.runs).tolist()
                    if runs[i].status in READY
                )
                for row in self._ledger.read(BLOCK)
                if _may_go_on(row, runs) and self._ledger.read_chunks(row.id)
            }

    def resume_block(self, block: int) -> Resumed:
        """Mark a stopped block as running, from its newest checkpoint that verifies.

        What was stored after it is kept to be compared with what is computed again.

        Raises:
            ValueError: If the block is not one of `stopped_blocks`.
            StoreError: If a stored evaluation does not verify.
        """
        attempt = self._current_attempt().number
        with translated(self.folder / DATABASE):
            row = self._ledger.read_block(block)
            runs = [self._ledger.read_run(key) for key in read_runs(row.runs).tolist()]
            if not _are_stopped(row, runs):
                raise ValueError(f"block {block} must wait to go on")
            is_waiting = [run.status in READY for run in runs]
            resumed = _of_runs(self._newest(block), np.flatnonzero(is_waiting), runs)
            runs = [run for run in runs if run.status in READY]
            chunks = [c for c in self._ledger.read_chunks(block) if not c.is_superseded]
            after = [c for c in chunks if c.first_evaluation >= resumed.evaluation]
            running = [run._replace(status=int(RunStatus.RUNNING)) for run in runs]
            with self._ledger.transaction():
                self._ledger.replace(RUN, runs, running)
                self._ledger.replace(
                    BLOCK,
                    [row],
                    [row._replace(status=BlockStatus.RUNNING.value, attempt=attempt)],
                )
                self._ledger.delete(
                    CHECKPOINT,
                    [
                        found
                        for found in self._checkpoints_of(block)
                        if found.evaluation > resumed.evaluation
                    ],
                )
                self._ledger.replace(
                    CHUNK, after, [c._replace(is_superseded=1) for c in after]
                )
            self._n_kept[block] = resumed.evaluation
            self._earlier[block] = Earlier(
                resumed.evaluation,
                self._curves_of(after, resumed.evaluation),
                np.flatnonzero(is_waiting),
            )
        return resumed

    def _write_evaluations(
        self,
        curves: Mapping[str, Float32[np.ndarray, "evaluation run"]],
        block: int,
        runs: list[RunRow],
    ) -> None:
        """Insert new evaluations, compared with what they replace; in a transaction."""
        first, attempt = self._n_kept.get(block, 0), self._current_attempt().number
        if not len(next(iter(curves.values()))):
            return
        whole = widened(curves, trained_columns(runs), len(runs))
        earlier = self._earlier.get(block)
        if earlier is not None:
            earlier.fill(whole, first=first)
        chunks = write_chunks(
            whole, block=block, attempt=attempt, first_evaluation=first
        )
        if earlier is None:
            self._ledger.insert(CHUNK, chunks)
            return
        # A block that stopped at a rung may go on in the same attempt, from before it.
        keys = set(map(CHUNK.key_of, chunks))
        stored = self._ledger.read_chunks(block)
        same = [chunk for chunk in stored if CHUNK.key_of(chunk) in keys]
        self._ledger.replace(CHUNK, same, chunks)
        old = [
            row
            for row in self._ledger.read(REPLAY)
            if (row.block, row.attempt) == (block, attempt)
        ]
        before = old[0] if old else ReplayRow(block, attempt, 0, 0, 0.0)
        new = earlier.compared(before, curves, first=first)
        if new.n_values:
            self._ledger.replace(REPLAY, old, [new])

    def _checkpoint(
        self,
        block: int,
        runs: list[RunRow],
        tensors: Mapping[str, np.ndarray],
        evaluation: int,
    ) -> CheckpointRow:
        """Write a checkpoint of the runs of a block that are trained."""
        columns = trained_columns(runs)
        if len(columns) < len(runs):
            tensors = {**tensors, POSITIONS: columns}
        return write_checkpoint(
            self.folder, tensors, block=block, evaluation=evaluation
        )

    def _clear_checkpoints(self) -> None:
        """Forget and remove the checkpoints of blocks that do not go on."""
        runs = self._ledger.read(RUN)
        live = {row.id for row in self._ledger.read(BLOCK) if _may_go_on(row, runs)}
        rows = self._ledger.read(CHECKPOINT)
        gone = [row for row in rows if row.block not in live]
        if gone:
            with self._ledger.transaction():
                self._ledger.delete(CHECKPOINT, gone)
            remove_checkpoints(self.folder, gone)
        remove_strays(self.folder, [row.name for row in rows])

    def _checkpoints_of(self, block: int) -> list[CheckpointRow]:
        """The checkpoints of a block, the newest first."""
        rows = [row for row in self._ledger.read(CHECKPOINT) if row.block == block]
        return sorted(rows, key=lambda row: row.evaluation, reverse=True)

    def _newest(self, block: int) -> Resumed:
        rows = self._checkpoints_of(block)
        problems: list[str] = []
        found = Resumed(0, None)
        used = "the block starts again"
        for row in rows:
            try:
                found = Resumed(row.evaluation, read_checkpoint(self.folder, row))
            except ValueError as error:
                problems.append(f"`{self.folder / CHECKPOINTS / row.name}`: {error}")
            else:
                used = f"`{row.name}` is used"
                break
        for problem in problems:
            warnings.warn(f"{problem}; {used}", ParibusWarning, stacklevel=3)
        return found

    def _curves_of(
        self, chunks: list[ChunkRow], first: int
    ) -> dict[str, Float32[np.ndarray, "evaluation run"]]:
        """Put chunks in their order together, each curve from `first` on."""
        curves: dict[str, list[np.ndarray]] = {}
        for chunk in chunks:
            name = f"{chunk.split}_{chunk.metric}"
            parts = curves.setdefault(name, [])
            if chunk.first_evaluation != first + sum(map(len, parts)):
                key = CHUNK.key_of(chunk)
                raise damaged(
                    self.folder / DATABASE, f"table `chunk`, key {key}: a gap before it"
                )
            try:
                parts.append(read_chunk(chunk).astype(np.float32))
            except ValueError as error:
                raise damaged(
                    self.folder / DATABASE,
                    f"table `chunk`, key {CHUNK.key_of(chunk)}: {error}",
                ) from error
        return {name: np.concatenate(parts) for name, parts in curves.items()}


def _exchanged(
    old: list[CheckpointRow], row: CheckpointRow
) -> tuple[list[CheckpointRow], list[CheckpointRow]]:
    """The rows to add and to remove for a new checkpoint beside older ones."""
    if any(row.name == other.name for other in old):  # the same state once more
        return [], []
    before = [other for other in old if other.evaluation < row.evaluation]
    kept = before[: KEPT_CHECKPOINTS - 1]
    return [row], [other for other in old if other not in kept]


def _may_go_on(row: BlockRow, runs: list[RunRow]) -> bool:
    """Whether a block was stopped, and its runs still wait for it."""
    return _are_stopped(row, [runs[key] for key in read_runs(row.runs).tolist()])


def _are_stopped(row: BlockRow, members: list[RunRow]) -> bool:
    is_waiting = [run.status in READY for run in members]
    return (
        row.status in _STOPPED
        and any(is_waiting)
        and all(
            run.block == row.id and (waits or run.status in ENDED_EARLY)
            for run, waits in zip(members, is_waiting, strict=True)
        )
    )


def _of_runs(
    found: Resumed, going: Int[np.ndarray, " trained"], members: list[RunRow]
) -> Resumed:
    """Say where in a checkpoint the runs are that go on."""
    if found.tensors is None:
        return found
    tensors = dict(found.tensors)
    positions = tensors.pop(POSITIONS, np.arange(len(members)))
    if np.array_equal(positions, going):
        return found._replace(tensors=tensors)
    return found._replace(tensors=tensors, rows=np.searchsorted(positions, going))
