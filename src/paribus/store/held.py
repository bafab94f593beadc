"""A study folder held for writing: its lock, its tables, and the attempts on it."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from paribus.errors import ParibusError
from paribus.results import DataFacts
from paribus.status import RunStatus
from paribus.store.attempts import (
    facts_of,
    new_attempt,
    read_attempts,
    stop_running,
)
from paribus.store.blocks import read_running
from paribus.store.creation import Opened
from paribus.store.documents import write_environment
from paribus.store.environments import tell_change, tell_other_starts
from paribus.store.failures import translated
from paribus.store.folder import DATABASE, remove_new
from paribus.store.growth import check_same_data
from paribus.store.migration import remove_backups
from paribus.store.narrowing import give_back, too_wide
from paribus.store.replays import Earlier
from paribus.store.rows import AttemptRow, BlockRow, BlockStatus, RunRow
from paribus.store.schema import ATTEMPT, BASELINE, BLOCK, ROUND
from paribus.store.starts import Starts, gathered, other_seeds, take_up
from paribus.study import Run


def _nothing() -> None:
    """Check nothing."""


class HeldStudy:
    """What `StudyWriter` is before it says what became of runs.

    Attributes:
        known_starts: How the seeds began that any attempt has begun.
    """

    def __init__(self, folder: Path, opened: Opened) -> None:
        self.folder = folder
        self._lock = opened.lock
        self._ledger = opened.ledger
        self.study = opened.study
        self.data = opened.data
        self.epochs = opened.epochs
        self._ids: dict[Run, int] = {}
        self._n_kept: dict[int, int] = {}  # block -> evaluations that are stored
        self._earlier: dict[int, Earlier] = {}
        self._attempt: int | None = None  # its number
        self._began = time.monotonic()
        self.known_starts: dict[str, dict[int, str]] = {}
        self._starts: dict[str, dict[int, str]] = {}  # of this attempt
        self._may_change = False  # what equal bits depend on
        self._check_data: Callable[[], None] = _nothing
        self._made: list[Path] | None = None  # with it; None if it was there

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the study back to whoever wants to write it next.

        Raises:
            ResourceError: If the disk fails; what was acknowledged is stored.
        """
        with translated(self.folder / DATABASE):
            try:
                self._ledger.connection.close()
            finally:
                self._lock.release()

    def take_back(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        """After an error, remove a study that was just made and has begun nothing.

        So what cannot be trained at all leaves no empty study behind.
        """
        if kind is None or self._made is None:
            return
        with suppress(ParibusError), translated(self.folder / DATABASE):
            read = self._ledger.read
            has_begun = read(BLOCK) or read(BASELINE) or read(ROUND)
            if not has_begun and len(read(ATTEMPT)) <= 1:
                self._ledger.connection.close()
                remove_new(self.folder, self._made)

    def check_data(self, data: DataFacts) -> None:
        """Refuse data that are not those the study began with.

        Raises:
            DataError: If their content differs.
        """
        check_same_data(self.data, data.content_hash, folder=self.folder)

    def watch_data(self, check: Callable[[], None]) -> None:
        """Ask before numbers of a block are stored whether they may be.

        Args:
            check: Raises if the data have changed since they were recorded.
        """
        self._check_data = check

    def _computed(self, block: int) -> tuple[BlockRow, list[RunRow]]:
        """A running block and its runs, for numbers that are about to be stored."""
        self._check_data()
        return read_running(self._ledger, block)

    def check_environment(
        self, environment: Mapping[str, str], *, allow_change: bool = False
    ) -> None:
        """Say what differs from the environment of the attempt before.

        Args:
            environment: Versions, device and machine: name -> text.
            allow_change: Whether an exact study may go on in another environment.

        Raises:
            ExecutionError: If it may not, and the environment is another one.
        """
        self._may_change = allow_change or not self.study.exact
        with translated(self.folder / DATABASE):
            earlier = read_attempts(self._ledger)
        if earlier:
            was = self._environment_of(earlier[-1])
            is_refused = not self._may_change
            tell_change(was, environment, self.folder, is_refused=is_refused)

    def note_starts(self, starts: Starts) -> None:
        """Take down how seeds begin, and say what differs from how they began before.

        It is stored with the next numbers.

        Args:
            starts: What a run begins with -> seed -> digest.

        Raises:
            ExecutionError: If the study is exact, and `check_environment` was not told
                that it may change.
        """
        other = other_seeds(self.known_starts, starts)
        tell_other_starts(other, self.folder, is_refused=not self._may_change)
        take_up(starts, self.known_starts)
        take_up(starts, self._starts)

    def _environment_of(self, row: AttemptRow) -> Mapping[str, str]:
        return facts_of(row, self.folder / DATABASE).environment

    def _starts_of(self, row: AttemptRow) -> Starts:
        """How the seeds began that an attempt has begun."""
        return facts_of(row, self.folder / DATABASE).starts

    def _with_starts(self, attempt: AttemptRow) -> AttemptRow:
        """The present attempt with all starts that were taken down."""
        if not self._starts:
            return attempt
        environment = self._environment_of(attempt)
        written = write_environment(environment, self._starts)
        return attempt._replace(environment=written)

    def _store_starts(self) -> None:
        """Store the starts of the numbers that are stored; in a transaction."""
        attempt = self._current_attempt()
        row = self._with_starts(attempt)
        if row != attempt:
            self._ledger.replace(ATTEMPT, [attempt], [row])

    def begin_attempt(self, environment: Mapping[str, str]) -> int:
        """Record that this process begins to train.

        Runs that an attempt before was training when it died become pending.

        Args:
            environment: Versions, device and machine: name -> text.

        Returns:
            The attempt's number, 1 for the first.
        """
        with translated(self.folder / DATABASE):
            earlier = read_attempts(self._ledger)
            self.known_starts = gathered(map(self._starts_of, earlier))
            row = new_attempt(len(earlier) + 1, environment)
            with self._ledger.transaction():
                self._ledger.insert(ATTEMPT, [row])
                stop_running(self._ledger, RunStatus.PENDING, BlockStatus.DIED)
        self._attempt = row.number
        self._starts = {}
        self._began = time.monotonic()
        return row.number

    def finish_attempt(self, n_runs: int, seconds: float) -> None:
        """Record that the attempt has ended in order.

        Args:
            n_runs: Runs it finished.
            seconds: From its start to its last commit.
        """
        attempt = self._current_attempt()
        done = attempt._replace(
            n_runs=int(n_runs), seconds=float(seconds), is_finished=1
        )
        with translated(self.folder / DATABASE), self._ledger.transaction():
            self._ledger.replace(ATTEMPT, [attempt], [done])
        remove_backups(self.folder)

    def give_back_block(self, block: int, message: str) -> None:
        """Let the runs of a block wait again, since together they do not fit.

        Args:
            block: What `begin_block` returned.
            message: What said so.

        Raises:
            ValueError: If the block is not running.
        """
        with translated(self.folder / DATABASE):
            give_back(self._ledger, block, message)

    def too_wide_blocks(self) -> dict[str, int]:
        """The fewest runs that did not fit together on this device, by description."""
        environment = self._environment_of(self._current_attempt())
        with translated(self.folder / DATABASE):
            return too_wide(self._ledger, environment.get("device", ""))

    def _current_attempt(self) -> AttemptRow:
        if self._attempt is None:
            raise ValueError("`begin_attempt` must come first")
        # Read each time: a commit may have worked although its sync then failed.
        with translated(self.folder / DATABASE):
            return read_attempts(self._ledger)[self._attempt - 1]
