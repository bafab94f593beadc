"""Claim: an epoch of one run costs little more than its matrix products.

Prints seconds per run-epoch of the canonical run (784-128-10, Adam, MNIST, 5 epochs,
each evaluated on 20,000 examples, all measures taken) over two floors, both measured in
this process and between the timings:

- `peak`: its floating-point operations at the rate of a large matrix product,
- `shape`: the six matrix products of each step alone, at their own shapes.

Then the cost of a run of one epoch in studies of 10, 100 and 1,000 runs, store
included. By two clocks: the wall's, and processor time per core, which is what remains
of the comparison where other work shares the machine, but sees no core that idles.

Usage: python benchmarks/limit.py [--runs 10,100,1000] [--repeats 5]

Hardware, versions, date and results: `benchmarks/results/limit.json`, written by this
script.
"""

import argparse
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
EPOCHS = 5
CLOCKS = ("wall", "processor")


def now() -> np.ndarray:
    """Seconds by both clocks; a process has all cores."""
    return np.array([time.perf_counter(), time.process_time() / jax.device_count()])


def canonical_study(*, batch_size: int, n_seeds: int, epochs: int) -> Study:
    """One config, evaluated after each epoch."""
    return Study(
        name="limit",
        seeds=tuple(range(n_seeds)),
        budget=Budget(epochs=epochs, evaluate_every=1.0),
        data=DataChoice(name="mnist"),
        model=ModelChoice(name="mlp"),
        optimizer=OptimizerChoice(name="keras_adam"),
        space=SearchSpace(
            grids=({"learning_rate": (0.001,), "batch_size": (batch_size,)},)
        ),
    )


def on_every_device(function, arguments, devices) -> np.ndarray:
    """Seconds that one call on each device takes, all at once."""
    placed = [jax.device_put(arguments, device) for device in devices]
    with ThreadPoolExecutor(len(devices)) as pool:
        call = lambda one: jax.block_until_ready(function(*one))  # noqa: E731
        list(pool.map(call, placed))
        started = now()
        list(pool.map(call, placed))
        return now() - started


def peak_flop_per_s(devices) -> np.ndarray:
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


def products_seconds(batch_size: int, devices) -> np.ndarray:
    """Seconds per run-epoch of the products alone, a run on each device."""
    rng = np.random.default_rng(0)
    shapes = [WIDTHS[:2], WIDTHS[1:], (batch_size, 784), (batch_size, 10)]
    arrays = tuple((0.01 * rng.normal(size=s)).astype(np.float32) for s in shapes)
    return on_every_device(products_only(batch_size), (arrays,), devices) / len(devices)


def seconds_per_run(study: Study) -> np.ndarray:
    """Seconds per run from the second commit on: compilation and timing left out."""
    commits: list[tuple[np.ndarray, int]] = []

    def note(progress: Progress) -> None:
        if not commits or progress.n_trained > commits[-1][1]:
            commits.append((now(), progress.n_trained))

    with tempfile.TemporaryDirectory() as folder:
        train_study(study, Path(folder) / "limit", data_folder=Path(), on_progress=note)
    trained = [commit for commit in commits if commit[1] > 0]
    (start, n_start), (end, n_end) = trained[1], trained[-1]
    return (end - start) / (n_end - n_start)


def measure_batch_size(batch_size: int, devices, n_repeats: int) -> dict:
    """Medians over the repeats, and the range of the ratio, by clock."""
    study = canonical_study(batch_size=batch_size, n_seeds=8, epochs=EPOCHS)
    rows = []
    for _ in range(n_repeats):
        peak = N_EXAMPLES * FLOP_PER_EXAMPLE / peak_flop_per_s(devices)
        shape = products_seconds(batch_size, devices)
        ours = seconds_per_run(study) / EPOCHS
        rows.append((ours, ours / peak, ours / shape, peak, shape))
    values = np.array(rows)  # [repeat, column, clock]
    columns = ("seconds", "over_peak", "over_shape", "peak_floor", "shape_floor")
    result = {}
    for i, clock in enumerate(CLOCKS):
        medians = np.median(values[..., i], axis=0).tolist()
        over = values[:, 1, i].tolist()
        result[clock] = {
            **dict(zip(columns, medians, strict=True)),
            "over_peak_min": min(over),
            "over_peak_max": max(over),
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", default="10,100,1000")
    parser.add_argument("--batch-sizes", default="32,64,128,512")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    devices = choose_devices("auto")
    jnp.zeros(()).block_until_ready()
    machine = describe_machine()
    print("batch size       clock   s per run-epoch   over peak   over shape")
    by_batch_size = {}
    for batch_size in map(int, arguments.batch_sizes.split(",")):
        by_clock = measure_batch_size(batch_size, devices, arguments.repeats)
        by_batch_size[batch_size] = by_clock
        for clock, row in by_clock.items():
            print(
                f"{batch_size:10d}   {clock:>9}   {row['seconds']:15.3f}"
                f"   {row['over_peak']:9.2f}   {row['over_shape']:10.2f}",
                flush=True,
            )
    print("\n      runs   s per run: wall   processor")
    by_runs = {}
    for n_runs in map(int, arguments.runs.split(",")):
        study = canonical_study(batch_size=128, n_seeds=n_runs, epochs=1)
        wall, processor = seconds_per_run(study).tolist()
        by_runs[n_runs] = {"wall": wall, "processor": processor}
        print(f"{n_runs:10d}   {wall:15.3f}   {processor:9.3f}", flush=True)
        # Saved as it goes: a thousand runs take minutes.
        result = {
            **machine,
            "load_was_high": machine["load_before"] > machine["cores"],
            "n_repeats": arguments.repeats,
            "epochs": EPOCHS,
            "by_batch_size": by_batch_size,
            "by_runs": by_runs,
        }
        save_result("limit", result)


if __name__ == "__main__":
    main()
