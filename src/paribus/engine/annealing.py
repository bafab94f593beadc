"""The anneal test: is a run stuck, or does the noise of its steps keep it up?"""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Array

from paribus.engine.block import BY_RUN, BlockShape
from paribus.engine.run import RunState


# Parts of the budget that are spent in addition. Going on for twice as long should
# change the loss by less than 5%; else even the long one is too short.
EXTRA_BUDGETS = {"annealed_train_loss": 0.2, "annealed_train_loss_long": 0.4}
N_STAIRS = 50

# The states, the traced hyperparameters, the steps done and to be done: new states.
Advance = Callable[[RunState, Mapping[str, Array], int, int], RunState]


def anneal(
    advance: Advance,
    states: RunState,
    traced: Mapping[str, Array],
    *,
    shape: BlockShape,
    step: int,
    n_extra: int,
) -> RunState:
    """Let runs go on with a learning rate that falls linearly to 0.

    It falls in 50 stairs, each as high as the line at its middle, so that the programs
    that have trained the runs serve for this too.

    Args:
        advance: Trains the runs.
        states: The runs at the end of their budget; they stay as they are.
        traced: Their traced hyperparameters, on the devices.
        shape: How the runs lie on the devices.
        step: Steps done.
        n_extra: Steps to go on for.
    """
    rates = np.asarray(traced["learning_rate"])
    n_stairs = min(N_STAIRS, n_extra)
    ends = [step + n_extra * k // n_stairs for k in range(n_stairs + 1)]
    for stair in range(n_stairs):
        height = np.float32(1 - (stair + 0.5) / n_stairs)
        lower = {**traced, "learning_rate": shape.put(rates * height, BY_RUN)}
        states = advance(states, lower, ends[stair], ends[stair + 1])
    return states
