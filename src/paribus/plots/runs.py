"""Every run's final accuracy by config: the runs, their mean, its interval."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import altair as alt
import numpy as np
import pandas as pd
from altair.typing import ChartType

from paribus.analysis import ConfigSummary, MetricSummary
from paribus.analysis.scores import n_examples
from paribus.plots.axes import NumberAxis, metric_axis
from paribus.plots.rows import Rows
from paribus.plots.theme import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    AccuracyAxis,
    metric_words,
)
from paribus.results import StudyResult
from paribus.status import RunStatus


MAX_POINTS = 60

# Where things stand in a row, as fractions of its marks: triangles, dots, the mean.
_PUBLISHED_AT = 0.12
_RUNS_AT = 0.5
_MEAN_AT = 0.95
_JITTER = 0.17
_MARKS_HEIGHT = 36

_COLUMNS = [
    "row",
    "kind",
    "position",
    "lower",
    "upper",
    "accuracy",
    "config",
    "run",
]

RUN = "one run"
BAD_RUN = "one run that ended badly"
MEAN = "mean and 95% interval"
MEAN_OF_LEARNERS = "the same among learners"
PUBLISHED = "the notebook's one run"

_SHAPES = {
    RUN: "circle",
    BAD_RUN: "cross",
    MEAN: "diamond",
    MEAN_OF_LEARNERS: "diamond",
    PUBLISHED: "triangle-down",
}
_COLOURS = {
    RUN: BLUE,
    BAD_RUN: ORANGE,
    MEAN: INK,
    MEAN_OF_LEARNERS: GREY,
    PUBLISHED: GREEN,
}


def draw_runs(
    result: StudyResult,
    summaries: Sequence[ConfigSummary],
    *,
    metric: str,
    labels: Mapping[int, str],
    published: Mapping[int, Sequence[float]],
) -> ChartType:
    """Draw every run's final accuracy, one row a config.

    Runs that ended badly have their own mark, and those without a final value are
    counted in words in their row, so that no run is silently missing. A config with
    more than 60 runs is shown by 60 of them, evenly by rank, with both ends.

    Args:
        result: What the study found.
        summaries: One for each config of the study, for means and intervals.
        metric: Which accuracy.
        labels: Config index -> its name; the rows, in this order.
        published: Config index -> accuracies of single runs from elsewhere.
    """
    index = tuple(labels)
    rows = Rows(
        labels=tuple(labels.values()),
        remarks=tuple(_missing(result, metric, config) for config in index),
        marks_height=_MARKS_HEIGHT,
    )
    marks = [
        mark
        for row, config in enumerate(index)
        for mark in [
            *_run_marks(result, metric, config, row),
            *_mean_marks(summaries[config].metrics.get(metric), row),
            *(
                _Mark(row, _PUBLISHED_AT, x, PUBLISHED)
                for x in published.get(config, ())
            ),
        ]
    ]
    ends = [end for mark in marks for end in (mark.accuracy, mark.lower, mark.upper)]
    axis = metric_axis(metric, ends, n_examples=n_examples(result, metric))
    table = pd.DataFrame(
        [
            {
                "row": rows.marks_at(mark.row, mark.fraction),
                "kind": mark.kind,
                "position": axis.place(mark.accuracy),
                "lower": axis.place(mark.lower),
                "upper": axis.place(mark.upper),
                "accuracy": mark.accuracy,
                "config": rows.labels[mark.row],
                "run": mark.run or mark.kind,
            }
            for mark in marks
        ],
        columns=_COLUMNS,
    )
    return alt.layer(
        *rows.draw_labels(),
        _draw_intervals(table, axis, rows),
        _draw_marks(table, axis, rows, metric),
    ).properties(height=rows.height)


_Axis = AccuracyAxis | NumberAxis


class _Mark(NamedTuple):
    """One mark: where in which row, at which accuracy, and what it is."""

    row: int
    fraction: float
    accuracy: float
    kind: str
    lower: float = math.nan
    upper: float = math.nan
    run: str = ""


def _draw_intervals(table: pd.DataFrame, axis: _Axis, rows: Rows) -> alt.Chart:
    return (
        alt.Chart(table[table["kind"].isin([MEAN, MEAN_OF_LEARNERS])])
        .mark_rule(strokeWidth=2.5, opacity=0.9)
        .encode(x=alt.X("lower:Q", scale=axis.scale()), x2="upper:Q", y=rows.y())
    )


def _draw_marks(table: pd.DataFrame, axis: _Axis, rows: Rows, metric: str) -> alt.Chart:
    kinds = [kind for kind in _SHAPES if kind in set(table["kind"])]
    legend = alt.Legend(title=None, columns=2)
    title = metric_words(metric)
    number = ".2%" if metric.endswith("_accuracy") else ".4~g"
    return (
        alt.Chart(table)
        .mark_point(filled=True, size=62, opacity=0.85)
        .encode(
            x=alt.X("position:Q", scale=axis.scale(), axis=axis.axis(title)),
            y=rows.y(),
            shape=alt.Shape(
                "kind:N",
                scale=alt.Scale(domain=kinds, range=[_SHAPES[k] for k in kinds]),
                legend=legend,
            ),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=kinds, range=[_COLOURS[k] for k in kinds]),
                legend=legend,
            ),
            tooltip=[
                alt.Tooltip("config:N"),
                alt.Tooltip("run:N"),
                alt.Tooltip("accuracy:Q", format=number, title=title),
            ],
        )
    )


def _run_marks(
    result: StudyResult, metric: str, config: int, row: int
) -> Iterator[_Mark]:
    """A mark for each run that has a final value, of many for evenly spaced ranks."""
    values = result.final(metric)[config]
    seeds = np.flatnonzero(np.isfinite(values) & result.has_outcome()[config])
    if len(seeds) > MAX_POINTS:
        by_value = seeds[np.argsort(values[seeds], kind="stable")]
        seeds = by_value[np.linspace(0, len(seeds) - 1, MAX_POINTS).round().astype(int)]
    for place, seed in enumerate(seeds):
        status = RunStatus(result.status[config, seed])
        yield _Mark(
            row,
            _RUNS_AT + _JITTER * (place % 3 - 1),
            float(values[seed]),
            RUN if status.is_learner else BAD_RUN,
            run=f"seed {result.seeds[seed]}, {status.word}",
        )


def _mean_marks(measured: MetricSummary | None, row: int) -> Iterator[_Mark]:
    """The mean that describes the config, and its interval."""
    if measured is None:
        return
    mean, lower, upper = measured.described
    if mean is None:
        return
    yield _Mark(
        row,
        _MEAN_AT,
        mean,
        MEAN_OF_LEARNERS if measured.is_bimodal else MEAN,
        mean if lower is None else lower,
        mean if upper is None else upper,
    )


def _missing(result: StudyResult, metric: str, config: int) -> str:
    """How many runs of a config have no mark, and why."""
    is_missing = ~np.isfinite(result.final(metric)[config])
    counts = {
        status: int(np.sum(is_missing & (result.status[config] == status)))
        for status in RunStatus
    }
    words = [
        f"{n} {status.word.replace('_', ' ')}" for status, n in counts.items() if n
    ]
    return f"× {', '.join(words)}" if words else ""
