"""How far a study is, as data."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from paribus.space import Config
from paribus.status import RunStatus


def has_ended(status: Int[np.ndarray, "*runs"]) -> Bool[np.ndarray, "*runs"]:
    """Which runs nothing is left to train of: results, and those that were pruned."""
    return (status >= RunStatus.DIVERGED) | (status == RunStatus.PRUNED)


@dataclass(frozen=True, kw_only=True, eq=False)
class Progress:
    """How far a study is; handed out after each commit and change of activity.

    Attributes:
        activity: What is being done, in words: `"compiling, batch_size=32"`; while runs
            are trained, what tells them from others, or empty.
        n_runs: Runs of the whole study; while `is_open`, at most.
        n_finished: Runs that are committed, by this attempt or an earlier one; those
            that were pruned count.
        n_trained: Runs that this attempt has committed.
        elapsed_s: Since this attempt began.
        remaining_s: Estimated time to the end; None until there is something to go by.
        metric: What `scores` are.
        scores: The final metric of each committed run, NaN for the others.
        status: A `RunStatus` for each run.
        configs: The configs, in the order of the first axis; empty where unknown.
        is_open: Whether tuning has yet to choose, and may leave out some of `n_runs`.
        n_training: Runs that are being trained, all at once; 0 while none is.
        epoch: How far these are.
        epochs: How far they are to go.
    """

    activity: str
    n_runs: int
    n_finished: int
    n_trained: int
    elapsed_s: float
    remaining_s: float | None
    metric: str
    scores: Float[np.ndarray, "config seed"]
    status: Int[np.ndarray, "config seed"]
    configs: tuple[Config, ...] = ()
    is_open: bool = False
    n_training: int = 0
    epoch: float = 0.0
    epochs: float = 0.0

    @property
    def share_of_block(self) -> float:
        """How far the runs that are being trained are, as a fraction."""
        return self.epoch / self.epochs if self.epochs else 0.0
