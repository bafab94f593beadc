"""How the best learning rate and the steps to a target go with the batch size."""

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from altair.typing import ChartType

from paribus.analysis.scaling import RateScaling, StepsScaling
from paribus.plots.theme import BLUE, DASHES, GREY, ORANGE


LINEAR, ROOT, FITTED = "linear (slope 1)", "square root (slope ½)", "fitted slope"
MODEL, PERFECT = "fitted hyperbola", "twice the batch, half the steps"

_HEIGHT = 300
_N_POINTS = 60
# Standard errors to each side: of a normal estimate, 95 %.
_WIDTH = 1.96


def draw_best_rates(scaling: RateScaling) -> ChartType:
    """Draw the best learning rate of each batch size, both axes logarithmic.

    Circles are best values inside their grid, with 95 % intervals. A triangle is a best
    value at the end of its grid, pointing to where a better one may lie: it is left out
    of the fit. The two rules that theories offer run through the middle of the circles.

    Args:
        scaling: What was fitted.
    """
    best = scaling.found.best
    places = _places(scaling)
    domain = [min(scaling.rates) / 1.5, max(scaling.rates) * 1.5]
    x = _log_axis("batch_size", best.batch_sizes)
    y = alt.Y(
        "rate:Q",
        title="best learning rate",
        scale=alt.Scale(type="log", domain=domain, nice=False),
        axis=alt.Axis(values=list(scaling.rates), format="~g"),
    )
    layers = _draw_lines(_rules(scaling), x, y, [LINEAR, ROOT, FITTED])
    base = alt.Chart(places)
    tooltip = [
        alt.Tooltip("batch_size:Q", title="batch size"),
        alt.Tooltip("rate:Q", format=".3~g", title="best learning rate"),
        alt.Tooltip("lower:Q", format=".3~g", title="from"),
        alt.Tooltip("upper:Q", format=".3~g", title="to"),
    ]
    layers.append(
        base.mark_rule(color=BLUE, strokeWidth=2.2, clip=True).encode(
            x=x, y=alt.Y("lower:Q"), y2="upper:Q"
        )
    )
    for kind, shape in _SHAPES.items():
        layers.append(
            base.transform_filter(alt.datum.kind == kind)
            .mark_point(
                shape=shape,
                size=90,
                opacity=1,
                stroke=BLUE,
                strokeWidth=2,
                fill=BLUE if kind == "inside" else "transparent",
            )
            .encode(x=x, y=y, tooltip=tooltip)
        )
    return alt.layer(*layers).properties(height=_HEIGHT)


_SHAPES = {"inside": "circle", "lowest": "triangle-down", "highest": "triangle-up"}


def draw_steps(scaling: StepsScaling) -> ChartType:
    """Draw steps to the target against batch size, both axes logarithmic.

    Dots are runs and diamonds geometric means of batch sizes that all runs reached it
    with. A triangle is a run that had not reached it when its budget ended. Where the
    critical batch size lies inside, it is a line within its interval.

    Args:
        scaling: What was measured and fitted.
    """
    runs = _runs(scaling)
    all_steps = runs["steps"].to_numpy(dtype=np.float64)
    domain = [float(all_steps.min()) / 1.3, float(all_steps.max()) * 1.3]
    x = _log_axis("batch_size", scaling.batch_sizes)
    y = alt.Y(
        "steps:Q",
        title=f"steps to {100 * scaling.target.score:.2f}%",
        scale=alt.Scale(type="log", domain=domain, nice=False),
        axis=alt.Axis(values=_ticks(*domain), format=",d"),
    )
    layers = _draw_critical(scaling, x)
    layers += _draw_lines(_courses(scaling, domain), x, y, [MODEL, PERFECT])
    base = alt.Chart(runs)
    tooltip = [
        alt.Tooltip("batch_size:Q", title="batch size"),
        alt.Tooltip("steps:Q", format=",.0f"),
        alt.Tooltip("kind:N", title="what"),
    ]
    looks: dict[str, dict[str, Any]] = {
        "run": {"shape": "circle", "size": 26, "opacity": 0.55, "fill": GREY},
        "not reached": {"shape": "triangle-up", "size": 70, "stroke": ORANGE},
        "mean": {"shape": "diamond", "size": 110, "fill": BLUE, "opacity": 1},
    }
    layers += [
        base.transform_filter(alt.datum.kind == kind)
        .mark_point(**{"strokeWidth": 2 if "stroke" in look else 0, **look})
        .encode(x=x, y=y, tooltip=tooltip)
        for kind, look in looks.items()
        if kind in set(runs["kind"])
    ]
    return alt.layer(*layers).properties(height=_HEIGHT)


def _log_axis(field: str, values: Sequence[float] | np.ndarray) -> alt.X:
    low, high = float(min(values)), float(max(values))
    return alt.X(
        f"{field}:Q",
        title="batch size",
        scale=alt.Scale(type="log", domain=[low / 1.25, high * 1.25], nice=False),
        axis=alt.Axis(values=[float(v) for v in values], format="d"),
    )


def _draw_lines(
    table: pd.DataFrame, x: alt.X, y: alt.Y, order: list[str]
) -> list[alt.Chart]:
    """Lines told apart by dashes as well as by colours."""
    if table.empty:
        return []
    names = [name for name in order if name in set(table["name"])]
    colours = dict(zip(order, (ORANGE, GREY, BLUE), strict=False))
    legend = alt.Legend(title=None, symbolStrokeWidth=2.2, columns=1)
    looks = {
        "color": alt.Color(
            "name:N",
            scale=alt.Scale(domain=names, range=[colours[n] for n in names]),
            legend=legend,
        ),
        "strokeDash": alt.StrokeDash(
            "name:N",
            scale=alt.Scale(
                domain=names,
                range=[list(DASHES[2 - order.index(n) % 3]) for n in names],
            ),
            legend=legend,
        ),
    }
    lines = alt.Chart(table).mark_line(strokeWidth=2, clip=True)
    return [lines.encode(x=x, y=y, detail="name:N", **looks)]


def _places(scaling: RateScaling) -> pd.DataFrame:
    best = scaling.found.best
    rows = []
    for i, (size, chosen) in enumerate(
        zip(best.batch_sizes.tolist(), best.selections, strict=True)
    ):
        if best.is_used[i]:
            at, margin = best.log_values[i], _WIDTH * best.errors[i]
            ends = [math.exp(at), math.exp(at - margin), math.exp(at + margin)]
            kind = "inside"
        elif chosen.value is not None and chosen.edge in ("lowest", "highest"):
            ends, kind = [chosen.value] * 3, chosen.edge
        else:
            continue
        rows.append([size, *ends, kind])
    columns = ["batch_size", "rate", "lower", "upper", "kind"]
    return pd.DataFrame(rows, columns=columns)


def _rules(scaling: RateScaling) -> pd.DataFrame:
    """Both rules through the middle of what was fitted, and the fit."""
    best = scaling.found.best
    if best.is_used.sum() < 2:
        return pd.DataFrame(columns=["batch_size", "rate", "name"])
    used = np.log(best.batch_sizes[best.is_used])
    weights = best.errors[best.is_used] ** -2
    middle = np.average(used, weights=weights)
    level = np.average(best.log_values[best.is_used], weights=weights)
    slopes = {LINEAR: 1.0, ROOT: 0.5}
    if math.isfinite(scaling.found.slope.estimate):
        slopes[FITTED] = scaling.found.slope.estimate
    low, high = float(best.batch_sizes[0]) / 1.25, float(best.batch_sizes[-1]) * 1.25
    # Many points, since a line is clipped between points that lie inside.
    at = np.linspace(math.log(low), math.log(high), _N_POINTS)
    return pd.concat(
        pd.DataFrame(
            {
                "batch_size": np.exp(at),
                "rate": np.exp(level + slope * (at - middle)),
                "name": name,
            }
        )
        for name, slope in slopes.items()
    )


def _runs(scaling: StepsScaling) -> pd.DataFrame:
    rows: list[list[object]] = []
    for size, steps, budget in zip(
        scaling.batch_sizes.tolist(),
        scaling.steps,
        scaling.budgets.tolist(),
        strict=True,
    ):
        reached = np.isfinite(steps)
        rows += [[size, float(s), "run"] for s in steps[reached]]
        rows += [[size, budget, "not reached"]] * int((~reached).sum())
        if reached.all() and len(steps):
            rows.append([size, float(np.exp(np.log(steps).mean())), "mean"])
    return pd.DataFrame(rows, columns=["batch_size", "steps", "kind"])


def _courses(scaling: StepsScaling, domain: Sequence[float]) -> pd.DataFrame:
    """The fitted hyperbola, and what perfect scaling from the smallest would be."""
    sizes = scaling.batch_sizes
    at = np.geomspace(sizes[0], sizes[-1], _N_POINTS)
    courses: dict[str, np.ndarray] = {}
    found = scaling.found
    if found is not None and found.verdict in ("inside", "below", "above"):
        courses[MODEL] = found.min_steps * (1 + found.critical / at)
    if np.isfinite(scaling.steps[0]).all() and scaling.steps.shape[1]:
        first = math.exp(np.log(scaling.steps[0]).mean())
        courses[PERFECT] = first * sizes[0] / at
    rows = [
        [size, step, name]
        for name, steps in courses.items()
        for size, step in zip(at.tolist(), steps.tolist(), strict=True)
        if domain[0] <= step <= domain[1]
    ]
    return pd.DataFrame(rows, columns=["batch_size", "steps", "name"])


def _draw_critical(scaling: StepsScaling, x: alt.X) -> list[alt.Chart]:
    found = scaling.found
    if found is None or found.verdict != "inside":
        return []
    low, high = scaling.batch_sizes[0] / 1.25, scaling.batch_sizes[-1] * 1.25
    place = pd.DataFrame(
        {
            "batch_size": [found.critical],
            "left": [max(found.lower, low)],
            "right": [min(found.upper, high)],
        }
    )
    base = alt.Chart(place)
    return [
        base.mark_rect(color=GREY, opacity=0.18).encode(
            x=_log_axis("left", scaling.batch_sizes), x2="right:Q"
        ),
        base.mark_rule(color=ORANGE, strokeWidth=2).encode(x=x),
    ]


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    return [tick for tick in ticks if low <= tick <= high]
