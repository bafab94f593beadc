"""Every write, sync, rename and removal of a scenario, killed and failed one by one.

Random kills miss rare moments; this misses none. A clean run under strace lists the
calls that touch the study. Then, in a fresh copy each time, one call is not carried out
and the process killed in its place, or it returns an error; and the promises are asked.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from campaign import (
    block_scenarios,
    forking,
    halving_scenarios,
    import_scenarios,
    old_scenarios,
    scenarios,
)
from campaign.forking import fast_folder
from campaign.outcome import Outcome
from campaign.promises import broken_after, broken_at_the_end, described
from campaign.scenarios import Scenario, saying

from paribus.store.folder import DATABASE


SCENARIOS = (
    *scenarios.SCENARIOS,
    *block_scenarios.SCENARIOS,
    *halving_scenarios.SCENARIOS,
    *old_scenarios.SCENARIOS,
    *import_scenarios.SCENARIOS,
)
KILL = "signal=SIGKILL"
CALLS = (
    *("write", "pwrite64", "fsync", "fdatasync", "ftruncate"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir"),
    *("openat", "mkdir", "flock"),
)
N_PLACES = 2 * (os.cpu_count() or 1)  # a fault is struck by processes in turn
NO_DATA = ("-f", "-y", "-s", "0")
_ENTRY = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")
_RANDOM = re.compile(r"0x[0-9a-f]+|[0-9a-f]{16}(?:[0-9a-f]{8})?")
# What a full or broken disk is told as; opening a file goes through SQLite, which does
# not say why it failed.
_DISK, _OPENING = {6}, {5, 6}
# What may fail without a word: to remove what nobody needs any more, and to make a
# folder that is there.
_NEEDLESS = ("unlink", "unlinkat", "mkdir")


@dataclass(frozen=True, kw_only=True)
class Point:
    """One system call of a scenario.

    Attributes:
        call: Its name.
        index: Which of the calls of that name it is, counted from 1.
        what: Its arguments, for messages.
    """

    call: str
    index: int
    what: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a process said.

    Attributes:
        acknowledged: What it reported as done, by descriptor 3.
        errors: What it wrote to stderr.
    """

    acknowledged: list[str]
    errors: str


def is_change(call: str, arguments: str) -> bool:
    """Whether one of `CALLS` changes something."""
    return call != "openat" or "O_CREAT" in arguments or "O_WRONLY" in arguments


def may_go_on(point: Point) -> bool:
    """Whether a call may fail and the work be done all the same."""
    # SQLite passes over a folder that it cannot sync, before it writes to the database.
    is_of_a_folder = DATABASE not in point.what
    return point.call in _NEEDLESS or (point.call == "fdatasync" and is_of_a_folder)


def can_trace() -> bool:
    """Whether strace is there and may watch the processes of this one."""
    if shutil.which("strace") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        code, _ = traced(lambda: None, log, "trace=write")
        return code == 0 and log.exists()


def run(
    *, errors: Mapping[str, int], chosen: Sequence[Scenario] = SCENARIOS
) -> Iterator[Outcome]:
    """Kill at every point of every scenario, and inject errors.

    Args:
        errors: For each, e.g. `"ENOSPC"`, one with a `+` goes on from there, how many
            points it goes on by: 1 strikes every one.
        chosen: The scenarios.
    """
    for scenario in chosen:
        with Bench(scenario) as bench:
            for fault, step in {KILL: 1, **errors}.items():
                started = time.monotonic()
                points = bench.points[::step]
                broken = bench.tried_at(points, fault)
                what = "killed" if fault == KILL else fault
                yield Outcome(
                    name=f"{what} at a system call: {scenario.name}",
                    n=len(points),
                    unit="calls",
                    violations=broken,
                    is_enumerated=step == 1,
                    seconds=time.monotonic() - started,
                )


class Bench:
    """A scenario with its template, its points, and what it leaves without a fault.

    Attributes:
        calls: The system calls that are listed.
        is_point: Which of them count.
        ends: The exit code without a fault.
        points: What was listed.
    """

    calls: Sequence[str] = CALLS
    is_point = staticmethod(is_change)
    ends = 0

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario

    def __enter__(self) -> "Bench":
        self._place = Path(
            tempfile.mkdtemp(prefix="paribus-campaign-", dir=fast_folder())
        )
        try:
            self._prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._place)

    def _prepare(self) -> None:
        self._template = self._place / "template"
        self._template.mkdir()
        forking.ask(partial(self._scenario.prepare, self._template))
        self.points = self._listed()
        again = self._listed()
        if [self.points, len(self.points) >= 5] != [again, True]:
            raise RuntimeError(f"{self._scenario.name}: its points are not always one")
        self._whole: dict[str, Any] = forking.ask(self._without_a_fault)

    def tried_at(self, points: Sequence[Point], fault: str) -> list[str]:
        """Inject a fault at each point, at several at a time; what is broken."""
        parts = [
            partial(self._tried, fault, part, points[part::N_PLACES])
            for part in range(N_PLACES)
        ]
        limit_s = 60 + 2 * len(points)
        found = forking.ask_all(parts, limit_s=limit_s)
        return [text for part in found for text in part]

    def _tried(self, fault: str, part: int, points: Sequence[Point]) -> list[str]:
        """Inject faults in a process of its own, and at a place of its own."""
        self._place = self._place / f"part-{part}"
        self._place.mkdir(exist_ok=True)
        return [text for point in points for text in self.tried(fault, point)]

    def tried(self, fault: str, point: Point) -> list[str]:
        """Inject one fault, and ask for the promises; what is broken."""
        always = "+" if fault.endswith("+") else ""
        how = fault.rstrip("+") if fault == KILL else f"error={fault.rstrip('+')}"
        inject = f"inject={point.call}:{how}:when={point.index}{always}"
        work = self._fresh()
        code, said = traced(
            partial(self._act, work), self._place / "log", f"trace={point.call}", inject
        )
        broken = self._wrong_end(fault, point, code, said.errors)
        try:
            broken += forking.ask(partial(self._broken, work, said.acknowledged))
        except RuntimeError as error:
            broken.append(str(error))
        return self._told(fault, point, broken)

    def _told(self, fault: str, point: Point, broken: Sequence[str]) -> list[str]:
        where = f"{self._scenario.name}, {fault} at {point.call} {point.index}"
        return [f"{where} ({point.what}): {text}" for text in broken]

    def _broken(self, work: Path, said: Sequence[str]) -> list[str]:
        """Asked at once, and once it went on to the end."""
        at_once = broken_after(work, said, self._scenario)
        return at_once + broken_at_the_end(work, self._scenario, self._whole)

    def _wrong_end(self, fault: str, point: Point, code: int, errors: str) -> list[str]:
        if fault == KILL:
            return [] if code == -9 else [f"was not killed, ended with {code}"]
        codes = _OPENING if point.call in ("openat", "mkdir", "flock") else _DISK
        if code == 0 and may_go_on(point):
            return []
        if code in codes and "Traceback" not in errors:
            return []
        return [f"ended with {code}, must be {sorted(codes)}: {errors}"]

    @contextmanager
    def beside(self, work: Path) -> Iterator[Callable[[], tuple[int, Said]] | None]:
        """Hold what another process does there; it ends when it is called."""
        yield None

    def _without_a_fault(self) -> dict[str, Any]:
        work = self._fresh()
        self._scenario.act(work, lambda text: None)
        return described(work, self._scenario.study)

    def _listed(self) -> list[Point]:
        """The calls that touch the study, in a run without a fault."""
        log = self._place / "log"
        work = self._fresh()
        with self.beside(work):
            code, said = traced(
                partial(self._act, work), log, f"trace={','.join(self.calls)}"
            )
        if code != self.ends:
            raise RuntimeError(f"{self._scenario.name}: {said.errors}")
        return list(points_in(log.read_text(), str(work), self.is_point))

    def _act(self, work: Path) -> None:
        self._scenario.act(work, saying(3))

    def _fresh(self) -> Path:
        work = self._place / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self._template, work)
        return work


def traced(
    act: Any,
    log: Path,
    *options: str,
    shown: Sequence[str] = NO_DATA,
    meanwhile: Callable[[], object] | None = None,
) -> tuple[int, Said]:
    """Act in a process that strace watches; how it ended, and what it said.

    Args:
        act: What it does; it says by descriptor 3 what it acknowledges.
        log: Where strace writes to.
        options: What strace traces, and what it injects.
        shown: What strace writes of each call.
        meanwhile: What is done while it stands still; None if it never does.
    """
    with _listening() as ears:
        child, go = forking.start(partial(ears.heard, act), waits=True)
        with _strace(child, log, options, shown):
            os.write(go, b"g")
            os.close(go)
            if meanwhile is not None:
                _, status = os.waitpid(child, os.WUNTRACED)
                if not os.WIFSTOPPED(status):
                    raise RuntimeError(f"never stood still, ended with {status}")
                try:
                    meanwhile()
                finally:
                    os.kill(child, signal.SIGCONT)
            code = forking.end(child)
        return code, ears.said()


def alone(act: Callable[[], object]) -> tuple[int, Said]:
    """Act in a process that nobody watches; how it ended, and what it said."""
    with _listening() as ears:
        child, _ = forking.start(partial(ears.heard, act))
        return forking.end(child), ears.said()


@contextmanager
def _listening() -> Iterator["_Ears"]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        yield _Ears(out, err)


class _Ears:
    """Hears what a process says."""

    def __init__(self, *files: IO[bytes]) -> None:
        self._files = files

    def heard(self, act: Callable[[], object]) -> None:
        """Act in a forked process, and be heard."""
        for file, descriptor in zip(self._files, (3, 2), strict=True):
            os.dup2(file.fileno(), descriptor)
        act()

    def said(self) -> Said:
        """What it said, once it has ended."""
        for file in self._files:
            file.seek(0)
        acknowledged, errors = (file.read().decode() for file in self._files)
        return Said(acknowledged=acknowledged.splitlines(), errors=errors)


@contextmanager
def _strace(
    child: int, log: Path, options: Sequence[str], shown: Sequence[str]
) -> Iterator[None]:
    words = [word for option in options for word in ("-e", option)]
    command = ["strace", *shown, "-o", str(log), "-p", str(child)]
    with subprocess.Popen(
        [*command, *words], stderr=subprocess.PIPE, text=True
    ) as strace:
        assert strace.stderr is not None
        line = strace.stderr.readline()
        if "attached" not in line:
            raise RuntimeError(f"strace cannot watch: {line}")
        yield
        strace.stderr.read()


def points_in(
    log: str, folder: str, is_point: Callable[[str, str], bool] = is_change
) -> Iterator[Point]:
    """The calls in a log of strace that touch a folder.

    Args:
        log: What strace wrote.
        folder: Whose calls are listed.
        is_point: Whether a call of a name, with arguments, is one that counts.
    """
    seen: dict[str, int] = {}
    for line in log.splitlines():
        found = _ENTRY.match(line)
        if found is None:
            continue
        call, rest = found.groups()
        seen[call] = seen.get(call, 0) + 1
        if folder in rest and is_point(call, rest):
            what = _RANDOM.sub("...", rest.replace(folder, ""))
            yield Point(call=call, index=seen[call], what=what.partition(" = ")[0])
