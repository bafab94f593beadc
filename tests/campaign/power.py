"""Power cuts: the states that a disk may be left in, rebuilt and opened one by one."""

import hashlib
import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from campaign import forking
from campaign.forking import fast_folder
from campaign.outcome import Outcome
from campaign.power_model import CALLS, UNKNOWN, Disk, put_state
from campaign.promises import broken_after, broken_at_the_end, described
from campaign.scenarios import Scenario, saying
from campaign.syscalls import N_PLACES, SCENARIOS, traced


SEED = 20261126
WITH_DATA = ("-f", "-xx", "-s", str(1 << 28))


def cut_power(
    n_cuts: int, *, chosen: Sequence[Scenario] = SCENARIOS
) -> Iterator[Outcome]:
    """Cut the power at a random moment of each scenario, and open what may be left.

    Args:
        n_cuts: How many cuts, over all scenarios; some leave the same state.
        chosen: The scenarios.
    """
    started = time.monotonic()
    broken: list[str] = []
    n_states = 0
    for number, scenario in enumerate(chosen):
        n = len(range(number, n_cuts, len(chosen)))
        with _recorded(scenario) as record:
            parts = [
                partial(_tried, record, part, range(part, n, N_PLACES))
                for part in range(N_PLACES)
            ]
            found = forking.ask_all(parts, limit_s=60 + 2 * n)
        broken += [text for part, _ in found for text in part]
        n_states += len(set[str]().union(*(states for _, states in found)))
    yield Outcome(
        name="states of a disk after a power cut",
        n=n_states,
        unit="states",
        violations=broken,
        is_sample=False,  # chosen
        seconds=time.monotonic() - started,
    )


class _Record:
    """A scenario, where it began, what it did, and what it leaves without a cut."""

    def __init__(self, scenario: Scenario, place: Path) -> None:
        self.scenario = scenario
        self.place = place
        self.template = place / "template"
        self.template.mkdir()
        forking.ask(partial(scenario.prepare, self.template))
        self.folder = place / "work"
        shutil.copytree(self.template, self.folder)
        log = place / "log"
        code, said = traced(
            lambda: scenario.act(self.folder, saying(3)),
            log,
            f"trace={','.join((*CALLS, *UNKNOWN))}",
            shown=WITH_DATA,
        )
        if code:
            raise RuntimeError(f"{scenario.name}: {said.errors}")
        self.lines = log.read_text().splitlines()
        self.acknowledged = said.acknowledged
        self.moments = self._moments()
        self.whole: dict[str, Any] = forking.ask(
            partial(described, self.folder, scenario.study)
        )

    def disk(self, moment: int) -> Disk:
        """The disk after so many calls."""
        disk = Disk(self.folder, self.template)
        for line in self.lines[:moment]:
            disk.carry_out(line)
        return disk

    def _moments(self) -> list[int]:
        """When something is not yet synced; the model must end as the disk did."""
        disk = self.disk(0)
        moments: list[int] = []
        for number, line in enumerate(self.lines, start=1):
            disk.carry_out(line)
            if not disk.is_settled:
                moments.append(number)
        differing = disk.differs_from(self.folder)
        if disk.said != self.acknowledged or differing or not moments:
            raise RuntimeError(
                f"{self.scenario.name}: its log is not understood: {differing}"
            )
        return moments


@contextmanager
def _recorded(scenario: Scenario) -> Iterator[_Record]:
    place = Path(tempfile.mkdtemp(prefix="paribus-campaign-", dir=fast_folder()))
    try:
        yield _Record(scenario, place)
    finally:
        shutil.rmtree(place)


def _tried(
    record: _Record, part: int, numbers: Sequence[int]
) -> tuple[list[str], set[str]]:
    """Open some states, each in a process of its own; what is broken, and digests."""
    scenario, broken = record.scenario, list[str]()
    states: set[str] = set()
    place = record.place / f"part-{part}"
    place.mkdir()
    for number in numbers:
        rng = random.Random(f"{SEED} {scenario.name} {number}")
        moment = rng.choice(record.moments)
        try:
            act = partial(_broken, record, place / "left", moment, rng)
            found, state = forking.ask(act)
            states.add(state)
        except RuntimeError as error:
            found = [str(error)]
        shutil.rmtree(place / "left", ignore_errors=True)
        broken += [
            f"{scenario.name}, state {number} at call {moment}: {t}" for t in found
        ]
    return broken, states


def _broken(
    record: _Record, left: Path, moment: int, rng: random.Random
) -> tuple[list[str], str]:
    """What is broken of a state, and its digest."""
    disk = record.disk(moment)
    left.mkdir()
    put_state(disk.root, left, rng)
    state = _digest(left)
    at_once = broken_after(left, disk.said, record.scenario)
    later = broken_at_the_end(left, record.scenario, record.whole)
    return at_once + later, state


def _digest(folder: Path) -> str:
    """Of the names and the bytes of all files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found = hashlib.sha256()
    for path in files:
        found.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
        found.update(path.read_bytes())
    return found.hexdigest()
