"""Training curves: the middle run of each config, with bands for all of its runs."""

import math
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd
from altair.typing import ChartType

from paribus.analysis.scores import is_accuracy, is_loss, n_examples
from paribus.plots.theme import (
    DASHES,
    AccuracyAxis,
    line_colours,
    line_legend,
    metric_words,
)
from paribus.results import StudyResult


MAX_EVALUATIONS = 120
_SPREAD = (0, 0.25, 0.5, 0.75, 1)
_HIGHEST_LOSS = 10.0  # times the loss by guessing: what lies above is off the chart


def summarise_curves(
    result: StudyResult, *, metric: str, labels: Mapping[int, str]
) -> pd.DataFrame:
    """Summarise the runs of each config at every evaluation.

    The median and the range describe mixtures of good and bad runs too, which a mean
    does not. A run that diverged counts until it did.

    Args:
        result: What the study found.
        metric: Which curve.
        labels: Config index -> its name.

    Returns:
        One row per config and evaluation with a finite value: `label`, `epoch`, `n`
        runs, `lowest`, `lower` (first quartile), `median`, `upper` (third), `highest`.
    """
    keep = _thinned(len(result.epochs))
    rows = []
    for config, label in labels.items():
        values = result.curve(metric)[config][:, keep]
        is_whole = values.size > 0 and bool(np.isfinite(values).all())
        at_once = np.quantile(values, _SPREAD, axis=0).T if is_whole else values.T
        for k, epoch in enumerate(result.epochs[keep]):
            finite = values[np.isfinite(values[:, k]), k]
            if len(finite):
                spread = at_once[k] if is_whole else np.quantile(finite, _SPREAD)
                rows.append((label, float(epoch), len(finite), *map(float, spread)))
    names = ["label", "epoch", "n", "lowest", "lower", "median", "upper", "highest"]
    return pd.DataFrame(rows, columns=names)


def draw_curves(
    result: StudyResult,
    *,
    metric: str,
    labels: Mapping[int, str],
    same_scale_as: Sequence[int] = (),
    height: int = 260,
) -> ChartType:
    """Draw a metric against epochs: median line, quartile band, range band.

    Args:
        result: What the study found.
        metric: Which curve; accuracies and losses choose a logarithmic scale by
            themselves.
        labels: Config index -> its name, at most 8: each has a colour and a dash.
        same_scale_as: Further configs that the vertical scale must hold, so that
            charts beside each other can be compared.
        height: In pixels.
    """
    table = summarise_curves(result, metric=metric, labels=labels)
    on_scale = dict.fromkeys((*labels, *same_scale_as), "")
    everything = summarise_curves(result, metric=metric, labels=on_scale)
    scale, axis, place = _vertical(result, metric, everything)
    for name in ("lowest", "lower", "median", "upper", "highest"):
        table[f"{name}_at"] = [place(value) for value in table[name]]
    names = list(labels.values())
    legend = line_legend(names)
    colour = line_colours(names, legend)
    x = alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(domain=[0, float(result.epochs[-1])], nice=False),
        axis=alt.Axis(grid=False, tickCount=5),
    )

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", scale=scale, axis=axis)

    base = alt.Chart(table).encode(x=x, color=colour)
    dash = alt.StrokeDash(
        "label:N",
        scale=alt.Scale(domain=names, range=[list(d) for d in DASHES[: len(names)]]),
        legend=legend,
    )
    tooltip = [
        alt.Tooltip("label:N", title="config"),
        "epoch:Q",
        alt.Tooltip("median:Q", format=".4~g"),
        alt.Tooltip("lowest:Q", format=".4~g"),
        alt.Tooltip("highest:Q", format=".4~g"),
        alt.Tooltip("n:Q", title="runs"),
    ]
    return alt.layer(
        base.mark_area(opacity=0.14, clip=True).encode(
            y=y("lowest_at"), y2="highest_at:Q"
        ),
        base.mark_area(opacity=0.22, clip=True).encode(
            y=y("lower_at"), y2="upper_at:Q"
        ),
        base.mark_line(strokeWidth=2, clip=True).encode(
            y=y("median_at"), strokeDash=dash, tooltip=tooltip
        ),
    ).properties(height=height)


def _vertical(result: StudyResult, metric: str, table: pd.DataFrame):
    """The vertical scale, its axis, and where a value of the metric is on it."""
    title = metric_words(metric)
    if is_accuracy(metric):
        ends = [*table["lowest"], *table["highest"]]
        around = AccuracyAxis.around(ends, n_examples=n_examples(result, metric))
        return around.scale(), around.axis(title), around.place
    guessed = result.data.by_guessing(metric)
    highest = _HIGHEST_LOSS * guessed if guessed > 0 else math.inf
    lowest = 1e-9 if is_loss(metric) else -math.inf
    values = table[["lowest", "highest"]].to_numpy(float).clip(lowest, highest)
    lower, upper = (
        (float(values.min()), float(values.max())) if values.size else (0.1, 1.0)
    )
    is_log = is_loss(metric) and upper > 5 * lower
    scale = (
        alt.Scale(type="log", domain=[0.95 * lower, 1.05 * upper], nice=False)
        if is_log
        else alt.Scale(domain=[0.98 * lower, 1.02 * upper], nice=False, zero=False)
    )
    unit = ""
    if metric.endswith("_loss") and result.study.task.is_classification:
        unit = "nats"
    axis = alt.Axis(title=f"{title} ({unit})" if unit else title, tickCount=5)
    if is_log:
        decades = [10.0**power for power in range(-9, 13)]
        ticks = [round(d * k, 12) for d in decades for k in (1, 2, 5)]
        axis = alt.Axis(
            title=[title, f"({unit}, log scale)" if unit else "(log scale)"],
            values=[tick for tick in ticks if lower <= tick <= upper],
            format="~g",
        )
    return scale, axis, lambda value: float(np.clip(value, lowest, highest))


def _thinned(n_evaluations: int) -> np.ndarray:
    """Which evaluations are drawn: all, or evenly spaced ones with both ends."""
    n_drawn = min(n_evaluations, MAX_EVALUATIONS)
    return np.linspace(0, n_evaluations - 1, n_drawn).round().astype(int)
