"""How long an epoch takes when one run has the machine to itself, round by round."""

import os
import time
from collections.abc import Callable, Mapping

import jax
import numpy as np

from paribus.data.batches import Segment, epoch_order, random_order, steps_per_epoch
from paribus.engine.block import BY_RUN, Driver
from paribus.engine.epochs import traced_values
from paribus.engine.keys import seed_words
from paribus.engine.measures import EARLY_STEPS
from paribus.engine.plan import StaticGroup
from paribus.engine.trainer import Trainer
from paribus.results.timings import SoloTime
from paribus.signals import Pauses
from paribus.study import Run, Study


N_WARM_UP_STEPS = 20
MIN_STEPS = 200
MAX_TRIES = 10  # of a call during which the process is stopped


def time_round(
    trainer: Trainer, runs: Mapping[StaticGroup, Run], *, turn: int
) -> list[SoloTime]:
    """Time one run of each group alone, one group after the other.

    The seconds of runs that share a program cannot be told apart, so speed is measured
    by itself: 20 warm-up steps, then at least 200, evaluation and compilation excluded.

    Args:
        trainer: Has the programs.
        runs: By group.
        turn: Each turn has an order of its own, so that no group is always the first.
    """
    groups = list(runs)
    for group in groups:
        trainer.solo_driver(group)  # begins to be compiled
    trainer.compiler.wait()
    order = random_order(0, stream="timings", position=turn, n=len(groups))
    return [
        time_alone(
            trainer.solo_driver(groups[i]),
            runs[groups[i]],
            trainer.study,
            n_examples=trainer.n_examples,
        )
        for i in order
    ]


def time_alone(driver: Driver, run: Run, study: Study, *, n_examples: int) -> SoloTime:
    """Time one run alone: all other places of the block stay idle.

    A call during which the process is stopped, as by Ctrl-Z, is made again.
    """
    n_places = driver.shape.n_runs
    batch_size = study.settings(run.config).batch_size
    put = driver.shape.put
    traced = put(traced_values(study, [run] * n_places, n_examples=n_examples), BY_RUN)
    states = driver.start(np.stack([seed_words(run.seed)] * n_places), traced)
    orders = driver.orders([epoch_order(run.seed, 0, n_examples)] * n_places)
    active = np.arange(n_places) == 0
    n_whole = n_examples // batch_size

    def seconds(n_steps: int) -> float:
        # An epoch after the first 500 steps, of which measures look at each.
        part = Segment(
            epoch=EARLY_STEPS, first_step=0, n_steps=n_steps, has_partial=False
        )
        started = time.perf_counter()
        jax.block_until_ready(driver.train(states, traced, orders, part, active=active))
        return time.perf_counter() - started

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    # A call is as long as one of a whole block: then an interrupt is seen soon.
    at_most = driver.shape.steps_per_call * driver.shape.runs_per_device
    n_steps = min(MIN_STEPS, n_whole, at_most)
    n_calls = -(-MIN_STEPS // n_steps)
    seconds(min(N_WARM_UP_STEPS, n_steps))
    per_call = [without_pause(lambda: seconds(n_steps)) for _ in range(n_calls)]
    per_step = sum(per_call) / (n_steps * n_calls)
    return SoloTime(
        config=run.config,
        seconds_per_epoch=per_step * steps_per_epoch(n_examples, batch_size),
        load_before=load,
    )


def without_pause(measure: Callable[[], float]) -> float:
    """Measure again while the process was stopped and continued meanwhile.

    Args:
        measure: How long something took, in seconds.

    Returns:
        The first that no pause was in; of a process that is stopped all the time, the
        last of ten.
    """
    pauses = Pauses()
    with pauses.noted():
        for _ in range(MAX_TRIES - 1):
            n_before = pauses.n
            seconds = measure()
            if pauses.n == n_before:
                return seconds
        return measure()
