"""Functions that make tuned studies for tests; they assert nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from builders import make_facts

from paribus.halving import Halving
from paribus.results import StudyResult
from paribus.space import SearchSpace
from paribus.status import RunStatus
from paribus.study import Budget, DataChoice, ModelChoice, OptimizerChoice, Study
from paribus.tuning import Tuning, count_tuning_seeds


RATES = (0.001, 0.01, 0.1)
# Learning rate, batch size -> accuracy: .01 is best at 32; .1, an edge, at 64.
SCORES = {
    (0.001, 32): 0.90,
    (0.01, 32): 0.95,
    (0.1, 32): 0.93,
    (0.001, 64): 0.90,
    (0.01, 64): 0.91,
    (0.1, 64): 0.92,
}


def make_tuned_study(
    *,
    learning_rate: tuple[float, ...] = RATES,
    batch_size: tuple[int, ...] = (32, 64),
    optimizer: tuple[str, ...] = (),
    n_seeds: int = 3,
    n_choosing: int = 2,
    n_targets: int = 2,
    held: tuple[float, ...] = (),
    compare: str = "tuned",
    steps: int | None = None,
    refine: bool = False,
    halving: Halving | None = None,
) -> Study:
    """A study that tunes its learning rate, not trained.

    Args:
        n_targets: Tuning seeds in all, as `target_seeds` of a study file.
    """
    grid = {"learning_rate": learning_rate, "batch_size": batch_size}
    varied = {"optimizer": optimizer} if optimizer else {}
    return Study(
        name="tuned",
        seeds=tuple(range(n_seeds)),
        budget=Budget(epochs=4, evaluate_every=1.0, steps=steps),
        data=DataChoice(name="mnist", validation=5000),
        model=ModelChoice(name="mlp", settings={"hidden": (8,)}),
        optimizer=OptimizerChoice(name=None if optimizer else "keras_adam"),
        space=SearchSpace(grids=({**varied, **grid},)),
        tuning=Tuning(
            seeds=count_tuning_seeds(max(n_choosing, n_targets)),
            n_choosing=n_choosing,
            held=held,
            compare="all" if compare == "all" else "tuned",
            refine=refine,
            halving=halving,
        ),
    )


def make_tuned_result(
    study: Study, accuracy: Mapping[Any, float], *, n_trained: int = -1
) -> StudyResult:
    """Tuning seeds that have trained and reached the accuracies; all others pending.

    Args:
        study: As `make_tuned_study` makes it.
        accuracy: The values of a config, in the order of the space -> final accuracy,
            a little higher with each seed.
        n_trained: How many of the choosing seeds have; all if not said.
    """
    assert study.tuning is not None
    shape = (len(study.configs()), len(study.all_seeds))
    first = len(study.seeds)
    n = study.tuning.n_choosing if n_trained < 0 else n_trained
    final = np.full(shape, np.nan)
    status = np.full(shape, int(RunStatus.PENDING))
    for i, config in enumerate(study.configs()):
        final[i, first : first + n] = accuracy[tuple(config.values())]
        final[i, first : first + n] += 0.001 * np.arange(n)
        status[i, first : first + n] = RunStatus.CONVERGED
    facts = make_facts(n_validation=5000)
    epochs = np.array(study.evaluation_epochs(facts.n_train))
    rise = np.minimum(epochs / study.budget.epochs, 1.0)
    curve = 0.1 + (final[..., None] - 0.1) * rise
    curves = {}
    for split in ("train", "validation", "test"):
        curves[f"{split}_accuracy"] = curve
        curves[f"{split}_loss"] = 2.3 * (1 - 0.95 * (curve - 0.1) / 0.9)
    return StudyResult(
        study=study,
        data=facts,
        status=status,
        diverged_at=np.zeros(shape, dtype=np.int64),
        epochs=epochs,
        curves=curves,
        messages={},
    )


def stopped(
    result: StudyResult,
    configs: Sequence[int],
    n_evaluations: int,
    *,
    status: RunStatus = RunStatus.PRUNED,
) -> StudyResult:
    """The result with the choosing runs of some configs stopped on their way.

    Args:
        configs: Positions.
        n_evaluations: What there is of them; 0 for nothing.
        status: What became of them.
    """
    tuning = result.study.tuning
    assert tuning is not None
    choosing = [result.seeds.index(s) for s in tuning.seeds[: tuning.n_choosing]]
    is_stopped = np.full(result.status.shape, False)
    is_stopped[np.ix_(configs, choosing)] = True
    is_after = np.arange(len(result.epochs)) >= n_evaluations
    return replace(
        result,
        status=np.where(is_stopped, int(status), result.status),
        curves={
            name: np.where(is_stopped[..., None] & is_after, np.nan, curve)
            for name, curve in result.curves.items()
        },
    )


def trained(result: StudyResult, runs: np.ndarray, accuracy: float) -> StudyResult:
    """The result with some runs trained too."""
    status = np.where(runs, int(RunStatus.CONVERGED), result.status)
    curves = {
        name: np.where(runs[..., None], accuracy, curve)
        for name, curve in result.curves.items()
    }
    return replace(result, status=status, curves=curves)


def make_crossed_result(*, interaction: float, edge: bool = False) -> StudyResult:
    """Two optimizers and three batch sizes, six seeds at the best of three rates."""
    study = make_tuned_study(
        optimizer=("sgd", "adam"), batch_size=(32, 64, 128), n_seeds=6
    )
    by_rate = {0.001: 0.90, 0.01: 0.95, 0.1: 0.97 if edge else 0.92}
    configs = study.configs()
    tuned = {
        tuple(c.values()): by_rate[float(str(c["learning_rate"]))] for c in configs
    }
    result = make_tuned_result(study, tuned)
    rng = np.random.default_rng(0)
    for i, config in enumerate(configs):
        if config["learning_rate"] != 0.01:
            continue
        sign = 1 if config["optimizer"] == "adam" else -1
        slope = (32, 64, 128).index(int(str(config["batch_size"])))
        for j in range(6):
            runs = np.zeros(result.status.shape, dtype=bool)
            runs[i, j] = True
            accuracy = 0.94 + 0.01 * sign + interaction * sign * slope
            accuracy += 0.0005 * rng.normal()
            result = trained(result, runs, accuracy)
    return result
