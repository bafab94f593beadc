"""Claim: the diagnostics of 50 canonical runs take at most 2 minutes on two cores.

The runs are those of the built-in study `notebook` (784-128-10, five configs, three
batch sizes, ten seeds, 5 epochs), and every diagnostic is measured but `anneal`, which
trains further and costs 0.6 times the training. Counted are the compilation of the
programs, copying weights at matched losses, noise scales along the way, and all that is
measured at the end; nothing comes out of a cache.

Both the time on the clock and the processor time are given: on a computer that does
other work the second, divided by the cores, says what it would be otherwise.

Usage: python benchmarks/diagnostics.py [--seeds 10] [--epochs 5]

Hardware, versions, date and results: `benchmarks/results/diagnostics.json`, written by
this script.
"""

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path


os.environ["JAX_NUM_CPU_DEVICES"] = str(len(os.sched_getaffinity(0)))

from machine import describe_machine, save_result

from paribus.data import load_dataset
from paribus.engine import trainer as trainers
from paribus.engine.block import Compiler
from paribus.engine.devices import choose_devices
from paribus.engine.epochs import train_block
from paribus.engine.prober import Prober, Watch
from paribus.study import Run, Study
from paribus.study_file import read_study


DIAGNOSTICS = (
    "noise_scale",
    "curvature",
    "sharpness",
    "calibration",
    "weight_distance",
)


class Clock:
    """Adds up time on the clock and processor time, in seconds."""

    def __init__(self) -> None:
        self.wall_s = 0.0
        self.processor_s = 0.0

    def __enter__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall_s += time.perf_counter() - self._began[0]
        self.processor_s += time.process_time() - self._began[1]


COMPILING, ALONG, AT_END, TOTAL = Clock(), Clock(), Clock(), Clock()


class TimedWatch(Watch):
    """A watch that is timed itself."""

    def see(self, *args, **kwargs):
        with ALONG:
            return super().see(*args, **kwargs)

    def measure(self, *args, **kwargs):
        with AT_END:
            return super().measure(*args, **kwargs)


class TimedProber(Prober):
    """A prober whose programs are compiled while nothing else is done."""

    def __init__(self, recipe, shape, compiler, **kwargs):
        compiler.wait()
        with COMPILING:
            super().__init__(recipe, shape, compiler, **kwargs)
            compiler.wait()

    def watch(self, *args):
        return TimedWatch(self, *args)


def train(study: Study) -> None:
    """Train every block of the study and measure it; results are thrown away."""
    dataset = load_dataset(study.data, folder=Path())
    runs = tuple(Run(c, s) for s in study.seeds for c in study.configs())
    with Compiler(n_threads=2) as compiler, TOTAL:
        trainer = trainers.Trainer(study, dataset, choose_devices("cpu"), compiler)
        for block in trainer.blocks(runs):
            measured = train_block(
                trainer.driver(block.group),
                block.runs,
                study,
                n_examples=trainer.n_examples,
                prober=trainer.prober(block.group),
            )
            reached = {
                name: int((values == values).sum())
                for name, values in measured.measures.items()
                if name.startswith("train_loss_at_")
            }
            print(block.group.description, len(block.runs), "runs,", reached)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=5)
    arguments = parser.parse_args()
    notebook = read_study("notebook", seeds=arguments.seeds).study
    study = replace(
        notebook,
        budget=replace(notebook.budget, epochs=arguments.epochs),
        diagnostics=DIAGNOSTICS,
    )
    trainers.Prober = TimedProber

    machine = describe_machine()
    train(study)

    parts = {"compiling": COMPILING, "along": ALONG, "at the end": AT_END}
    n_runs = study.n_runs()
    wall_s = sum(clock.wall_s for clock in parts.values())
    shared_s = sum(c.processor_s for c in parts.values()) / machine["cores"]
    for name, clock in parts.items():
        print(f"{name:12s} {clock.wall_s:7.1f} s, {clock.processor_s:7.1f} s of cores")
    print(
        f"{n_runs} runs: {wall_s:.1f} s on the clock, {shared_s:.1f} s of processor "
        f"time over {machine['cores']} cores; with training {TOTAL.wall_s:.1f} s"
    )
    save_result(
        "diagnostics",
        {
            **machine,
            "n_runs": n_runs,
            "epochs": study.budget.epochs,
            "wall_s": wall_s,
            "processor_s_over_cores": shared_s,
            "parts": {
                name: {"wall_s": clock.wall_s, "processor_s": clock.processor_s}
                for name, clock in parts.items()
            },
            "with_training": {
                "wall_s": TOTAL.wall_s,
                "processor_s": TOTAL.processor_s,
            },
        },
    )


if __name__ == "__main__":
    main()
