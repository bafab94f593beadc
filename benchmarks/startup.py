"""Claim: `paribus show` and `--help` answer within half a second; no reader loads JAX.

Runs the commands `--help`, `show`, `compare` and `claims` as whole processes, one after
the other in turn, on two made-up studies that are written here: 60 runs x 5 evaluations
and 10,000 runs x 50. Seconds count from start to exit; `cpu_s` is what the process
itself computed, which a busy machine stretches less.

Usage: python benchmarks/startup.py [--repeats 9]

Hardware, versions, load, date and results: `benchmarks/results/startup.json`,
written by this script.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe_machine, save_result

from paribus.results import DataFacts
from paribus.space import SearchSpace
from paribus.store import StudyWriter
from paribus.study import Budget, DataChoice, ModelChoice, OptimizerChoice, Run, Study


PARIBUS = [sys.executable, "-m", "paribus"]
VALUES = ["--a", "batch_size=32", "--b", "batch_size=128"]
# Fails where a command has loaded JAX.
WATCHED = """
import sys
from paribus.cli import app

try:
    app(sys.argv[1:])
except SystemExit as ended:
    sys.exit(ended.code or ("jax" in sys.modules and "it loaded JAX") or 0)
"""


def make_study(
    name: str, *, n_learning_rates: int, batch_sizes: tuple[int, ...], epochs: int
) -> Study:
    rates = tuple(float(rate) for rate in np.geomspace(1e-3, 1e-1, n_learning_rates))
    return Study(
        name=name,
        seeds=tuple(range(10)),
        budget=Budget(epochs=epochs, evaluate_every=1.0),
        data=DataChoice(name="mnist"),
        model=ModelChoice(name="mlp", settings={"hidden": (128,)}),
        optimizer=OptimizerChoice(name="keras_adam"),
        space=SearchSpace(grids=({"learning_rate": rates, "batch_size": batch_sizes},)),
    )


SMALL = make_study("small", n_learning_rates=3, batch_sizes=(32, 128), epochs=5)
LARGE = make_study(
    "large", n_learning_rates=250, batch_sizes=(32, 64, 128, 256), epochs=49
)
MNIST = DataFacts(
    name="MNIST",
    source="made up",
    n_train=60_000,
    n_validation=0,
    n_test=10_000,
    n_train_evaluated=10_000,
    n_classes=10,
    example_shape=(28, 28),
    majority_share=0.1124,
    label_entropy=2.301,
    content_hash="0" * 64,
)


def write_study(folder: Path, study: Study) -> tuple[int, int]:
    """Store made-up curves that rise; return the number of runs and evaluations."""
    rng = np.random.default_rng(0)
    with StudyWriter.create(folder, study, MNIST) as writer:
        writer.begin_attempt({"python": "3.11"})
        runs = list(writer.runs())
        for first in range(0, len(runs), 500):
            part = runs[first : first + 500]
            block = writer.begin_block(part, description="made up")
            writer.commit_block(
                block,
                curves=make_curves(part, len(writer.epochs), rng),
                diverged_at=np.zeros(len(part), dtype=np.int64),
            )
        writer.finish_attempt(n_runs=len(runs), seconds=1.0)
        return len(runs), len(writer.epochs)


def make_curves(
    runs: list[Run], n_evaluations: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    rates = np.array([run.config["learning_rate"] for run in runs], dtype=np.float64)
    best = 0.97 - 0.02 * np.log10(rates / 0.01) ** 2
    best += 0.003 * rng.normal(size=len(runs))
    rise = 1 - np.exp(-4 * np.arange(1, n_evaluations + 1) / n_evaluations)
    accuracy = 0.1 + (best - 0.1) * rise[:, None]
    accuracy += 0.001 * rng.normal(size=accuracy.shape)
    accuracy = accuracy.clip(0, 1).astype(np.float32)
    loss = np.float32(2.3) * (1 - accuracy).clip(1e-3)
    return {
        f"{split}_{metric}": values
        for split in ("train", "test")
        for metric, values in (("loss", loss), ("accuracy", accuracy))
    }


def timed(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a process, from its start to its end."""
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    after = os.times()
    if done.returncode != 0:
        raise SystemExit(f"{command} failed:\n{done.stderr[-3000:]}")
    user = after.children_user - before.children_user
    return seconds, user + after.children_system - before.children_system


def spread_of(values: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 3),
        "lowest": round(min(values), 3),
        "highest": round(max(values), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    machine = describe_machine()
    with tempfile.TemporaryDirectory() as temporary:
        commands = {"--help": ["--help"]}
        sizes = {}
        for study in (SMALL, LARGE):
            folder = Path(temporary) / study.name
            n_runs, n_evaluations = write_study(folder, study)
            sizes[study.name] = {"runs": n_runs, "evaluations": n_evaluations}
            for name, rest in (("show", []), ("compare", VALUES), ("claims", [])):
                commands[f"{name}, {study.name}"] = [name, str(folder), *rest]
        for arguments in commands.values():  # also warms the files' cache
            timed([sys.executable, "-c", WATCHED, *arguments])
        goes = [
            {name: timed([*PARIBUS, *rest]) for name, rest in commands.items()}
            for _ in range(repeats)
        ]
    results = {
        name: {
            "wall_s": spread_of([go[name][0] for go in goes]),
            "cpu_s": spread_of([go[name][1] for go in goes]),
        }
        for name in commands
    }
    for name, result in results.items():
        wall, cpu = result["wall_s"], result["cpu_s"]
        print(
            f"{name:16s} {wall['median']:6.2f} s ({wall['lowest']:.2f} to "
            f"{wall['highest']:.2f}), CPU {cpu['median']:.2f} s"
        )
    load = {"load_after": os.getloadavg()[0], "repeats": repeats, "studies": sizes}
    save_result("startup", {**machine, **load, "commands": results})


if __name__ == "__main__":
    main()
