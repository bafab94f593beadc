"""What a study with one seed per config would have concluded, as bars."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd
from altair.typing import ChartType

from paribus.plots.rows import MARKS_AT, draw_row_labels, list_height, row_position
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
            another colour, and its label says so.
    """
    names = [
        f"{label} (highest mean over all seeds)" if row == best else label
        for row, label in enumerate(labels)
    ]
    colours = [BLUE if row == best else GREY for row in range(len(names))]
    return _draw_bars(
        shares, names, colours, title="one-seed studies that name this config the best"
    )


def draw_reversals(shares: Mapping[str, float]) -> ChartType:
    """Draw how often a one-seed study sees each pair of configs the other way round.

    Args:
        shares: "higher > lower" in words -> the share of one-seed studies that reverse
            it; drawn in this order.
    """
    return _draw_bars(
        list(shares.values()),
        list(shares),
        [ORANGE] * len(shares),
        title="one-seed studies that reverse this order",
    )


def _draw_bars(
    shares: Sequence[float], labels: Sequence[str], colours: Sequence[str], *, title: str
) -> ChartType:
    y = row_position(len(labels))
    table = pd.DataFrame(
        {
            "row": [row + MARKS_AT for row in range(len(labels))],
            "share": list(shares),
            "colour": list(colours),
            "label": list(labels),
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
            y=y,
            color=alt.Color("colour:N", scale=None),
            tooltip=[alt.Tooltip("label:N"), alt.Tooltip("share:Q", format=".1%")],
        )
        .transform_calculate(zero="0")
    )
    remarks = [f"{100 * share:.0f}%" for share in shares]
    return alt.layer(*draw_row_labels(labels, remarks), bars).properties(
        height=list_height(len(labels))
    )
