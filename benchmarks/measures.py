"""Claim: the measures that every run takes while it trains cost at most 15% of it.

Trains the canonical study (784-128-10, Adam, MNIST, batch size 32, 5 epochs) with and
without them, in turns in one process, and compares the processor time of the training
and evaluation of a block with a run on each core. Without means that no step is
sampled, no loss watched, and no activation looked at.

Usage: python benchmarks/measures.py [--repeats 7]

Hardware, versions, date and results: `benchmarks/results/measures.json`, written by
this script. A load above the number of cores makes single times doubtful; the ratio of
neighbours in time, of which the median is given, is what remains.
"""

import argparse
import statistics
import time
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

from machine import describe_machine, save_result

from paribus.data import load_dataset
from paribus.engine.block import Compiler
from paribus.engine.devices import choose_devices
from paribus.engine.epochs import train_block
from paribus.engine.trainer import Trainer
from paribus.space import SearchSpace
from paribus.study import (
    Budget,
    DataChoice,
    ModelChoice,
    OptimizerChoice,
    Run,
    Study,
)


NEVER = 2**30
EPOCHS = 5


def canonical_study(n_seeds: int) -> Study:
    return Study(
        name="measures",
        seeds=tuple(range(n_seeds)),
        budget=Budget(epochs=EPOCHS, evaluate_every=1.0),
        data=DataChoice(name="mnist"),
        model=ModelChoice(name="mlp"),
        optimizer=OptimizerChoice(name="keras_adam"),
        space=SearchSpace(grids=({"learning_rate": (0.001,), "batch_size": (32,)},)),
    )


def all_runs(study: Study) -> tuple[Run, ...]:
    return tuple(Run(config, s) for config in study.configs() for s in study.seeds)


def make_trainer(study, dataset, devices, *, measured: bool) -> Trainer:
    """A trainer whose programs are compiled; what is measured is fixed with them."""
    runs = all_runs(study)
    with ExitStack() as stack:
        if not measured:
            run = "paribus.engine.run"
            stack.enter_context(patch(f"{run}.next_sampled", lambda step: NEVER))
            stack.enter_context(
                patch(f"{run}.watch_loss", lambda measures, loss, span: measures)
            )
            without = patch("paribus.engine.models.build_model", _without_layers)
            stack.enter_context(without)
        compiler = stack.enter_context(Compiler(n_threads=1))
        trainer = Trainer(study, dataset, devices, compiler)
        trainer.driver(trainer.blocks(runs)[0].group)
        compiler.wait()
    return trainer


def _without_layers(name, settings, **sizes):
    from paribus.models.build import build_model

    return build_model(name, settings, **sizes)._replace(relu_outputs=None)


def seconds(trainer: Trainer) -> float:
    """Processor seconds of a block."""
    (block,) = trainer.blocks(all_runs(trainer.study))
    driver = trainer.driver(block.group)
    started = time.process_time()
    train_block(driver, block.runs, trainer.study, n_examples=trainer.n_examples)
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    devices = choose_devices("cpu")
    machine = describe_machine()
    study = canonical_study(len(devices))
    dataset = load_dataset(study.data, folder=Path())
    with_, without = (
        make_trainer(study, dataset, devices, measured=measured)
        for measured in (True, False)
    )
    rows = []
    for repeat in range(repeats):
        order = (with_, without) if repeat % 2 else (without, with_)
        taken = {trainer: seconds(trainer) for trainer in order}
        rows.append((taken[with_], taken[without]))
        print(f"with {rows[-1][0]:.2f} s, without {rows[-1][1]:.2f} s", flush=True)
    ratios = [a / b for a, b in rows]
    result = {
        **machine,
        "clock": "processor time",
        "load_was_high": machine["load_before"] > machine["cores"],
        "n_repeats": repeats,
        "seconds_with": statistics.median(a for a, _ in rows),
        "seconds_without": statistics.median(b for _, b in rows),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
    }
    print(f"ratio {result['ratio']:.3f}")
    save_result("measures", result)


if __name__ == "__main__":
    main()
