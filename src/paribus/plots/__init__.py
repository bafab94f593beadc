"""Charts: a record in, an Altair chart out, and a chart as a file."""

from paribus.plots.curves import draw_curves, summarise_curves
from paribus.plots.differences import draw_differences
from paribus.plots.failures import draw_failures
from paribus.plots.heatmap import draw_heatmap
from paribus.plots.isolation import draw_isolation
from paribus.plots.one_seed import draw_named_best, draw_reversals
from paribus.plots.rates import draw_rates
from paribus.plots.render import javascript, to_png, to_specification, to_svg
from paribus.plots.runs import draw_runs
from paribus.plots.scaling import draw_best_rates, draw_steps
from paribus.plots.tradeoffs import draw_tradeoffs
from paribus.plots.verdict_intervals import VerdictInterval, draw_verdict_intervals


__all__ = [
    "VerdictInterval",
    "draw_best_rates",
    "draw_curves",
    "draw_differences",
    "draw_failures",
    "draw_heatmap",
    "draw_isolation",
    "draw_named_best",
    "draw_rates",
    "draw_reversals",
    "draw_runs",
    "draw_steps",
    "draw_tradeoffs",
    "draw_verdict_intervals",
    "javascript",
    "summarise_curves",
    "to_png",
    "to_specification",
    "to_svg",
]
