"""Imported curves to a study folder that every reading command understands."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from paribus.counts import count
from paribus.data.paths import opened
from paribus.errors import DataError
from paribus.hyperparameters import Value
from paribus.imports.table import CurveTable, read_curve_table
from paribus.results import DataFacts
from paribus.space import Config, SearchSpace
from paribus.store import StudyWriter, check_is_new, create_whole_study
from paribus.study import (
    ELSEWHERE,
    Budget,
    DataChoice,
    ModelChoice,
    OptimizerChoice,
    Run,
    Study,
)


class DataSizes(NamedTuple):
    """What is known of the data that another tool trained on; 0 stands for unknown."""

    n_train: int = 0
    n_validation: int = 0
    n_test: int = 0
    n_classes: int = 0


UNKNOWN = DataSizes()

MAX_NAMED = 10  # columns, in a note


def import_runs(
    path: Path,
    folder: Path,
    *,
    name: str,
    hyperparameters: Sequence[str],
    columns: tuple[str, str] = ("seed", "epoch"),
    data: str | None = None,
    sizes: DataSizes = UNKNOWN,
) -> None:
    """Make a study folder of curves that another tool recorded.

    Args:
        path: A CSV file, gzipped or not: one row per run and evaluation.
        folder: The study folder to make.
        name: The study's name.
        hyperparameters: Columns that say which config a row belongs to.
        columns: Those of the seed, and of the epoch, from 0 (before the first step).
        data: The data set's name, for people.
        sizes: What is known of the data. Without the number of classes, chance is taken
            from the runs before their first step.

    Raises:
        CommandError: If the file has no column of a name.
        DataError: If the file cannot be understood.
        StoreError: If the folder is not empty.
        ResourceError: If the disk is full.
    """
    check_is_new(folder)
    seed, epoch = columns
    table = read_curve_table(
        path, hyperparameters=hyperparameters, seed=seed, epoch=epoch
    )
    sizes = sizes._replace(n_train=sizes.n_train or _n_train(table))
    runs = _ImportedRuns.of(table, path)
    facts = _facts(runs, table, path, data=data or path.name, sizes=sizes)
    study = Study(
        name=name,
        seeds=runs.seeds,
        budget=Budget(epochs=max(1, int(np.ceil(runs.epochs[-1])))),
        data=DataChoice(path=path.name),
        model=ModelChoice(name=ELSEWHERE),
        optimizer=OptimizerChoice(name=ELSEWHERE),
        space=SearchSpace(
            grids=tuple({n: (v,) for n, v in c.items()} for c in runs.configs)
        ),
    )
    epochs = tuple(runs.epochs.tolist())
    fill = partial(_fill, runs=runs, file=path.name)
    create_whole_study(folder, study, facts, epochs=epochs, fill=fill)


def _fill(writer: StudyWriter, runs: "_ImportedRuns", file: str) -> None:
    writer.begin_attempt({"trained": f"elsewhere, read from {file}"})
    block = writer.begin_block(runs.kept, description=f"runs of {file}")
    writer.commit_block(block, curves=runs.curves, diverged_at=runs.diverged_at)
    writer.finish_attempt(len(runs.kept), 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class _ImportedRuns:
    """The runs of a file.

    Attributes:
        configs: By the value of the first hyperparameter, then of the second, ...
        seeds: Ascending.
        epochs: Every epoch at which a run was evaluated, ascending. Of a study of our
            own up to the last whole one that all configs have: some of its runs go on
            for the sake of equal steps.
        kept: The runs that spent their budget, or diverged.
        curves: Metric -> values of the kept runs.
        diverged_at: At which evaluation, from 1, a loss was first not finite; 0 never.
        stopped: Runs that ended early although nothing had gone wrong.
    """

    configs: tuple[Config, ...]
    seeds: tuple[int, ...]
    epochs: Float[np.ndarray, " evaluation"]
    kept: tuple[Run, ...]
    curves: Mapping[str, Float[np.ndarray, "evaluation run"]]
    diverged_at: Int[np.ndarray, " run"]
    stopped: tuple[Run, ...]

    @classmethod
    def of(cls, table: CurveTable, path: Path) -> "_ImportedRuns":
        by_row = [
            Run(_config(dict(zip(table.hyperparameters, values, strict=True))), seed)
            for *values, seed in zip(
                *table.hyperparameters.values(), table.seed, strict=True
            )
        ]
        place = {run: i for i, run in enumerate(dict.fromkeys(by_row))}
        epochs = np.unique(table.epoch)
        row_run = np.array([place[run] for run in by_row])
        row_epoch = np.searchsorted(epochs, table.epoch)
        _check_once(row_run, row_epoch, len(place), path)
        shape = (len(epochs), len(place))
        curves = {name: np.full(shape, np.nan) for name in table.metrics}
        for name, values in table.metrics.items():
            curves[name][row_epoch, row_run] = values
        is_there = np.zeros(shape, dtype=bool)
        is_there[row_epoch, row_run] = True
        runs = tuple(place)
        is_frozen = np.zeros(len(runs), dtype=bool)
        if table.exported is not None:
            is_frozen[row_run[table.exported.is_diverged]] = True
        diverged_at = _diverged_at(curves, is_there, is_frozen)
        n_compared = len(epochs)
        if table.exported is not None:
            n_compared = _n_shared(runs, epochs, is_there, diverged_at)
        diverged_at = np.where(diverged_at <= n_compared, diverged_at, 0)
        epochs = epochs[:n_compared]
        is_kept = is_there[n_compared - 1] | (diverged_at > 0)
        if not is_kept.any():
            raise DataError(
                f"`{path}` must have a run that was evaluated at epoch {epochs[-1]:g}"
            )
        return cls(
            configs=tuple(
                sorted(
                    {run.config for run in runs},
                    key=partial(_in_order, names=tuple(table.hyperparameters)),
                )
            ),
            seeds=tuple(sorted({run.seed for run in runs})),
            epochs=epochs,
            kept=tuple(run for run, kept in zip(runs, is_kept, strict=True) if kept),
            curves={
                name: values[:n_compared, is_kept].astype(np.float32)
                for name, values in curves.items()
            },
            diverged_at=diverged_at[is_kept],
            stopped=tuple(
                run for run, kept in zip(runs, is_kept, strict=True) if not kept
            ),
        )


def _config(values: Mapping[str, Value | None]) -> Config:
    """A config has what its cells are not empty of."""
    return Config({name: value for name, value in values.items() if value is not None})


def _in_order(config: Config, names: Sequence[str]) -> tuple[tuple[bool, Value], ...]:
    """By the values of each column, all numbers or all text; first without any."""
    return tuple((name in config, config.get(name, 0)) for name in names)


def _check_once(
    row_run: np.ndarray, row_epoch: np.ndarray, n_runs: int, path: Path
) -> None:
    key = row_epoch.astype(np.int64) * n_runs + row_run
    _, first = np.unique(key, return_index=True)
    if len(first) < len(key):
        (line, *_) = np.setdiff1d(np.arange(len(key)), first) + 2
        raise DataError(
            f"`{path}` must have one row per run and epoch, got a second one "
            f"(line {line})",
            hint="name every column that tells runs apart in `--hyperparameters`",
        )


def _n_shared(
    runs: Sequence[Run],
    epochs: Float[np.ndarray, " evaluation"],
    is_there: np.ndarray,
    diverged_at: np.ndarray,
) -> int:
    """How many evaluations there are up to the last whole epoch of every config.

    A config ends with the longest of its runs. Runs that diverged do not count: they
    end anywhere.
    """
    ends: dict[Config, float] = {}
    for run, there, has_diverged in zip(runs, is_there.T, diverged_at, strict=True):
        if not has_diverged:
            ends[run.config] = max(ends.get(run.config, 0.0), epochs[there][-1])
    shared = min(ends.values(), default=epochs[-1])
    if shared == epochs[-1]:
        return len(epochs)
    return int(np.searchsorted(epochs, max(np.floor(shared), 1.0) + 1e-9))


def _n_train(table: CurveTable) -> int:
    """The number of training examples that a file of our own tells; 0 if none does."""
    if table.exported is None:
        return 0
    examples, epochs = table.exported.examples, table.epoch
    is_known = (epochs > 0) & np.isfinite(examples)
    if not is_known.any():
        return 0
    latest = np.argmax(np.where(is_known, epochs, 0))
    return int(np.rint(examples[latest] / epochs[latest]))


def _diverged_at(
    curves: Mapping[str, np.ndarray], is_there: np.ndarray, is_frozen: np.ndarray
) -> Int[np.ndarray, " run"]:
    """The first evaluation with a loss that is not finite; 0 for none.

    Of a run that is known to have diverged the first that it lacks, if not earlier.
    """
    losses = [values for name, values in curves.items() if name.endswith("_loss")]
    is_bad = np.zeros_like(is_there)
    for values in losses:
        is_bad |= is_there & ~np.isfinite(values)
    seen = np.where(is_bad.any(axis=0), is_bad.argmax(axis=0) + 1, 0)
    is_silent = is_frozen & (seen == 0)
    return np.where(is_silent, is_there.sum(axis=0) + 1, seen).astype(np.int64)


def _digest(path: Path) -> str:
    with opened(path, str(path)) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _facts(
    runs: _ImportedRuns,
    table: CurveTable,
    path: Path,
    *,
    data: str,
    sizes: DataSizes,
) -> DataFacts:
    notes = [f"Another tool trained these runs; they were read from {path.name}"]
    if sizes.n_classes:
        chance, entropy = 1 / sizes.n_classes, float(np.log(sizes.n_classes))
        notes.append("Labels are taken to be balanced")
    elif found := _untrained(runs):
        chance, entropy = found
        notes.append(
            "Chance is taken from the runs before their first step: "
            f"{100 * chance:.3g} %"
        )
    else:
        chance = entropy = 0.0
        notes.append(
            "Chance is not known, so runs that never learned pass for learners: no "
            "accuracy was recorded at epoch 0, and the number of labels was not named "
            "(--classes)"
        )
    if not {"validation_accuracy", "test_accuracy"} & runs.curves.keys():
        notes.append(
            "There is no validation_accuracy or test_accuracy, by which configs are "
            "ranked: there will be no report, and no claim about quality is judged"
        )
    if not sizes.n_test:
        notes.append(
            "The number of test examples is not known, so there is no noise floor"
        )
    if table.unused:
        notes.append(f"Columns not read: {_shortly(table.unused)}")
    if runs.stopped:
        notes.append(
            f"{count(len(runs.stopped), 'run')} stopped before epoch "
            f"{runs.epochs[-1]:g}: left out"
        )
    if runs.diverged_at.any():
        notes.append("Divergence is counted in evaluations, since steps are not known")
    return DataFacts(
        name=data,
        source=path.name,
        n_train=sizes.n_train,
        n_validation=sizes.n_validation,
        n_test=sizes.n_test,
        n_train_evaluated=sizes.n_train,
        n_classes=sizes.n_classes,
        example_shape=(),
        majority_share=chance,
        label_entropy=entropy,
        content_hash=_digest(path),
        notes=tuple(notes),
    )


def _shortly(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more


def _untrained(runs: _ImportedRuns) -> tuple[float, float] | None:
    """Accuracy and loss by guessing: medians over the runs at epoch 0.

    None if no accuracy was recorded there.
    """
    if runs.epochs[0] > 0:
        return None
    accuracy, loss = (_median_at_start(runs, metric) for metric in ("accuracy", "loss"))
    return None if accuracy is None else (accuracy, loss or 0.0)


def _median_at_start(runs: _ImportedRuns, metric: str) -> float | None:
    values = [
        curve[0] for name, curve in runs.curves.items() if name.endswith(f"_{metric}")
    ]
    known = np.concatenate([start[np.isfinite(start)] for start in values] or [[]])
    return float(np.median(known)) if known.size else None
