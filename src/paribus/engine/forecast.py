"""What would a study take to train? Nothing is compiled, trained or written for it."""

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from paribus.analysis.planned import plan_runs
from paribus.data import Dataset, load_dataset
from paribus.data.batches import steps_per_epoch
from paribus.engine.block import Compiler
from paribus.engine.devices import (
    choose_devices,
    debugging_off,
    describe_environment,
)
from paribus.engine.memory import bytes_per_run, data_bytes, state_of
from paribus.engine.models import Models
from paribus.engine.plan import StaticGroup, group_configs
from paribus.engine.recipe import Arrays, Recipe
from paribus.engine.run import RunState
from paribus.engine.train import check_fits
from paribus.engine.trainer import Trainer
from paribus.refinement import with_added
from paribus.results import DataFacts, StudyResult
from paribus.results.asked import only_asked
from paribus.results.forecast import (
    Basis,
    Forecast,
    GroupForecast,
    forecast_halving,
)
from paribus.status import WAITING, RunStatus
from paribus.stopping import at_look_of, with_all_seeds
from paribus.store import read_if_any
from paribus.store.creation import check_is_free
from paribus.store.environments import tell_change
from paribus.store.growth import check_same_data, grown
from paribus.study import Study


# Of a matrix product's rate, what training reaches beside its evaluations and
# measures: a run-epoch costs 2.1 times its operations at batch size 32, 1.8 times at
# 128 (README, How fast).
TRAINING_EFFICIENCY = 0.55
# A step goes through the model forwards and, at twice the cost, backwards.
STEP_OVER_FORWARD = 3
# Python with JAX and its compiler, before any data.
PROCESS_BYTES = 500_000_000

# So small that BLAS keeps it on one core: threads that wait for one another are ten
# times slower beside other processes.
_PRODUCT_SIZE = 64
_PRODUCT_SECONDS = 0.1


def forecast_study(
    study: Study,
    folder: Path,
    *,
    data_folder: Path,
    device: str = "auto",
    retry_failed: bool = False,
    allow_env_change: bool = False,
) -> Forecast:
    """Say what training the missing runs of a study would take, roughly.

    Args:
        study: What would be trained.
        folder: Where results are, or would be; nothing is made there.
        data_folder: What a relative `data.path` is relative to.
        device: `"cpu"`, `"gpu"`, or `"auto"` for a GPU where there is one.
        retry_failed: Whether failed runs would be trained again.
        allow_env_change: Whether an exact study may go on in another environment.

    Raises:
        ParibusError: Whatever would keep the study from being trained, as
            `train_study`, as far as it can be seen beforehand.
    """
    stored = read_if_any(folder)
    if stored is None:
        check_is_free(folder)
    else:
        grown(stored.study, study)
        if retry_failed:
            is_failed = stored.status == RunStatus.FAILED
            status = np.where(is_failed, RunStatus.PENDING, stored.status)
            stored = replace(stored, status=status)
    dataset = load_dataset(study.data, folder=data_folder, kind=study.task.kind)
    check_fits(study, dataset)
    facts = dataset.facts()
    devices = choose_devices(device)
    if stored is not None:
        check_same_data(stored.data, facts.content_hash, folder=folder)
        study = at_look_of(with_added(study, stored.configs), stored.study)
    with debugging_off(), Compiler(n_threads=1) as compiler:
        models = Models(study, dataset)
        trainer = Trainer(study, dataset, devices, compiler, models)
        n_runs, waiting, is_open = _count_runs(study, facts, stored)
        if waiting.any():
            models.check()
        if waiting.any() and stored is not None and stored.attempts:
            tell_change(
                stored.attempts[-1].environment,
                describe_environment(devices) | models.environment(),
                folder,
                is_refused=stored.study.exact and not allow_env_change,
            )
        spared = _spared(study, stored)
        speed = _Speed(study, dataset, trainer, stored, len(devices))
        groups = tuple(
            speed.forecast(
                group, int(waiting[indices].sum()), float(spared[indices].sum())
            )
            for group, indices in _with_indices(study)
        )
        n_most = _count_runs(with_all_seeds(study), facts, stored)[0]
        data = data_bytes(dataset, devices)
        memory = PROCESS_BYTES + data.resident + _largest_block(trainer, waiting)
    return Forecast(
        study=study,
        n_runs=n_runs,
        groups=groups,
        memory_bytes=memory,
        mapped_bytes=data.mapped,
        device=f"{len(devices)} × {devices[0].platform}",
        is_open=is_open,
        n_most=n_most if study.planned_seeds else None,
    )


def _with_indices(study: Study) -> list[tuple[StaticGroup, list[int]]]:
    place = {config: i for i, config in enumerate(study.configs())}
    return [(g, [place[config] for config in g.configs]) for g in group_configs(study)]


def _count_runs(
    study: Study, facts: DataFacts, stored: StudyResult | None
) -> tuple[int, Int[np.ndarray, " config"], bool]:
    """Runs of the finished study, how many of each config are to be trained, and more.

    The third tells whether tuning has yet to choose, so that there may be fewer.
    """
    known = _untrained(study, facts)
    if stored is not None and _has_all(stored, study):
        plan = plan_runs(stored)
        is_waiting = plan.is_planned & np.isin(stored.status, WAITING)
        asked = only_asked(stored, study)
        if not plan.is_open.any():
            rows = [stored.configs.index(config) for config in asked.configs]
            columns = [stored.seeds.index(seed) for seed in asked.seeds]
            grid = np.ix_(rows, columns)
            n_runs = int(plan.is_planned[grid].sum())
            return n_runs, is_waiting[grid].sum(axis=1), False
        known = asked
    status = _known_status(study, stored)
    plan = plan_runs(known)
    n_open = plan.n_expected - int(plan.is_planned.sum())
    # Which configs tuning will choose is not known: every config has its share.
    expected = plan.is_planned.sum(axis=1) + n_open / len(status)
    waiting = np.maximum(expected - (~np.isin(status, WAITING)).sum(axis=1), 0)
    is_open = bool(plan.is_open.any())
    # Rounded so that the parts sum to the whole.
    waiting = np.diff(np.rint(np.cumsum(waiting)), prepend=0.0)
    return plan.n_expected, waiting.astype(np.int64), is_open


def _spared(study: Study, stored: StudyResult | None) -> Float[np.ndarray, " config"]:
    """How many whole runs of each config stopping values early saves, on average."""
    tuning, found = study.tuning, forecast_halving(study)
    if tuning is None or found is None:
        return np.zeros(len(study.configs()))
    seeds = [study.all_seeds.index(s) for s in tuning.seeds[: tuning.n_choosing]]
    is_waiting = np.isin(_known_status(study, stored)[:, seeds], WAITING)
    is_tried = np.array([tuning.tunes(c) for c in study.configs()])
    is_tried &= np.array([study.space.is_declared(c) for c in study.configs()])
    share = 1 - found.n_epochs / found.n_whole
    return np.where(is_tried, share * is_waiting.sum(axis=1), 0.0)


def _has_all(stored: StudyResult, study: Study) -> bool:
    has_configs = set(study.configs()) <= set(stored.configs)
    return has_configs and set(study.all_seeds) <= set(stored.seeds)


def _known_status(
    study: Study, stored: StudyResult | None
) -> Int[np.ndarray, "config seed"]:
    status = np.full((len(study.configs()), len(study.all_seeds)), RunStatus.PENDING)
    if stored is None:
        return status.astype(np.int64)
    configs = {config: i for i, config in enumerate(stored.configs)}
    seeds = {seed: j for j, seed in enumerate(stored.seeds)}
    for i, config in enumerate(study.configs()):
        for j, seed in enumerate(study.all_seeds):
            if config in configs and seed in seeds:
                status[i, j] = stored.status[configs[config], seeds[seed]]
    return status.astype(np.int64)


def _untrained(study: Study, facts: DataFacts) -> StudyResult:
    """The study before its first run."""
    shape = (len(study.configs()), len(study.all_seeds))
    return StudyResult(
        study=study,
        data=facts,
        status=np.full(shape, int(RunStatus.PENDING), dtype=np.int64),
        diverged_at=np.zeros(shape, dtype=np.int64),
        epochs=np.array(study.evaluation_epochs(facts.n_train)),
        curves={},
        messages={},
    )


class _Speed:
    """How long runs take, from what was measured before or from what they compute."""

    def __init__(
        self,
        study: Study,
        dataset: Dataset,
        trainer: Trainer,
        stored: StudyResult | None,
        n_devices: int,
    ) -> None:
        self._study = study
        self._dataset = dataset
        self._trainer = trainer
        self._n_devices = n_devices
        self._per_epoch = _timed(study, stored) if trainer.on_cpu else {}
        self._per_run = _seconds_per_run(stored)

    def forecast(
        self, group: StaticGroup, n_runs: int, n_spared: float
    ) -> GroupForecast:
        """What a group's runs take, so many of which are not trained to the end."""
        seconds, basis = self._seconds(group, max(n_runs - n_spared, 0.0))
        return GroupForecast(
            description=group.description,
            n_configs=len(group.configs),
            n_runs=n_runs,
            seconds=seconds,
            basis=basis,
        )

    def _seconds(
        self, group: StaticGroup, n_runs: float
    ) -> tuple[float | None, Basis | None]:
        # Runs are dealt out to the devices; one that is left over takes a turn too.
        turns = -(-n_runs // self._n_devices)
        epochs = self._study.run_epochs(group.configs[0], self._trainer.n_examples)
        if group.key in self._per_epoch:
            return turns * epochs * self._per_epoch[group.key], "timings"
        if self._per_run is not None:
            return n_runs * self._per_run, "attempts"
        if not self._trainer.on_cpu:
            return None, None
        operations = self._operations(group, epochs)
        return turns * operations / (
            self._product_rate * TRAINING_EFFICIENCY
        ), "arithmetic"

    def _operations(self, group: StaticGroup, epochs: float) -> float:
        """Floating-point operations of one run."""
        recipe = self._trainer.recipe(group)
        step = _step_operations(recipe, _state(self._trainer, group), self._dataset)
        steps = epochs * steps_per_epoch(recipe.n_examples, recipe.batch_size)
        splits = self._dataset.evaluation_splits().values()
        n_evaluated = sum(len(split) for split in splits)
        n_evaluations = len(self._study.evaluation_epochs(recipe.n_examples))
        forward = step / STEP_OVER_FORWARD / recipe.batch_size
        return steps * step + n_evaluations * n_evaluated * forward

    @cached_property
    def _product_rate(self) -> float:
        """Operations a second of a matrix product on one core, the best of many."""
        matrix = np.ones((_PRODUCT_SIZE, _PRODUCT_SIZE), np.float32)
        product = np.empty_like(matrix)
        best, end = math.inf, time.perf_counter() + _PRODUCT_SECONDS
        while (started := time.perf_counter()) < end:
            np.matmul(matrix, matrix, out=product)
            best = min(best, time.perf_counter() - started)
        return 2 * _PRODUCT_SIZE**3 / best


def _timed(
    study: Study, stored: StudyResult | None
) -> Mapping[tuple[object, ...], float]:
    """Seconds of an epoch of one run on one device, by program."""
    timings = stored.timings if stored is not None else ()
    return {study.static_part(one.config): one.seconds_per_epoch for one in timings}


def _seconds_per_run(stored: StudyResult | None) -> float | None:
    attempts = stored.attempts if stored is not None else ()
    n_runs = sum(attempt.n_runs for attempt in attempts)
    return sum(one.seconds for one in attempts) / n_runs if n_runs else None


def _state(trainer: Trainer, group: StaticGroup) -> RunState:
    """The shapes of what changes while one run of a group trains."""
    return state_of(trainer.recipe(group), trainer.traced_names(group))


def _step_operations(recipe: Recipe, state: RunState, dataset: Dataset) -> float:
    """What XLA counts in the gradient of one batch, before it is compiled."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    train = dataset.train
    shape = (recipe.batch_size, *train.inputs.shape[1:])
    batch = jax.eval_shape(
        lambda: Arrays(
            jnp.zeros(shape, train.inputs.dtype),
            jnp.zeros(shape[:1], train.labels.dtype),
        )
    )
    gradient = jax.grad(recipe.objective, has_aux=True)
    lowered = jax.jit(gradient).lower(state.params, state.fitted, batch, key)
    cost: Any = lowered.cost_analysis()
    return float(cost["flops"])


def _largest_block(trainer: Trainer, waiting: Int[np.ndarray, " config"]) -> int:
    """Bytes of the runs that are trained together."""
    largest = 0
    for group, indices in _with_indices(trainer.study):
        n_runs = int(waiting[indices].sum())
        if not n_runs:
            continue
        places = trainer.shape(group, n_runs).n_runs
        of_run = bytes_per_run(_state(trainer, group), trainer.n_examples)
        largest = max(largest, places * of_run)
    return largest
