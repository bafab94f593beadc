"""Real disks that are full: small file systems in memory, filled, then enlarged."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from campaign import forking
from campaign.outcome import Outcome
from campaign.promises import broken_after, broken_at_the_end, described
from campaign.scenarios import (
    FILE,
    NAME,
    OLD_FILE,
    Scenario,
    saying,
    small,
    train,
)

from paribus.errors import ResourceError
from paribus.results.files import write_atomically


MIB = 1 << 20
ENOUGH = 64 * MIB
SIZES_MIB = (0.5, 1, 2, 5, 10, 20)
SLACK = 6 * 4096  # what is left on a nearly full disk at first


def can_mount() -> bool:
    """Whether this process may mount a file system: root in a container often may."""
    try:
        with _disk(MIB):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def fill(*, n_levels: int) -> Iterator[Outcome]:
    """Train studies on disks with a little less space each time, then with enough.

    Args:
        n_levels: How many amounts of free space, from none to what the study needs.
    """
    started = time.monotonic()
    broken: list[str] = []
    scenario = Scenario(name="train", prepare=lambda folder: None, act=_train)
    with _disk(ENOUGH) as disk:
        forking.ask(partial(_train, disk, lambda text: None))
        whole = forking.ask(partial(described, disk))
        used = (disk / NAME / "study.db").stat().st_size
    for level in range(n_levels):
        size = (8192 + SLACK + (used * 3 // 2) * level // n_levels) // 4096 * 4096
        with _disk(size) as disk:
            found = _filled(disk, scenario, whole)
        broken += [f"{size} bytes: {text}" for text in found]
    yield Outcome(
        name="studies on a full disk",
        n=n_levels,
        unit="disks",
        violations=broken,
        seconds=time.monotonic() - started,
    )


def fill_beside_reports() -> Iterator[Outcome]:
    """Replace a report on disks where something else has taken the space."""
    started = time.monotonic()
    broken: list[str] = []
    for size in SIZES_MIB:
        with _disk(int(size * MIB)) as disk:
            write_atomically(disk / FILE, OLD_FILE)
            _take_space(disk)
            try:
                write_atomically(disk / FILE, "new" * int(size * MIB))
                broken.append(f"{size} MiB: a file larger than the disk was written")
            except ResourceError:
                pass
            if (disk / FILE).read_text() != OLD_FILE:
                broken.append(f"{size} MiB: the old file is not whole")
            if {path.name for path in disk.iterdir()} != {FILE, "taken"}:
                broken.append(f"{size} MiB: a part of the new file is left")
    yield Outcome(
        name="reports on a full disk",
        n=len(SIZES_MIB),
        unit="disks",
        violations=broken,
        seconds=time.monotonic() - started,
    )


def fill_beside_trainers(*, n_levels: int) -> Iterator[Outcome]:
    """Run real training where something else takes the space, and again with enough.

    Once the space goes while it trains, so it cannot know; once it is gone before.
    """
    from campaign import training  # loads JAX

    started = time.monotonic()
    broken: list[str] = []
    with training.workplace() as place:
        training.finish(place)
        whole = forking.ask(partial(training.trained, place))
        used = (place / NAME / "study.db").stat().st_size
        for level in range(n_levels):
            size = (16384 + used * level // n_levels) // 4096 * 4096
            with _disk(size) as disk:
                words = ("run", "tiny.toml", "--out", str(disk / NAME))
                for is_unaware in (True, False):
                    code = training.finish(place, *words, is_unaware=is_unaware)
                    said = training.errors_of(place)
                    # Where not even the store can be opened, it is that which is told.
                    is_told = is_unaware or "are free" in said or "is full" in said
                    is_told &= str(disk) in said
                    if code != 6 or "Traceback" in said or not is_told:
                        broken.append(f"{size} bytes: ended with {code}: {said[-800:]}")
                _resize(disk, ENOUGH)
                code = training.finish(place, *words)
                if code or forking.ask(partial(training.trained, disk)) != whole:
                    said = training.errors_of(place)
                    broken.append(f"{size} bytes: did not go on, {code}: {said[-800:]}")
    yield Outcome(
        name="training on a full disk",
        n=n_levels,
        unit="disks",
        violations=broken,
        seconds=time.monotonic() - started,
    )


def _train(folder: Path, say: object) -> None:
    train(folder, small(n_seeds=8), say)  # type: ignore[arg-type]


def _filled(disk: Path, scenario: Scenario, whole: dict[str, object]) -> list[str]:
    """Train until the disk is full, look, enlarge it, and train to the end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:

        def act() -> None:
            os.dup2(err.fileno(), 2)
            scenario.act(disk, saying(out.fileno()))

        code = forking.end(forking.start(act)[0])
        for file in (out, err):
            file.seek(0)
        said, errors = out.read().decode().splitlines(), err.read().decode()
    broken = [] if code in (0, 6) else [f"ended with {code}: {errors[-800:]}"]
    try:
        broken += forking.ask(partial(broken_after, disk, said))
        _resize(disk, ENOUGH)
        broken += forking.ask(partial(broken_at_the_end, disk, scenario, whole))
    except RuntimeError as error:
        broken.append(str(error))
    return broken


def _take_space(disk: Path) -> None:
    with (disk / "taken").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


@contextmanager
def _disk(size: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="paribus-disk-") as folder:
        _command("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
        try:
            yield Path(folder)
        finally:
            _command("umount", folder)


def _resize(disk: Path, size: int) -> None:
    _command("mount", "-o", f"remount,size={size}", str(disk))


def _command(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
