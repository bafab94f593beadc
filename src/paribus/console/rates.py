"""A learning-rate range test in the terminal: losses, ranges, and a grid to paste."""

import numpy as np

from paribus.analysis.rate_grid import ProposedGrid, propose_grids
from paribus.console.layout import Row, lay_out
from paribus.results.rate_sweep import RateCurves, RateSweep
from paribus.stats.rate_range import WINDOW, LossBand, RateRange, loss_band


MAX_ROWS = 22


def rates_text(sweep: RateSweep, *, width: int | None) -> str:
    """Show what a range test saw, and the grid that it proposes.

    Args:
        sweep: The range test.
        width: Columns of the terminal; None where lines may have any length.
    """
    grids = propose_grids(sweep)
    n = len(sweep.seeds)
    unit = " in nats" if sweep.study.task.is_classification else ""
    parts = [
        f"{sweep.study.name}: {sweep.n_steps} steps at learning rates from "
        f"{sweep.rates[0]:g} to {sweep.rates[-1]:g}, "
        + ("1 seed of its own" if n == 1 else f"{n} seeds of their own"),
        lay_out(_losses(sweep), width=width),
        f"training loss{unit}: median [10%, 90% of the seeds]; –: diverged",
        lay_out(_ranges(grids), width=width),
        *(_proposal(grid) for grid in grids),
    ]
    return "\n\n".join(parts)


def _losses(sweep: RateSweep) -> list[Row]:
    """Some of the stairs, evenly spaced with both ends: a table is no chart."""
    n_rows = min(len(sweep.rates), MAX_ROWS)
    shown = np.linspace(0, len(sweep.rates) - 1, n_rows).round().astype(int)
    bands = {_name(curves): loss_band(curves.losses) for curves in sweep.curves}
    return [
        {
            "learning\nrate": f"{sweep.rates[k]:.2g}",
            **{name: _band(band, k) for name, band in bands.items()},
        }
        for k in shown.tolist()
    ]


def _name(curves: RateCurves) -> str:
    return curves.others.label() or "loss"


def _band(band: LossBand, place: int) -> str:
    lower, median, upper = (_loss(float(values[place])) for values in band)
    return f"{median} [{lower}, {upper}]"


def _loss(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "–"


def _ranges(grids: tuple[ProposedGrid, ...]) -> list[Row]:
    return [
        {"config": others.label() or "all", **_range(found)}
        for grid in grids
        for others, found in grid.ranges
    ]


def _range(found: RateRange | None) -> Row:
    if found is None:
        return dict.fromkeys(("loss falls from", "lowest at", "blows up at"), "–")
    ends = "beyond" if found.is_open else f"{found.ends:.2g}"
    return {
        "loss falls from": f"{found.begins:.2g}",
        "lowest at": f"{found.lowest:.2g}",
        "blows up at": ends,
    }


def _proposal(grid: ProposedGrid) -> str:
    name = f" of {grid.optimizer}" if grid.optimizer else ""
    if not grid.toml:
        return (
            f"No grid{name} is proposed: over {WINDOW} learning rates in a row the "
            "loss falls nowhere. More steps set rates closer, other bounds move them: "
            "--steps, --lower, --upper."
        )
    text = (
        f"A grid{name} to look in, for [tuning] or a study to decide. A whole training "
        "is best at lower rates than so short a one as a rule:\n\n"
        f"{grid.toml}"
    )
    if grid.is_open:
        text += (
            "\n\nSome loss did not blow up at the highest rate that was tried: look "
            "further with --upper."
        )
    return text
