"""How large a study may be: 10,000 runs of 50 evaluations, opened, shown, reported.

    python benchmarks/size.py [--configs 1000] [--seeds 10] [--epochs 49]

Makes a study of made-up curves in a temporary folder, by the writer that training uses,
and times what people wait for. Each number is the median of some repeats, in a process
of its own where a person would start one; `report_cpu_s` is the processor time of the
report, which others on the machine change less. Aims: open 0.5 s, summarise 0.2 s,
report 10 s and 8 MB.

Hardware, versions, date and results: `benchmarks/results/size.json`, written by this
script.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from machine import describe_machine, save_result

from paribus.results import DataFacts
from paribus.space import SearchSpace
from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study
from paribus.study import Budget, DataChoice, ModelChoice, OptimizerChoice, Study


METRICS = (
    "minibatch_loss",
    "train_loss",
    "test_loss",
    "minibatch_accuracy",
    "train_accuracy",
    "test_accuracy",
)
RUNS_PER_BLOCK = 64


@dataclass(frozen=True)
class Size:
    """How many configs, seeds and epochs a study has."""

    configs: int
    seeds: int
    epochs: int


def made_up(size: Size) -> Study:
    """A study of a grid of learning rates and batch sizes."""
    n_batch_sizes = 5
    rates = np.geomspace(1e-5, 1.0, size.configs // n_batch_sizes)
    return Study(
        name="size",
        seeds=tuple(range(size.seeds)),
        budget=Budget(epochs=size.epochs, evaluate_every=1.0),
        data=DataChoice(name="mnist"),
        model=ModelChoice(name="mlp", settings={"hidden": (128,)}),
        optimizer=OptimizerChoice(name="adam"),
        space=SearchSpace(
            grids=(
                {
                    "learning_rate": tuple(float(f"{rate:.6g}") for rate in rates),
                    "batch_size": (16, 32, 64, 128, 256)[:n_batch_sizes],
                },
            )
        ),
    )


def facts() -> DataFacts:
    """What MNIST is, without reading it."""
    return DataFacts(
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


def fill(folder: Path, study: Study) -> None:
    """Commit curves that rise, block after block, as training does."""
    rng = np.random.default_rng(0)
    with StudyWriter.create(folder, study, facts()) as writer:
        writer.begin_attempt({"python": "3.11", "device": "2 × core"})
        runs = [r for r, s in writer.runs().items() if s == RunStatus.PENDING]
        for first in range(0, len(runs), RUNS_PER_BLOCK):
            part = runs[first : first + RUNS_PER_BLOCK]
            rates = np.array([float(str(run.config["learning_rate"])) for run in part])
            best = 0.98 - 0.02 * np.abs(np.log10(rates / 1e-2))
            best = best + 0.003 * rng.normal(size=len(part))
            rise = 1 - np.exp(-np.arange(len(writer.epochs)) / 8)
            accuracy = 0.1 + np.outer(rise, best - 0.1)
            curves = {
                name: (
                    2.3 * (1 - accuracy) if name.endswith("loss") else accuracy
                ).astype(np.float32)
                for name in METRICS
            }
            writer.commit_block(
                writer.begin_block(part, description="made up"),
                curves=curves,
                diverged_at=np.zeros(len(part), dtype=np.int64),
                measures={"first_update": rng.random(len(part), dtype=np.float32)},
                correct={
                    "test": rng.integers(0, 256, (len(part), 1250), dtype=np.uint8)
                },
            )
        writer.finish_attempt(len(runs), 1.0)


def seconds(function: Callable[[], object], n: int = 3) -> float:
    """The median of some repeats."""
    found: list[float] = []
    for _ in range(n):
        started = time.perf_counter()
        function()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def command(*arguments: object) -> None:
    """Run a command as a person would."""
    subprocess.run(
        [sys.executable, "-m", "paribus", *map(str, arguments)],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def measure(size: Size, place: Path) -> dict[str, float]:
    """Make the study and time it."""
    from paribus.analysis import summarise_configs

    folder = place / "size"
    study = made_up(size)
    filled = seconds(lambda: fill(folder, study), n=1)
    result = read_study(folder)
    report = place / "report.html"
    command("report", folder, "--out", place / "first.html")  # imports are compiled
    before = os.times()
    reported = seconds(lambda: command("report", folder, "--out", report), n=1)
    after = os.times()
    return {
        "runs": study.n_runs(),
        "evaluations": len(result.epochs),
        "fill_s": filled,
        "megabytes": (folder / "study.db").stat().st_size / 1e6,
        "open_to_write_s": seconds(lambda: StudyWriter.open(folder).close()),
        "read_s": seconds(lambda: read_study(folder)),
        "summarise_s": seconds(lambda: summarise_configs(result)),
        "check_s": seconds(lambda: check_study(folder), n=1),
        "show_s": seconds(lambda: command("show", folder), n=1),
        "report_s": reported,
        "report_cpu_s": after.children_user - before.children_user,
        "report_megabytes": report.stat().st_size / 1e6,
    }


def main() -> None:
    """Measure one size, print it, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configs", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=49)
    asked = parser.parse_args()
    size = Size(asked.configs, asked.seeds, asked.epochs)
    machine = describe_machine()
    with tempfile.TemporaryDirectory() as place:
        measured = measure(size, Path(place))
    print(json.dumps(measured, indent=2))
    save_result("size", {**machine, **measured})


if __name__ == "__main__":
    main()
