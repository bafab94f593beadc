"""What each run of a study may spend, and when it is evaluated."""

import math
from dataclasses import dataclass
from typing import Literal

from paribus.errors import StudyError


MAX_EPOCHS = 1_000_000
MAX_EVALUATIONS = 10_000


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What each run may spend, and when it is evaluated.

    Attributes:
        epochs: Passes over the training split, 1 to 1,000,000.
        evaluate_every: Epochs from one evaluation to the next, equal in examples for
            every batch size; `"auto"` is 8 an epoch in the first two epochs, 2 an epoch
            to the tenth, then 1 an epoch, and at least 5 in the last fifth.
    """

    epochs: int
    evaluate_every: float | Literal["auto"] = "auto"

    def __post_init__(self) -> None:
        if isinstance(self.epochs, bool) or not isinstance(self.epochs, int):
            raise StudyError(f"`study.epochs` must be an integer, got {self.epochs!r}")
        if not 1 <= self.epochs <= MAX_EPOCHS:
            raise StudyError(
                f"`study.epochs` must be from 1 to {MAX_EPOCHS:,}, got {self.epochs}"
            )
        if self.evaluate_every == "auto":
            return
        if isinstance(self.evaluate_every, bool | str):
            got = repr(self.evaluate_every).lower().replace("'", '"')
            raise StudyError(
                f'`study.evaluate_every` must be "auto" or epochs, got {got}'
            )
        if not 0 < self.evaluate_every <= self.epochs:
            raise StudyError(
                f"`study.evaluate_every` must be above 0 and at most the {self.epochs} "
                f"epochs of the study, got {self.evaluate_every}"
            )
        if self.epochs / self.evaluate_every > MAX_EVALUATIONS:
            raise StudyError(
                f"`study.evaluate_every` must give at most {MAX_EVALUATIONS:,} "
                f"evaluations, got {self.evaluate_every} for {self.epochs} epochs"
            )

    def evaluation_epochs(self) -> tuple[float, ...]:
        """When runs are evaluated: 0 (before the first step), ..., `epochs`."""
        if self.evaluate_every == "auto":
            return self._auto_epochs()
        every = float(self.evaluate_every)
        n_whole = math.floor(self.epochs / every + 1e-9)
        epochs = [every * k for k in range(n_whole + 1)]
        if self.epochs - epochs[-1] > 1e-9 * self.epochs:
            epochs.append(float(self.epochs))
        epochs[-1] = float(self.epochs)
        return tuple(epochs)

    def _auto_epochs(self) -> tuple[float, ...]:
        epochs = {0.0, float(self.epochs)}
        epochs.update(k / 8 for k in range(1, 8 * min(self.epochs, 2) + 1))
        epochs.update(k / 2 for k in range(4, 2 * min(self.epochs, 10) + 1))
        epochs.update(float(k) for k in range(10, self.epochs + 1))
        n_last = sum(epoch > 0.8 * self.epochs for epoch in epochs)
        if n_last < 5:
            epochs.update(self.epochs * (0.8 + 0.04 * k) for k in range(1, 6))
        return tuple(sorted(epochs))
