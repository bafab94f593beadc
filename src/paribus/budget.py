"""What each run of a study may spend, and when it is evaluated."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from paribus.errors import StudyError, as_toml


MAX_EPOCHS = 1_000_000
MAX_EVALUATIONS = 10_000
MAX_STEPS = 1_000_000_000
MAX_LATE_EVALUATIONS = 40


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What each run may spend, and when it is evaluated.

    Attributes:
        epochs: Passes over the training split, 1 to 1,000,000.
        evaluate_every: Epochs from one evaluation to the next, equal in examples for
            every batch size; `"auto"` is 8 an epoch in the first two epochs, 2 an epoch
            to the tenth, then 1 an epoch, and at least 5 in the last fifth.
        steps: Steps that every run takes at least, so that batch sizes can be compared
            at equal steps; None for as many as `epochs` have. Runs of large batches
            then go on for more epochs.
    """

    epochs: int
    evaluate_every: float | Literal["auto"] = "auto"
    steps: int | None = None

    def __post_init__(self) -> None:
        self._check_steps()
        if isinstance(self.epochs, bool) or not isinstance(self.epochs, int):
            raise StudyError(
                f"`study.epochs` must be an integer, got {as_toml(self.epochs)}"
            )
        if not 1 <= self.epochs <= MAX_EPOCHS:
            raise StudyError(
                f"`study.epochs` must be from 1 to {MAX_EPOCHS:,}, got {self.epochs}"
            )
        if self.evaluate_every == "auto":
            return
        if isinstance(self.evaluate_every, bool | str):
            got = as_toml(self.evaluate_every)
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

    def _check_steps(self) -> None:
        if self.steps is None:
            return
        if isinstance(self.steps, bool) or not isinstance(self.steps, int):
            raise StudyError(
                f"`study.steps` must be an integer, got {as_toml(self.steps)}"
            )
        if not 1 <= self.steps <= MAX_STEPS:
            raise StudyError(
                f"`study.steps` must be from 1 to {MAX_STEPS:,}, got {self.steps}"
            )

    def run_epochs(self, *, n_train: int, batch_size: int) -> float:
        """How long a run trains: `epochs`, or more if `steps` take longer."""
        if self.steps is None:
            return float(self.epochs)
        in_steps = epochs_after(self.steps, n_train=n_train, batch_size=batch_size)
        return max(float(self.epochs), in_steps)

    def evaluation_epochs(
        self, *, n_train: int | None = None, batch_sizes: Iterable[int] = ()
    ) -> tuple[float, ...]:
        """When runs are evaluated: 0 (before the first step), ..., `epochs`.

        With `steps` also when each batch size has taken them, and after `epochs`, while
        runs of large batches go on, at up to 40 more whole epochs.

        Args:
            n_train: Examples in the training split; needed with `steps`.
            batch_sizes: All batch sizes of the study; needed with `steps`.
        """
        epochs = set(self._epochs_within())
        if self.steps is not None and n_train is not None:
            ends = [
                epochs_after(self.steps, n_train=n_train, batch_size=batch_size)
                for batch_size in batch_sizes
            ]
            longest = math.floor(max(ends, default=0.0))
            stride = max(1, math.ceil((longest - self.epochs) / MAX_LATE_EVALUATIONS))
            epochs.update(map(float, range(self.epochs + stride, longest + 1, stride)))
            epochs.update(ends)
        return tuple(sorted(epochs))

    def _epochs_within(self) -> tuple[float, ...]:
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


def epochs_after(steps: int, *, n_train: int, batch_size: int) -> float:
    """The epochs of examples that a run has seen after some steps.

    The last, partial batch of an epoch is a step of its own.
    """
    whole, rest = divmod(steps, -(-n_train // batch_size))
    return whole + rest * batch_size / n_train
