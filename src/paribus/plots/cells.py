"""What heat maps share: cells of one or two hyperparameters, with words in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from paribus.plots.theme import SEQUENTIAL, metric_words
from paribus.space import Config, value_words


_DARK_FROM = 0.67  # of the way to dark: there white ink gets more contrast than black
_GAPS = alt.Scale(paddingInner=0.04)
_PLAIN: dict[str, Any] = {"grid": False, "ticks": False, "domain": False}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A config in a map.

    Attributes:
        config: Where it stands.
        shade: From 0, light, to 1, dark.
        text: What is written in it.
    """

    config: Config
    shade: float
    text: str


def draw_cells(
    cells: Sequence[Cell],
    *,
    x: str,
    y: str | None,
    title: str,
    words: dict[str, Any],
    row_height: int,
) -> ChartType:
    """Draw cells with their words, on which the ink is white where they are dark.

    Args:
        cells: Configs that differ in `x` and `y` only.
        x: The hyperparameter from left to right.
        y: The one from bottom to top; None for a single row.
        title: What the text is, where a pointer rests on a cell.
        words: How the text looks: options of Vega-Lite's text mark.
        row_height: In pixels.
    """
    rows = [
        {
            "x": value_words(x, cell.config.get(x)),
            "y": value_words(y, cell.config.get(y)) if y else "",
            "shade": cell.shade,
            "text": cell.text,
            "ink": "white" if cell.shade > _DARK_FROM else "black",
            "config": cell.config.label(),
        }
        for cell in cells
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X(
            "x:O",
            sort=_order(cells, x),
            title=metric_words(x),
            scale=_GAPS,
            axis=alt.Axis(labelAngle=0, **_PLAIN),
        ),
        y=alt.Y(
            "y:O",
            sort=_order(cells, y)[::-1] if y else None,
            title=metric_words(y) if y else None,
            scale=_GAPS,
            axis=alt.Axis(**_PLAIN) if y else None,
        ),
    )
    colour = alt.Color(
        "shade:Q",
        scale=alt.Scale(domain=[0, 1], range=list(SEQUENTIAL)),
        legend=None,
    )
    ink = alt.Color(
        "ink:N",
        scale=alt.Scale(domain=["white", "black"], range=["#ffffff", "#111318"]),
        legend=None,
    )
    tooltip = [alt.Tooltip("config:N"), alt.Tooltip("text:N", title=title)]
    return (
        alt.layer(
            base.mark_rect(cornerRadius=3).encode(color=colour, tooltip=tooltip),
            base.mark_text(**words).encode(text="text:N", color=ink),
        )
        .resolve_scale(color="independent")
        .properties(height=row_height * len({row["y"] for row in rows}))
    )


def _order(cells: Sequence[Cell], name: str) -> list[str]:
    values = dict.fromkeys(cell.config.get(name) for cell in cells)
    numbers = [v for v in values if isinstance(v, int | float)]
    ordered = sorted(numbers) if len(numbers) == len(values) else list(values)
    return [value_words(name, value) for value in ordered]
