"""What configs gain and pay: accuracy against time, or against stability."""

from collections.abc import Sequence

import altair as alt
import pandas as pd
from altair.typing import ChartType

from paribus.analysis.tradeoffs import TradeOff
from paribus.plots.theme import BLUE, GREY, AccuracyAxis


ON_FRONT, BEATEN = "on the front", "beaten by another"


def draw_tradeoffs(
    tradeoffs: Sequence[TradeOff],
    costs: Sequence[float],
    *,
    labels: Sequence[str],
    cost: str,
    score: str,
    n_examples: int,
) -> ChartType:
    """Draw each config's accuracy against one of its costs.

    Full diamonds, with their names, are on the front, hollow circles are beaten; the
    front is that of all objectives together, so a diamond may look beaten on two of
    them.

    Args:
        tradeoffs: The configs.
        costs: What each pays, above 0.
        labels: The name of each.
        cost: The title of the cost, with its unit.
        score: The title of the accuracy.
        n_examples: Examples that the accuracy was measured on.
    """
    axis = AccuracyAxis.around([t.score for t in tradeoffs], n_examples=n_examples)
    table = pd.DataFrame(
        {
            "label": list(labels),
            "cost": list(costs),
            "position": [axis.place(t.score) for t in tradeoffs],
            "score": [t.score for t in tradeoffs],
            "share": [t.probability for t in tradeoffs],
            "kind": [ON_FRONT if t.is_on_front else BEATEN for t in tradeoffs],
        }
    )
    kinds = [kind for kind in (ON_FRONT, BEATEN) if kind in set(table["kind"])]
    looks = {ON_FRONT: ("diamond", BLUE), BEATEN: ("circle", GREY)}
    legend = alt.Legend(title=None)
    lowest, highest = min(costs), max(costs)
    is_log = highest / lowest > 3
    scale = alt.Scale(type="log" if is_log else "linear", zero=False, padding=16)
    x = alt.X("cost:Q", title=cost, scale=scale, axis=alt.Axis(tickCount=5))
    y = alt.Y("position:Q", scale=axis.scale(), axis=axis.axis(score))
    points = (
        alt.Chart(table)
        .mark_point(size=95, opacity=1, strokeWidth=2.2)
        .encode(
            x=x,
            y=y,
            shape=alt.Shape(
                "kind:N",
                scale=alt.Scale(domain=kinds, range=[looks[k][0] for k in kinds]),
                legend=legend,
            ),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=kinds, range=[looks[k][1] for k in kinds]),
                legend=legend,
            ),
            tooltip=[
                alt.Tooltip("label:N", title="config"),
                alt.Tooltip("score:Q", format=".2%", title=score),
                alt.Tooltip("cost:Q", format=".3~g", title=cost),
                alt.Tooltip("share:Q", format=".0%", title="on the front"),
            ],
        )
    )
    middle = (lowest * highest) ** 0.5 if is_log else (lowest + highest) / 2
    front = table[table["kind"] == ON_FRONT]
    is_left = front["cost"] <= middle
    names = [
        alt.Chart(part).mark_text(**look).encode(x=x, y=y, text="label:N")
        for part, look in (
            (front[is_left], {"align": "left", "dx": 11}),
            (front[~is_left], {"align": "right", "dx": -11}),
        )
        if len(part)
    ]
    return alt.layer(points, *names).properties(height=260)
