"""The learning-rate range test: short runs whose rate climbs stair by stair."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from paribus.data import load_dataset
from paribus.data.batches import segments, steps_per_epoch
from paribus.engine.block import BY_RUN, CompiledEpochs, Compiler
from paribus.engine.devices import choose_devices, debugging_off, use_compilation_cache
from paribus.engine.epochs import Orders, seat_runs, traced_values
from paribus.engine.keys import seed_words
from paribus.engine.train import check_fits
from paribus.engine.trainer import Trainer
from paribus.errors import CommandError
from paribus.optimizer_catalogue import COMMON
from paribus.results.rate_sweep import RateCurves, RateSweep
from paribus.space import SearchSpace
from paribus.study import Budget, Run, Study


RATE = "learning_rate"
SCHEDULE = "schedule"
# What only a schedule uses.
_OF_SCHEDULES = (
    SCHEDULE,
    "warmup_steps",
    "warmup_epochs",
    *(name for name, one in COMMON.items() if one.schedules),
)

# Above the seeds that compare and those that tune: what proposes a grid chooses none.
FIRST_SEED = 2_000_000
STEPS_PER_STAIR = 4
MAX_STEPS = 1_000_000


def sweep_rates(
    study: Study,
    *,
    data_folder: Path,
    device: str = "auto",
    n_seeds: int = 5,
    bounds: tuple[float, float] = (1e-6, 10.0),
    n_steps: int = 400,
    on_block: Callable[[str], None] = lambda description: None,
) -> RateSweep:
    """Train every combination of a study's other hyperparameters at rising rates.

    The learning rate is traced, so one program serves all stairs, as it does for the
    anneal test. Schedules are left out: the stairs are one.

    Args:
        study: Its learning rates do not matter.
        data_folder: What a relative `data.path` is relative to.
        device: `"cpu"`, `"gpu"`, or `"auto"` for a GPU where there is one.
        n_seeds: Runs of each combination.
        bounds: The first and the last learning rate; between them it grows by the same
            factor from stair to stair.
        n_steps: Steps of each run, whatever its batch size; four make a stair.
        on_block: Told which program trains next.

    Raises:
        CommandError: If there are too few steps or the bounds are not ascending.
        ParibusError: Whatever keeps the study from being trained.
    """
    lower, upper = bounds
    if not 0 < lower < upper < np.inf:
        raise CommandError(
            f"learning rates must rise from above 0, got {lower:g} to {upper:g}"
        )
    n_stairs = n_steps // STEPS_PER_STAIR
    if n_stairs < 10:
        raise CommandError(f"`--steps` must be at least 40, got {n_steps}")
    if n_steps > MAX_STEPS:
        raise CommandError(f"`--steps` must be at most {MAX_STEPS:,}, got {n_steps}")
    rates = np.geomspace(lower, upper, n_stairs)
    dataset = load_dataset(study.data, folder=data_folder, kind=study.task.kind)
    check_fits(study, dataset)
    devices = choose_devices(device)
    use_compilation_cache()
    seeds = tuple(range(FIRST_SEED, FIRST_SEED + n_seeds))
    short = _short(study, seeds, n_steps=n_steps, n_examples=len(dataset.train))
    losses: dict[Run, Float[np.ndarray, " rate"]] = {}
    with debugging_off(), Compiler(n_threads=2) as compiler:
        trainer = Trainer(short, dataset, devices, compiler)
        runs = tuple(Run(config, seed) for config in short.configs() for seed in seeds)
        for block in trainer.blocks(runs):
            on_block(block.group.description)
            driver = trainer.driver(block.group)
            of_block = _climb(
                driver, block.runs, short, rates=rates, n_examples=trainer.n_examples
            )
            losses |= dict(zip(block.runs, of_block, strict=True))
    return RateSweep(
        study=study,
        rates=rates,
        seeds=seeds,
        n_steps=n_steps,
        curves=tuple(
            RateCurves(
                others=config.without(RATE, *_OF_SCHEDULES),
                losses=np.stack([losses[Run(config, s)] for s in seeds], axis=1),
            )
            for config in short.configs()
        ),
    )


def _short(
    study: Study, seeds: tuple[int, ...], *, n_steps: int, n_examples: int
) -> Study:
    """The study with one config for each combination, which trains `n_steps`."""
    settings = study.optimizer.settings
    has_schedule = any(SCHEDULE in config for config in study.configs())
    climbed = {RATE: (1.0,), **({SCHEDULE: ("constant",)} if has_schedule else {})}
    others = dict.fromkeys(c.without(RATE, *_OF_SCHEDULES) for c in study.configs())
    grids = tuple({**{n: (v,) for n, v in c.items()}, **climbed} for c in others)
    smallest = min(study.batch_sizes())
    epochs = -(-n_steps // steps_per_epoch(n_examples, smallest))
    fixed = {n: v for n, v in settings.items() if n not in (RATE, *_OF_SCHEDULES)}
    return replace(
        study,
        seeds=seeds,
        budget=Budget(epochs=epochs, evaluate_every=float(epochs)),
        optimizer=replace(study.optimizer, settings=fixed),
        space=SearchSpace(grids=grids),
        tuning=None,
        claims=(),
        diagnostics=(),
        late_seeds=(),
    )


def _climb(
    driver: CompiledEpochs,
    runs: Sequence[Run],
    study: Study,
    *,
    rates: Float[np.ndarray, " rate"],
    n_examples: int,
) -> Float[np.ndarray, "run rate"]:
    """The mean loss of each run on each stair."""
    shape = driver.shape
    seats = seat_runs(len(runs), shape)
    by_seat = [runs[seat] for seat in np.maximum(seats, 0)]
    batch_size = study.settings(runs[0].config).batch_size
    traced = shape.put(traced_values(study, by_seat, n_examples=n_examples), BY_RUN)
    states = driver.start(np.stack([seed_words(run.seed) for run in by_seat]), traced)
    orders = Orders(driver, [run.seed for run in by_seat], n_examples)
    total = np.zeros(shape.n_runs)
    n_seen = np.zeros(shape.n_runs)
    rows = []
    for stair, rate in enumerate(rates):
        height = np.full(shape.n_runs, rate, np.float32)
        higher = {**traced, RATE: shape.put(height, BY_RUN)}
        for part in segments(
            n_examples,
            batch_size,
            after_step=stair * STEPS_PER_STAIR,
            to_step=(stair + 1) * STEPS_PER_STAIR,
        ):
            order = orders.of(part.epoch)
            states = driver.train(states, higher, order, part, active=seats >= 0)
        before, total = total, np.asarray(states.loss_sum, np.float64)
        seen_before, n_seen = n_seen, np.asarray(states.n_seen, np.float64)
        is_alive = (np.asarray(states.diverged_at) == 0) & (n_seen > seen_before)
        mean = (total - before) / np.maximum(n_seen - seen_before, 1)
        rows.append(np.where(is_alive, mean, np.nan))
    places = np.argsort(seats)[np.count_nonzero(seats < 0) :]
    return np.stack(rows, axis=1)[places]
