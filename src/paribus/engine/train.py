"""The host loop: plan, train block after block, store each, report progress."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import jax
import numpy as np

from paribus.data import Dataset, load_dataset
from paribus.engine.block import Compiler
from paribus.engine.devices import (
    choose_devices,
    describe_environment,
    nan_checks_off,
    use_compilation_cache,
)
from paribus.engine.epochs import train_block
from paribus.engine.plan import Block, StaticGroup
from paribus.engine.timing import time_epoch
from paribus.engine.trainer import Trainer
from paribus.errors import StudyError, TooManyFailuresError
from paribus.results import Progress, StudyResult
from paribus.status import RunStatus
from paribus.store import StudyWriter, read_study, study_exists
from paribus.study import Run, Study


OnProgress = Callable[[Progress], None]

WAITING = (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.INTERRUPTED)


def train_study(
    study: Study,
    folder: Path,
    *,
    data_folder: Path,
    device: str = "auto",
    on_progress: OnProgress | None = None,
    max_failed: int = 0,
    retry_failed: bool = False,
) -> StudyResult:
    """Train the runs of a study that are missing in its folder.

    Args:
        study: What to train. It may have grown since the folder was made.
        folder: Where results are, or will be.
        data_folder: What a relative `data.path` is relative to.
        device: `"cpu"`, `"gpu"`, or `"auto"` for a GPU where there is one.
        on_progress: Called after each commit and evaluation.
        max_failed: Failed runs to put up with.
        retry_failed: Whether to train failed runs again.

    Returns:
        Everything in the folder, earlier results included.

    Raises:
        StudyError: If the study does not fit its data, or changed in more than its
            space and seeds.
        DataError: If the data cannot be read or differ from those recorded.
        StoreError: If the folder is in use, damaged, or something else.
        ResourceError: If the disk is full.
        ExecutionError: If there is no such device.
        TooManyFailuresError: If more than `max_failed` runs failed.
    """
    with ExitStack() as stack:
        writer = None
        if study_exists(folder):
            writer = stack.enter_context(StudyWriter.open(folder))
        dataset = load_dataset(study.data, folder=data_folder)
        check_fits(study, dataset)
        facts = dataset.facts()
        devices = choose_devices(device)
        if writer is None:
            writer = stack.enter_context(StudyWriter.create(folder, study, facts))
        writer.check_data(facts)
        writer.grow(study)
        writer.begin_attempt(describe_environment(devices))
        if retry_failed:
            writer.retry_failed()
        use_compilation_cache()
        stack.enter_context(nan_checks_off())
        compiler = stack.enter_context(Compiler(n_threads=2))
        session = _Session(study, folder, writer, on_progress)
        session.train(Trainer(study, dataset, devices, compiler, session.waiting()))
    result = read_study(folder)
    _check_failures(result, max_failed)
    return result


def check_fits(study: Study, dataset: Dataset) -> None:
    """Refuse a study that does not fit its data set.

    Raises:
        StudyError: If a batch is larger than the training split.
    """
    n_train = len(dataset.train)
    for config in study.configs():
        if (batch_size := study.settings(config).batch_size) > n_train:
            raise StudyError(
                f"`batch_size` must be at most the {n_train:,} training examples, "
                f"got {batch_size}"
            )


def _check_failures(result: StudyResult, max_failed: int) -> None:
    is_failed = result.status == RunStatus.FAILED
    if (n_failed := int(is_failed.sum())) > max_failed:
        message = next(iter(result.messages.values()), "")
        raise TooManyFailuresError(
            f"{n_failed} of {is_failed.size} runs failed, at most {max_failed} may: "
            f"{message}",
            hint="--retry-failed trains them again",
        )


class _Session:
    """Trains what waits, block by block, and says how far it is."""

    def __init__(
        self,
        study: Study,
        folder: Path,
        writer: StudyWriter,
        on_progress: OnProgress | None,
    ) -> None:
        self._study = study
        self._writer = writer
        self._on_progress = on_progress
        self._started = time.monotonic()
        self._n_trained = 0
        self._block_seconds: dict[StaticGroup, list[float]] = {}
        self._to_do: tuple[Block, ...] = ()
        self._in_block = 0.0
        stored = read_study(folder)
        self._metric = stored.primary_metric
        self._places = {
            Run(config, seed): (i, j)
            for i, config in enumerate(stored.configs)
            for j, seed in enumerate(stored.seeds)
        }
        self._configs = stored.configs
        self._status = stored.status.copy()
        self._scores = stored.final(self._metric).copy()

    def waiting(self) -> tuple[Run, ...]:
        """The runs of the study that are to be trained."""
        status = self._writer.runs()
        return tuple(
            run
            for seed in self._study.seeds
            for config in self._study.configs()
            if status[run := Run(config, seed)] in WAITING
        )

    def train(self, trainer: Trainer) -> None:
        """Train every block; whatever interrupts leaves a valid study."""
        try:
            for position, block in enumerate(trainer.blocks):
                self._to_do = trainer.blocks[position:]
                self._train_block(trainer, block)
        finally:
            self._writer.interrupt()
            seconds = time.monotonic() - self._started
            self._writer.finish_attempt(self._n_trained, seconds)

    def _train_block(self, trainer: Trainer, block: Block) -> None:
        group = block.group
        is_first = group not in self._block_seconds
        if is_first:
            self._say(f"compiling {group.description}")
        driver, prober = trainer.driver(group), trainer.prober(group)
        self._compile_ahead(trainer)
        epochs = self._study.budget.epochs
        started = time.monotonic()

        def say_epoch(epoch: float) -> None:
            self._in_block = epoch / epochs
            self._say(f"{group.description}: epoch {epoch:g} of {epochs}")

        number = self._writer.begin_block(block.runs, description=group.description)
        try:
            trained = train_block(
                driver,
                block.runs,
                self._study,
                n_examples=trainer.n_examples,
                prober=prober,
                on_evaluation=say_epoch,
            )
        except jax.errors.JaxRuntimeError as error:
            self._fail(number, block, str(error))
            return
        self._writer.commit_block(
            number,
            curves=trained.curves,
            diverged_at=trained.diverged_at,
            measures=trained.measures,
            correct=trained.correct,
        )
        self._block_seconds.setdefault(group, []).append(time.monotonic() - started)
        self._note(block, trained.curves[self._metric][-1], trained.diverged_at > 0)
        if is_first:
            self._time(trainer, block)

    def _compile_ahead(self, trainer: Trainer) -> None:
        """Let the next group's programs be compiled while this block trains."""
        known = (*self._block_seconds, self._to_do[0].group)
        for block in self._to_do:
            if block.group not in known:
                trainer.driver(block.group)
                trainer.prober(block.group)
                return

    def _time(self, trainer: Trainer, block: Block) -> None:
        trainer.compiler.wait()
        self._writer.commit_timing(
            time_epoch(
                trainer.driver(block.group),
                block.runs[0],
                self._study,
                n_examples=trainer.n_examples,
            )
        )

    def _note(self, block: Block, scores: np.ndarray, has_diverged: np.ndarray) -> None:
        """Take a committed block into the picture that progress shows."""
        for run, score, diverged in zip(block.runs, scores, has_diverged, strict=True):
            place = self._places[run]
            self._scores[place] = score
            self._status[place] = (
                RunStatus.DIVERGED if diverged else RunStatus.CONVERGED
            )
        self._n_trained += len(block.runs)
        self._to_do = self._to_do[1:]
        self._in_block = 0.0
        self._say(block.group.description)

    def _fail(self, number: int, block: Block, message: str) -> None:
        self._writer.fail_block(number, message)
        for run in block.runs:
            self._status[self._places[run]] = RunStatus.FAILED
        self._to_do = self._to_do[1:]
        self._say(f"{block.group.description} failed")

    def _say(self, activity: str) -> None:
        if self._on_progress is None:
            return
        self._on_progress(
            Progress(
                activity=activity,
                n_runs=self._status.size,
                n_finished=int((self._status >= RunStatus.DIVERGED).sum()),
                n_trained=self._n_trained,
                elapsed_s=time.monotonic() - self._started,
                remaining_s=self._remaining_s(),
                metric=self._metric,
                scores=self._scores.copy(),
                status=self._status.copy(),
                configs=self._configs,
            )
        )

    def _remaining_s(self) -> float | None:
        """What the blocks to do will take, if they take what their like took."""
        if not self._block_seconds:
            return None
        medians = {g: float(np.median(s)) for g, s in self._block_seconds.items()}
        typical = float(np.mean(list(medians.values())))
        left = sum(medians.get(block.group, typical) for block in self._to_do)
        current = medians.get(self._to_do[0].group, typical) if self._to_do else 0.0
        return max(left - self._in_block * current, 0.0)
