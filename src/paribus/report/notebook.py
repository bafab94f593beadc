"""The course notebook's six published numbers, and where they fall among our runs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from paribus.results import StudyResult
from paribus.space import Config
from paribus.study import Study


# It printed four digits: what is closer than half of the last is equal.
_HALF_A_DIGIT = 0.5e-4


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task of the notebook.

    Attributes:
        title: As the notebook calls it.
        varied: The hyperparameter it varies.
        accuracies: Config -> the test accuracy that the notebook printed, of one seed.
    """

    title: str
    varied: str
    accuracies: Mapping[Config, float]


def _config(learning_rate: float, batch_size: int) -> Config:
    return Config({"learning_rate": learning_rate, "batch_size": batch_size})


TASKS = (
    Task(
        title="Task 1",
        varied="learning_rate",
        accuracies={
            _config(0.001, 32): 0.9766,
            _config(0.01, 32): 0.9619,
            _config(0.1, 32): 0.4235,
        },
    ),
    Task(
        title="Task 2",
        varied="batch_size",
        accuracies={
            _config(0.01, 32): 0.9663,
            _config(0.01, 64): 0.9699,
            _config(0.01, 128): 0.9709,
        },
    ),
)

# What the notebook holds fixed. Its own name and how often runs are evaluated are no
# part of it.
_PROTOCOL = {
    "study.epochs": 5,
    "data.name": "mnist",
    "data.validation": 0,
    "model.name": "mlp",
    "model.hidden": [128],
    "model.activation": "relu",
    "optimizer.name": "keras_adam",
    "optimizer.b1": 0.9,
    "optimizer.b2": 0.999,
    "optimizer.eps": 1e-7,
}


def is_notebook(study: Study) -> bool:
    """Whether a study repeats the notebook, whatever it is called.

    Its protocol must be the notebook's, and all five of its configs must be there.
    """
    fixed = study.fixed_settings()
    same_protocol = all(
        key in fixed and fixed[key] == value for key, value in _PROTOCOL.items()
    )
    wanted = {config for task in TASKS for config in task.accuracies}
    return same_protocol and wanted <= set(study.configs())


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where a single published accuracy falls among our runs of the same config.

    Attributes:
        accuracy: The published number.
        n_runs: Our runs with a value.
        n_below: How many of them are lower.
        n_equal: How many are equal.
        lowest: Our lowest.
        highest: Our highest.
    """

    accuracy: float
    n_runs: int
    n_below: int
    n_equal: int
    lowest: float
    highest: float

    @property
    def is_inside(self) -> bool:
        """Whether the number lies in the range of our runs."""
        return (
            self.lowest - _HALF_A_DIGIT <= self.accuracy <= self.highest + _HALF_A_DIGIT
        )

    @property
    def quantile(self) -> float:
        """The share of our runs below it, those equal to it counted half."""
        return (self.n_below + self.n_equal / 2) / self.n_runs


def place_published(
    result: StudyResult, config: int, accuracy: float
) -> Placement | None:
    """Place a published test accuracy among a config's runs; None without runs."""
    values = result.final("test_accuracy")[config]
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    is_equal = np.abs(values - accuracy) < _HALF_A_DIGIT
    return Placement(
        accuracy=accuracy,
        n_runs=len(values),
        n_below=int(np.sum((values < accuracy) & ~is_equal)),
        n_equal=int(np.sum(is_equal)),
        lowest=float(values.min()),
        highest=float(values.max()),
    )
