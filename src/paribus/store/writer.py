"""The one process that may change a study."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int, UInt8

from paribus.errors import StoreError, StudyError
from paribus.results import DataFacts
from paribus.results.timings import SoloTime
from paribus.status import READY, RunStatus
from paribus.store.attempts import stop_running
from paribus.store.blocks import (
    check_shapes,
    read_running,
    trained_columns,
    widened,
    with_outcomes,
)
from paribus.store.checkpoints import remove_checkpoints
from paribus.store.chunks import write_runs
from paribus.store.contents import read_stored_runs
from paribus.store.creation import (
    build_study,
    config_rows,
    remove_leftovers,
    run_rows,
)
from paribus.store.documents import storable, study_row
from paribus.store.endings import add_measures, write_answers, write_measures
from paribus.store.failures import NOT_BEGUN_HINT, translated
from paribus.store.folder import DATABASE, study_exists
from paribus.store.growth import grown, new_runs
from paribus.store.opening import open_for_writing, open_locked
from paribus.store.rows import BaselineRow, BlockRow, BlockStatus, RoundRow
from paribus.store.rungs import BlockRungs
from paribus.store.schema import (
    ANSWER,
    ATTEMPT,
    BASELINE,
    BLOCK,
    CHECKPOINT,
    CONFIG,
    MEASURE,
    ROUND,
    RUN,
    STUDY,
)
from paribus.study import Run, Study


class StudyWriter(BlockRungs):
    """A study folder that is open for writing, by this process alone.

    What a method has stored is on the disk when it returns: only then may it be
    acknowledged. Leaving the context gives the study back; runs that are still marked
    as running stay so, and the next attempt trains them.

    Attributes:
        folder: The study folder.
        study: All that is stored: what was asked for so far.
        data: What it is trained on, as recorded when the study began.
        epochs: When runs are evaluated.
        known_starts: How the seeds began that any attempt has begun.

    Example:
        with StudyWriter.open(folder) as writer:
            writer.begin_attempt(environment)
            block = writer.begin_block(runs, description="batch_size=32")
            writer.commit_block(block, curves=curves, diverged_at=diverged_at)
    """

    @classmethod
    def create(
        cls,
        folder: Path,
        study: Study,
        data: DataFacts,
        *,
        epochs: tuple[float, ...] | None = None,
    ) -> "StudyWriter":
        """Make a new study and open it.

        If the folder is a study already, or becomes one at the same moment, that one is
        opened, and grown if it may.

        Args:
            folder: Where to.
            study: What is asked.
            data: What it is trained on.
            epochs: When runs are evaluated; None for what the study says.

        Raises:
            StoreError: If the folder holds something else, or another process uses it.
            StudyError: If a study is there that has other fixed settings.
            DataError: If a study is there that was begun with other data.
            ResourceError: If the disk is full or fails.
        """
        writer = cls.open_if_any(folder)
        while writer is None:
            with translated(folder / DATABASE, when_full=NOT_BEGUN_HINT):
                remove_leftovers(folder)
                if epochs is None:
                    epochs = study.evaluation_epochs(data.n_train)
                made = [p for p in (folder, *folder.parents) if not p.exists()]
                lock = build_study(folder, study, data, epochs)
                if lock is not None:
                    writer = cls(folder, open_locked(folder, lock))
                    writer._made = made
                    return writer
            writer = cls.open_if_any(folder)
        try:
            writer.check_data(data)
            writer.grow(study)
        except BaseException:
            writer.close()
            raise
        return writer

    @classmethod
    def open(cls, folder: Path) -> "StudyWriter":
        """Open a study for writing; nothing is changed yet.

        An unfinished write that a crash has left is undone, once that has worked on a
        copy.

        Raises:
            StoreError: If there is no study, it does not verify, a newer program wrote
                it, or another process uses it.
            ResourceError: If the disk fails.
        """
        with translated(folder / DATABASE):
            return cls(folder, open_for_writing(folder))

    @classmethod
    def open_if_any(cls, folder: Path) -> "StudyWriter | None":
        """Open a study as `open`; None if there is none, or it is just taken back."""
        if not study_exists(folder):
            return None
        try:
            return cls.open(folder)
        except StoreError:
            if study_exists(folder):
                raise
            return None

    def __enter__(self) -> "StudyWriter":
        return self

    def grow(self, study: Study) -> None:
        """Add the configs, seeds and claims of `study` that are not stored yet.

        What `study` no longer names is kept.

        Raises:
            StudyError: If a fixed setting differs; the message names all that do.
            ResourceError: If the disk is full or fails.
        """
        with translated(self.folder / DATABASE):
            has_begun = bool(self._ledger.read(BLOCK))
        wanted = grown(self.study, study, has_begun=has_begun)
        if wanted is self.study:
            return
        if wanted.evaluation_epochs(self.data.n_train) != self.epochs:
            raise StudyError(
                f"`{self.folder}` cannot grow: new runs would be evaluated at other "
                "epochs than the stored ones were",
                hint="train the larger study in another folder: use `--out`",
            )
        n_stored = len(self.study.configs())
        configs = wanted.configs()
        pairs = new_runs(self.study, wanted)
        n_runs = self.study.n_runs()
        with translated(self.folder / DATABASE):
            (stored,) = self._ledger.read(STUDY)
            row = study_row(
                wanted, self.data, created=stored.created, epochs=self.epochs
            )
            with self._ledger.transaction():
                self._ledger.replace(STUDY, [stored], [row])
                self._ledger.insert(
                    CONFIG, config_rows(configs[n_stored:], first=n_stored)
                )
                self._ledger.insert(RUN, run_rows(pairs, configs, first=n_runs))
        self.study = wanted
        self._ids = {}

    def runs(self) -> dict[Run, RunStatus]:
        """What became of every run of the stored study, by config, then by seed."""
        with translated(self.folder / DATABASE):
            rows = read_stored_runs(self._ledger, self.study)
        status = {(row.config, row.seed): RunStatus(row.status) for row in rows}
        return {
            Run(config, seed): status[position, seed]
            for position, config in enumerate(self.study.configs())
            for seed in self.study.all_seeds
        }

    def begin_block(self, runs: Sequence[Run], *, description: str) -> int:
        """Record that these runs are being trained together.

        Args:
            runs: Pending or interrupted runs of the stored study.
            description: For messages, e.g. `batch_size=32`.

        Returns:
            The block's id.

        Raises:
            ValueError: If there is no run, or one is not waiting to be trained.
        """
        attempt = self._current_attempt()
        with translated(self.folder / DATABASE):
            rows = [self._ledger.read_run(self._id_of(run)) for run in runs]
            if not rows or any(row.status not in READY for row in rows):
                raise ValueError("a block must have runs that wait to be trained")
            block = BlockRow(
                id=len(self._ledger.read(BLOCK)) + 1,
                attempt=attempt.number,
                description=storable(description),
                status=BlockStatus.RUNNING.value,
                message="",
                runs=write_runs(row.id for row in rows),
            )
            running = [
                row._replace(status=int(RunStatus.RUNNING), block=block.id)
                for row in rows
            ]
            with self._ledger.transaction():
                self._ledger.insert(BLOCK, [block])
                self._ledger.replace(RUN, rows, running)
        return block.id

    def commit_block(
        self,
        block: int,
        *,
        curves: Mapping[str, Float32[np.ndarray, "evaluation run"]],
        diverged_at: Int[np.ndarray, " run"],
        measures: Mapping[str, Float32[np.ndarray, " run"]] | None = None,
        correct: Mapping[str, UInt8[np.ndarray, "run byte"]] | None = None,
    ) -> None:
        """Store what became of a block. When it returns, the runs are acknowledged.

        Args:
            block: What `begin_block` returned.
            curves: `<split>_<metric>` -> values at every evaluation of the study, with
                the runs that are trained in the order in which the block was begun;
                those that `commit_evaluations` has stored are not stored again.
            diverged_at: The first step with a non-finite loss or parameter, counted
                from 1; 0 for runs that had none.
            measures: Name -> one number a run, NaN where there is none.
            correct: Split -> which of its examples each run classified right after
                `study.epochs` epochs, eight to a byte, the first in the highest bit.

        Raises:
            ValueError: If the block is not running, or the arrays do not fit it.
            ResourceError: If the disk is full or fails: nothing is stored then.
        """
        with translated(self.folder / DATABASE):
            row, runs = self._computed(block)
            columns = trained_columns(runs)
            trained = [runs[k] for k in columns]
            check_shapes(curves, diverged_at, (len(self.epochs), len(trained)))
            attempt = self._current_attempt()
            progressed = self._with_starts(attempt)._replace(
                n_runs=attempt.n_runs + len(trained),
                seconds=time.monotonic() - self._began,
            )
            finished = row._replace(status=BlockStatus.FINISHED.value)
            n_kept = self._n_kept.get(block, 0)
            new = {name: values[n_kept:] for name, values in curves.items()}
            checkpoints = self._checkpoints_of(block)
            numbers = write_measures(
                widened(measures or {}, columns, len(runs)),
                block=block,
                n_runs=len(runs),
            )
            answers = write_answers(
                correct or {}, columns, block=block, n_runs=len(runs), data=self.data
            )
            with self._ledger.transaction():
                self._write_evaluations(new, block, runs)
                self._ledger.insert(MEASURE, numbers)
                self._ledger.insert(ANSWER, answers)
                self._ledger.replace(RUN, trained, with_outcomes(trained, diverged_at))
                self._ledger.replace(BLOCK, [row], [finished])
                self._ledger.replace(ATTEMPT, [attempt], [progressed])
                self._ledger.delete(CHECKPOINT, checkpoints)
            remove_checkpoints(self.folder, checkpoints)

    def commit_measures(
        self, block: int, measures: Mapping[str, Float32[np.ndarray, " run"]]
    ) -> None:
        """Store more about a finished block; what has the same name is replaced.

        Args:
            block: What `begin_block` returned.
            measures: Name -> one number a run, in the order of the block's runs.

        Raises:
            ValueError: If the block is not finished, or a measure does not fit it.
        """
        with translated(self.folder / DATABASE):
            add_measures(self._ledger, block, measures)

    def has_baseline(self) -> bool:
        """Whether it is stored what softmax regression reaches."""
        with translated(self.folder / DATABASE):
            return bool(self._ledger.read(BASELINE))

    def commit_baseline(self, *, train_loss: float, learning_rate: float) -> None:
        """Store the training loss that softmax regression reaches, once and for all.

        Args:
            train_loss: The median over seeds at its best learning rate, finite.
            learning_rate: That learning rate.
        """
        attempt = self._current_attempt().number
        row = BaselineRow(1, float(train_loss), float(learning_rate), attempt)
        with translated(self.folder / DATABASE), self._ledger.transaction():
            self._ledger.insert(BASELINE, [row])

    def fail_block(self, block: int, message: str) -> None:
        """Record that a block raised; its runs are failed, with the message.

        Raises:
            ValueError: If the block is not running.
        """
        with translated(self.folder / DATABASE):
            row, members = read_running(self._ledger, block)
            runs = [members[k] for k in trained_columns(members)]
            failed = [run._replace(status=int(RunStatus.FAILED)) for run in runs]
            ended = row._replace(
                status=BlockStatus.FAILED.value, message=storable(message)
            )
            with self._ledger.transaction():
                self._ledger.replace(RUN, runs, failed)
                self._ledger.replace(BLOCK, [row], [ended])

    def interrupt(self) -> None:
        """Record that whatever is running was stopped on purpose."""
        with translated(self.folder / DATABASE), self._ledger.transaction():
            stop_running(self._ledger, RunStatus.INTERRUPTED, BlockStatus.INTERRUPTED)

    def retry_failed(self) -> int:
        """Make failed runs pending again, and return how many there were."""
        with translated(self.folder / DATABASE):
            failed = [
                row for row in self._ledger.read(RUN) if row.status == RunStatus.FAILED
            ]
            with self._ledger.transaction():
                self._ledger.replace(
                    RUN,
                    failed,
                    [row._replace(status=int(RunStatus.PENDING)) for row in failed],
                )
        return len(failed)

    def commit_round(self, times: Sequence[SoloTime]) -> None:
        """Store a round in which each of some programs was timed alone.

        It gets the number after those of all rounds that are stored.

        Raises:
            ValueError: If a config is not one of the study's.
        """
        configs = self.study.configs()
        attempt = self._current_attempt().number
        with translated(self.folder / DATABASE):
            known = [row.round for row in self._ledger.read(ROUND)]
            rows = [
                RoundRow(
                    round=max(known, default=0) + 1,
                    config=configs.index(time.config),
                    seconds_per_epoch=float(time.seconds_per_epoch),
                    load_before=float(time.load_before),
                    attempt=attempt,
                )
                for time in times
            ]
            with self._ledger.transaction():
                self._ledger.insert(ROUND, rows)
