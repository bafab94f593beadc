"""A study's runs, curves and configs as CSV files or as one JSON file."""

import json
import math
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from paribus.analysis import classify_runs, summarise_configs
from paribus.analysis.measure_facts import DERIVED
from paribus.analysis.run_measures import run_measure
from paribus.analysis.scores import shown_metrics
from paribus.analysis.targets import (
    epochs_to_target,
    optimizer_of,
    set_targets,
    steps_to_target,
)
from paribus.errors import CommandError, unknown_name
from paribus.results import StudyResult
from paribus.results.files import write_atomically, write_together
from paribus.results.tables import curves, runs
from paribus.space import show_value
from paribus.stats.targets import RUNGS


FORMATS = ("csv", "json")

SCHEMA_VERSION = 1

# A spreadsheet takes a text cell that starts with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def export(result: StudyResult, *, format: str, out: Path) -> tuple[Path, ...]:
    """Write every run and every curve for other tools.

    Args:
        result: What the study found; statuses are told apart here.
        format: `"csv"` writes `runs.csv`, `curves.csv` and `configs.csv` into the
            folder `out`, or the runs alone if `out` ends in `.csv`. `"json"` writes one
            file with all three.
        out: Where to; replaced if it is there.

    Returns:
        The files written.

    Raises:
        UnknownNameError: If nothing is called `format`.
        CommandError: If `out` cannot be written to.
        ResourceError: If the disk is full.
    """
    result = classify_runs(result)
    if format == "csv":
        return _export_csv(result, out)
    if format == "json":
        if out.is_dir():
            raise CommandError(
                f"`{out}` must be a file, got a folder",
                hint=f"name a file in it: {out / 'study.json'}",
            )
        write_atomically(out, to_json(result))
        return (out,)
    raise unknown_name("export format", format, FORMATS)


def runs_table(result: StudyResult) -> pd.DataFrame:
    """Tabulate the runs of a study, one row each, with every measure claims rest on.

    Args:
        result: Statuses as `classify_runs` gives them.

    Returns:
        The columns of `paribus.results.tables.runs`, then each measure that is derived
        from curves and statuses, by the name that claims use, e.g. `tuv`, `jitter`,
        `aulc_10` or `bad_share` (1 for a run that ended badly). Where tuning seeds set
        targets, for each of them `target_at_0.97` (the score, 97 % of the way from
        guessing to the best config of the optimizer), and `epochs_to_target_at_0.97`
        and `steps_to_target_at_0.97`: infinity for a run that never reached it. NaN
        for a run without a value; a measure that no run has, has no column.
    """
    derived = {**_derived(result), **_target_times(result)}
    columns = {name: values.ravel() for name, values in derived.items()}
    return pd.concat([runs(result), pd.DataFrame(columns)], axis=1)


def _derived(result: StudyResult) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for name in DERIVED:
        try:
            values = run_measure(result, name).values
        except KeyError:  # the study has not recorded what it is made from
            continue
        if np.isfinite(values).any():
            found[name] = values
    return found


def _target_times(result: StudyResult) -> dict[str, np.ndarray]:
    """The targets of each run's optimizer, and when it first reached them."""
    tuning = result.study.tuning
    if tuning is None:
        return {}
    pilot = result.of_seeds(tuning.seeds)
    owners = [optimizer_of(result, config) for config in result.configs]
    ladders = {name: set_targets(pilot, name) for name in dict.fromkeys(owners)}
    found: dict[str, np.ndarray] = {}
    for k, rung in enumerate(RUNGS):
        target, epochs, steps = (np.full(result.status.shape, np.nan) for _ in range(3))
        for i, owner in enumerate(owners):
            if (ladder := ladders[owner]) is not None:
                target[i] = ladder[k]
                epochs[i] = epochs_to_target(result, i, float(ladder[k]))
                steps[i] = steps_to_target(result, i, float(ladder[k]))
        if np.isfinite(target).any():
            ended = result.has_outcome()
            found[f"target_at_{rung:g}"] = target
            found[f"epochs_to_target_at_{rung:g}"] = np.where(ended, epochs, np.nan)
            found[f"steps_to_target_at_{rung:g}"] = np.where(ended, steps, np.nan)
    return found


def configs_table(result: StudyResult) -> pd.DataFrame:
    """Tabulate the configs of a study, one row each.

    Args:
        result: Statuses as `classify_runs` gives them.

    Returns:
        A column per hyperparameter, `n_seeds` with an outcome, a count for each status
        that occurs, `share_bad` (of runs that ended badly) with the bounds of its 95%
        interval, `is_tied_with_best`, `is_practically_tied` (shown to lose less than
        matters) and `regret_upper` (what it loses to the best mean at most),
        `seconds_per_epoch`, and for each metric its mean and the bounds of its 95%
        interval: `test_accuracy`, `test_accuracy_lower`, `test_accuracy_upper`, and
        `test_accuracy_is_bimodal`: whether learners and runs that ended badly are
        mixed, so that the mean describes neither. Then `test_accuracy_of_learners`
        does, with bounds of its own.
    """
    summaries = summarise_configs(result)
    present = sorted({status for s in summaries for status in s.status})
    rows: list[dict[str, Any]] = []
    for s in summaries:
        row: dict[str, Any] = {**s.config, "n_seeds": s.n_seeds}
        row |= {f"n_{status.word}": s.status.get(status, 0) for status in present}
        row["share_bad"] = s.share_bad
        row["share_bad_lower"] = s.share_bad_lower
        row["share_bad_upper"] = s.share_bad_upper
        row["is_tied_with_best"] = s.is_tied_with_best
        row["is_practically_tied"] = s.is_practically_tied
        row["regret_upper"] = s.regret_upper
        row["seconds_per_epoch"] = s.seconds_per_epoch
        for name, metric in s.metrics.items():
            row[name] = metric.mean
            row[f"{name}_lower"] = metric.lower
            row[f"{name}_upper"] = metric.upper
            row[f"{name}_is_bimodal"] = metric.is_bimodal
            row[f"{name}_of_learners"] = metric.mean_of_learners
            row[f"{name}_of_learners_lower"] = metric.lower_of_learners
            row[f"{name}_of_learners_upper"] = metric.upper_of_learners
        rows.append(row)
    return pd.DataFrame(rows)


def main_columns(result: StudyResult, table: pd.DataFrame) -> list[str]:
    """Choose the columns that most readers want of a table of configs.

    Args:
        result: The study.
        table: As `configs_table` makes it.

    Returns:
        The hyperparameters; how many seeds there are and which share of them ended
        badly; the metric that ranks and that of the test split with their intervals,
        and means of learners where runs of a config are a mixture; which configs are
        tied with the best and which practically as good; the seconds of an epoch.
    """
    columns = [*result.study.space.hyperparameters(), "n_seeds", "share_bad"]
    for metric in shown_metrics(result):
        columns += [metric, f"{metric}_lower", f"{metric}_upper"]
        if any(table[f"{metric}_is_bimodal"]):
            columns.append(f"{metric}_of_learners")
    columns += ["is_tied_with_best", "is_practically_tied"]
    if not all(table["seconds_per_epoch"].isna()):
        columns.append("seconds_per_epoch")
    return columns


def to_csv(table: pd.DataFrame) -> str:
    """Write a table as CSV, numbers in full and missing values empty.

    Text that a spreadsheet would take for a formula gets a leading `'`.
    """
    safe = table.copy()
    for name in safe.columns:
        column = cast("pd.Series", safe[name])
        if not pd.api.types.is_numeric_dtype(column.dtype):
            safe[name] = [_text_cell(value) for value in column]
    safe.columns = [_text_cell(name) for name in safe.columns]
    return safe.to_csv(index=False, lineterminator="\n")


def to_json(result: StudyResult) -> str:
    """Write a study's settings, configs, runs and curves as one strict JSON object.

    `schema` is the version of this form. Numbers that are not finite are null.
    """
    document = {
        "schema": SCHEMA_VERSION,
        "study": result.study.to_dict(),
        "data": {
            "name": result.data.name,
            "source": result.data.source,
            "content_hash": result.data.content_hash,
        },
        "configs": _records(configs_table(result)),
        "runs": _records(runs_table(result)),
        "curves": _records(curves(result)),
    }
    return json.dumps(document, allow_nan=False) + "\n"


def _export_csv(result: StudyResult, out: Path) -> tuple[Path, ...]:
    if out.suffix.lower() == ".csv":
        write_atomically(out, to_csv(runs_table(result)))
        return (out,)
    tables = {"runs": runs_table, "curves": curves, "configs": configs_table}
    write_together(
        out,
        {f"{name}.csv": to_csv(table(result)) for name, table in tables.items()},
    )
    return tuple(out / f"{name}.csv" for name in tables)


def _text_cell(value: Any) -> Any:
    """A cell of a column that is not all numbers."""
    if isinstance(value, tuple | list):
        value = show_value(tuple(value))
    if not isinstance(value, str):
        return value
    quoted = f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    # A lone carriage return would end the row for some readers.
    return quoted.replace("\r\n", "\n").replace("\r", "\n")


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as plain JSON values."""
    columns = [
        [_plain(value) for value in cast("pd.Series", table[name]).tolist()]
        for name in table.columns
    ]
    rows = zip(*columns, strict=True)
    return [dict(zip(table.columns, row, strict=True)) for row in rows]


def _plain(value: Any) -> Any:
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return list(value) if isinstance(value, tuple) else value
