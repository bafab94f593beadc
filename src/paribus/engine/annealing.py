"""The anneal test: is a run stuck, or does the noise of its steps keep it up?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from paribus.engine.block import BY_RUN, Driver
from paribus.engine.detours import Detour, Found, Leg
from paribus.engine.run import RunState


# Parts of the budget that are spent in addition. Going on for twice as long should
# change the loss by less than 5%; else even the long one is too short.
EXTRA_BUDGETS = {"annealed_train_loss": 0.2, "annealed_train_loss_long": 0.4}
N_STAIRS = 50


class Annealing:
    """Lets runs go on with a learning rate that falls linearly to 0.

    It falls in 50 stairs, each as high as the line at its middle, so that the programs
    that have trained the runs serve for this too.

    Attributes:
        names: What it tells: the loss on training examples at the end.
    """

    def __init__(
        self,
        name: str,
        states: RunState,
        traced: Mapping[str, Any],
        *,
        driver: Driver,
        step: int,
        n_extra: int,
    ) -> None:
        """Begin at the end of the budget.

        Args:
            name: What it tells.
            states: The runs at the end of their budget.
            traced: Their traced hyperparameters, on the devices.
            driver: Who has trained them.
            step: Steps done.
            n_extra: Steps to go on for.
        """
        self.names = (name,)
        self._states, self._traced = states, traced
        self._driver = driver
        self._step, self._n_extra = step, n_extra

    def begin(self) -> Detour:
        """Where the detour begins."""
        return Detour(self._states, 0, self._step, {})

    def legs(self, detour: Detour) -> Sequence[Leg]:
        """The stairs."""
        del detour
        rates = np.asarray(self._traced["learning_rate"])
        n_stairs = min(N_STAIRS, self._n_extra)
        heights = [np.float32(1 - (k + 0.5) / n_stairs) for k in range(n_stairs)]
        return [
            Leg(
                {
                    **self._traced,
                    "learning_rate": self._driver.shape.put(rates * height, BY_RUN),
                },
                self._step + self._n_extra * (stair + 1) // n_stairs,
            )
            for stair, height in enumerate(heights)
        ]

    def look(self, states: RunState, found: Found) -> tuple[RunState, Found]:
        """Nothing is seen on the way."""
        return states, found

    def tell(self, detour: Detour) -> dict[str, np.ndarray]:
        """The loss at the end of the stairs."""
        (name,) = self.names
        return {name: self._driver.evaluate(detour.states)[1]["train_loss"]}
