"""`kill -9` at random moments: of the store's writer, and of the real trainer."""

import itertools
import os
import random
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from builders import make_facts, make_study
from campaign import forking
from campaign.forking import fast_folder
from campaign.outcome import Outcome
from campaign.promises import broken_after, differing
from campaign.scenarios import NAME, beside, curves_together, place_of, saying
from store_builders import waiting

from paribus.errors import ParibusWarning
from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study


SEED = 20261126
STUDY_RUNS = 128  # a new study after so many runs, or its checks would grow for ever
OPEN_S, WRITE_S = 0.01, 0.03  # how long each takes, roughly
N_PLACES = 4  # so many studies are written at a time
COLD_KILLS = 4  # so many with nothing compiled before


def kill_writers(n_kills: int) -> Iterator[Outcome]:
    """Kill a writer that commits 1 to 16 runs a block, at a random moment.

    Each kill is followed by the questions about what it had acknowledged so far, and
    the next writer goes on where it stopped. Several studies are written at a time.
    """
    started = time.monotonic()
    # Most of a kill is waiting for its moment.
    parts = [
        partial(_kill_at_one_place, part, len(range(part, n_kills, N_PLACES)))
        for part in range(N_PLACES)
    ]
    found = forking.ask_all(parts, limit_s=60 + 2 * n_kills)
    yield Outcome(
        name="the store's writer killed at a random moment",
        n=n_kills,
        unit="kills",
        violations=[text for part in found for text in part],
        seconds=time.monotonic() - started,
    )


def _kill_at_one_place(part: int, n_kills: int) -> list[str]:
    """Kill the writers of one study after another; what is broken."""
    moments = random.Random(f"{SEED} {part}")
    broken: list[str] = []
    killed = 0
    place = Path(tempfile.mkdtemp(prefix="paribus-campaign-", dir=fast_folder()))
    said: list[str] = []
    study = make_study(name=NAME, n_seeds=STUDY_RUNS // 2, epochs=30)
    try:
        while killed < n_kills:
            if not said or len(said) > STUDY_RUNS * 0.9:
                shutil.rmtree(place / NAME, ignore_errors=True)
                StudyWriter.create(place / NAME, study, make_facts()).close()
                said = ["created"]
            width = moments.choice((1, 2, 4, 16))
            # One in four while the study is being opened, or recovered.
            opens = moments.random() < 0.25
            delay = moments.uniform(0, OPEN_S if opens else WRITE_S)
            act = partial(_write, place, width)
            code, new = _killed(act, delay, has_begun=not opens)
            said += new
            try:
                found = forking.ask(partial(broken_after, place, said))
            except RuntimeError as error:
                found = [str(error)]
            killed += code == -9  # it may have ended before
            if code not in (-9, 0):
                found.append(f"the writer ended with {code}")
            if found:
                said = []
            where = f"kill {killed} of part {part}, after {delay:.4f} s"
            broken += [f"{where}: {text}" for text in found]
    finally:
        shutil.rmtree(place)
    return broken


def _write(folder: Path, width: int, say: Any) -> None:
    with StudyWriter.open(folder / NAME) as writer:
        writer.begin_attempt({})
        say("begun")
        runs = waiting(writer)
        for first in range(0, len(runs), width):
            part = runs[first : first + width]
            places = [place_of(writer.study, run) for run in part]
            block = writer.begin_block(part, description=f"{width} together")
            writer.commit_block(
                block,
                curves=curves_together(writer.study, part),
                diverged_at=np.array([place % 3 for place in places]),
                **beside(places),
            )
            for place in places:
                say(f"run {place}")
        writer.finish_attempt(n_runs=len(runs), seconds=1.0)


def _killed(act: Any, delay: float, *, has_begun: bool) -> tuple[int, list[str]]:
    """Start a writer, kill it some seconds later; how it ended, and what it said."""
    reading, writing = os.pipe()
    child, _ = forking.start(lambda: act(saying(writing)))
    os.close(writing)
    said = os.read(reading, len("begun\n")) if has_begun else b""
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    code = forking.end(child)
    with os.fdopen(reading, "rb") as pipe:
        said += pipe.read()
    lines = said.decode().splitlines(keepends=True)
    return code, [line.strip() for line in lines if line.endswith("\n")]


def kill_trainers(n_kills: int) -> Iterator[Outcome]:
    """Kill real training at a random moment, go on, and compare when it has finished.

    The first kills find nothing compiled: so compilation is killed, and its cache.
    Every second study stores a state with each evaluation, and goes on from it.
    """
    from campaign import training  # loads JAX

    started = time.monotonic()
    moments = random.Random(SEED)
    broken: list[str] = []
    killed = 0
    with training.workplace(is_cold=True) as place:
        whole, cold_s, warm_s = timed(place)
        for number in itertools.count():
            if killed == n_kills:
                break
            keep = training.keep_at_once if number % 2 else _as_users_do
            shutil.rmtree(place / NAME, ignore_errors=True)
            n_done = 0
            while True:
                is_cold = killed < COLD_KILLS
                if is_cold:
                    shutil.rmtree(place / "cache", ignore_errors=True)
                child = training.start(place, at_first=keep)
                delay = moments.uniform(0, cold_s if is_cold else warm_s)
                if killed < n_kills:  # after the last the study may finish
                    time.sleep(delay)
                    os.kill(child, signal.SIGKILL)
                code = forking.end(child)
                if code != -9:
                    break
                killed += 1
                found, n_done = after_a_kill(place, n_done)
                broken += [f"kill {killed} after {delay:.3f} s: {t}" for t in found]
            broken += unless(0, code, training.errors_of(place))
            found = forking.ask(partial(training.trained, place))
            broken += [
                f"after kill {killed} the finished study has other {name}"
                for name in differing(whole, found)
            ]
        code = training.finish(place, "report", NAME, "--out", "report.html")
        broken += unless(0, code, training.errors_of(place))
    yield Outcome(
        name="training killed at a random moment",
        n=killed,
        unit="kills",
        violations=broken,
        seconds=time.monotonic() - started,
    )


def _as_users_do() -> None:
    """Leave the engine as it is."""


def timed(place: Path) -> tuple[dict[str, Any], float, float]:
    """What training leaves, and how long it takes, at first and from then on."""
    from campaign import training

    seconds: list[float] = []
    for _ in range(2):
        shutil.rmtree(place / NAME, ignore_errors=True)
        began = time.monotonic()
        if training.finish(place):
            raise RuntimeError(training.errors_of(place))
        seconds.append(time.monotonic() - began)
    training.keep_programs(place)
    return forking.ask(partial(training.trained, place)), seconds[0], seconds[1]


def after_a_kill(place: Path, n_before: int) -> tuple[list[str], int]:
    """What is broken, and how many runs are there."""
    from campaign import training

    n_said = max(n_before, training.n_acknowledged(place))
    if not (place / NAME).exists():
        return (["what was acknowledged is gone"] if n_said else []), 0
    try:
        problems, n_done = forking.ask(partial(_look, place / NAME))
    except RuntimeError as error:
        return [str(error)], 0
    if n_done < n_said:
        problems.append(f"{n_said} runs were acknowledged, {n_done} are there")
    return problems, n_done


def _look(study: Path) -> tuple[list[str], int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ParibusWarning)  # of an unfinished write
        problems = list(check_study(study).problems)
        result = read_study(study)
    if (result.status == RunStatus.RUNNING).any():
        problems.append("a run is said to be running, and no process trains it")
    return problems, int(result.has_outcome().sum())


def unless(expected: int, code: int, errors: str) -> list[str]:
    return [] if code == expected else [f"ended with {code}: {errors[-2000:]}"]
