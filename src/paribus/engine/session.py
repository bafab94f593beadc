"""One call that trains a study: block after block, each stored, progress reported."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from paribus.analysis import mark_absent, plan_runs
from paribus.analysis.rescues import plan_rescues
from paribus.analysis.solo_times import missing_rounds, run_to_time
from paribus.claims.stopping import next_look
from paribus.declared import RESCUE
from paribus.engine.checkpoints import of_rows
from paribus.engine.disk import check_disk, disk_space
from paribus.engine.epochs import BlockCurves, train_block
from paribus.engine.keeper import Keeper
from paribus.engine.memory import is_out_of_memory
from paribus.engine.plan import Block, StaticGroup
from paribus.engine.rescuer import Rescuer
from paribus.engine.rungs import Rungs, prune
from paribus.engine.starts import StartCheck
from paribus.engine.timing import time_round
from paribus.engine.trainer import Trainer
from paribus.refinement import with_added
from paribus.results import Progress
from paribus.results.progress import has_ended
from paribus.results.timings import N_ROUNDS
from paribus.status import WAITING, RunStatus
from paribus.stopping import at_look_of
from paribus.store import StudyWriter, read_study
from paribus.study import Run, Study


OnProgress = Callable[[Progress], None]


class _Training(NamedTuple):
    """How far the runs of the present block are."""

    n_runs: int
    epoch: float
    epochs: float
    share: float


_NOTHING = _Training(0, 0.0, 0.0, 0.0)
# The first steps wait for the compiler: from so far on a block tells how long it takes.
_TELLING = 0.25


class Session:
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
        self._run_seconds: dict[StaticGroup, list[float]] = {}
        self._to_do: tuple[Block, ...] = ()
        self._n_later = 0
        self._training = _NOTHING
        self._first: tuple[StaticGroup | None, float] = None, 0.0
        self._resumed: dict[Block, int] = {}
        self._begun: set[StaticGroup] = set()
        self._starts = StartCheck(writer)
        self._folder = folder
        self._has_rescues = RESCUE in study.diagnostics
        self._see()

    def train(self, trainer: Trainer) -> None:
        """Train every block; whatever interrupts leaves a valid study.

        When the choosing runs have ended, what tuning chose is trained in its turn;
        when all have, more seeds if the study adds them and claims are open.
        """
        try:
            trainer.remember(self._writer.too_wide_blocks())
            self._check_disk(trainer)
            self._train_waiting(trainer)
            while self._look():
                self._train_waiting(trainer)
        finally:
            self._writer.interrupt()
            seconds = time.monotonic() - self._started
            self._writer.finish_attempt(self._n_trained, seconds)

    def _check_disk(self, trainer: Trainer) -> None:
        blocks = self._blocks(trainer)
        n_left = self._plan.n_expected - int(has_ended(self._status).sum())
        check_disk(self._folder, disk_space(trainer, blocks, n_runs=n_left))

    def _train_waiting(self, trainer: Trainer) -> None:
        """Train all that waits, what tuning chooses meanwhile too; then time it."""
        while blocks := self._blocks(trainer):
            self._to_do = blocks
            while self._to_do:
                self._train_block(trainer, self._to_do[0])
            self._see()
        self._time(trainer)

    def _look(self) -> bool:
        """Add the seeds of the study's next look; False if there is none."""
        if not self._study.planned_seeds:
            return False
        grown = next_look(read_study(self._folder))
        if grown is None:
            return False
        self._writer.grow(grown)
        self._see()
        return True

    def _see(self) -> None:
        """Take in what is stored, with the values that refinement adds to it."""
        stored = read_study(self._folder)
        plan = plan_runs(stored)
        if prune(self._writer, stored, plan):
            stored = read_study(self._folder)
            plan = plan_runs(stored)
        if plan.missing:
            self._writer.grow(with_added(stored.study, plan.missing))
            stored = read_study(self._folder)
            plan = plan_runs(stored)
        self._study = at_look_of(self._study, stored.study)
        self._plan = plan
        self._rungs = Rungs(stored, plan)
        self._rescues = plan_rescues(stored) if self._has_rescues else None
        self._status = mark_absent(stored).status.copy()
        self._metric = stored.primary_metric
        self._last = stored.n_evaluations - 1
        self._n_examples = stored.data.n_train
        self._scores = stored.final(self._metric).copy()
        self._configs = stored.configs
        self._places = {
            Run(config, seed): (i, j)
            for i, config in enumerate(stored.configs)
            for j, seed in enumerate(stored.seeds)
        }

    def _waiting(self) -> tuple[Run, ...]:
        """The runs that are to be trained, as far as tuning has come."""
        is_waiting = self._plan.is_planned & np.isin(self._status, WAITING)
        study = with_added(self._study, self._configs)
        asked, seeds = set(study.configs()), set(study.all_seeds)
        return tuple(
            run
            for run, place in self._places.items()
            if is_waiting[place]
            and run.config in asked
            and run.seed in seeds
            and not self._rungs.waits(run)
        )

    def _first_of(self, runs: tuple[Run, ...]) -> tuple[Run, ...]:
        """Those that are trained first; what bad runs go on with must be known."""
        if not self._has_rescues:
            return runs
        return tuple(run for run in runs if run.seed not in self._study.seeds) or runs

    def _blocks(self, trainer: Trainer) -> tuple[Block, ...]:
        """The blocks to train; those that were stopped go on first, as they were."""
        all_waiting = self._waiting()
        waiting = self._first_of(all_waiting)
        self._n_later = len(all_waiting) - len(waiting)
        trainer.blocks(waiting)  # groups get their shapes by all that waits
        self._resumed, taken = {}, set[Run]()
        for number, runs in self._writer.stopped_blocks().items():
            if any(map(self._rungs.waits, runs)):
                taken.update(runs)
            elif set(runs) <= set(waiting) and (block := trainer.block_of(runs)):
                taken.update(runs)
                rung = self._rungs.next_of(runs)
                self._resumed[replace(block, rung=rung)] = number
        rest = tuple(run for run in waiting if run not in taken)
        return (*self._resumed, *self._rungs.divided(rest, trainer.blocks))

    def _begin(self, block: Block) -> Keeper:
        """Begin a block, or go on with one that was stopped."""
        number = self._resumed.pop(block, None)
        if number is None:
            description = block.group.description
            number = self._writer.begin_block(block.runs, description=description)
            return Keeper(self._writer, number, rung=block.rung)
        evaluation, tensors, rows = self._writer.resume_block(number)
        if tensors is not None and rows is not None:
            tensors = of_rows(tensors, rows)
        return Keeper(
            self._writer,
            number,
            n_stored=evaluation,
            tensors=tensors,
            rung=block.rung,
        )

    def _rescuer(self, n_examples: int) -> Rescuer | None:
        """Who trains the bad runs of a block on; None while nothing is planned."""
        if self._rescues is None or not self._rescues.by_config:
            return None
        return Rescuer(self._rescues, self._study, n_examples=n_examples)

    def _train_block(self, trainer: Trainer, block: Block) -> None:
        group = block.group
        is_first = group not in self._begun
        self._begun.add(group)
        if is_first:
            self._say(", ".join(filter(None, ("compiling", group.description))))
        driver, prober = trainer.driver(group), trainer.prober(group)
        self._compile_ahead(trainer)
        n_examples = trainer.n_examples
        self._starts.check(driver, block, self._study, n_examples=n_examples)
        epochs = self._study.run_epochs(group.configs[0], n_examples)
        start, end = self._rungs.span(block, epochs)
        started = time.monotonic()

        def say_epoch(epoch: float) -> None:
            share = (epoch - start) / (end - start)
            self._training = _Training(len(block.runs), epoch, epochs, share)
            if share >= _TELLING:  # of the first of its kind, what it has taken yet
                self._first = group, seconds_a_run(epoch)
            self._say(group.description)

        def seconds_a_run(epoch: float) -> float:
            taken = (time.monotonic() - started) / len(block.runs)
            return taken * epochs / (epoch - start) if epoch > start else 0.0

        with self._begin(block) as keeper:
            number = keeper.block
            try:
                trained = train_block(
                    driver,
                    block.runs,
                    self._study,
                    n_examples=n_examples,
                    prober=prober,
                    rescuer=self._rescuer(n_examples),
                    keeper=keeper,
                    on_evaluation=say_epoch,
                )
            except jax.errors.JaxRuntimeError as error:
                self._fail(trainer, number, block, str(error))
                return
            keeper.interrupts.put_off()  # it has ended: to store it takes a moment
            if trained is not None:
                self._writer.commit_block(
                    number,
                    curves=trained.curves,
                    diverged_at=trained.diverged_at,
                    measures=trained.measures,
                    correct=trained.correct,
                )
        self._run_seconds.setdefault(group, []).append(seconds_a_run(end))
        self._note(block, trained)

    def _compile_ahead(self, trainer: Trainer) -> None:
        """Let the next group's programs be compiled while this block trains."""
        for block in self._to_do:
            if block.group not in self._begun:
                trainer.driver(block.group)
                trainer.prober(block.group)
                return

    def _time(self, trainer: Trainer) -> None:
        """Time the programs of all that was trained, each once a round."""
        stored = read_study(self._folder)
        by_group = {g: run_to_time(stored, g.configs) for g in trainer.groups()}
        runs = {group: run for group, run in by_group.items() if run is not None}
        n_missing = missing_rounds(stored, [run.config for run in runs.values()])
        for turn in range(N_ROUNDS - n_missing, N_ROUNDS):
            self._say(f"timing one run alone, round {turn + 1} of {N_ROUNDS}")
            self._writer.commit_round(time_round(trainer, runs, turn=turn))

    def _note(self, block: Block, trained: BlockCurves | None) -> None:
        """Take a stored block into the picture that progress shows."""
        if trained is not None:
            scores = trained.curves[self._metric][self._last]
            for run, score, step in zip(
                block.runs, scores, trained.diverged_at, strict=True
            ):
                place = self._places[run]
                self._scores[place] = score
                self._status[place] = (
                    RunStatus.DIVERGED if step else RunStatus.CONVERGED
                )
            self._n_trained += len(block.runs)
        self._to_do = self._to_do[1:]
        self._training = _NOTHING
        self._say("")

    def _fail(self, trainer: Trainer, number: int, block: Block, message: str) -> None:
        """Try blocks half as wide where memory was exhausted; else the runs failed."""
        description = block.group.description or "a block"
        self._training = _NOTHING
        if is_out_of_memory(message):
            if trainer.halve(block.group):
                self._writer.give_back_block(number, message)
                self._to_do = ()  # all are planned anew
                self._say(f"{description}: out of memory, with narrower blocks again")
                return
            message = f"out of memory, with one run a device: {message}"
        self._writer.fail_block(number, message)
        for run in block.runs:
            self._status[self._places[run]] = RunStatus.FAILED
        self._to_do = self._to_do[1:]
        self._say(f"{description} failed")

    def _say(self, activity: str) -> None:
        if self._on_progress is None:
            return
        self._on_progress(
            Progress(
                activity=activity,
                n_runs=self._plan.n_expected,
                n_finished=int(has_ended(self._status).sum()),
                n_trained=self._n_trained,
                elapsed_s=time.monotonic() - self._started,
                remaining_s=self._remaining_s(),
                metric=self._metric,
                scores=self._scores.copy(),
                status=self._status.copy(),
                configs=self._configs,
                is_open=bool(self._plan.is_open.any()),
                n_training=self._training.n_runs,
                epoch=self._training.epoch,
                epochs=self._training.epochs,
            )
        )

    def _remaining_s(self) -> float | None:
        """What is to be trained will take, if it takes what its like took."""
        medians = {g: float(np.median(s)) for g, s in self._run_seconds.items()}
        group, so_far = self._first
        if group is not None and so_far:
            medians.setdefault(group, so_far)
        if not medians:
            return None
        typical = float(np.mean(list(medians.values())))
        left = [
            medians.get(block.group, typical) * len(block.runs) * self._share(block)
            for block in self._to_do
        ]
        in_blocks = max(sum(left) - self._training.share * sum(left[:1]), 0.0)
        # What tuning has yet to choose is in no block.
        n_open = max(self._plan.n_expected - int(self._plan.is_planned.sum()), 0)
        return in_blocks + typical * (self._n_later + n_open)

    def _share(self, block: Block) -> float:
        """What part of its budget a block trains before it stops."""
        epochs = self._study.run_epochs(block.runs[0].config, self._n_examples)
        return self._rungs.share(block, epochs)
