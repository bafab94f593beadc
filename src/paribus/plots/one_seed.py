"""What a study with one seed per config would have concluded, as bars."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd
from altair.typing import ChartType

from paribus.plots.rows import Rows
from paribus.plots.theme import BLUE, GREY, ORANGE


_BAR = 12


def draw_named_best(
    shares: Sequence[float], *, labels: Sequence[str], best: int
) -> ChartType:
    """Draw how probably a one-seed study names each config the best.

    Args:
        shares: The probability for each config.
        labels: The name of each config.
        best: The position of the config with the best mean over all seeds; its bar has
            another colour.
    """
    colours = [BLUE if row == best else GREY for row in range(len(labels))]
    remarks = [f"{share:.0%}" for share in shares]
    rows = Rows(labels=tuple(labels), remarks=tuple(remarks), marks_height=_BAR + 6)
    return _draw_bars(
        shares, rows, colours, title="one-seed studies that name this config the best"
    )


def draw_reversals(shares: Mapping[str, float]) -> ChartType:
    """Draw how often a one-seed study sees each pair of configs the other way round.

    Args:
        shares: "higher > lower" in words -> the share of one-seed studies that reverse
            it; drawn in this order.
    """
    rows = Rows(
        labels=tuple(shares),
        remarks=tuple(f"{share:.0%}" for share in shares.values()),
        marks_height=_BAR + 6,
    )
    return _draw_bars(
        list(shares.values()),
        rows,
        [ORANGE] * len(shares),
        title="one-seed studies that reverse this order",
    )


def _draw_bars(
    shares: Sequence[float], rows: Rows, colours: Sequence[str], *, title: str
) -> ChartType:
    table = pd.DataFrame(
        {
            "row": [rows.marks_at(row) for row in range(len(shares))],
            "zero": [0.0] * len(shares),
            "share": list(shares),
            "colour": list(colours),
            "label": list(rows.labels),
        }
    )
    bars = (
        alt.Chart(table)
        .mark_rule(strokeWidth=_BAR)
        .encode(
            x=alt.X(
                "zero:Q",
                title=title,
                scale=alt.Scale(domain=[0, 1], nice=False),
                axis=alt.Axis(format=".0%", tickCount=5),
            ),
            x2="share:Q",
            y=rows.y(),
            color=alt.Color("colour:N", scale=None),
            tooltip=[alt.Tooltip("label:N"), alt.Tooltip("share:Q", format=".1%")],
        )
    )
    return alt.layer(*rows.draw_labels(), bars).properties(height=rows.height)
