"""What a learning-rate range test saw, as data."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from paribus.space import Config
from paribus.study import Study


@dataclass(frozen=True, kw_only=True, eq=False)
class RateCurves:
    """The losses of one combination of the other hyperparameters.

    Attributes:
        others: The combination, e.g. an optimizer and a batch size.
        losses: Mean training loss of the steps at each learning rate, each before its
            own step, in nats; NaN from where the run has diverged.
    """

    others: Config
    losses: Float[np.ndarray, "rate seed"]


@dataclass(frozen=True, kw_only=True, eq=False)
class RateSweep:
    """A learning-rate range test of a study.

    Attributes:
        study: Whose model, data and other hyperparameters were taken.
        rates: The learning rates, ascending; each run went through all of them.
        seeds: Seeds of its own: none of the study's.
        n_steps: Steps of each run.
        curves: One for each combination of the other hyperparameters.
    """

    study: Study
    rates: Float[np.ndarray, " rate"]
    seeds: tuple[int, ...]
    n_steps: int
    curves: tuple[RateCurves, ...]
