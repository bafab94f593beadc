"""One block from its first step to its last: order, train, evaluate, repeat."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from paribus.data.batches import epoch_order, segments, step_at
from paribus.engine.block import BY_RUN, BlockShape, Driver
from paribus.engine.checkpoints import BlockMoment, stacked, unpack
from paribus.engine.detours import Course, Detour, take
from paribus.engine.evaluation import Ending
from paribus.engine.keeper import Keeper
from paribus.engine.keys import seed_words
from paribus.engine.prober import Prober
from paribus.engine.rescuer import BlockEnd, Rescuer
from paribus.engine.run import RunState
from paribus.models.layers import DROPOUT
from paribus.optimizers.transformations import traced_numbers
from paribus.space import Config
from paribus.study import Run, Study


@dataclass(frozen=True, kw_only=True, eq=False)
class BlockCurves:
    """What the runs of a block did.

    Attributes:
        curves: `<split>_<metric>` -> value; NaN once a run has diverged.
        diverged_at: The first step that was not finite, counted from 1, or 0.
        measures: What was measured while they trained, by name, at the end of
            `study.epochs` epochs; NaN for what never took place.
        correct: Split -> whether each of its examples was classified right then, eight
            to a byte, the first in its highest bit.
    """

    curves: Mapping[str, Float[np.ndarray, "evaluation run"]]
    diverged_at: Int[np.ndarray, " run"]
    measures: Mapping[str, Float[np.ndarray, " run"]]
    correct: Mapping[str, UInt8[np.ndarray, "run byte"]]


def train_block(
    driver: Driver,
    runs: Sequence[Run],
    study: Study,
    *,
    n_examples: int,
    prober: Prober | None = None,
    rescuer: Rescuer | None = None,
    keeper: Keeper | None = None,
    on_evaluation: Callable[[float], None] = lambda epoch: None,
) -> BlockCurves | None:
    """Train runs of one static group for the study's budget, or to a rung.

    Args:
        driver: Made for the group.
        runs: At most as many as the driver's shape has places; the others idle.
        study: Says when runs are evaluated.
        n_examples: In the training split.
        prober: Measures what the study's diagnostics ask for; None if they are none.
        rescuer: Trains runs on that ended badly; None if they are let be.
        keeper: Stores evaluations and states on the way, and knows from where the block
            goes on, and at which rung it stops, its schedules being those of the whole
            budget in any case; None to do neither.
        on_evaluation: Called with the epoch after each evaluation.

    Returns:
        What the runs did; None at a rung.
    """
    block = _Block(driver, runs, study, n_examples, prober=prober, keeper=keeper)
    due = _own_epochs(study, runs[0].config, n_examples)
    if keeper is not None and keeper.tensors is not None:
        block.go_on_from(keeper.tensors, due)
        if due[len(block.rows) - 1] == study.budget.epochs:
            block.end(rescuer)
    rung = None if keeper is None else keeper.rung
    for epoch in due[len(block.rows) : rung]:
        block.train_to(epoch)
        share = epoch / study.budget.epochs
        block.evaluate(share)
        if share == 1:
            block.end(rescuer)
        if keeper is not None and epoch != due[-1] and len(block.rows) != rung:
            keeper.keep(block.moment(), block.watch, block.places)
        on_evaluation(epoch)
    if keeper is not None and rung is not None:
        return keeper.pause(block.moment(), block.watch, block.places)
    n_evaluations = len(study.evaluation_epochs(n_examples))
    return _curves(block.moment(), block.places, n_evaluations=n_evaluations)


class _Block:
    """Runs that are trained together: what they are by now, and what they have left.

    Attributes:
        rows: Their evaluations so far.
        watch: Who measures them; None if nothing is measured.
        places: The place of each run.
    """

    def __init__(
        self,
        driver: Driver,
        runs: Sequence[Run],
        study: Study,
        n_examples: int,
        *,
        prober: Prober | None,
        keeper: Keeper | None,
    ) -> None:
        shape = driver.shape
        seats = seat_runs(len(runs), shape)
        by_seat = [runs[seat] for seat in np.maximum(seats, 0)]
        traced = traced_values(study, by_seat, n_examples=n_examples)
        self.places = np.argsort(seats)[np.count_nonzero(seats < 0) :]
        self.rows: list[dict[str, np.ndarray]] = []
        self._driver = driver
        self._keeper = keeper
        self._n_examples = n_examples
        self._batch_size = study.settings(runs[0].config).batch_size
        self._epochs = study.budget.epochs
        self._seats, self._by_seat = seats, by_seat
        self._traced = shape.put(traced, BY_RUN)
        self._seeds = np.stack([seed_words(run.seed) for run in by_seat])
        self._orders = Orders(driver, [run.seed for run in by_seat], n_examples)
        self._states = driver.start(self._seeds, self._traced)
        self._ending: Ending | None = None
        self._diagnosed: Mapping[str, np.ndarray] = {}
        self._detour: Detour | None = None
        self._step = 0
        self.watch = (
            prober.watch(self._seeds, self._traced, seats >= 0) if prober else None
        )

    def moment(self, step: int | None = None) -> BlockMoment:
        """All that it is by now; `step` if it has gone on since its evaluation."""
        told = self._ending, self._diagnosed
        return BlockMoment(self._states, self.rows, *told, step, self._detour)

    def go_on_from(self, tensors: Mapping[str, np.ndarray], due: list[float]) -> None:
        """Be what it was when a checkpoint was written."""
        moment = unpack(
            tensors,
            self._states,
            self.watch,
            seats=self._seats,
            shape=self._driver.shape,
            shares=np.array(due) / self._epochs,
        )
        self._states, self.rows, self._ending, self._diagnosed = moment[:4]
        self._detour = moment.detour
        evaluated = self._step_at(due[len(self.rows) - 1])
        self._step = evaluated if moment.step is None else moment.step

    def train_to(self, epoch: float) -> None:
        """Train on; between two calls a signal that asks to stop is obeyed.

        Where all runs have diverged there is nothing left to train.
        """
        to_step = self._step_at(epoch)
        if not (np.asarray(self._states.diverged_at)[self.places] > 0).all():
            self._advance(self._states, self._traced, self._step, to_step, self._heed)
        self._step = to_step

    def evaluate(self, share: float) -> None:
        """Evaluate the runs, when `share` of the budget is spent."""
        self._states, metrics = self._driver.evaluate(self._states)
        self.rows.append(metrics)
        if self.watch is not None and share <= 1:
            train_loss = metrics["train_loss"]
            self.watch.see(self._states, train_loss=train_loss, share=share)

    def end(self, rescuer: Rescuer | None) -> None:
        """Take what the runs leave at the end of the budget, and measure them.

        What was measured before the block was stopped is not measured again.
        """
        if self.watch is not None or rescuer is not None:
            self._secure()
        if self._ending is None:
            self._ending = self._driver.end(self._states)
        if self.watch is not None and not self._diagnosed:
            self._diagnosed = self.watch.measure(self._states)
            self._secure()
        for course in self._courses(rescuer, self._ending):
            if not self._diagnosed.keys() >= set(course.names):
                begun, keep = self._detour, self._keep_detour
                told = take(course, self._advance, begun=begun, keep=keep)
                self._diagnosed = {**self._diagnosed, **told}
                self._detour = None

    def _courses(self, rescuer: Rescuer | None, ending: Ending) -> list[Course]:
        """The measures that take training, in their order."""
        courses: list[Course] = []
        if self.watch is not None:
            step, driver = self._step, self._driver
            courses += self.watch.annealings(self._states, step=step, driver=driver)
        if rescuer is not None:
            end = BlockEnd(
                runs=self._by_seat,
                active=self._seats >= 0,
                seeds=self._seeds,
                traced=self._traced,
                states=self._states,
                rows=self.rows,
                measures=ending.measures,
            )
            courses.append(rescuer.rescue(end, self._driver))
        return courses

    def _secure(self) -> None:
        if self._keeper is not None:
            self._keeper.secure(self.moment(), self.watch, self.places)

    def _keep_detour(self, detour: Detour) -> None:
        self._detour = detour
        if self._keeper is not None:
            self._keeper.keep_beside(self.moment(), self.watch, self.places)

    def _advance(
        self,
        states: RunState,
        traced: Mapping[str, Array],
        step: int,
        to_step: int,
        after_call: Callable[[RunState, int], None],
    ) -> RunState:
        """Train runs that may be others than the block's own by now."""
        for part in segments(
            self._n_examples,
            self._batch_size,
            after_step=step,
            to_step=to_step,
            at_most=self._driver.shape.steps_per_call,
        ):
            order = self._orders.of(part.epoch)
            active = self._seats >= 0
            states = self._driver.train(states, traced, order, part, active=active)
            after_call(states, part.step_after(self._n_examples, self._batch_size))
        return states

    def _heed(self, states: RunState, step: int) -> None:
        self._states = states
        if self._keeper is not None:
            self._keeper.heed(self.moment(step), self.watch, self.places)

    def _step_at(self, epoch: float) -> int:
        return step_at(epoch, self._n_examples, self._batch_size)


def _own_epochs(study: Study, config: Config, n_examples: int) -> list[float]:
    """When a run of `config` is evaluated: larger batches may take longer."""
    last = study.run_epochs(config, n_examples) + 1e-9
    return [e for e in study.evaluation_epochs(n_examples) if e <= last]


def _curves(
    moment: BlockMoment, places: Int[np.ndarray, " run"], *, n_evaluations: int
) -> BlockCurves:
    """What the runs of a block did, each at its own place no longer."""
    states, rows, ending, diagnosed = moment[:4]
    assert ending is not None  # `study.epochs` is always an evaluation
    # Runs of larger batches go on: their later evaluations are not these runs'.
    missing = {name: np.full_like(values, np.nan) for name, values in rows[0].items()}
    whole = rows + [missing] * (n_evaluations - len(rows))
    measures = {**ending.measures, **diagnosed}
    return BlockCurves(
        curves={name: values[:, places] for name, values in stacked(whole).items()},
        diverged_at=np.asarray(states.diverged_at)[places].astype(np.int64),
        measures={n: np.asarray(v, np.float32)[places] for n, v in measures.items()},
        correct={n: np.asarray(bits)[places] for n, bits in ending.correct.items()},
    )


def seat_runs(n_runs: int, shape: BlockShape) -> Int[np.ndarray, " place"]:
    """Deal runs out to the devices in turn; -1 marks a place that stays idle."""
    seats = np.arange(shape.n_runs).reshape(shape.runs_per_device, len(shape.devices))
    seats = np.where(seats < n_runs, seats, -1)
    return seats.T.ravel()


def traced_values(
    study: Study, runs: Sequence[Run], *, n_examples: int
) -> dict[str, Float[np.ndarray, " run"]]:
    """The numbers that the program takes from each run's hyperparameters, by name.

    Args:
        study: Whose runs they are.
        runs: Runs of one static group.
        n_examples: In the training split.
    """
    by_run = [_traced_numbers(study, run.config, n_examples) for run in runs]
    with np.errstate(over="ignore"):  # 1e39 is infinity in float32: the run diverges
        return {
            name: np.array([numbers[name] for numbers in by_run]).astype(np.float32)
            for name in by_run[0]
        }


def _traced_numbers(study: Study, config: Config, n_examples: int) -> dict[str, float]:
    settings = study.settings(config)
    numbers = traced_numbers(settings.optimizer_name, settings.optimizer)
    if study.model.builder is not None:
        known = study.model.builder.hyperparameters
        own = {n: v for n, v in settings.model.items() if not known[n].is_static}
        numbers |= {n: v for n, v in own.items() if isinstance(v, float)}
    if study.has_dropout():
        rate = settings.model[DROPOUT]
        assert isinstance(rate, float)
        numbers[DROPOUT] = rate
    if "warmup_epochs" in numbers:
        steps_per_epoch = step_at(1.0, n_examples, settings.batch_size)
        numbers["warmup_steps"] = numbers.pop("warmup_epochs") * steps_per_epoch
    if settings.optimizer["schedule"] == "constant":
        return numbers
    end = study.run_epochs(config, n_examples)
    steps = step_at(end, n_examples, settings.batch_size)
    start = numbers.get("warmup_steps", 0.0)
    return {**numbers, "decay_start": start, "decay_end": float(steps)}


class Orders:
    """The data order of each run's seed, one epoch at a time, on the devices."""

    def __init__(self, driver: Driver, seeds: Sequence[int], n_examples: int) -> None:
        self._driver = driver
        self._seeds = seeds
        self._n_examples = n_examples
        self._epoch = -1
        self._placed: Any = None

    def of(self, epoch: int) -> Any:
        """The orders of an epoch, a row for each place."""
        if epoch != self._epoch:
            by_seed = {
                seed: epoch_order(seed, epoch, self._n_examples)
                for seed in set(self._seeds)
            }
            self._placed = self._driver.orders([by_seed[s] for s in self._seeds])
            self._epoch = epoch
        return self._placed
