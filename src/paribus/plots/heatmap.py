"""A full grid of two hyperparameters as a heat map, the ties marked."""

from collections.abc import Mapping, Sequence

import numpy as np
from altair.typing import ChartType

from paribus.analysis import ConfigSummary, MetricSummary
from paribus.hyperparameters import Value
from paribus.plots.cells import Cell, draw_cells
from paribus.status import RunStatus
from paribus.tasks import is_lower_better


TIED = "●"

_WIDE_COLUMNS = 7


def draw_heatmap(
    summaries: Sequence[ConfigSummary],
    *,
    metric: str,
    x: str,
    y: str,
    fixed: Mapping[str, Value],
) -> ChartType:
    """Draw a mean score for each pair of values of two hyperparameters.

    A config that is tied with the best has a dot before its number, so that the tie
    does not depend on telling colours. Colours follow the logarithm of the error of all
    runs. A config whose runs are a mixture of good and bad shows the mean of those that
    learned, and how many they are; one without a learner shows that beside the mean of
    all.

    Args:
        summaries: One for each config of a full grid.
        metric: Which metric.
        x: The hyperparameter from left to right.
        y: The hyperparameter from bottom to top.
        fixed: Values of all other hyperparameters that vary in the study.
    """
    chosen = [s for s in summaries if s.config.matches(fixed)]
    levels = [_level(s.metrics.get(metric)) for s in chosen]
    shades = _shades(levels, is_error=is_lower_better(metric))
    cells = [
        Cell(config=s.config, shade=shade, text=_cell_text(s, metric))
        for s, shade in zip(chosen, shades, strict=True)
    ]
    # Narrow columns: refined learning rates can make a dozen of them.
    is_wide = len({cell.config.get(x) for cell in cells}) <= _WIDE_COLUMNS
    words = {"fontSize": 13 if is_wide else 10}
    return draw_cells(cells, x=x, y=y, title="mean", words=words, row_height=64)


def _level(measured: MetricSummary | None) -> float:
    """One number for the colour; NaN where there is none."""
    if measured is None or measured.mean is None:
        return np.nan
    return measured.mean


def _shades(means: Sequence[float], *, is_error: bool = False) -> list[float]:
    """From 0 (worst) to 1 (best), evenly in the logarithm of the error."""
    numbers = np.array(means, dtype=float)
    logs = -np.log(np.maximum(numbers if is_error else 1 - numbers, 1e-6))
    if not np.isfinite(logs).any():
        return [0.0] * len(logs)
    lowest, highest = np.nanmin(logs), np.nanmax(logs)
    span = highest - lowest if highest > lowest else 1.0
    return [float(depth) for depth in np.nan_to_num((logs - lowest) / span)]


def _cell_text(summary: ConfigSummary, metric: str) -> str:
    measured = summary.metrics.get(metric)
    if measured is None or measured.mean is None:
        is_stopped = RunStatus.PRUNED in summary.status
        return RunStatus.PRUNED.word if is_stopped else "no value"
    mark = f"{TIED} " if summary.is_tied_with_best else ""
    mean, _, _ = measured.described
    is_share = metric.endswith("_accuracy")
    number = "–" if mean is None else f"{mean:.4g}"
    value = f"{100 * mean:.2f}%" if is_share and mean is not None else number
    if measured.is_bimodal or measured.has_no_learner:
        value += f" ({summary.n_learners} of {summary.n_seeds})"
    return mark + value
