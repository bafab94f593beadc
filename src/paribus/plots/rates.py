"""The loss against a climbing learning rate, with bands over seeds."""

import altair as alt
import numpy as np
import pandas as pd
from altair.typing import ChartType

from paribus.plots.theme import DASHES, PALETTE, line_colours
from paribus.results.rate_sweep import RateSweep
from paribus.stats.rate_range import loss_band


MAX_CURVES = len(PALETTE)
# Losses beyond this multiple of the first are drawn at it.
_HIGHEST = 1.5


def draw_rates(sweep: RateSweep) -> ChartType:
    """Draw the median loss at each learning rate, and the band of 80% of the seeds.

    Args:
        sweep: A range test; of more than eight combinations the first are drawn.
    """
    tables = []
    for curves in sweep.curves[:MAX_CURVES]:
        band = loss_band(curves.losses)
        highest = _HIGHEST * float(band.median[0])
        tables.append(
            pd.DataFrame(
                {
                    "rate": sweep.rates,
                    "label": curves.others.label() or "loss",
                    **{
                        name: np.minimum(values, highest)
                        for name, values in band._asdict().items()
                    },
                }
            )
        )
    table = pd.concat(tables, ignore_index=True)
    names = list(dict.fromkeys(table["label"]))
    colour = line_colours(names, alt.Legend(title=None, symbolType="stroke"))
    base = alt.Chart(table).encode(
        x=alt.X(
            "rate:Q",
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(title="learning rate", format="~e"),
        ),
        color=colour,
    )

    def y(field: str) -> alt.Y:
        unit = " (nats)" if sweep.study.task.is_classification else ""
        axis = alt.Axis(title=f"training loss{unit}")
        return alt.Y(f"{field}:Q", scale=alt.Scale(zero=False), axis=axis)

    dash = alt.StrokeDash(
        "label:N",
        scale=alt.Scale(domain=names, range=[list(d) for d in DASHES[: len(names)]]),
        legend=None,
    )
    return alt.layer(
        base.mark_area(opacity=0.2).encode(y=y("lower"), y2="upper:Q"),
        base.mark_line(strokeWidth=2).encode(
            y=y("median"),
            strokeDash=dash,
            tooltip=["label:N", alt.Tooltip("rate:Q", format=".3~g"), "median:Q"],
        ),
    ).properties(height=300)
