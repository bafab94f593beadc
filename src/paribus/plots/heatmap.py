"""A full grid of two hyperparameters as a heat map, the ties marked."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd
from altair.typing import ChartType

from paribus.analysis import ConfigSummary, MetricSummary
from paribus.hyperparameters import Value
from paribus.plots.theme import SEQUENTIAL, metric_words
from paribus.space import show_value


TIED = "●"
_GAPS = alt.Scale(paddingInner=0.04)
_DARK_FROM = 0.5  # of the way from light to dark


def draw_heatmap(
    summaries: Sequence[ConfigSummary],
    *,
    metric: str,
    x: str,
    y: str,
    fixed: Mapping[str, Value],
) -> ChartType:
    """Draw a mean accuracy for each pair of values of two hyperparameters.

    A config that is tied with the best has a dot before its number, so that the tie
    does not depend on telling colours. Colours follow the logarithm of the error of all
    runs. A config whose runs are a mixture of good and bad shows the mean of those that
    learned, and how many they are.

    Args:
        summaries: One for each config of a full grid.
        metric: Which accuracy.
        x: The hyperparameter from left to right.
        y: The hyperparameter from bottom to top.
        fixed: Values of all other hyperparameters that vary in the study.
    """
    chosen = [s for s in summaries if s.config.matches(fixed)]
    shade = _shades([_level(s.metrics.get(metric)) for s in chosen])
    rows = [
        {
            "x": show_value(s.config[x]),
            "y": show_value(s.config[y]),
            "shade": depth,
            "text": _cell_text(s, metric),
            "ink": "white" if depth > _DARK_FROM else "black",
            "config": s.config.label(),
        }
        for s, depth in zip(chosen, shade, strict=True)
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X(
            "x:O",
            sort=_order(chosen, x),
            title=metric_words(x),
            scale=_GAPS,
            axis=alt.Axis(labelAngle=0, grid=False, ticks=False, domain=False),
        ),
        y=alt.Y(
            "y:O",
            sort=_order(chosen, y)[::-1],
            title=metric_words(y),
            scale=_GAPS,
            axis=alt.Axis(grid=False, ticks=False, domain=False),
        ),
    )
    cells = base.mark_rect(cornerRadius=3).encode(
        color=alt.Color(
            "shade:Q",
            scale=alt.Scale(domain=[0, 1], range=list(SEQUENTIAL)),
            legend=None,
        ),
        tooltip=[alt.Tooltip("config:N"), alt.Tooltip("text:N", title="mean")],
    )
    words = base.mark_text(fontSize=13).encode(
        text="text:N",
        color=alt.Color(
            "ink:N",
            scale=alt.Scale(domain=["white", "black"], range=["#ffffff", "#111318"]),
            legend=None,
        ),
    )
    n_rows = len({s.config[y] for s in chosen})
    return (
        alt.layer(cells, words)
        .resolve_scale(color="independent")
        .properties(height=64 * n_rows)
    )


def _level(measured: MetricSummary | None) -> float:
    """One number for the colour; NaN where there is none."""
    if measured is None or measured.mean is None:
        return np.nan
    return measured.mean


def _shades(accuracies: Sequence[float]) -> list[float]:
    """From 0 (lowest) to 1 (highest), evenly in the logarithm of the error."""
    logs = -np.log(np.maximum(1 - np.array(accuracies, dtype=float), 1e-6))
    if not np.isfinite(logs).any():
        return [0.0] * len(logs)
    lowest, highest = np.nanmin(logs), np.nanmax(logs)
    span = highest - lowest if highest > lowest else 1.0
    return [float(depth) for depth in np.nan_to_num((logs - lowest) / span)]


def _cell_text(summary: ConfigSummary, metric: str) -> str:
    measured = summary.metrics.get(metric)
    if measured is None or measured.mean is None:
        return "no value"
    mark = f"{TIED} " if summary.is_tied_with_best else ""
    mean, _, _ = measured.described
    value = "–" if mean is None else f"{100 * mean:.2f}%"
    if measured.is_bimodal:
        value += f" ({summary.n_learners} of {summary.n_seeds})"
    return mark + value


def _order(summaries: Sequence[ConfigSummary], name: str) -> list[str]:
    values = dict.fromkeys(s.config[name] for s in summaries)
    numbers = [v for v in values if isinstance(v, int | float)]
    ordered = sorted(numbers) if len(numbers) == len(values) else list(values)
    return [show_value(value) for value in ordered]
