"""The best of k configs against k, as lines."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd
from altair.typing import ChartType

from paribus.analysis.search import SearchCurve
from paribus.plots.axes import metric_axis
from paribus.plots.theme import DASHES, PALETTE, line_colours, line_legend, metric_words


MAX_CURVES = len(PALETTE)
# Beyond so many tries they are drawn by their logarithm, and thinned.
_MAX_EVEN = 12


def draw_search(
    curves: Sequence[SearchCurve],
    *,
    labels: Sequence[str],
    metric: str,
    n_examples: int,
) -> ChartType:
    """Draw what the best of k configs scores on average, for each k.

    Args:
        curves: At most 8.
        labels: The name of each.
        metric: What is scored.
        n_examples: That it is measured on, 0 if unknown.
    """
    assert len(curves) <= MAX_CURVES
    longest = max(len(curve.expected) for curve in curves)
    ks = drawn_tries(longest)
    axis = metric_axis(
        metric,
        [score for curve in curves for score in curve.expected],
        n_examples=n_examples,
    )
    table = pd.DataFrame(
        [
            {"k": k, "at": axis.place(score), "score": score, "label": label}
            for curve, label in zip(curves, labels, strict=True)
            for k in ks
            if k <= len(curve.expected)
            for score in [curve.expected[k - 1]]
        ]
    )
    is_even = longest <= _MAX_EVEN
    x = alt.X(
        "k:Q",
        title="configs tried, drawn at random",
        scale=alt.Scale(
            type="linear" if is_even else "log",
            domain=[0.8 if is_even else 1, longest + (0.2 if is_even else 0)],
            nice=False,
        ),
        axis=alt.Axis(values=_ticks(longest, is_even=is_even), format="d", grid=False),
    )
    y = alt.Y(
        "at:Q", scale=axis.scale(), axis=axis.axis(f"best {metric_words(metric)}")
    )
    names = list(labels)
    legend = line_legend(names) if len(names) > 1 else None
    base = alt.Chart(table).encode(
        x=x,
        y=y,
        color=line_colours(names, legend),
    )
    dash = alt.StrokeDash(
        "label:N",
        scale=alt.Scale(domain=names, range=[list(d) for d in DASHES[: len(names)]]),
        legend=legend,
    )
    tooltip = [
        alt.Tooltip("label:N", title="among"),
        alt.Tooltip("k:Q", title="configs tried"),
        alt.Tooltip("score:Q", format=".4~g", title="best on average"),
    ]
    return alt.layer(
        base.mark_line(strokeWidth=2).encode(strokeDash=dash),
        base.mark_point(filled=True, size=45, opacity=1).encode(tooltip=tooltip),
    ).properties(height=260)


def drawn_tries(longest: int) -> list[int]:
    """The numbers of tries that are drawn: all, or about evenly by their logarithm."""
    if longest <= _MAX_EVEN:
        return list(range(1, longest + 1))
    spaced = np.geomspace(1, longest, 24).round().astype(int)
    return sorted({int(k) for k in spaced})


def _ticks(longest: int, *, is_even: bool) -> list[int]:
    if is_even:
        return list(range(1, longest + 1))
    decades = [k * 10**power for power in range(6) for k in (1, 2, 5)]
    return [k for k in decades if k <= longest]
