"""Where training fails, and how steadily it goes where it does not: two maps."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from altair.typing import ChartType

from paribus.analysis.failures import ConfigFailures
from paribus.plots.cells import Cell, draw_cells


STEADIEST = "●"
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
    cells = [
        Cell(config=one.config, shade=_shade(one, what), text=cell_text(one, what))
        for one in failures
    ]
    words = {"fontSize": 12, "lineBreak": "\n", "lineHeight": 15, "dy": -7}
    return draw_cells(cells, x=x, y=y, title=what, words=words, row_height=56)


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
