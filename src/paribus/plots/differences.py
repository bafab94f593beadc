"""Paired differences between configs, with intervals, zero and the noise floor."""

from collections.abc import Sequence

import altair as alt
import pandas as pd
from altair.typing import ChartType

from paribus.analysis import Comparison
from paribus.plots.rows import MARKS_AT, draw_row_labels, list_height, row_position
from paribus.plots.theme import BLUE, GREY, metric_words


_TICKS = (0.1, 0.3, 1, 3, 10, 30, 100)


def draw_differences(
    comparisons: Sequence[Comparison], *, labels: Sequence[str], remarks: Sequence[str]
) -> ChartType:
    """Draw each paired difference in percentage points, one row a comparison.

    The band around zero is one noise floor to each side: what the finite evaluation split
    alone makes of a difference between two models, as a standard deviation. Where a
    few differences dwarf the others the scale is linear near zero and logarithmic
    beyond.

    Args:
        comparisons: All of one metric.
        labels: "a − b" in words, for each.
        remarks: What stands at the right of each row, e.g. the difference in words.
    """
    y = row_position(len(comparisons))
    rows = [
        {
            "row": row + MARKS_AT,
            "label": labels[row],
            "difference": 100 * c.difference,
            "lower": 100 * (c.difference if c.lower is None else c.lower),
            "upper": 100 * (c.difference if c.upper is None else c.upper),
        }
        for row, c in enumerate(comparisons)
        if c.difference is not None
    ]
    columns = ["row", "label", "difference", "lower", "upper"]
    table = pd.DataFrame(rows, columns=columns)
    floor = 100 * max((c.noise_floor or 0.0 for c in comparisons), default=0.0)
    scale, axis = _horizontal(table, floor, comparisons[0].metric)
    zero = pd.DataFrame({"zero": [0.0], "lower": [-floor], "upper": [floor]})
    base = alt.Chart(table).encode(y=y)
    layers = [
        alt.Chart(zero)
        .mark_rect(color=GREY, opacity=0.22)
        .encode(x=alt.X("lower:Q", scale=scale), x2="upper:Q"),
        alt.Chart(zero)
        .mark_rule(strokeWidth=1.5, opacity=0.6)
        .encode(x=alt.X("zero:Q", scale=scale)),
        *draw_row_labels(labels, remarks),
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
    return alt.layer(*layers).properties(height=list_height(len(comparisons)))


def _horizontal(
    table: pd.DataFrame, floor: float, metric: str
) -> tuple[alt.Scale, alt.Axis]:
    """The scale around zero that holds every interval, and its axis."""
    title = f"difference in {metric_words(metric)}, percentage points"
    ends = [*table["lower"], *table["upper"], -floor, floor, 0.0]
    low, high = min(ends), max(ends)
    room = 0.05 * (high - low or 1.0)
    sizes = table["difference"].abs()
    if len(sizes) and sizes.max() > 8 * max(sizes.median(), 0.05):
        constant = max(float(sizes.median()), 0.1) / 2
        ticks = [t for t in _TICKS if t >= constant]
        signed = [0.0, *ticks, *(-tick for tick in ticks)]
        scale = alt.Scale(
            type="symlog", constant=constant, domain=[low * 1.2, high * 1.2], nice=False
        )
        inside = sorted(t for t in signed if low * 1.2 <= t <= high * 1.2)
        return scale, alt.Axis(
            title=f"{title} (log scale away from zero)", values=inside, format="+~g"
        )
    scale = alt.Scale(domain=[low - room, high + room], nice=False)
    return scale, alt.Axis(title=title, tickCount=6, format="+~g")
