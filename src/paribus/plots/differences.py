"""Paired differences between configs, with intervals, zero and the noise floor."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd
from altair.typing import ChartType

from paribus.analysis import Comparison
from paribus.analysis.scores import is_accuracy, is_loss
from paribus.plots.rows import Rows
from paribus.plots.theme import BLUE, GREY, metric_words


_TICKS = (0.1, 0.3, 1, 3, 10, 30, 100)
_COLUMNS = [
    "row",
    "label",
    "difference",
    "lower",
    "upper",
    "floor",
    "minus_floor",
    "top",
    "bottom",
]


def draw_differences(
    comparisons: Sequence[Comparison], *, labels: Sequence[str], remarks: Sequence[str]
) -> ChartType:
    """Draw each paired difference, one row a comparison.

    Accuracies in percentage points, errors as ratios on a logarithmic scale.

    The band around zero is each pair's noise floor, one to each side: what the finite
    evaluation split alone makes of the difference, as a standard deviation. Where a
    few differences dwarf the others the scale is linear near zero and logarithmic
    beyond.

    Args:
        comparisons: All of one metric.
        labels: "a − b" in words, for each.
        remarks: What stands at the right of each row, e.g. the difference in words.
    """
    rows = Rows(labels=tuple(labels), remarks=tuple(remarks))
    table = pd.DataFrame(
        [
            _row(rows, position, c)
            for position, c in enumerate(comparisons)
            if c.difference is not None
        ],
        columns=_COLUMNS,
    )
    scale, axis = _horizontal(table, comparisons[0].metric)
    base = alt.Chart(table).encode(y=rows.y())
    layers = [
        alt.Chart(table)
        .mark_rect(color=GREY, opacity=0.3, cornerRadius=2)
        .encode(
            x=alt.X("minus_floor:Q", scale=scale),
            x2="floor:Q",
            y=rows.y("top"),
            y2="bottom:Q",
        ),
        rows.draw_line(0.0, scale=scale),
        *rows.draw_labels(),
        base.mark_rule(strokeWidth=2.5, color=BLUE).encode(
            x=alt.X("lower:Q", scale=scale), x2="upper:Q"
        ),
        base.mark_point(filled=True, size=70, opacity=1, color=BLUE).encode(
            x=alt.X("difference:Q", scale=scale, axis=axis),
            tooltip=[
                alt.Tooltip("label:N", title="pair"),
                alt.Tooltip("difference:Q", format="+.2f"),
                alt.Tooltip("lower:Q", format="+.2f"),
                alt.Tooltip("upper:Q", format="+.2f"),
            ],
        ),
    ]
    return alt.layer(*layers).properties(height=rows.height)


def _row(rows: Rows, position: int, c: Comparison) -> dict[str, object]:
    """One comparison in the chart's unit; without an interval, a point."""
    difference = 0.0 if c.difference is None else c.difference
    unit = 100 if is_accuracy(c.metric) else 1
    floor = unit * (c.noise_floor or 0.0)
    return {
        "row": rows.marks_at(position),
        "label": rows.labels[position],
        "difference": unit * difference,
        "lower": unit * (difference if c.lower is None else c.lower),
        "upper": unit * (difference if c.upper is None else c.upper),
        "floor": floor,
        "minus_floor": -floor,
        "top": rows.marks_at(position, 0.1),
        "bottom": rows.marks_at(position, 0.9),
    }


def _horizontal(table: pd.DataFrame, metric: str) -> tuple[alt.Scale, alt.Axis]:
    """The scale around zero that holds every interval, and its axis."""
    title = f"difference in {metric_words(metric)}"
    signed = "datum.value == 0 ? '0' : format(datum.value, '+~g')"
    if is_accuracy(metric):
        title += ", percentage points"
    elif is_loss(metric):
        title = f"ratio of {metric_words(metric)}"
        signed = "format(exp(datum.value), '.3~g') + ' times'"
    ends = [*table["lower"], *table["upper"], *table["floor"], *table["minus_floor"]]
    low, high = min([*ends, 0.0]), max([*ends, 0.0])
    sizes = np.abs(table["difference"].to_numpy(float))
    middle = float(np.median(sizes)) if len(sizes) else 0.0
    if is_accuracy(metric) and len(sizes) and sizes.max() > 8 * max(middle, 0.05):
        constant = max(middle, 0.1) / 2
        domain = [1.25 * low, 1.25 * high]
        ticks = [tick for tick in _TICKS if tick >= constant]
        values = sorted([0.0, *ticks, *(-tick for tick in ticks)])
        return (
            alt.Scale(type="symlog", constant=constant, domain=domain, nice=False),
            alt.Axis(
                title=[title, "(log scale away from zero)"],
                values=[tick for tick in values if domain[0] <= tick <= domain[1]],
                labelExpr=signed,
            ),
        )
    room = 0.05 * (high - low or 1.0)
    scale = alt.Scale(domain=[low - room, high + room], nice=False)
    return scale, alt.Axis(title=title, tickCount=6, labelExpr=signed)
