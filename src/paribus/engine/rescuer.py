"""The rescue test: does a bad run recover when it goes on at the best learning rate?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt32

from paribus.analysis.rescues import RescuePlan
from paribus.data.batches import step_at
from paribus.engine.annealing import Advance
from paribus.engine.block import BY_RUN, Driver
from paribus.engine.run import RunState
from paribus.study import Run, Study


MEASURES = ("rescued", "rescued_accuracy", "rescue_learning_rate", "rescue_target")


@dataclass(frozen=True, kw_only=True, eq=False)
class BlockEnd:
    """A block whose runs have spent their epochs.

    Attributes:
        runs: The run of each place; of an idle place any.
        active: Which places have a run.
        seeds: The words of each run's seed.
        traced: The traced hyperparameters, on the devices.
        states: The runs as they are.
        rows: Each evaluation so far: `<split>_<metric>` -> value by place.
        measures: What was measured while they trained, by name.
    """

    runs: Sequence[Run]
    active: Bool[np.ndarray, " run"]
    seeds: UInt32[np.ndarray, "run 2"]
    traced: Mapping[str, Any]
    states: RunState
    rows: Sequence[Mapping[str, np.ndarray]]
    measures: Mapping[str, Any]


class Rescuer:
    """Trains the bad runs of a block on, in the programs that have trained them.

    A rescue begins with the weights that a run ended with, and all else as at a start:
    the moments of its optimizer are 0 and its schedule begins anew. It sees the epochs
    of its data order that come next. A diverged run goes on from its last finite
    weights.
    """

    def __init__(self, plan: RescuePlan, study: Study, *, n_examples: int) -> None:
        """Take the plan.

        Args:
            plan: What bad runs go on with.
            study: Its epochs are the budget of a rescue.
            n_examples: In the training split.
        """
        self._plan = plan
        self._study = study
        self._n_examples = n_examples

    def rescue(
        self, end: BlockEnd, driver: Driver, advance: Advance
    ) -> dict[str, Float[np.ndarray, " run"]]:
        """Train the bad runs of a block on, and say what came of it, by name.

        They are looked at after each epoch. All is not a number for the others.
        """
        rates, targets = self._plan_of(end)
        found = {name: np.full(len(end.active), np.nan) for name in MEASURES}
        is_tried = np.isfinite(rates)
        if not is_tried.any():
            return found
        shape = driver.shape
        own = np.asarray(end.traced["learning_rate"])
        wanted = np.where(is_tried, rates, own).astype(np.float32)
        traced = {**end.traced, "learning_rate": shape.put(wanted, BY_RUN)}
        # A run that has diverged is never trained: so the others stand still.
        frozen = np.where(is_tried, 0, 1).astype(np.int32)
        states = driver.start(end.seeds, traced)._replace(
            params=end.states.params,
            model=end.states.model,
            diverged_at=shape.put(frozen, BY_RUN),
        )
        metric = self._plan.result.primary_metric
        is_reached = np.full(len(rates), False)
        scores = np.full(len(rates), np.nan)
        steps = self._looks(end)
        for step, to_step in pairwise(steps):
            states = advance(states, traced, step, to_step)
            states, metrics = driver.evaluate(states)
            scores = metrics[metric]
            is_reached |= scores >= targets  # False for the NaN of one that diverged
        guessing = self._plan.result.data.majority_share
        scores = np.where(np.isfinite(scores), scores, guessing)
        return {
            "rescued": np.where(is_tried, is_reached, np.nan),
            "rescued_accuracy": np.where(is_tried, scores, np.nan),
            "rescue_learning_rate": rates,
            "rescue_target": targets,
        }

    def _plan_of(
        self, end: BlockEnd
    ) -> tuple[Float[np.ndarray, " run"], Float[np.ndarray, " run"]]:
        """The learning rate and the target of each bad run; not a number for others."""
        rates, targets = (np.full(len(end.active), np.nan) for _ in range(2))
        curves = {
            name: np.stack([r[name] for r in end.rows], 1) for name in end.rows[0]
        }
        is_bad = self._plan.ended_badly(
            curves,
            {name: np.asarray(values) for name, values in end.measures.items()},
            has_diverged=np.asarray(end.states.diverged_at) > 0,
        )
        for place in np.flatnonzero(is_bad & end.active).tolist():
            rescue = self._plan.of(end.runs[place])
            if rescue is not None:
                rates[place], targets[place] = rescue.learning_rate, rescue.target
        return rates, targets

    def _looks(self, end: BlockEnd) -> list[int]:
        """Steps done at the end of the run, after each epoch more, and at the last."""
        epochs = float(self._study.budget.epochs)
        batch_size = self._study.settings(end.runs[0].config).batch_size
        more = [*range(math.ceil(epochs)), epochs]
        return [step_at(epochs + k, self._n_examples, batch_size) for k in more]
