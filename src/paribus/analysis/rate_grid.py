"""Which grid of learning rates does a range test propose? It decides nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from paribus.errors import as_toml
from paribus.hyperparameters import Value
from paribus.optimizer_catalogue import OPTIMIZER
from paribus.results.rate_sweep import RateCurves, RateSweep
from paribus.space import Config, values_of
from paribus.stats.rate_range import RateRange, find_range, grid_ends
from paribus.study import Study


@dataclass(frozen=True, kw_only=True)
class ProposedGrid:
    """A grid for the combinations that share an optimizer.

    Attributes:
        optimizer: Which, if the study varies it; else None.
        ranges: For each combination, where its loss falls; None where it does not.
        lower: The lowest learning rate.
        upper: The highest.
        n: How many, half a decade apart.
        is_open: Whether some loss did not blow up at the highest rate that was tried.
        toml: The grid as tables for a study file; empty where nothing is proposed.
    """

    optimizer: str | None
    ranges: tuple[tuple[Config, RateRange | None], ...]
    lower: float
    upper: float
    n: int
    is_open: bool
    toml: str


def propose_grids(sweep: RateSweep) -> tuple[ProposedGrid, ...]:
    """Propose a grid for each optimizer that holds the range of every combination.

    Args:
        sweep: What the range test saw.

    Returns:
        In the order of the study. One grid for all batch sizes of an optimizer, since
        each is to find its own best rate inside it.
    """
    by_optimizer: dict[Value | None, list[RateCurves]] = {}
    for curves in sweep.curves:
        by_optimizer.setdefault(curves.others.get(OPTIMIZER.name), []).append(curves)
    return tuple(
        _propose(sweep, None if optimizer is None else str(optimizer), members)
        for optimizer, members in by_optimizer.items()
    )


def _propose(
    sweep: RateSweep, optimizer: str | None, members: Sequence[RateCurves]
) -> ProposedGrid:
    ranges = tuple((m.others, find_range(sweep.rates, m.losses)) for m in members)
    found = [one for _, one in ranges if one is not None]
    if not found:
        nan = math.nan
        return ProposedGrid(
            optimizer=optimizer,
            ranges=ranges,
            lower=nan,
            upper=nan,
            n=0,
            is_open=False,
            toml="",
        )
    begins = min(one.begins for one in found)
    ends = max(one.ends for one in found)
    lower, upper, n = grid_ends(begins, ends)
    rates = f"{{ log = [{lower:g}, {upper:g}], n = {n} }}"
    return ProposedGrid(
        optimizer=optimizer,
        ranges=ranges,
        lower=lower,
        upper=upper,
        n=n,
        is_open=any(one.is_open for one in found),
        toml=_toml(_with_schedules(sweep.study, members), rates),
    )


def _with_schedules(study: Study, members: Sequence[RateCurves]) -> list[Config]:
    """The study's combinations: the range test has left their schedules out."""
    combinations = dict.fromkeys(
        config.without("learning_rate") for config in study.configs()
    )
    return [c for c in combinations if any(c.matches(m.others) for m in members)]


def _toml(combinations: Sequence[Config], rates: str) -> str:
    """One table if the combinations are a full grid; else one for each of them."""
    lists = values_of([{n: (v,) for n, v in c.items()} for c in combinations])
    is_grid = len(combinations) == math.prod(len(values) for values in lists.values())
    tables = (
        [lists] if is_grid else [{n: (v,) for n, v in c.items()} for c in combinations]
    )
    return "\n\n".join(
        "\n".join(
            [
                "[[space]]",
                f"learning_rate = {rates}",
                *(f"{name} = {_list(values)}" for name, values in table.items()),
            ]
        )
        for table in tables
    )


def _list(values: Sequence[Value]) -> str:
    return as_toml([list(v) if isinstance(v, tuple) else v for v in values])
