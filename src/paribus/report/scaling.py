"""How things go with the batch size: a section of the report."""

import math

import numpy as np

from paribus.analysis.scaling import RateScaling, StepsScaling, scale_rates, scale_steps
from paribus.plots import draw_best_rates, draw_steps, to_specification
from paribus.report.document import Block, Figure, Panel, Paragraph, Table
from paribus.report.findings import Findings
from paribus.report.numbers import NONE, join, percent
from paribus.report.prose import say_scope
from paribus.report.prose_scaling import (
    is_inside,
    objective_words,
    say_no_rates,
    say_no_steps,
    say_rates,
    say_steps,
    target_words,
    whose,
)
from paribus.report.slices import varying
from paribus.results import StudyResult


def arrange_scaling(findings: Findings) -> list[Block]:
    """Best learning rates, then steps to a target; empty where neither is asked about.

    What the study cannot say is untested, with the reason and the study that could.
    """
    result = findings.result
    asked = {"learning_rate", "batch_size"}.intersection(varying(result.study))
    if not asked or not any(result.study.batch_sizes()):
        return []
    rates, steps = scale_rates(result), scale_steps(result)
    blocks: list[Block] = []
    for scaling in rates:
        blocks.append(Paragraph(text=say_rates(result, scaling)))
    if rates:
        blocks += [figure_rates(result, rates), *map(_tabulate_rates, rates)]
    else:
        blocks.append(Paragraph(text=say_no_rates(result)))
    for one in steps:
        blocks.append(Paragraph(text=say_steps(result, one)))
    if steps:
        blocks += [figure_steps(result, steps), *map(_tabulate_steps, steps)]
    else:
        blocks.append(Paragraph(text=say_no_steps(result)))
    if rates or steps:
        blocks.append(Paragraph(text=say_scope(result)))
    return blocks


def figure_rates(result: StudyResult, found: tuple[RateScaling, ...]) -> Figure:
    """Best learning rates against batch sizes, a panel a record."""
    panels = tuple(
        Panel(
            title=f"{whose(result, scaling)}, by {_objective(scaling)}",
            description=_rates_gist(scaling),
            specification=to_specification(
                draw_best_rates(scaling),
                description="Best learning rate against batch size",
            ),
        )
        for scaling in found
    )
    return Figure(
        name="best-rates",
        caption="The best learning rate of each batch size, between the values that "
        "were tried, with 95% intervals that are never narrower than the grid allows. "
        "Both axes are logarithmic, so a power of the batch size is a straight line. "
        "Hollow triangles are best values at the end of the grid: a better one may lie "
        "where they point, so they are in no fit.",
        panels=panels,
    )


def figure_steps(result: StudyResult, found: tuple[StepsScaling, ...]) -> Figure:
    """Steps to a target against batch sizes, a panel a record."""
    panels = tuple(
        Panel(
            title=whose(result, scaling),
            description=_steps_gist(scaling),
            specification=to_specification(
                draw_steps(scaling), description="Steps to the target by batch size"
            ),
        )
        for scaling in found
    )
    caption = (
        "Steps to the target against batch size, both logarithmic. Grey dots are runs, "
        "blue diamonds their geometric means; the grey dashes are what perfect scaling "
        "from the smallest batch would be."
    )
    if any(is_inside(scaling) for scaling in found):
        caption += " The upright line is the critical batch size, within its interval."
    if any(not np.isfinite(scaling.steps).all() for scaling in found):
        caption += " Hollow triangles are runs that the budget ended before the target."
    return Figure(name="steps-to-target", caption=caption, panels=panels)


def _tabulate_rates(scaling: RateScaling) -> Table:
    best = scaling.found.best
    rows = []
    for i, chosen in enumerate(best.selections):
        at, margin = best.log_values[i], 1.96 * best.errors[i]
        interval = f"[{math.exp(at - margin):.3g}, {math.exp(at + margin):.3g}]"
        is_used = bool(best.is_used[i])
        safe = chosen.values[chosen.bad_shares == 0]
        rows.append(
            (
                f"{best.batch_sizes[i]:.0f}",
                NONE if chosen.value is None else f"{chosen.value:.3g}",
                f"{math.exp(at):.3g} {interval}" if is_used else NONE,
                _edge_words(chosen.edge, chosen.values_to_add),
                f"{safe[-1]:.3g}" if len(safe) else NONE,
            )
        )
    return Table(
        caption=f"Best learning rates by {objective_words(scaling)}",
        columns=(
            "batch size",
            "best that was tried",
            "between the tried, 95% interval",
            "inside the grid",
            "largest with which all got there"
            if scaling.target
            else "largest without a bad run",
        ),
        rows=tuple(rows),
        is_folded=True,
    )


def _tabulate_steps(scaling: StepsScaling) -> Table:
    rows = []
    slopes = _slope_texts(scaling)
    for i, size in enumerate(scaling.batch_sizes.tolist()):
        steps = scaling.steps[i]
        reached = np.isfinite(steps)
        mean = math.exp(np.log(steps).mean()) if reached.all() and len(steps) else None
        rows.append(
            (
                f"{size:.0f}",
                f"{scaling.rates[i]:.3g}",
                f"{int(reached.sum())} of {len(steps)}",
                NONE if mean is None else f"{mean:,.0f}",
                NONE if mean is None else f"{mean * size:,.0f}",
                slopes.get(size, NONE),
            )
        )
    return Table(
        caption=f"Steps to {target_words(scaling.target)}",
        columns=(
            "batch size",
            "learning rate",
            "reached it",
            "steps, geometric mean",
            "examples",
            "slope to the next, simultaneous 95% interval",
        ),
        rows=tuple(rows),
        note="The slope of log steps on log batch size: −1 is perfect scaling, 0 says "
        "that larger batches save nothing.",
        is_folded=True,
    )


def _slope_texts(scaling: StepsScaling) -> dict[float, str]:
    if scaling.found is None:
        return {}
    s = scaling.found.slopes
    return {
        first: f"{e:.2f} [{low:.2f}, {high:.2f}]".replace("-", "−")
        for first, e, low, high in zip(
            s.first.tolist(), s.estimate, s.lower, s.upper, strict=True
        )
    }


def _edge_words(edge: str | None, to_add: tuple[float, ...]) -> str:
    if edge is None:
        return "yes"
    return f"no, add {join([f'{value:.3g}' for value in to_add])}"


def _rates_gist(scaling: RateScaling) -> str:
    best = scaling.found.best
    parts = []
    for i, chosen in enumerate(best.selections):
        size = f"batch size {best.batch_sizes[i]:.0f}"
        if best.is_used[i]:
            parts.append(f"{size}: {math.exp(best.log_values[i]):.3g}")
        elif chosen.value is not None:
            parts.append(f"{size}: {chosen.value:.3g}, the last of its grid")
    return f"Best learning rates. {'; '.join(parts)}."


def _steps_gist(scaling: StepsScaling) -> str:
    parts = []
    for size, steps in zip(scaling.batch_sizes, scaling.steps, strict=True):
        reached = np.isfinite(steps)
        what = f"{int(reached.sum())} of {len(steps)} runs reached it"
        if reached.all() and len(steps):
            what = f"{math.exp(np.log(steps).mean()):,.0f} steps"
        parts.append(f"batch size {size:.0f}: {what}")
    return f"Steps to {target_words(scaling.target)}. {'; '.join(parts)}."


def _objective(scaling: RateScaling) -> str:
    """Short enough for a heading; the rung stands in the sentence."""
    if scaling.target is None:
        return "final score"
    return f"steps to {percent(scaling.target.score)}"
