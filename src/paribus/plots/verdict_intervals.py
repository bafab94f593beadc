"""The intervals behind a claim's verdicts, against the smallest effects.

All rows share one scale: how many times the smallest effect of interest. So a claim's
parts stand under each other whatever their units, and the band from -1 to 1 means the
same in each row.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd
from altair.typing import ChartType

from paribus.plots.rows import Rows
from paribus.plots.theme import BLUE, GREY


AS_CLAIMED, AGAINST = "as claimed →", "← against the claim"

_LINEAR_UP_TO = 6.0
_FARTHEST = 1000.0
_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_DECIDED, _OPEN = "diamond", "circle"


@dataclass(frozen=True, kw_only=True)
class VerdictInterval:
    """One row: where an estimate and its interval lie, in smallest effects.

    Attributes:
        label: What the row is about, with the verdict in words.
        remark: The numbers in their own unit.
        estimate: In multiples of the smallest effect; of its logarithm for ratios.
        lower: Lower bound; minus infinity if there is none.
        upper: Upper bound; infinity if there is none.
        is_decided: Whether the verdict rests on the interval: drawn as a full diamond.
    """

    label: str
    remark: str
    estimate: float
    lower: float
    upper: float
    is_decided: bool


def draw_verdict_intervals(intervals: Sequence[VerdictInterval]) -> ChartType:
    """Draw estimates and intervals, zero, and the band of effects too small to matter.

    The scale is linear, or logarithmic away from zero where an interval reaches beyond
    6 smallest effects. A bound that is missing or off the scale ends in an arrow.

    Args:
        intervals: One row each, from the top.
    """
    rows = Rows(
        labels=tuple(row.label for row in intervals),
        remarks=tuple(row.remark for row in intervals),
    )
    domain = _domain(intervals)
    scale, axis = _horizontal(domain)
    table = pd.DataFrame(
        [_place(rows, position, row, domain) for position, row in enumerate(intervals)]
    )
    band = pd.DataFrame({"left": [-1.0], "right": [1.0]})
    base = alt.Chart(table).encode(y=rows.y())
    return alt.layer(
        alt.Chart(band)
        .mark_rect(color=GREY, opacity=0.22)
        .encode(x=alt.X("left:Q", scale=scale, axis=axis), x2="right:Q"),
        rows.draw_line(0.0, scale=scale),
        *rows.draw_labels(),
        base.mark_rule(strokeWidth=2.5, color=BLUE).encode(
            x=alt.X("lower:Q", scale=scale), x2="upper:Q"
        ),
        *_draw_arrows(base, scale),
        *_draw_estimates(base, scale),
    ).properties(height=rows.height)


def _draw_estimates(base: alt.Chart, scale: alt.Scale) -> list[alt.Chart]:
    """Full diamonds for what is decided, hollow circles for what is open."""
    tooltip = [alt.Tooltip("label:N", title="part"), alt.Tooltip("remark:N")]
    x = alt.X("estimate:Q", scale=scale)
    common = {"size": 85, "opacity": 1, "strokeWidth": 2, "stroke": BLUE}
    return [
        base.transform_filter("datum.is_decided")
        .mark_point(shape=_DECIDED, fill=BLUE, **common)
        .encode(x=x, tooltip=tooltip),
        base.transform_filter("!datum.is_decided")
        .mark_point(shape=_OPEN, fill="transparent", **common)
        .encode(x=x, tooltip=tooltip),
    ]


def _draw_arrows(base: alt.Chart, scale: alt.Scale) -> list[alt.Chart]:
    """Heads at the ends of intervals that go on."""
    shapes = {"lower": ("goes_left", "triangle-left"), "upper": ("goes_right", "")}
    return [
        base.transform_filter(f"datum.{field}")
        .mark_point(shape=shape or "triangle-right", size=60, opacity=1, filled=True)
        .encode(x=alt.X(f"{end}:Q", scale=scale), color=alt.value(BLUE))
        for end, (field, shape) in shapes.items()
    ]


def _domain(intervals: Sequence[VerdictInterval]) -> tuple[float, float]:
    """From the lowest to the highest finite end, with both sides of the band."""
    ends = [
        end
        for row in intervals
        for end in (row.lower, row.estimate, row.upper)
        if math.isfinite(end)
    ]
    low, high = min([*ends, -1.6]), max([*ends, 1.6])
    return max(1.12 * low, -_FARTHEST), min(1.12 * high, _FARTHEST)


def _horizontal(domain: tuple[float, float]) -> tuple[alt.Scale, alt.Axis]:
    low, high = domain
    title = [f"{AGAINST} · {AS_CLAIMED}", "effect, in smallest effects that matter"]
    if max(-low, high) <= _LINEAR_UP_TO:
        scale = alt.Scale(domain=[low, high], nice=False)
    else:
        scale = alt.Scale(type="symlog", constant=1, domain=[low, high], nice=False)
        title.append("(log scale away from zero)")
    values = sorted([0, *_TICKS, *(-tick for tick in _TICKS)])
    axis = alt.Axis(
        title=title,
        values=[value for value in values if low <= value <= high],
        labelExpr="datum.value == 0 ? '0' : format(datum.value, '+~g')",
        grid=False,
    )
    return scale, axis


def _place(
    rows: Rows, position: int, row: VerdictInterval, domain: tuple[float, float]
) -> dict[str, object]:
    low, high = domain
    return {
        "row": rows.marks_at(position),
        "label": row.label,
        "remark": row.remark,
        "estimate": min(max(row.estimate, low), high),
        "lower": max(row.lower, low),
        "upper": min(row.upper, high),
        "goes_left": row.lower < low,
        "goes_right": row.upper > high,
        "is_decided": row.is_decided,
    }
