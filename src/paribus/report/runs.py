"""Every run in a table, so that each number of the report can be traced to it."""

import numpy as np

from paribus.analysis.halving import stopped_after
from paribus.analysis.scores import is_accuracy, is_learner
from paribus.counts import count
from paribus.report.document import Table
from paribus.report.findings import Findings
from paribus.report.numbers import NONE, percent
from paribus.report.prose import status_words
from paribus.report.slices import words
from paribus.results import StudyResult
from paribus.status import RunStatus


MAX_RUNS = 1500
# What fits beside each other; the export has all of them.
SHOWN_MEASURES = (
    "max_early_loss",
    "overshoot_share",
    "first_update",
    "gradient_norm_p90",
    "lambda_max",
    "asam_sharpness",
    "test_ece_debiased",
    "weight_distance",
)


def config_anchor(config: int) -> str:
    """The id of the table of a config's runs in the page."""
    return f"runs-{config + 1}"


def tabulate_runs(findings: Findings) -> tuple[Table, ...]:
    """A folded table of runs for each config that the report shows.

    Runs that the study does not have are left out; of very large studies, the configs
    that come first.
    """
    result = findings.result
    tables: list[Table] = []
    n_runs = 0
    for config, label in findings.listed.items():
        present = np.flatnonzero(result.status[config] != RunStatus.ABSENT).tolist()
        n_runs += len(present)
        if len(present) and n_runs <= MAX_RUNS:
            tables.append(_tabulate_config(result, config, label, present))
    return tuple(tables)


def say_export(result: StudyResult) -> str:
    """Say how to get at all runs and curves, and what is written of runs it lacks."""
    text = (
        "Every number above comes from these runs, at the end of the budget. `paribus "
        "export DIR --format csv --out runs` writes all of them, with every evaluation "
        "and every measure."
    )
    if (result.status == RunStatus.ABSENT).any():
        text += (
            " There the status absent marks seeds of configs that tuning did not "
            "choose: runs that the study does not have."
        )
    return text


def _tabulate_config(
    result: StudyResult, config: int, label: str, seeds: list[int]
) -> Table:
    metrics = [name for name in result.metrics if name.split("_")[0] != "minibatch"]
    columns = {
        words(name): _cells(name, result.final(name)[config]) for name in metrics
    }
    for name in SHOWN_MEASURES:
        values = result.measures.get(name)
        if values is not None and np.isfinite(values[config]).any():
            columns[words(name)] = _cells(name, values[config])
    n_learned = int(is_learner(result)[config, seeds].sum())
    return Table(
        caption=f"{label or 'the only config'}: {count(len(seeds), 'run')}, "
        f"{n_learned} learned",
        columns=("seed", "status", *columns),
        rows=tuple(
            (
                str(result.seeds[seed]),
                _status(result, config, seed),
                *(cells[seed] for cells in columns.values()),
            )
            for seed in seeds
        ),
        n_labels=2,
        anchor=config_anchor(config),
        is_folded=True,
    )


def _status(result: StudyResult, config: int, seed: int) -> str:
    status = RunStatus(result.status[config, seed])
    step = int(result.diverged_at[config, seed])
    at = f" at step {step:,}" if status is RunStatus.DIVERGED and step else ""
    epochs = stopped_after(result) if status is RunStatus.PRUNED else {}
    if config in epochs:
        at = f" after {count(round(epochs[config]), 'epoch')}"
    return f"{status_words(status)}{at}"


def _cells(name: str, values: np.ndarray) -> list[str]:
    def write(value: float) -> str:
        if not np.isfinite(value):
            return NONE
        return percent(value) if is_accuracy(name) else f"{value:.4g}"

    return [write(float(value)) for value in values]
