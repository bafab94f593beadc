"""Claim: an epoch of one run costs little more than its matrix products.

Prints seconds per run-epoch of the canonical network (784-128-10, Adam, MNIST) over two
floors, both measured in this process and between the timings:

- `peak`: its floating-point operations at the rate of a large matrix product,
- `shape`: the six matrix products of each step alone, at their own shapes.

Then the cost of a run in studies of 10, 100 and 1,000 runs, store included.

Usage: python benchmarks/limit.py [--runs 10,100,1000]

Hardware, versions, date and results: `benchmarks/results/limit.json`, written by this
script.
"""

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from machine import describe_machine, save_result

from paribus.engine.devices import choose_devices
from paribus.engine.train import train_study
from paribus.results import Progress
from paribus.space import SearchSpace
from paribus.study import Budget, DataChoice, ModelChoice, OptimizerChoice, Study


N_EXAMPLES = 60_000
WIDTHS = (784, 128, 10)
FLOP_PER_EXAMPLE = 2 * (2 * 784 * 128 + 3 * 128 * 10)  # no gradient for the inputs
N_REPEATS = 5


def canonical_study(*, batch_size: int, n_seeds: int) -> Study:
    """One config, one epoch, one evaluation at the end."""
    return Study(
        name="limit",
        seeds=tuple(range(n_seeds)),
        budget=Budget(epochs=1, evaluate_every=1.0),
        data=DataChoice(name="mnist"),
        model=ModelChoice(name="mlp"),
        optimizer=OptimizerChoice(name="keras_adam"),
        space=SearchSpace(
            grids=({"learning_rate": (0.001,), "batch_size": (batch_size,)},)
        ),
    )


def on_every_device(function, arguments, devices) -> float:
    """Seconds that one call on each device takes, all at once."""
    placed = [jax.device_put(arguments, device) for device in devices]
    with ThreadPoolExecutor(len(devices)) as pool:
        call = lambda one: jax.block_until_ready(function(*one))  # noqa: E731
        list(pool.map(call, placed))
        started = time.perf_counter()
        list(pool.map(call, placed))
        return time.perf_counter() - started


def peak_flop_per_s(devices) -> float:
    """The rate of a 2048 by 2048 by 2048 product in float32, all devices together."""
    n, n_products = 2048, 4
    matrix = np.random.default_rng(0).normal(size=(n, n)).astype(np.float32)
    product = jax.jit(lambda a: [a @ (a + k) for k in range(n_products)])
    seconds = on_every_device(product, (matrix,), devices)
    return len(devices) * n_products * 2 * n**3 / seconds


def products_only(batch_size: int):
    """The products of an epoch: forward, and backward for weights and hidden layer.

    Each weight takes a part of its gradient, so that no product can be left out.
    """

    def step(_, weights):
        first, last, inputs, labels = weights
        hidden = inputs @ first
        error = hidden @ last - labels
        back = error @ last.T
        return (
            first - 1e-6 * (inputs.T @ back),
            last - 1e-6 * (hidden.T @ error),
            inputs,
            labels,
        )

    n_steps = N_EXAMPLES // batch_size
    return jax.jit(lambda weights: jax.lax.fori_loop(0, n_steps, step, weights))


def products_seconds(batch_size: int, devices) -> float:
    """Seconds per run-epoch of the products alone, a run on each device."""
    rng = np.random.default_rng(0)
    shapes = [WIDTHS[:2], WIDTHS[1:], (batch_size, 784), (batch_size, 10)]
    arrays = tuple((0.01 * rng.normal(size=s)).astype(np.float32) for s in shapes)
    return on_every_device(products_only(batch_size), (arrays,), devices) / len(devices)


def seconds_per_run(study: Study) -> float:
    """Seconds per run from the second commit on: compilation and timing left out."""
    commits: list[tuple[float, int]] = []

    def note(progress: Progress) -> None:
        if not commits or progress.n_trained > commits[-1][1]:
            commits.append((time.perf_counter(), progress.n_trained))

    with tempfile.TemporaryDirectory() as folder:
        train_study(study, Path(folder) / "limit", data_folder=Path(), on_progress=note)
    trained = [commit for commit in commits if commit[1] > 0]
    (start, n_start), (end, n_end) = trained[1], trained[-1]
    return (end - start) / (n_end - n_start)


def measure_batch_size(batch_size: int, devices) -> dict[str, float]:
    study = canonical_study(batch_size=batch_size, n_seeds=8)
    rows = []
    for _ in range(N_REPEATS):
        peak = N_EXAMPLES * FLOP_PER_EXAMPLE / peak_flop_per_s(devices)
        shape = products_seconds(batch_size, devices)
        ours = seconds_per_run(study)
        rows.append((ours, ours / peak, ours / shape, peak, shape))
    columns = ("seconds", "over_peak", "over_shape", "peak_floor", "shape_floor")
    medians = map(statistics.median, zip(*rows, strict=True))
    result = dict(zip(columns, medians, strict=True))
    over = [row[1] for row in rows]
    return {**result, "over_peak_min": min(over), "over_peak_max": max(over)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", default="10,100,1000")
    parser.add_argument("--batch-sizes", default="32,64,128,512")
    arguments = parser.parse_args()
    devices = choose_devices("auto")
    jnp.zeros(()).block_until_ready()
    machine = describe_machine()
    print("batch size   s per run-epoch   over peak   over shape")
    by_batch_size = {}
    for batch_size in map(int, arguments.batch_sizes.split(",")):
        row = measure_batch_size(batch_size, devices)
        by_batch_size[batch_size] = row
        print(
            f"{batch_size:10d}   {row['seconds']:15.3f}   {row['over_peak']:9.2f}"
            f"   {row['over_shape']:10.2f}",
            flush=True,
        )
    print("\n      runs   s per run")
    by_runs = {}
    for n_runs in map(int, arguments.runs.split(",")):
        study = canonical_study(batch_size=128, n_seeds=n_runs)
        by_runs[n_runs] = seconds_per_run(study)
        print(f"{n_runs:10d}   {by_runs[n_runs]:9.3f}", flush=True)
        # Saved as it goes: a thousand runs take minutes.
        result = {**machine, "by_batch_size": by_batch_size, "by_runs": by_runs}
        save_result("limit", result)


if __name__ == "__main__":
    main()
