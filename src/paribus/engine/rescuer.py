"""The rescue test: does a bad run recover when it goes on at the best learning rate?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt32

from paribus.analysis.rescues import RescuePlan
from paribus.data.batches import step_at
from paribus.engine.block import BY_RUN, Driver
from paribus.engine.detours import Detour, Found, Leg
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
    """Plans how the bad runs of a block are trained on."""

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

    def rescue(self, end: BlockEnd, driver: Driver) -> "Rescue":
        """How the bad runs of a block go on, in the programs that have trained them."""
        return Rescue(
            self._plan,
            end,
            driver,
            steps=self._looks(end),
            start=self._step_of(end, 0.0),
        )

    def _looks(self, end: BlockEnd) -> list[int]:
        """Steps done after each epoch more than the run's own, and at the last."""
        epochs = float(self._study.budget.epochs)
        more = [*map(float, range(1, math.ceil(epochs))), epochs]
        return [self._step_of(end, k) for k in more]

    def _step_of(self, end: BlockEnd, more: float) -> int:
        batch_size = self._study.settings(end.runs[0].config).batch_size
        epoch = self._study.budget.epochs + more
        return step_at(epoch, self._n_examples, batch_size)


class Rescue:
    """Trains the bad runs of a block on.

    A rescue begins with the weights that a run ended with, and all else as at a start:
    the moments of its optimizer are 0 and its schedule begins anew. It sees the epochs
    of its data order that come next. A diverged run goes on from its last finite
    weights. They are looked at after each epoch.

    Attributes:
        names: What it tells; not a number for runs that need no rescue.
    """

    names: tuple[str, ...] = MEASURES

    def __init__(
        self,
        plan: RescuePlan,
        end: BlockEnd,
        driver: Driver,
        *,
        steps: Sequence[int],
        start: int,
    ) -> None:
        """Begin at the end of the budget.

        Args:
            plan: What bad runs go on with.
            end: The block there.
            driver: Who has trained it.
            steps: Steps done at each look.
            start: Steps done before.
        """
        self._plan = plan
        self._end, self._driver = end, driver
        self._steps, self._start = steps, start

    def begin(self) -> Detour:
        """The bad runs with the weights that they ended with; others stand still."""
        end = self._end
        rates, targets = self._planned()
        found = {
            "rate": rates,
            "target": targets,
            "reached": np.full(len(rates), False),
            "score": np.full(len(rates), np.nan),
        }
        if not np.isfinite(rates).any():
            return Detour(end.states, 0, self._start, found)
        # A run that has diverged is never trained.
        frozen = np.where(np.isfinite(rates), 0, 1).astype(np.int32)
        states = self._driver.start(end.seeds, self._traced(rates))._replace(
            params=end.states.params,
            model=end.states.model,
            diverged_at=self._driver.shape.put(frozen, BY_RUN),
        )
        return Detour(states, 0, self._start, found)

    def legs(self, detour: Detour) -> Sequence[Leg]:
        """From look to look; none if no run is bad."""
        rates = detour.found["rate"]
        if not np.isfinite(rates).any():
            return []
        traced = self._traced(rates)
        return [Leg(traced, step) for step in self._steps]

    def look(self, states: RunState, found: Found) -> tuple[RunState, Found]:
        """How good the runs are by now."""
        states, metrics = self._driver.evaluate(states)
        scores = np.asarray(metrics[self._plan.result.primary_metric])
        # False for the NaN of one that diverged.
        is_reached = found["reached"] | (scores >= found["target"])
        return states, {**found, "reached": is_reached, "score": scores}

    def tell(self, detour: Detour) -> dict[str, np.ndarray]:
        """Whether each bad run recovered, how good it is, and by which rate."""
        rates, scores = detour.found["rate"], detour.found["score"]
        guessing = self._plan.result.data.majority_share
        scores = np.where(np.isfinite(scores), scores, guessing)
        is_tried = np.isfinite(rates)
        return {
            "rescued": np.where(is_tried, detour.found["reached"], np.nan),
            "rescued_accuracy": np.where(is_tried, scores, np.nan),
            "rescue_learning_rate": rates,
            "rescue_target": detour.found["target"],
        }

    def _traced(self, rates: Float[np.ndarray, " run"]) -> dict[str, Any]:
        own = np.asarray(self._end.traced["learning_rate"])
        wanted = np.where(np.isfinite(rates), rates, own).astype(np.float32)
        placed = self._driver.shape.put(wanted, BY_RUN)
        return {**self._end.traced, "learning_rate": placed}

    def _planned(self) -> tuple[Float[np.ndarray, " run"], Float[np.ndarray, " run"]]:
        """The learning rate and the target of each bad run; not a number for others."""
        end = self._end
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
