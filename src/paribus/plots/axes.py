"""The axis of any metric: of accuracies by their error, of others by their size."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from paribus.plots.theme import AccuracyAxis
from paribus.tasks import is_lower_better


# Scores lower than this share no scale with those that learned, e.g. R2 below guessing.
_LOWEST_SCORE = -1.0


@dataclass(frozen=True, kw_only=True)
class NumberAxis:
    """Where a number that is no share is drawn: an error in its unit, or R2.

    Attributes:
        is_log: Whether positions are on a logarithmic scale.
        lower: The smallest position of the domain.
        upper: The largest.
    """

    is_log: bool
    lower: float
    upper: float

    @classmethod
    def around(cls, numbers: Iterable[float], *, is_error: bool) -> "NumberAxis":
        """Choose the axis for `numbers`; errors far apart get a logarithmic one."""
        values = np.array([value for value in numbers if math.isfinite(value)])
        if not len(values):
            return cls(is_log=False, lower=0.0, upper=1.0)
        low, high = float(values.min()), float(values.max())
        if is_error and low > 0 and high > 4 * low:
            room = (high / low) ** 0.04
            return cls(is_log=True, lower=low / room, upper=high * room)
        low = low if is_error else max(low, min(_LOWEST_SCORE, high))
        room = 0.06 * (high - low or abs(high) or 1.0)
        return cls(is_log=False, lower=low - room, upper=high + room)

    def place(self, number: float) -> float:
        """The position of a number: at the edge if it lies beyond the domain."""
        return float(np.clip(number, self.lower, self.upper))

    def scale(self) -> alt.Scale:
        """The Vega-Lite scale of the positions."""
        domain = [self.lower, self.upper]
        if self.is_log:
            return alt.Scale(type="log", domain=domain, nice=False)
        return alt.Scale(domain=domain, zero=False, nice=False)

    def axis(self, title: str, **settings: Any) -> alt.Axis:
        """The axis, labelled with the numbers themselves."""
        shown = [title, "(log scale)"] if self.is_log else title
        return alt.Axis(title=shown, format=".3~g", tickCount=5, **settings)


def metric_axis(
    metric: str, values: Iterable[float], *, n_examples: int
) -> AccuracyAxis | NumberAxis:
    """Choose the axis of a metric.

    Args:
        metric: `<split>_<metric>`.
        values: What is to be drawn.
        n_examples: That it was measured on, 0 if unknown.
    """
    if metric.endswith("_accuracy"):
        return AccuracyAxis.around(values, n_examples=n_examples)
    return NumberAxis.around(values, is_error=is_lower_better(metric))
