"""When a block that takes long is stored on its way, so that a kill costs seconds."""

import time
from collections.abc import Callable, Mapping
from types import TracebackType

import numpy as np
from jaxtyping import Int

from paribus.engine.checkpoints import BlockMoment, pack, stacked
from paribus.engine.interrupts import Interrupts
from paribus.engine.prober import Watch
from paribus.store import StudyWriter


# A commit takes milliseconds; blocks that end within this are stored once, at the end.
EVALUATIONS_S = 1.0

# Seconds from one checkpoint to the next: more for states that take long to write, so
# that training waits a twentieth of its time at most, but never more than the last.
CHECKPOINT_S = 15.0
CHECKPOINT_SHARE = 1 / 20
LONGEST_S = 60.0


class Keeper:
    """Stores what a block has done so far, when enough time has gone by.

    As a context manager, also when a signal asks to stop: it is obeyed once the state
    after the compiled call that is under way is stored.

    Attributes:
        block: The block's id.
        tensors: From where the block goes on; None from its start.
        interrupts: Whether somebody asks to stop.
        rung: After how many evaluations it stops; None to train to its end.
    """

    def __init__(
        self,
        writer: StudyWriter,
        block: int,
        *,
        n_stored: int = 0,
        tensors: Mapping[str, np.ndarray] | None = None,
        rung: int | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with a block.

        Args:
            writer: Who stores.
            block: Its id.
            n_stored: How many of its evaluations stand.
            tensors: Its checkpoint after them.
            rung: After how many evaluations it stops; None to train to its end.
            now: Tells the time in seconds.
        """
        self.block = block
        self.tensors = tensors
        self.interrupts = Interrupts()
        self.rung = rung
        self._writer = writer
        self._n_stored = n_stored
        self._now = now
        self._last_commit = self._last_checkpoint = now()
        self._checkpoint_cost = 0.0

    def __enter__(self) -> "Keeper":
        self.interrupts.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.interrupts.__exit__(kind, error, trace)

    def heed(
        self,
        moment: BlockMoment,
        watch: Watch | None,
        places: Int[np.ndarray, " run"],
    ) -> None:
        """Stop here if somebody asks to; the state as it is now is stored before.

        Args:
            moment: The block after a compiled call.
            watch: Who measures it.
            places: The place of each run.
        """
        if self.interrupts.is_asked and moment.rows:
            self._store(moment, watch, places, is_due=True)
        self.interrupts.obey()
        # Only now: before its first call a block has nothing to lose, and compiling
        # may take long.
        self.interrupts.put_off()

    def secure(
        self,
        moment: BlockMoment,
        watch: Watch | None,
        places: Int[np.ndarray, " run"],
    ) -> None:
        """Store the state before a measure, which cannot go on from its middle.

        From here on signals do what they do. Nothing is stored of less than a second.

        Args:
            moment: The block between two calls.
            watch: Who measures it.
            places: The place of each run.
        """
        since = self._now() - self._last_checkpoint
        if self.interrupts.is_asked or since >= self._interval_of(EVALUATIONS_S):
            self._store(moment, watch, places, is_due=True)
        self.interrupts.let_through()

    def keep_beside(
        self,
        moment: BlockMoment,
        watch: Watch | None,
        places: Int[np.ndarray, " run"],
    ) -> None:
        """Store the state beside the budget where that is due, or somebody asks.

        Args:
            moment: The block after a compiled call.
            watch: Who measures it.
            places: The place of each run.
        """
        self.heed(moment, watch, places)
        if self._now() - self._last_checkpoint >= self._interval():
            self._store(moment, watch, places, is_due=True)

    def keep(
        self,
        moment: BlockMoment,
        watch: Watch | None,
        places: Int[np.ndarray, " run"],
    ) -> None:
        """Store the evaluations since the last time, and the state if that is due.

        Args:
            moment: The block after an evaluation.
            watch: Who measures it.
            places: The place of each run.
        """
        if self.interrupts.is_asked:
            self.heed(moment, watch, places)
        now = self._now()
        # A state before a measure has stored the evaluation already.
        is_new = len(moment.rows) > self._n_stored
        if is_new and now - self._last_commit >= EVALUATIONS_S:
            is_due = now - self._last_checkpoint >= self._interval()
            self._store(moment, watch, places, is_due=is_due)

    def _store(
        self,
        moment: BlockMoment,
        watch: Watch | None,
        places: Int[np.ndarray, " run"],
        *,
        is_due: bool,
    ) -> None:
        now = self._now()
        new = {n: v[self._n_stored :] for n, v in stacked(moment.rows).items()}
        self._writer.commit_evaluations(
            self.block,
            {name: values[:, places] for name, values in new.items()},
            checkpoint=pack(moment, watch, places) if is_due else None,
        )
        self._n_stored = len(moment.rows)
        self._last_commit = self._now()
        if is_due:
            self._last_checkpoint = self._last_commit
            self._checkpoint_cost = self._last_commit - now

    def pause(
        self,
        moment: BlockMoment,
        watch: Watch | None,
        places: Int[np.ndarray, " run"],
    ) -> None:
        """Store all of the block at a rung, where it ends for now."""
        self.interrupts.put_off()  # to store it takes a moment
        new = stacked(moment.rows[self._n_stored :])
        self._writer.pause_block(
            self.block,
            {name: values[:, places] for name, values in new.items()},
            diverged_at=np.asarray(moment.states.diverged_at)[places].astype(np.int64),
            checkpoint=pack(moment, watch, places),
        )

    def _interval(self) -> float:
        return self._interval_of(CHECKPOINT_S)

    def _interval_of(self, at_least_s: float) -> float:
        wanted = self._checkpoint_cost / CHECKPOINT_SHARE
        return min(max(wanted, at_least_s), LONGEST_S)
