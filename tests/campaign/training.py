"""The real `paribus run`, in processes forked with JAX loaded and not yet used."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rich.console
from builders import write_blobs
from campaign import forking
from campaign.forking import fast_folder
from campaign.parts import PROGRAMS
from campaign.promises import described
from campaign.scenarios import NAME
from study_texts import study_text

import paribus.analysis.outcomes
import paribus.api.running
import paribus.api.writing
import paribus.cli.showing
import paribus.console.progress
import paribus.engine.keeper
import paribus.engine.session
import paribus.engine.train
import paribus.report
import paribus.study_file
import paribus.study_file.declarations
from paribus.cli import app


# Loaded before the forks: each command would load them anew.
LOADED = (rich.console, paribus.analysis.outcomes, paribus.console.progress)
LOADED += (paribus.engine.train, paribus.study_file.declarations, paribus.report)
LOADED += (paribus.api.running, paribus.api.writing, paribus.cli.showing)

# 8 runs of 2 static groups: what a command takes is mostly its start, and what compiles
# soon is killed as well as what takes long.
STUDY = study_text(
    study="seeds = 2\nepochs = 2",
    model='name = "softmax"',
    optimizer='name = "keras_adam"',
    space="learning_rate = [0.001, 0.1]\nbatch_size = [16, 48]",
)
RUN = ("run", "tiny.toml", "--out", NAME, "--device", "cpu")
LIMIT_S = 900  # seconds on a quiet machine; others may use it too
_FINISHED = re.compile(r"(\d+) of \d+ runs")


@contextmanager
def workplace(*, is_cold: bool = False) -> Iterator[Path]:
    """A folder with a study file, its data, and a compilation cache of its own.

    Args:
        is_cold: Whether the cache is empty, also where another part has filled its own.
    """
    place = Path(tempfile.mkdtemp(prefix="paribus-campaign-", dir=fast_folder()))
    os.environ["XDG_CACHE_HOME"] = str(place / "cache")
    try:
        write_study(place)
        if _kept().is_dir() and not is_cold:
            shutil.copytree(_kept(), place / "cache")
        yield place
    finally:
        shutil.rmtree(place)


def keep_programs(place: Path) -> None:
    """Leave what was compiled, by commands that nobody killed, to the next parts."""
    if PROGRAMS in os.environ and not _kept().exists():
        shutil.copytree(place / "cache", _kept())


def _kept() -> Path:
    return Path(os.environ.get(PROGRAMS, "/nowhere"), "kept")


def write_study(place: Path) -> None:
    """Put the study file and its data into a folder."""
    write_blobs(place / "blobs.npz", n_train=600, n_test=100)
    (place / "tiny.toml").write_text(STUDY)


def keep_at_once() -> None:
    """Store each evaluation, and the state with it, as if it had taken a minute."""
    keeping: Any = paribus.engine.keeper
    for name in ("EVALUATIONS_S", "CHECKPOINT_S", "LONGEST_S"):
        setattr(keeping, name, 0.0)


def start(
    place: Path,
    *arguments: str,
    name: str = "said",
    is_unaware: bool = False,
    at_first: Callable[[], object] = lambda: None,
) -> int:
    """Start a command in a folder; what it says goes to files there.

    Args:
        place: The folder.
        arguments: The command; none for `paribus run`.
        name: Of the files.
        is_unaware: Whether it does not look how much of the disk is free.
        at_first: What the process does before it begins.
    """
    words = arguments or RUN

    def act() -> None:
        os.chdir(place)
        at_first()
        if is_unaware:
            session: Any = paribus.engine.session
            session.check_disk = lambda folder, needed: None
        for number, ending in ((1, "out"), (2, "err")):
            path = place / f"{name}.{ending}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(path, flags), number)
        try:
            app(list(words), prog_name="paribus")
        except SystemExit as ended:
            sys.stdout.flush()
            sys.stderr.flush()
            code = ended.code or 0
            os._exit(code if isinstance(code, int) else 1)

    child, _ = forking.start(act, limit_s=LIMIT_S)
    return child


def finish(
    place: Path,
    *arguments: str,
    name: str = "said",
    is_unaware: bool = False,
    at_first: Callable[[], object] = lambda: None,
) -> int:
    """Run a command to its end; its exit code."""
    return forking.end(
        start(place, *arguments, name=name, is_unaware=is_unaware, at_first=at_first)
    )


def errors_of(place: Path, *, name: str = "said") -> str:
    """What a command said on stderr."""
    return (place / f"{name}.err").read_text("utf-8")


def n_acknowledged(place: Path, *, name: str = "said") -> int:
    """The most finished runs that a progress line spoke of."""
    found = _FINISHED.findall(errors_of(place, name=name))
    return max(map(int, found), default=0)


def trained(place: Path) -> dict[str, Any]:
    """All that training has stored, but for how long it took."""
    found = described(place)
    del found["timings"]
    found["files"] = [f for f in found["files"] if f.startswith(f"{NAME}/")]
    return found
