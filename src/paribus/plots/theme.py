"""What every chart shares: colours, sizes, fonts, and axes for accuracy and loss."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from paribus.tasks import spoken


# The colour of the text around the chart: one specification serves a light page, a dark
# one, and print.
INK = "currentColor"

# Each has a contrast of at least 3 : 1 against both white and the report's dark page,
# and neighbours differ for readers with any common colour blindness.
PALETTE = (
    "#3b7dd8",
    "#cf5b16",
    "#14906d",
    "#b458a8",
    "#8d7b1d",
    "#6f78c9",
    "#b5546a",
    "#73797f",
)
DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (4, 4), (10, 3), (1, 3), (6, 2, 1, 2))
BLUE, ORANGE, GREEN = PALETTE[:3]
GREY = PALETTE[-1]

# From light to dark, evenly in lightness: low to high accuracy.
SEQUENTIAL = ("#f3f0e2", "#c9dcd1", "#90bfc2", "#5795b0", "#356894", "#253a68")

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"

# Characters of a name that half the width of a phone holds, beside its line.
_MAX_HALF = 18

_TICK_ERRORS = (0.9, 0.5, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01)


def theme_config() -> dict[str, Any]:
    """The Vega-Lite `config` of every chart."""
    axis = {
        "labelColor": INK,
        "labelOpacity": 0.75,
        "titleColor": INK,
        "titleOpacity": 0.75,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "gridColor": INK,
        "gridOpacity": 0.12,
        "domainColor": INK,
        "domainOpacity": 0.3,
        "tickColor": INK,
        "tickOpacity": 0.3,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelOverlap": "greedy",
        "labelSeparation": 6,
    }
    return {
        "background": None,
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "legend": {
            "labelColor": INK,
            "titleColor": INK,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "orient": "top",
            "symbolSize": 70,
            "labelLimit": 320,
        },
        "text": {"color": INK, "fontSize": 12},
        "rule": {"color": INK},
    }


@dataclass(frozen=True, kw_only=True)
class AccuracyAxis:
    """Where an accuracy is drawn.

    Accuracies that differ much in their error are drawn by the logarithm of the error,
    so that 97.6% and 97.9% can be told apart beside 40%; the labels stay accuracies.

    Attributes:
        is_log: Whether positions are errors on a logarithmic scale.
        lower: The smallest position of the domain.
        upper: The largest position of the domain.
    """

    is_log: bool
    lower: float
    upper: float

    @classmethod
    def around(cls, accuracies: Iterable[float], *, n_examples: int) -> "AccuracyAxis":
        """Choose the axis for `accuracies` measured on `n_examples`, 0 if unknown."""
        n_examples = n_examples or 10_000
        values = np.array([value for value in accuracies if math.isfinite(value)])
        if not len(values):
            return cls(is_log=False, lower=0.0, upper=1.0)
        errors = np.maximum(1 - values, 0.5 / n_examples)
        if errors.max() > 4 * errors.min():
            room = (errors.max() / errors.min()) ** 0.04
            return cls(
                is_log=True,
                lower=float(errors.min() / room),
                upper=min(1.0, float(errors.max() * room)),
            )
        room = 0.06 * max(float(np.ptp(values)), 4 / n_examples)
        return cls(
            is_log=False,
            lower=max(0.0, float(values.min()) - room),
            upper=min(1.0, float(values.max()) + room),
        )

    def place(self, accuracy: float) -> float:
        """The position of an accuracy in the data of a chart."""
        if not self.is_log:
            return float(accuracy)
        return float(np.clip(1 - accuracy, self.lower, self.upper))

    def scale(self) -> alt.Scale:
        """The Vega-Lite scale of the positions; higher accuracy is right or up."""
        domain = [self.lower, self.upper]
        if self.is_log:
            return alt.Scale(type="log", domain=domain, reverse=True, nice=False)
        return alt.Scale(domain=domain, zero=False, nice=False)

    def axis(self, title: str, **settings: Any) -> alt.Axis:
        """The axis, labelled with accuracies in percent."""
        if not self.is_log:
            return alt.Axis(title=title, format=".4~p", tickCount=5, **settings)
        return alt.Axis(
            title=[title, "(log scale of the error)"],
            values=self._ticks(),
            labelExpr="format(1 - datum.value, '.4~p')",
            **settings,
        )

    def _ticks(self) -> list[float]:
        ticks = list(_TICK_ERRORS)
        while ticks[-1] > self.lower:
            ticks += [ticks[-1] / 2, ticks[-1] / 5, ticks[-1] / 10]
        inside = [round(t, 12) for t in ticks if self.lower <= t <= self.upper]
        return inside or [self.lower, self.upper]


def line_legend(names: Sequence[str]) -> alt.Legend:
    """The legend of lines: two columns where both fit a phone."""
    return alt.Legend(
        title=None,
        columns=1 if max(map(len, names), default=0) > _MAX_HALF else 2,
        symbolType="stroke",
        symbolSize=300,
        symbolStrokeWidth=2.5,
        symbolOpacity=1,
    )


def line_colours(names: Sequence[str], legend: alt.Legend | None) -> alt.Color:
    """A colour of the palette for each line, in the order of their names."""
    scale = alt.Scale(domain=list(names), range=list(PALETTE[: len(names)]))
    return alt.Color("label:N", scale=scale, legend=legend)


def metric_words(metric: str) -> str:
    """A metric's name for a title: `"test accuracy"`."""
    return spoken(metric)
