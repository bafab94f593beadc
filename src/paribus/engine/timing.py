"""How long an epoch takes when one run has the machine to itself."""

import os
import time

import jax
import numpy as np

from paribus.data.batches import Segment, epoch_order, steps_per_epoch
from paribus.engine.block import BY_RUN, Driver
from paribus.engine.epochs import traced_values
from paribus.engine.keys import seed_words
from paribus.engine.measures import EARLY_STEPS
from paribus.results import Timing
from paribus.study import Run, Study


N_WARM_UP_STEPS = 20
N_REPEATS = 5
MIN_STEPS = 200


def time_epoch(driver: Driver, run: Run, study: Study, *, n_examples: int) -> Timing:
    """Time one run alone: all other places of the block stay idle.

    The seconds of runs that share a program cannot be told apart, so speed is measured
    by itself: after 20 warm-up steps, 5 repeats of at least 200 steps, evaluation and
    compilation excluded.
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
    seconds(min(N_WARM_UP_STEPS, n_whole))
    n_steps = min(MIN_STEPS, n_whole)
    n_calls = -(-MIN_STEPS // n_steps)
    repeats = np.array(
        [sum(seconds(n_steps) for _ in range(n_calls)) for _ in range(N_REPEATS)]
    )
    per_step = repeats / (n_steps * n_calls)
    return Timing(
        config=run.config,
        seconds_per_epoch=float(
            np.median(per_step) * steps_per_epoch(n_examples, batch_size)
        ),
        variation=float(per_step.std(ddof=1) / per_step.mean()),
        n_repeats=N_REPEATS,
        load_before=load,
    )
