"""A run that goes bad in every position, by every optimizer: its neighbours' bits."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from builders import make_blobs_study, make_dataset
from campaign.outcome import Outcome
from jaxtyping import Array

from paribus.choices import OptimizerChoice
from paribus.engine.block import BY_RUN, BlockShape, CompiledEpochs, Compiler
from paribus.engine.devices import ask_for_cores
from paribus.engine.epochs import BlockCurves, train_block
from paribus.engine.plan import group_configs
from paribus.engine.trainer import Trainer
from paribus.study import Run, Study


N_RUNS = 8
OPTIMIZERS: Mapping[str, OptimizerChoice] = {
    "sgd": OptimizerChoice(name="sgd"),
    "momentum": OptimizerChoice(name="momentum"),
    "adam": OptimizerChoice(name="adam"),
    "adamw": OptimizerChoice(name="adamw"),
    "clipped sgd": OptimizerChoice(name="sgd", settings={"clip_norm": 1.0}),
}
VALUES = {"NaN": np.nan, "infinite": np.inf, "exploding": 1e30}
PLACES = ("learning rate", "weights")


class Poisoned:
    """A driver that gives one seat of a block another learning rate or weights."""

    def __init__(
        self, driver: CompiledEpochs, *, seat: int, place: str, value: float
    ) -> None:
        self.shape = driver.shape
        self.orders = driver.orders
        self.evaluate = driver.evaluate
        self.end = driver.end
        self._driver = driver
        self._seat = seat
        self._place = place
        self._value = value

    def start(self, seeds: Any, traced: Mapping[str, Any]) -> Any:
        states = self._driver.start(seeds, traced)
        if self._place == "weights":
            params = jax.tree.map(self._poisoned, states.params)
            states = states._replace(params=params)
        return states

    def train(
        self,
        states: Any,
        traced: Mapping[str, Any],
        orders: Any,
        segment: Any,
        *,
        active: Any,
    ) -> Any:
        if self._place == "learning rate":
            rate = self._poisoned(traced["learning_rate"])
            traced = {**traced, "learning_rate": rate}
        return self._driver.train(states, traced, orders, segment, active=active)

    def _poisoned(self, by_run: Array) -> Any:
        values = np.array(by_run)
        values[self._seat] = self._value
        return self.shape.put(jnp.asarray(values), BY_RUN)


def run(*, map_widths: Sequence[int] = (1, N_RUNS)) -> Iterator[Outcome]:
    """Poison one run of eight, and compare the seven others bit by bit.

    Five optimizers, eight positions, weights or learning rate, NaN, infinite or
    exploding: 240 runs, as the CPU maps them and, with wider maps, as a GPU does.
    """
    ask_for_cores()
    for width in map_widths:
        started = time.monotonic()
        broken: list[str] = []
        n = 0
        for name, optimizer in OPTIMIZERS.items():
            with Compiler(n_threads=1) as compiler:
                train = _trains(optimizer, width, compiler)
                for place, kind in product(PLACES, VALUES):
                    found = _broken(train, place, VALUES[kind])
                    broken += [f"{name}, {place} {kind}, {text}" for text in found]
                    n += N_RUNS
        yield Outcome(
            name=f"runs poisoned beside seven others, {width} at once",
            n=n,
            unit="runs",
            violations=broken,
            is_enumerated=True,
            seconds=time.monotonic() - started,
        )


_Train = Callable[[int | None, str, float], BlockCurves]


def _trains(optimizer: OptimizerChoice, width: int, compiler: Compiler) -> _Train:
    """What trains a block of eight runs, one of them poisoned or none."""
    study, dataset = _study(optimizer), make_dataset(n_train=96, n_test=32)
    # On one device: so runs that are mapped at once may disturb one another.
    device = jax.devices("cpu")[0]
    trainer = Trainer(study, dataset, (device,), compiler)
    (group,) = group_configs(study)
    shape = BlockShape(devices=(device,), runs_per_device=N_RUNS, map_width=width)
    trainer._shapes[group] = shape
    driver = trainer.driver(group)
    runs = [Run(config, seed) for config in group.configs for seed in study.seeds]

    def train(seat: int | None, place: str, value: float) -> BlockCurves:
        chosen: Any = driver
        if seat is not None:
            chosen = Poisoned(driver, seat=seat, place=place, value=value)
        trained = train_block(chosen, runs, study, n_examples=96)
        assert trained is not None  # there is no rung
        return trained

    return train


def _study(optimizer: OptimizerChoice) -> Study:
    study = make_blobs_study(seeds=tuple(range(N_RUNS // 2)), epochs=2)
    return replace(study, optimizer=optimizer)


def _broken(train: _Train, place: str, value: float) -> list[str]:
    """Poison each position in turn; what the others show of it."""
    healthy = train(None, place, value)
    broken: list[str] = []
    if healthy.diverged_at.any():
        broken.append("a run diverges without poison")
    steps: list[int] = []
    for seat in range(N_RUNS):
        poisoned = train(seat, place, value)
        steps.append(int(poisoned.diverged_at[seat]))
        others = np.arange(N_RUNS) != seat
        broken += [
            f"position {seat}: {name} of its neighbours differ"
            for name in _differing(healthy, poisoned, others)
        ]
        if not np.isnan(poisoned.curves["test_loss"][-1, seat]):
            broken.append(f"position {seat}: it still has a loss")
    # What is not finite is seen at the first step; what only explodes, soon after.
    latest = 1 if not np.isfinite(value) else 3
    if not all(1 <= step <= latest for step in steps):
        broken.append(f"it diverged at the steps {steps}")
    return broken


def _differing(one: BlockCurves, other: BlockCurves, runs: np.ndarray) -> list[str]:
    """Which results of some runs have other bits."""
    pairs = [("steps", one.diverged_at[runs], other.diverged_at[runs])]
    pairs += [(n, c[:, runs], other.curves[n][:, runs]) for n, c in one.curves.items()]
    pairs += [(n, m[runs], other.measures[n][runs]) for n, m in one.measures.items()]
    pairs += [(n, a[runs], other.correct[n][runs]) for n, a in one.correct.items()]
    return [name for name, a, b in pairs if a.tobytes() != b.tobytes()]
