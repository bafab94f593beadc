"""Where training fails, and how steadily it goes where it does not: two maps."""

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd
from altair.typing import ChartType

from paribus.analysis.failures import ConfigFailures
from paribus.plots.theme import SEQUENTIAL, metric_words
from paribus.space import show_value


STEADIEST = "●"
_DARK_FROM = 0.5
_GAPS = alt.Scale(paddingInner=0.04)
# Less upward variation than this is not told apart by colour.
_FLOOR = 0.001

What = Literal["failures", "variation"]


def draw_failures(
    failures: Sequence[ConfigFailures], *, what: What, x: str, y: str | None = None
) -> ChartType:
    """Draw a map of one or two hyperparameters, its numbers written in the cells.

    The count of runs that ended badly, of all that ended; or the median upward
    variation among the learners and how many these are, with a dot before the smallest
    of the configs that never failed. Darker is worse, and says nothing that the numbers
    do not.

    Args:
        failures: Configs that differ in `x` and `y` only.
        what: Which of the two.
        x: The hyperparameter from left to right.
        y: The one from bottom to top; None for a single row.
    """
    shades = [_shade(one, what) for one in failures]
    rows = [
        {
            "x": show_value(one.config[x]),
            "y": show_value(one.config[y]) if y else "",
            "shade": shade,
            "text": cell_text(one, what),
            "ink": "white" if shade > _DARK_FROM else "black",
            "config": one.config.label(),
        }
        for one, shade in zip(failures, shades, strict=True)
    ]
    plain: dict[str, Any] = {"grid": False, "ticks": False, "domain": False}
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X(
            "x:O",
            sort=_order(failures, x),
            title=metric_words(x),
            scale=_GAPS,
            axis=alt.Axis(labelAngle=0, **plain),
        ),
        y=alt.Y(
            "y:O",
            sort=_order(failures, y)[::-1] if y else None,
            title=metric_words(y) if y else None,
            scale=_GAPS,
            axis=alt.Axis(**plain) if y else None,
        ),
    )
    cells = base.mark_rect(cornerRadius=3).encode(
        color=alt.Color(
            "shade:Q",
            scale=alt.Scale(domain=[0, 1], range=list(SEQUENTIAL)),
            legend=None,
        ),
        tooltip=[alt.Tooltip("config:N"), alt.Tooltip("text:N", title=what)],
    )
    words = base.mark_text(fontSize=12, lineBreak="\n", lineHeight=15, dy=-7).encode(
        text="text:N",
        color=alt.Color(
            "ink:N",
            scale=alt.Scale(domain=["white", "black"], range=["#ffffff", "#111318"]),
            legend=None,
        ),
    )
    return (
        alt.layer(cells, words)
        .resolve_scale(color="independent")
        .properties(height=56 * len({row["y"] for row in rows}))
    )


def cell_text(one: ConfigFailures, what: What) -> str:
    """What stands in a cell: `"2 of 6"`, or `"● 0.031"` above `"of 6"`."""
    if not one.n_runs:
        return "no runs"
    if what == "failures":
        return f"{one.n_bad}\nof {one.n_runs}"
    if one.variation is None:
        return "no\nlearners"
    mark = f"{STEADIEST} " if one.is_steadiest else ""
    return f"{mark}{one.variation:.3f}\nof {one.n_learners}"


def _shade(one: ConfigFailures, what: What) -> float:
    """From 0 (never failed, or steady) to 1; upward variation by its logarithm."""
    if what == "failures":
        return one.n_bad / one.n_runs if one.n_runs else 0.0
    if one.variation is None:
        return 0.0
    share = np.log10(max(one.variation, _FLOOR) / _FLOOR) / -np.log10(_FLOOR)
    return float(np.clip(share, 0, 1))


def _order(failures: Sequence[ConfigFailures], name: str) -> list[str]:
    values = dict.fromkeys(one.config[name] for one in failures)
    numbers = [v for v in values if isinstance(v, int | float)]
    ordered = sorted(numbers) if len(numbers) == len(values) else list(values)
    return [show_value(value) for value in ordered]
