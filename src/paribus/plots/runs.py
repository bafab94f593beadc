"""Every run's final accuracy by config: the runs, their mean, its interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from altair.typing import ChartType

from paribus.analysis import ConfigSummary
from paribus.plots.rows import MARKS_AT, draw_row_labels, list_height, row_position
from paribus.plots.theme import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    AccuracyAxis,
    metric_words,
)
from paribus.results import StudyResult
from paribus.status import RunStatus


MAX_POINTS = 60
_JITTER = 0.11

RUN = "one run"
BAD_RUN = "one run that did not learn"
MEAN = "mean and 95% interval"
PUBLISHED = "the notebook's one run"

_SHAPES = {RUN: "circle", BAD_RUN: "cross", MEAN: "diamond", PUBLISHED: "triangle-down"}
_COLOURS = {RUN: BLUE, BAD_RUN: ORANGE, MEAN: INK, PUBLISHED: GREEN}


def draw_runs(
    result: StudyResult,
    summaries: Sequence[ConfigSummary],
    *,
    metric: str,
    labels: Mapping[int, str],
    published: Mapping[int, Sequence[float]],
) -> ChartType:
    """Draw every run's final accuracy, one row a config.

    Runs that did not learn have their own mark, and those without a final value are
    counted in words in their row, so that no run is silently missing. A config with more
    than 60 runs is shown by 60 of their quantiles, the first and the last among them.

    Args:
        result: What the study found.
        summaries: One for each config of the study, for means and intervals.
        metric: Which accuracy.
        labels: Config index -> its name; the rows, in this order.
        published: Config index -> accuracies of single runs from elsewhere.
    """
    index = tuple(labels)
    marks = [
        row
        for position, config in enumerate(index)
        for row in _marks(result, summaries[config], metric, config, position)
    ]
    marks += [
        _mark(index.index(config), accuracy, PUBLISHED, MARKS_AT, labels[config])
        for config, accuracies in published.items()
        if config in labels
        for accuracy in accuracies
    ]
    spans = _spans(summaries, metric, index)
    axis = AccuracyAxis.around(
        [mark["accuracy"] for mark in marks]
        + [bound for span in spans for bound in (span["lower"], span["upper"])],
        n_examples=result.data.n_test,
    )
    y = row_position(len(index))
    layers: list[alt.Chart] = draw_row_labels(
        list(labels.values()), [_missing(result, metric, config) for config in index]
    )
    layers.append(_draw_spans(spans, axis, y))
    layers.append(_draw_marks(marks, axis, y, metric))
    return alt.layer(*layers).properties(height=list_height(len(index)))


def _draw_spans(spans: list[dict[str, Any]], axis: AccuracyAxis, y: alt.Y) -> alt.Chart:
    rows = [
        {
            "row": span["row"],
            "from": axis.place(span["lower"]),
            "to": axis.place(span["upper"]),
        }
        for span in spans
    ]
    frame = pd.DataFrame(rows, columns=["row", "from", "to"])
    return (
        alt.Chart(frame)
        .mark_rule(strokeWidth=2.5, opacity=0.9)
        .encode(x=alt.X("from:Q", scale=axis.scale()), x2="to:Q", y=y)
    )


def _draw_marks(
    marks: list[dict[str, Any]], axis: AccuracyAxis, y: alt.Y, metric: str
) -> alt.Chart:
    kinds = [kind for kind in _SHAPES if any(mark["kind"] == kind for mark in marks)]
    rows = [{**mark, "position": axis.place(mark["accuracy"])} for mark in marks]
    columns = ["row", "position", "kind", "accuracy", "config", "run"]
    return (
        alt.Chart(pd.DataFrame(rows, columns=columns))
        .mark_point(filled=True, size=62, opacity=0.78)
        .encode(
            x=alt.X(
                "position:Q",
                scale=axis.scale(),
                axis=axis.axis(metric_words(metric)),
            ),
            y=y,
            shape=alt.Shape(
                "kind:N",
                scale=alt.Scale(domain=kinds, range=[_SHAPES[k] for k in kinds]),
                legend=alt.Legend(title=None, columns=2),
            ),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=kinds, range=[_COLOURS[k] for k in kinds]),
                legend=alt.Legend(title=None, columns=2),
            ),
            tooltip=[
                alt.Tooltip("config:N"),
                alt.Tooltip("run:N"),
                alt.Tooltip("accuracy:Q", format=".2%", title=metric_words(metric)),
            ],
        )
    )


def _marks(
    result: StudyResult,
    summary: ConfigSummary,
    metric: str,
    config: int,
    position: int,
) -> list[dict[str, Any]]:
    """The points of one row: its runs, and their mean if one number describes them."""
    values = result.final(metric)[config]
    seeds = np.flatnonzero(np.isfinite(values) & result.has_outcome()[config])
    if len(seeds) > MAX_POINTS:
        by_value = seeds[np.argsort(values[seeds], kind="stable")]
        seeds = by_value[np.linspace(0, len(seeds) - 1, MAX_POINTS).round().astype(int)]
    label = summary.config.label()
    rows = []
    for place, seed in enumerate(seeds):
        status = RunStatus(result.status[config, seed])
        kind = RUN if status.is_learner else BAD_RUN
        offset = _JITTER * ((place % 3) - 1)
        rows.append(
            _mark(position, float(values[seed]), kind, MARKS_AT + offset, label)
            | {"run": f"seed {result.seeds[seed]}, {status.word}"}
        )
    measured = summary.metrics.get(metric)
    if measured and measured.mean is not None and not measured.is_bimodal:
        rows.append(_mark(position, measured.mean, MEAN, MARKS_AT, label))
    return rows


def _mark(
    row: int, accuracy: float, kind: str, offset: float, label: str
) -> dict[str, Any]:
    return {
        "row": row + offset,
        "accuracy": accuracy,
        "kind": kind,
        "config": label,
        "run": kind,
    }


def _spans(
    summaries: Sequence[ConfigSummary], metric: str, index: Sequence[int]
) -> list[dict[str, Any]]:
    """The intervals of the means, where one number describes the config."""
    measured = [summaries[config].metrics.get(metric) for config in index]
    return [
        {"row": row + MARKS_AT, "lower": summary.lower, "upper": summary.upper}
        for row, summary in enumerate(measured)
        if summary and summary.lower is not None and not summary.is_bimodal
    ]


def _missing(result: StudyResult, metric: str, config: int) -> str:
    """How many runs of a config have no mark, and why."""
    is_missing = ~np.isfinite(result.final(metric)[config])
    counts = {
        status: int(np.sum(is_missing & (result.status[config] == status)))
        for status in RunStatus
    }
    words = [f"{n} {status.word}" for status, n in counts.items() if n]
    return f"× {', '.join(words)}" if words else ""
