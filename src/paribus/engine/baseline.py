"""How low a linear model brings the training loss in a study's budget."""

from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np

from paribus.data import Dataset
from paribus.engine.block import Compiler
from paribus.engine.epochs import train_block
from paribus.engine.memory import is_out_of_memory
from paribus.engine.plan import Block
from paribus.engine.ridge import ridge_loss
from paribus.engine.tasks import make_task
from paribus.engine.trainer import Trainer
from paribus.space import SearchSpace
from paribus.study import Budget, ModelChoice, OptimizerChoice, Run, Study


LEARNING_RATES = (0.001, 0.01, 0.1)
SEEDS = (0, 1, 2, 3, 4)
BATCH_SIZE = 128


class Baseline(NamedTuple):
    """What a linear model reaches.

    Attributes:
        train_loss: On the training subset, the median over seeds.
        learning_rate: At which it is lowest; 0 for a solution in closed form.
    """

    train_loss: float
    learning_rate: float


def train_baseline(
    study: Study, dataset: Dataset, devices: tuple[Any, ...]
) -> Baseline | None:
    """Train softmax regression on the study's data for the study's epochs.

    Where numbers are predicted it is ridge regression, solved in closed form.

    Three learning rates with five seeds, Adam, batch size 128 whatever the study has: a
    study that grows judges its runs by the same number, and no run of it is compared
    with a baseline that its own hyperparameters have spoilt.

    Blocks that exhaust the memory are tried again half as wide.

    Returns:
        The lowest median of the final training loss; None if none is finite.
    """
    if not study.task.is_classification:
        loss = ridge_loss(make_task(study.task, dataset), dataset)
        return None if loss is None else Baseline(loss, 0.0)
    epochs = study.budget.epochs
    rates = {
        "learning_rate": LEARNING_RATES,
        "batch_size": (min(BATCH_SIZE, len(dataset.train)),),
    }
    linear = replace(
        study,
        seeds=SEEDS,
        budget=Budget(epochs=epochs, evaluate_every=float(epochs)),
        model=ModelChoice(name="softmax"),
        task=replace(study.task, metrics=()),
        optimizer=OptimizerChoice(name="adam"),
        space=SearchSpace(grids=(rates,)),
        tuning=None,
        claims=(),
        diagnostics=(),
    )
    runs = tuple(Run(config, seed) for config in linear.configs() for seed in SEEDS)
    losses: dict[float, list[float]] = {rate: [] for rate in LEARNING_RATES}
    with Compiler(n_threads=2) as compiler:
        trainer = Trainer(linear, dataset, devices, compiler)
        while blocks := trainer.blocks(runs):
            block = blocks[0]
            final = _final_losses(trainer, block)
            if final is None:
                continue  # all are planned anew, narrower
            for run, loss in zip(block.runs, final, strict=True):
                losses[_rate_of(run)].append(loss)
            runs = tuple(run for run in runs if run not in block.runs)
    # A seed that diverged has no loss, and is worse than any that has.
    medians = {
        rate: float(np.median(np.nan_to_num(of_rate, nan=np.inf)))
        for rate, of_rate in losses.items()
    }
    best = min(medians, key=medians.__getitem__)
    return Baseline(medians[best], best) if np.isfinite(medians[best]) else None


def _final_losses(trainer: Trainer, block: Block) -> list[float] | None:
    """The training loss of each run at its end; None if the block was too wide."""
    try:
        trained = train_block(
            trainer.driver(block.group),
            block.runs,
            trainer.study,
            n_examples=trainer.n_examples,
        )
    except jax.errors.JaxRuntimeError as error:
        if is_out_of_memory(str(error)) and trainer.halve(block.group):
            return None
        raise
    assert trained is not None  # there are no rungs
    return trained.curves["train_loss"][-1].tolist()


def _rate_of(run: Run) -> float:
    rate = run.config["learning_rate"]
    assert isinstance(rate, float)
    return rate
