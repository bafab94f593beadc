"""Functions that make inputs for tests; they assert nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from paribus.data import Dataset, Split
from paribus.results import DataFacts, StudyResult
from paribus.space import SearchSpace
from paribus.status import RunStatus
from paribus.study import Budget, DataChoice, ModelChoice, OptimizerChoice, Study


def make_study(
    *,
    name: str = "tiny",
    learning_rate: tuple[float, ...] = (0.001, 0.01),
    batch_size: tuple[int, ...] = (32,),
    n_seeds: int = 4,
    epochs: int = 2,
    validation: int = 0,
) -> Study:
    """A study of a small grid, not trained."""
    return Study(
        name=name,
        seeds=tuple(range(n_seeds)),
        budget=Budget(epochs=epochs, evaluate_every=1.0),
        data=DataChoice(name="mnist", validation=validation),
        model=ModelChoice(name="mlp", settings={"hidden": (8,)}),
        optimizer=OptimizerChoice(name="keras_adam"),
        space=SearchSpace(
            grids=({"learning_rate": learning_rate, "batch_size": batch_size},)
        ),
    )


def make_facts(*, n_validation: int = 0, n_test: int = 10_000) -> DataFacts:
    """What MNIST is, without reading it."""
    return DataFacts(
        name="MNIST",
        source="LeCun, Cortes and Burges, CC BY-SA 3.0",
        n_train=60_000 - n_validation,
        n_validation=n_validation,
        n_test=n_test,
        n_train_evaluated=10_000,
        n_classes=10,
        example_shape=(28, 28),
        majority_share=0.1124,
        label_entropy=2.301,
        content_hash="0" * 64,
    )


def make_result(
    study: Study | None = None,
    *,
    final_accuracy: np.ndarray | None = None,
    status: np.ndarray | None = None,
    seed: int = 0,
) -> StudyResult:
    """A made-up result: curves that rise to `final_accuracy` [config, seed]."""
    study = study or make_study()
    rng = np.random.default_rng(seed)
    shape = (len(study.configs()), len(study.seeds))
    if final_accuracy is None:
        centre = np.linspace(0.95, 0.97, shape[0])[:, None]
        final_accuracy = centre + 0.003 * rng.normal(size=shape)
    if status is None:
        status = np.full(shape, RunStatus.CONVERGED)
    epochs = np.array(study.budget.evaluation_epochs())
    rise = 1 - np.exp(-4 * epochs / epochs[-1])
    rise = rise / rise[-1]
    accuracy = 0.1 + (final_accuracy[..., None] - 0.1) * rise
    loss = 2.3 * (1 - 0.95 * (accuracy - 0.1) / 0.9)
    splits = ["train", "test"] + (["validation"] if study.data.validation else [])
    curves: dict[str, np.ndarray] = {}
    for split in splits:
        curves[f"{split}_loss"] = loss
        curves[f"{split}_accuracy"] = accuracy
    return StudyResult(
        study=study,
        data=make_facts(n_validation=study.data.validation),
        status=status.astype(np.int64),
        diverged_at=np.zeros(shape, dtype=np.int64),
        epochs=epochs,
        curves=curves,
        messages={},
    )


def all_counted(scores: np.ndarray) -> np.ndarray:
    """A mask that counts every score."""
    return np.full(scores.shape, True)


def make_dataset(
    *, n_train: int = 200, n_test: int = 50, n_inputs: int = 12, seed: int = 0
) -> Dataset:
    """Three classes of bytes that a small network learns in an epoch or two."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(40, 215, size=(3, n_inputs))

    def make_split(n: int) -> Split:
        labels = rng.integers(0, 3, size=n).astype(np.int32)
        noise = rng.normal(scale=30, size=(n, n_inputs))
        inputs = np.clip(centres[labels] + noise, 0, 255).astype(np.uint8)
        return Split(inputs=inputs, labels=labels)

    splits = {"train": make_split(n_train), "test": make_split(n_test)}
    return Dataset(name="blobs", source="made up", splits=splits, n_classes=3)


def write_blobs(path: Path, **sizes: int) -> Path:
    """Write `make_dataset` as an `.npz` archive."""
    splits = make_dataset(**sizes).splits
    arrays = {f"x_{name}": split.inputs for name, split in splits.items()}
    arrays |= {f"y_{name}": split.labels for name, split in splits.items()}
    np.savez(path, allow_pickle=False, **arrays)
    return path


def make_blobs_study(
    *,
    learning_rate: tuple[float, ...] = (0.01, 0.1),
    batch_size: tuple[int, ...] = (16,),
    seeds: tuple[int, ...] = (0, 1),
    optimizer: str = "keras_adam",
    epochs: int = 2,
    evaluate_every: float = 1.0,
) -> Study:
    """A study of `blobs.npz`, which trains in a second."""
    return Study(
        name="blobs",
        seeds=seeds,
        budget=Budget(epochs=epochs, evaluate_every=evaluate_every),
        data=DataChoice(path="blobs.npz"),
        model=ModelChoice(name="mlp", settings={"hidden": (8,)}),
        optimizer=OptimizerChoice(name=optimizer),
        space=SearchSpace(
            grids=({"learning_rate": learning_rate, "batch_size": batch_size},)
        ),
    )


def train_blobs(study: Study, folder: Path) -> StudyResult:
    """Train a study of blobs in `folder`, as the command line would."""
    from paribus.engine.train import train_study  # loads JAX

    if not (folder / "blobs.npz").exists():
        write_blobs(folder / "blobs.npz")
    return train_study(study, folder / study.name, data_folder=folder, device="cpu")


def run_blobs(study: Study, folder: Path, **options: Any) -> StudyResult:
    """As `train_blobs`, with whatever tuning and looks add, statuses told apart."""
    from paribus.api import run_study

    if not (folder / "blobs.npz").exists():
        write_blobs(folder / "blobs.npz")
    return run_study(
        study, folder / study.name, data_folder=folder, device="cpu", **options
    )


# Accuracy and loss by guessing, as in `make_facts`.
CHANCE, ENTROPY = 0.1124, 2.301


def make_finished(
    *rows: tuple[float, ...],
    status: dict[tuple[int, int], RunStatus] | None = None,
    batch_size: tuple[int, ...] = (32,),
    validation: int = 0,
) -> StudyResult:
    """One config's accuracies a row; no evaluations for runs that did not get there."""
    accuracy = np.array(rows, dtype=float)
    rates = (0.001, 0.01, 0.1, 1.0)[: len(rows) // len(batch_size)]
    study = make_study(
        learning_rate=rates,
        batch_size=batch_size,
        n_seeds=accuracy.shape[1],
        validation=validation,
    )
    statuses = np.full(accuracy.shape, int(RunStatus.CONVERGED))
    for run, word in (status or {}).items():
        statuses[run] = word
    result = make_result(study, final_accuracy=accuracy, status=statuses)
    gone = statuses <= RunStatus.DIVERGED
    curves = {
        name: np.where(gone[..., None], np.nan, c) for name, c in result.curves.items()
    }
    return replace(result, curves=curves)
