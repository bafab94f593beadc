"""Charts: a record in, an Altair chart out, and a chart as a file."""

from paribus.plots.curves import draw_curves, summarise_curves
from paribus.plots.differences import draw_differences
from paribus.plots.heatmap import draw_heatmap
from paribus.plots.one_seed import draw_named_best, draw_reversals
from paribus.plots.render import javascript, to_png, to_specification, to_svg
from paribus.plots.runs import draw_runs


__all__ = [
    "draw_curves",
    "draw_differences",
    "draw_heatmap",
    "draw_named_best",
    "draw_reversals",
    "draw_runs",
    "javascript",
    "summarise_curves",
    "to_png",
    "to_specification",
    "to_svg",
]
