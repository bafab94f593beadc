"""Two processes at one study, one of them stopped after each of its system calls.

Races meet their moments by luck, and a moment between two looks may last microseconds.
Here one process is stopped once after every call that touches the study. While it
stands still another one does all of its own work, or is refused. Then the first goes
on, and the promises are asked.
"""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

from builders import make_facts
from campaign import forking
from campaign.outcome import Outcome
from campaign.scenarios import NAME, saying, small
from campaign.syscalls import CALLS, SCENARIOS, Bench, Point, Said, alone, traced

from paribus.errors import ResourceError
from paribus.store import StudyWriter
from paribus.store.lock import WriterLock


STOP = "signal=SIGSTOP"
# Between two looks, too, the other one may come. What a platform lacks is passed over.
LOOKS = (
    *("?stat", "?lstat", "?newfstatat", "?statx", "?access", "?faccessat2"),
    *("getdents64", "fcntl"),
)
CREATION = SCENARIOS[0]
PATIENCE_S = 0.05  # who holds the lock stands still, however long one waits
TAKEN = ("in use by", "must be a new folder, got a study")


def create_together() -> Outcome:
    """Let another process come at every point at which one creates a study."""
    return _met(_Meeting(CREATION), CREATION.name)


def meet() -> Iterator[Outcome]:
    """Let another process come at every point of every scenario."""
    for scenario in SCENARIOS:
        yield _met(_Meeting(scenario), scenario.name)
    yield _met(_TakingBack(CREATION), "take a new study back")


def _met(meeting: "_Meeting", name: str) -> Outcome:
    started = time.monotonic()
    with meeting as bench:
        return Outcome(
            name=f"two at once, one stopped at a system call: {name}",
            n=len(bench.points),
            unit="calls",
            violations=bench.tried_at(bench.points, STOP),
            is_enumerated=True,
            seconds=time.monotonic() - started,
        )


class _Meeting(Bench):
    """A scenario that two processes act in."""

    calls = (*CALLS, *LOOKS)
    is_point = staticmethod(lambda call, arguments: True)

    def tried(self, fault: str, point: Point) -> list[str]:
        """Let the other come at one point, and ask for the promises."""
        work = self._fresh()
        others: list[tuple[int, Said]] = []
        mine = traced(
            partial(self._act, work),
            self._place / "log",
            f"trace={point.call}",
            f"inject={point.call}:{fault}:when={point.index}",
            meanwhile=lambda: others.append(alone(partial(self._come, work))),
        )
        broken = self._wrong_ends(mine, *others)
        said = [text for _, one in (mine, *others) for text in one.acknowledged]
        try:
            broken += forking.ask(partial(self._broken, work, said))
        except RuntimeError as error:
            broken.append(str(error))
        return self._told(fault, point, broken)

    def _come(self, work: Path) -> None:
        """Act as the other one, which waits for a lock, but not as long as usual."""
        impatient = partial(WriterLock.acquire, wait_s=PATIENCE_S)
        with patch.object(WriterLock, "acquire", impatient):
            self._scenario.act(work, saying(3))

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


class _TakingBack(_Meeting):
    """The first one makes a study, and fails before it has begun anything."""

    ends = ResourceError.exit_code

    def _act(self, work: Path) -> None:
        with StudyWriter.create(work / NAME, small(), make_facts()) as writer:
            try:
                raise ResourceError("out of memory")
            except ResourceError as error:
                writer.take_back(type(error), error)
                raise
