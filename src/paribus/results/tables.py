"""A study's result as pandas DataFrames: every run, and every training curve.

Columns have the names that the JSON output uses: each hyperparameter's own, `seed`,
`status`, and `<split>_<metric>`.
"""

import numpy as np
import pandas as pd

from paribus.results.clocks import evaluation_steps
from paribus.results.result import StudyResult
from paribus.status import RunStatus


def runs(result: StudyResult) -> pd.DataFrame:
    """Tabulate the runs of a study, one row each, in the order config, then seed.

    Args:
        result: What the study found. Runs that are not trained yet have a row too.

    Returns:
        A column per hyperparameter of the space, then `seed`, `status` (the word),
        `diverged_at` (the step, counted from 1; missing where all stayed finite), and
        the final value of every metric, accuracies as fractions and losses in nats,
        then every measure of the run, e.g. `overshoot_share`. A run without a value has
        NaN there.
    """
    n_configs, n_seeds = result.status.shape
    columns = _labels(result, np.arange(n_configs * n_seeds))
    columns["status"] = [RunStatus(code).word for code in result.status.ravel()]
    steps = pd.array(result.diverged_at.ravel(), dtype="Int64")
    columns["diverged_at"] = pd.Series(steps).where(result.diverged_at.ravel() > 0)
    for metric in result.metrics:
        columns[metric] = result.final(metric).ravel()
    for name, values in result.measures.items():
        columns[name] = values.ravel()
    return pd.DataFrame(columns)


def curves(result: StudyResult) -> pd.DataFrame:
    """Tabulate the training curves, one row per run and evaluation.

    Args:
        result: What the study found.

    Returns:
        A column per hyperparameter, `seed`, `status` (the word for what became of the
        run), then the three clocks `epoch`, `step` and `examples` (since the start, at
        this evaluation), and every metric. Evaluations
        that did not take place, e.g. after a run diverged, are left out. Of runs that
        another tool trained, `step` and, if their number is not known, `examples` are
        missing.
    """
    n_evaluations = len(result.epochs)
    n_runs = result.status.size
    columns = _labels(result, np.repeat(np.arange(n_runs), n_evaluations))
    words = np.array([RunStatus(code).word for code in result.status.ravel()])
    columns["status"] = np.repeat(words, n_evaluations)
    epoch = np.tile(result.epochs, n_runs)
    columns["epoch"] = epoch
    if result.data.n_train and not result.study.is_imported:
        by_config = [evaluation_steps(result, i) for i in range(len(result.configs))]
        columns["step"] = np.repeat(by_config, len(result.seeds), axis=0).ravel()
    if result.data.n_train:
        columns["examples"] = np.rint(epoch * result.data.n_train).astype(np.int64)
    for metric in result.metrics:
        columns[metric] = result.curve(metric).ravel()
    table = pd.DataFrame(columns)
    took_place = table[list(result.metrics)].notna().any(axis=1)
    return table.loc[took_place].reset_index(drop=True)


def _labels(result: StudyResult, run: np.ndarray) -> dict[str, object]:
    """The columns that say which run a row is about; `run` counts config by seed."""
    config = run // len(result.seeds)
    columns: dict[str, object] = {}
    for name in result.study.space.hyperparameters():
        values = [each.get(name) for each in result.configs]
        if all(isinstance(v, bool | int | float | str) for v in values):
            columns[name] = np.array(values)[config]
        else:
            columns[name] = [values[index] for index in config]
    columns["seed"] = np.array(result.seeds)[run % len(result.seeds)]
    return columns
