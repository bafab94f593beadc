"""Where runs that choose a value stop for one another, and go on from."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from paribus.analysis import PlannedRuns
from paribus.analysis.halving import evaluated_counts
from paribus.engine.plan import Block
from paribus.results import StudyResult
from paribus.store import StudyWriter
from paribus.study import Run


class Rungs:
    """Where each run stops next, as far as a study has come."""

    def __init__(self, stored: StudyResult, plan: PlannedRuns) -> None:
        """Look at what is stored.

        Args:
            stored: A study.
            plan: Its plan.
        """
        self._plan = plan
        self._epochs = stored.epochs
        shape = stored.status.shape
        has_rungs = plan.stops is not None
        self._stops = np.zeros(shape, np.int64) if plan.stops is None else plan.stops
        self._counts = evaluated_counts(stored) if has_rungs else self._stops
        self._is_there = plan.is_at_rung(stored)
        self._places = {
            Run(config, seed): (i, j)
            for i, config in enumerate(stored.configs)
            for j, seed in enumerate(stored.seeds)
        }

    def waits(self, run: Run) -> bool:
        """Whether a run is where it waits for others."""
        return bool(self._is_there[self._places[run]])

    def next_of(self, runs: Sequence[Run]) -> int | None:
        """Where runs that are trained together stop, in evaluations; None at the end.

        Others of them may go farther: they stop too, and go on together.
        """
        stops = [int(self._stops[self._places[run]]) for run in runs]
        return min((stop for stop in stops if stop), default=None)

    def divided(
        self, runs: Sequence[Run], blocks: Callable[[Sequence[Run]], tuple[Block, ...]]
    ) -> tuple[Block, ...]:
        """Put runs into blocks of which all runs stop at the same rung.

        Args:
            runs: Runs from their first step. Those that choose come first.
            blocks: Puts runs into blocks.
        """
        together: dict[int | None, list[Run]] = {}
        for run in runs:
            together.setdefault(self.next_of([run]), []).append(run)
        in_order = sorted(together, key=lambda rung: (rung is None, rung or 0))
        return tuple(
            replace(block, rung=rung)
            for rung in in_order
            for block in blocks(together[rung])
        )

    def share(self, block: Block, epochs: float) -> float:
        """What part of its epochs a block trains until it stops.

        Args:
            block: The block.
            epochs: How long its runs train in all.
        """
        start, end = self.span(block, epochs)
        return (end - start) / epochs

    def span(self, block: Block, epochs: float) -> tuple[float, float]:
        """From which epoch to which a block trains until it stops."""
        if self._plan.stops is None:
            return 0.0, epochs
        counts = min(int(self._counts[self._places[run]]) for run in block.runs)
        start = self._at(counts) if counts else 0.0
        return start, epochs if block.rung is None else self._at(block.rung)

    def _at(self, n_evaluations: int) -> float:
        return float(self._epochs[n_evaluations - 1])


def prune(writer: StudyWriter, stored: StudyResult, plan: PlannedRuns) -> bool:
    """Store which runs end at a rung; whether there was any.

    Args:
        writer: The open study.
        stored: What it holds.
        plan: What follows from that.
    """
    if plan.to_prune is None or not plan.to_prune.any():
        return False
    configs, seeds = np.nonzero(plan.to_prune)
    pairs = zip(configs.tolist(), seeds.tolist(), strict=True)
    writer.prune([Run(stored.configs[i], stored.seeds[j]) for i, j in pairs])
    return True
