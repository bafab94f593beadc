"""Two processes at one study, one of them stopped after each of its system calls.

Races meet their moments by luck, and a moment between two looks may last microseconds.
Here one process is stopped once after every call that touches the study. While it
stands still another one does all of its own work, or is refused. Then the first goes
on, and the promises are asked.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

from builders import make_facts
from campaign import forking
from campaign.outcome import Outcome
from campaign.scenarios import NAME, Scenario, saying, small
from campaign.syscalls import CALLS, SCENARIOS, Bench, Point, Said, alone, traced

from paribus.errors import ResourceError, StoreError
from paribus.store import StudyWriter
from paribus.store.lock import WriterLock


STOP = "signal=SIGSTOP"
# Between two looks, too, the other one may come. What a platform lacks is passed over.
LOOKS = (
    *("?stat", "?lstat", "?newfstatat", "?statx", "?access", "?faccessat2"),
    *("getdents64", "fcntl"),
)
CREATION = SCENARIOS[0]
NEW = replace(SCENARIOS[1], prepare=CREATION.prepare)
PATIENCE_S = 0.05  # who holds the lock stands still, however long one waits
FAILS = ResourceError.exit_code
TAKEN = ("in use by", "must be a new folder, got a study")


def meet(*, step: int) -> Iterator[Outcome]:
    """Let another process come at every point of creations, and of other scenarios.

    Args:
        step: How many points of the others to go on by; 1 takes every one.
    """
    yield _met(Meeting(CREATION), CREATION.name)
    yield _met(_TakenBack(NEW), "train a study that is taken back")
    yield _met(_TakingBack(CREATION), "take a new study back", step=step)
    for scenario in SCENARIOS[1:]:
        yield _met(Meeting(scenario), scenario.name, step=step)


def _met(meeting: "Meeting", name: str, *, step: int = 1) -> Outcome:
    started = time.monotonic()
    with meeting as bench:
        points = bench.points[::step]
        return Outcome(
            name=f"two at once, one stopped at a system call: {name}",
            n=len(points),
            unit="calls",
            violations=bench.tried_at(points, STOP),
            is_enumerated=step == 1,
            is_sample=False,
            seconds=time.monotonic() - started,
        )


class Meeting(Bench):
    """A scenario that two processes act in."""

    calls = (*CALLS, *LOOKS)
    is_point = staticmethod(lambda call, arguments: True)

    def tried(self, fault: str, point: Point) -> list[str]:
        """Let the other come at one point, and ask for the promises."""
        work = self._fresh()
        others: list[tuple[int, Said]] = []
        with self.beside(work) as other:
            mine = traced(
                partial(self._act, work),
                self._place / "log",
                f"trace={point.call}",
                f"inject={point.call}:{fault}:when={point.index}",
                meanwhile=lambda: others.append(other()),
            )
        broken = self._wrong_ends(mine, *others)
        said = [text for _, one in (mine, *others) for text in one.acknowledged]
        try:
            broken += forking.ask(partial(self._broken, work, said))
        except RuntimeError as error:
            broken.append(str(error))
        return self._told(fault, point, broken)

    @contextmanager
    def beside(self, work: Path) -> Iterator[Callable[[], tuple[int, Said]]]:
        """The other one comes when it is called, and does not wait for long."""
        yield lambda: alone(partial(_impatient, PATIENCE_S, self._scenario, work))

    def _wrong_ends(
        self, first: tuple[int, Said], other: tuple[int, Said]
    ) -> list[str]:
        """Whoever comes second is told so, or does what is left."""
        broken = [
            f"{who} ended with {code}: {said.errors}"
            for who, (code, said), right in (
                ("the first", first, self.ends),
                ("the other", other, 0),
            )
            if code != right
            if code != 5 or not any(text in said.errors for text in TAKEN)
        ]
        one_did = self.ends == first[0] or not other[0]
        return broken if one_did else [*broken, "nobody could do it"]


def _impatient(wait_s: float, scenario: Scenario, work: Path) -> None:
    """Act, and wait for a lock not as long as usual."""
    with patch.object(
        WriterLock, "acquire", partial(WriterLock.acquire, wait_s=wait_s)
    ):
        scenario.act(work, saying(3))


class _TakingBack(Meeting):
    """The first one makes a study, and fails before it has begun anything."""

    ends = FAILS

    def _act(self, work: Path) -> None:
        _make_and_fail(work)


class _TakenBack(Meeting):
    """The other one has made a study; while the first stands still, it fails."""

    ends = StoreError.exit_code  # while it is held

    def _act(self, work: Path) -> None:
        _impatient(0.0, self._scenario, work)

    @contextmanager
    def beside(self, work: Path) -> Iterator[Callable[[], tuple[int, Said]]]:
        """The other one holds its study until it is called."""
        (made, said_so), (may_fail, go) = os.pipe(), os.pipe()

        def hold() -> None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            _make_and_fail(
                work, first=lambda: (os.write(said_so, b"m"), os.read(may_fail, 1))
            )

        child, _ = forking.start(hold)
        os.read(made, 1)
        ended: list[int] = []

        def fail() -> tuple[int, Said]:
            os.write(go, b"g")
            ended.append(forking.end(child))
            return ended[0], Said(acknowledged=[], errors="")

        try:
            yield fail
        finally:
            if not ended:
                fail()
            for descriptor in (made, said_so, may_fail, go):
                os.close(descriptor)

    def _wrong_ends(
        self, first: tuple[int, Said], other: tuple[int, Said]
    ) -> list[str]:
        """The first is refused while the study is held, or makes it itself."""
        code, said = first
        is_right = code == 0 or (code == self.ends and TAKEN[0] in said.errors)
        broken = [] if is_right else [f"the first ended with {code}: {said.errors}"]
        return broken + [f"the other ended with {other[0]}"] * (other[0] != FAILS)


def _make_and_fail(work: Path, first: Callable[[], object] = lambda: None) -> None:
    """Make a study, do something, and take the study back for an error."""
    with StudyWriter.create(work / NAME, small(), make_facts()) as writer:
        try:
            first()
            raise ResourceError("out of memory")
        except ResourceError as error:
            writer.take_back(type(error), error)
            raise
