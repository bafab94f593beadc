"""Blocks that stop at a rung: some of their runs go on, the others are pruned."""

from collections.abc import Iterable, Mapping

import numpy as np
from jaxtyping import Float32, Int

from paribus.status import READY, RunStatus
from paribus.store.blocks import (
    check_rows,
    trained_columns,
    with_outcomes,
)
from paribus.store.checkpoints import remove_checkpoints
from paribus.store.chunks import read_runs, write_chunks
from paribus.store.contents import read_stored_runs
from paribus.store.failures import translated
from paribus.store.folder import DATABASE
from paribus.store.progress import BlockProgress
from paribus.store.rows import (
    BlockRow,
    BlockStatus,
    CheckpointRow,
    ChunkRow,
)
from paribus.store.schema import BLOCK, CHECKPOINT, CHUNK, RUN
from paribus.study import Run


class BlockRungs(BlockProgress):
    """What `StudyWriter` stores of blocks that stop at a rung."""

    def pause_block(
        self,
        block: int,
        curves: Mapping[str, Float32[np.ndarray, "evaluation run"]],
        *,
        diverged_at: Int[np.ndarray, " run"],
        checkpoint: Mapping[str, np.ndarray],
    ) -> None:
        """Store a block at a rung; its evaluations so far are results.

        Runs that have diverged end here. The others wait, until `prune` ends some and
        `resume_block` goes on with the rest.

        Args:
            block: What `begin_block` or `resume_block` was about.
            curves: `<split>_<metric>` -> values of the evaluations that are not stored
                yet, up to the rung, of the runs that are trained.
            diverged_at: As for `commit_block`.
            checkpoint: All that is needed to go on.

        Raises:
            ValueError: If the block is not running, or the arrays do not fit it.
            ResourceError: If the disk is full or fails: nothing is stored then.
        """
        with translated(self.folder / DATABASE):
            row, members = self._computed(block)
            runs = [members[k] for k in trained_columns(members)]
            first = self._n_kept.get(block, 0)
            end = first + check_rows(curves, len(self.epochs) - first, len(runs))
            if diverged_at.shape != (len(runs),):
                raise ValueError(f"a block of {len(runs)} runs needs a step of each")
            gone = self._checkpoints_of(block)
            new = self._checkpoint(block, members, checkpoint, end)
            waiting = [
                run
                if run.status == RunStatus.DIVERGED
                else run._replace(status=int(RunStatus.INTERRUPTED))
                for run in with_outcomes(runs, diverged_at)
            ]
            paused = row._replace(status=BlockStatus.PAUSED.value)
            with self._ledger.transaction():
                self._write_evaluations(curves, block, members)
                self._store_starts()
                self._ledger.insert(CHECKPOINT, [new])
                self._ledger.delete(CHECKPOINT, gone)
                self._ledger.replace(RUN, runs, waiting)
                self._ledger.replace(BLOCK, [row], [paused])
                idle = self._finish_idle([paused])
            remove_checkpoints(self.folder, (*gone, *idle))

    def prune(self, runs: Iterable[Run]) -> None:
        """Record that runs which wait at a rung end there, all of them at once.

        Raises:
            ValueError: If one of them is not waiting.
        """
        with translated(self.folder / DATABASE):
            old = [self._ledger.read_run(self._id_of(run)) for run in runs]
            if any(run.status not in READY for run in old):
                raise ValueError("runs that are pruned must wait")
            new = [run._replace(status=int(RunStatus.PRUNED)) for run in old]
            touched = {run.block for run in new}
            blocks = [row for row in self._ledger.read(BLOCK) if row.id in touched]
            with self._ledger.transaction():
                self._ledger.replace(RUN, old, new)
                gone = self._finish_idle(blocks)
            remove_checkpoints(self.folder, gone)

    def _id_of(self, run: Run) -> int:
        if not self._ids:
            configs = self.study.configs()
            rows = read_stored_runs(self._ledger, self.study)
            self._ids = {Run(configs[row.config], row.seed): row.id for row in rows}
        if run not in self._ids:
            raise ValueError(f"the study has no run {run.config.label()}, {run.seed}")
        return self._ids[run]

    def _finish_idle(self, blocks: Iterable[BlockRow]) -> list[CheckpointRow]:
        """Finish paused blocks none of whose runs goes on; in a transaction.

        Args:
            blocks: Those to look at.

        Returns:
            Their checkpoints, whose files are to be removed.
        """
        gone: list[CheckpointRow] = []
        for row in blocks:
            keys = read_runs(row.runs).tolist()
            members = [self._ledger.read_run(key) for key in keys]
            is_idle = not any(run.status in READY for run in members)
            if row.status != BlockStatus.PAUSED or not is_idle:
                continue
            checkpoints = self._checkpoints_of(row.id)
            self._ledger.insert(CHUNK, self._missing_chunks(row.id, len(members)))
            finished = row._replace(status=BlockStatus.FINISHED.value)
            self._ledger.replace(BLOCK, [row], [finished])
            self._ledger.delete(CHECKPOINT, checkpoints)
            gone += checkpoints
        return gone

    def _missing_chunks(self, block: int, n_runs: int) -> list[ChunkRow]:
        """What a block lacks of its evaluations, as curves of NaN."""
        stored = [c for c in self._ledger.read_chunks(block) if not c.is_superseded]
        end = max(c.first_evaluation + c.n_evaluations for c in stored)
        if end == len(self.epochs):
            return []
        nothing = np.full((len(self.epochs) - end, n_runs), np.nan, np.float32)
        return write_chunks(
            {f"{c.split}_{c.metric}": nothing for c in stored},
            block=block,
            attempt=self._current_attempt().number,
            first_evaluation=end,
        )
