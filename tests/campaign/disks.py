"""Real disks that are full: small file systems in memory, filled, then enlarged."""

import itertools
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
from campaign.scenarios import NAME, Scenario, saying, small, train
from store_builders import make_store


MIB = 1 << 20
ENOUGH = 64 * MIB
# What commands write -> the file in its place before, if any, and the command.
OUTPUTS = {
    "report.html": ("old", "report", NAME),
    "study.json": ("old", "export", NAME),
    "tables": ("", "export", NAME, "--format", "csv"),
}


def can_mount() -> bool:
    """Whether this process may mount a file system: root in a container often may."""
    try:
        with _disk(MIB):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def fill(*, step: int) -> Iterator[Outcome]:
    """Train studies on disks with a little more space each time, then with enough.

    From a disk on which nothing fits to one that the study does not fill; that last
    one does not count.

    Args:
        step: By how many pages the disks differ.
    """
    started = time.monotonic()
    broken: list[str] = []
    n_full = 0
    scenario = Scenario(name="train", prepare=lambda folder: None, act=_train)
    with _disk(ENOUGH) as disk:
        forking.ask(partial(_train, disk, lambda text: None))
        whole = forking.ask(partial(described, disk))
    for size in itertools.count(8192, 4096 * step):
        with _disk(size) as disk:
            is_full, found = _filled(disk, scenario, whole)
        broken += [f"{size} bytes: {text}" for text in found]
        if not is_full:
            break
        n_full += 1
    yield Outcome(
        name="studies on a full disk",
        n=n_full,
        unit="disks",
        violations=broken,
        is_sample=False,
        seconds=time.monotonic() - started,
    )


def fill_beside_outputs(*, n_levels: int) -> Iterator[Outcome]:
    """Write a report and exports on disks that are too small, then large enough.

    Args:
        n_levels: How many amounts of space, for each kind of output.
    """
    from campaign import training  # each command in a process of its own

    started = time.monotonic()
    broken: list[str] = []
    n_disks = 0
    with training.workplace() as place:
        make_store(place / NAME, study=small(n_seeds=40))
        for out, (before, *words) in OUTPUTS.items():
            with _disk(ENOUGH) as disk:
                training.finish(place, *words, "--out", str(disk / out))
                whole = _contents(disk)
            used = sum(-(-len(content) // 4096) * 4096 for content in whole.values())
            needed = used + 4096 * bool(before)
            for size in _sizes(8192, needed, n_levels):
                n_disks += 1
                with _disk(size) as disk:
                    if before:
                        (disk / out).write_text(before)
                    old = _contents(disk)
                    command = (*words, "--out", str(disk / out), "--force")
                    code = training.finish(place, *command)
                    said = training.errors_of(place)
                    if code != 6 or "Traceback" in said or str(disk) not in said:
                        broken.append(f"{out}, {size} bytes: {code}: {said[-800:]}")
                    if _contents(disk) != old:
                        broken.append(f"{out}, {size} bytes: left {_contents(disk)}")
                    _resize(disk, ENOUGH)
                    code = training.finish(place, *command)
                    if code or _contents(disk) != whole:
                        broken.append(
                            f"{out}, {size} bytes: {code} on an enlarged disk"
                        )
    yield Outcome(
        name="reports and exports on a full disk",
        n=n_disks,
        unit="disks",
        violations=broken,
        is_sample=False,
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
        sizes = _sizes(16384, 16384 + used, n_levels)
        for size in sizes:
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
        n=len(sizes),
        unit="disks",
        violations=broken,
        is_sample=False,
        seconds=time.monotonic() - started,
    )


def _train(folder: Path, say: object) -> None:
    train(folder, small(n_seeds=8), say)  # type: ignore[arg-type]


def _sizes(first: int, end: int, n_levels: int) -> list[int]:
    """Whole pages, each once, from `first` on to less than `end`."""
    levels = {first + (end - first) * level // n_levels for level in range(n_levels)}
    return sorted({size // 4096 * 4096 for size in levels})


def _filled(
    disk: Path, scenario: Scenario, whole: dict[str, object]
) -> tuple[bool, list[str]]:
    """Train until the disk is full, look, enlarge it, and train to the end.

    Returns:
        Whether it was full, and what is broken.
    """
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
    return code == 6, broken


def _contents(folder: Path) -> dict[str, bytes]:
    """Every file and folder, by its path; a folder has no bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


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
