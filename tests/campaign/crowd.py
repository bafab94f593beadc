"""Several processes at one study: two drivers, and readers under load."""

import json
import math
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from builders import make_facts, make_study
from campaign import forking
from campaign.forking import fast_folder
from campaign.outcome import Outcome
from campaign.promises import broken_after, broken_runs
from campaign.scenarios import NAME, commit
from golden_stores import STORES, expected, includes, schema_of, summary, unpacked
from store_builders import waiting

from paribus.errors import StoreError
from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study
from paribus.store.schema import SCHEMA_VERSION


SEED = 20261126
GIVE_UP_S = 2.5  # it waits 1.5 s for the lock; promised are 2 s on a quiet machine
N_READERS = 8
PYTHON, SHOW, SELECT = "Python", "`paribus show`", "another program"
ROUND_S = 30.0
N_PLACES = 6


def race_writers(n_races: int) -> Iterator[Outcome]:
    """Let two processes make, open and train one new study, 0 to 200 ms apart.

    In one race of ten whoever is first holds the study until the other has given up.
    """
    started = time.monotonic()
    rng = random.Random(SEED)
    races: list[tuple[int, float, float]] = []
    for race in range(n_races):
        apart = rng.uniform(0, 0.2) * rng.random()
        hold = GIVE_UP_S if race % 10 == 0 else rng.uniform(0, 0.1)
        races.append((race, apart, hold))
    # Most of a race is waiting: so several are run at a time, each at its own place.
    parts = [partial(_races, races[first::N_PLACES]) for first in range(N_PLACES)]
    limit_s = 60 + n_races
    broken = [text for part in forking.ask_all(parts, limit_s=limit_s) for text in part]
    yield Outcome(
        name="two writers at once",
        n=n_races,
        unit="races",
        violations=broken,
        seconds=time.monotonic() - started,
    )


def race_trainers(n_races: int) -> Iterator[Outcome]:
    """Start `paribus run` twice on one new study, 0 to 200 ms apart."""
    from campaign import training  # loads JAX

    started = time.monotonic()
    rng = random.Random(SEED)
    broken: list[str] = []
    with training.workplace() as place:
        training.finish(place)
        whole = forking.ask(partial(training.trained, place))
        for race in range(n_races):
            shutil.rmtree(place / NAME)
            apart = rng.uniform(0, 0.2)
            first = training.start(place, name="first")
            time.sleep(apart)
            second = training.start(place, name="second")
            codes = [forking.end(first), forking.end(second)]
            said = [training.errors_of(place, name=n) for n in ("first", "second")]
            found = _wrong_codes(codes, said)
            if forking.ask(partial(training.trained, place)) != whole:
                found.append("the finished study is another")
            broken += [f"race {race}, {1000 * apart:.0f} ms apart: {t}" for t in found]
    yield Outcome(
        name="two trainers at once",
        n=n_races,
        unit="races",
        violations=broken,
        seconds=time.monotonic() - started,
    )


def race_migrations(n_races: int) -> Iterator[Outcome]:
    """Let two processes open one study of an old schema, 0 to 20 ms apart."""
    started = time.monotonic()
    rng = random.Random(SEED)
    broken: list[str] = []
    place = Path(tempfile.mkdtemp(prefix="paribus-campaign-", dir=fast_folder()))
    try:
        for race in range(n_races):
            golden = rng.choice(STORES)
            unpacked(golden, place / NAME)
            apart = rng.uniform(0, 0.02)
            found = _migrated_twice(place, golden, apart)
            where = f"race {race}, {golden.parent.name}, {1000 * apart:.0f} ms apart"
            broken += [f"{where}: {text}" for text in found]
            shutil.rmtree(place / NAME)
            for path in place.iterdir():
                path.unlink()
    finally:
        shutil.rmtree(place)
    yield Outcome(
        name="two processes that migrate one study",
        n=n_races,
        unit="races",
        violations=broken,
        seconds=time.monotonic() - started,
    )


def read_under_load(seconds: float) -> Iterator[Outcome]:
    """Let eight processes read a study over and over while another one writes it.

    One of them is the command line, one another program with SQLite. After half a
    minute all begin anew, with another study: each is written as long as it is read.
    """
    started = time.monotonic()
    reports: list[dict[str, Any]] = []
    for _ in range(max(1, round(seconds / ROUND_S))):
        reports += _read_together(min(seconds, ROUND_S))
    for who in (PYTHON, SHOW, SELECT):
        mine = [report for report in reports if report["who"] == who]
        yield Outcome(
            name=f"a study read while it is written, by {who}",
            n=sum(report.get("n_reads", 0) for report in mine),
            unit="reads",
            violations=[text for report in mine for text in report["broken"]],
            is_sample=False,  # a few studies, looked at again and again
            seconds=time.monotonic() - started,
        )


def _read_together(seconds: float) -> list[dict[str, Any]]:
    """What all who read and write one study report."""
    place = Path(tempfile.mkdtemp(prefix="paribus-campaign-"))
    study = make_study(name=NAME, n_seeds=400, epochs=6)
    try:
        StudyWriter.create(place / NAME, study, make_facts()).close()
        until = time.monotonic() + seconds
        acts = [
            partial(_write_until, place, until),
            partial(_show_until, place, until),
            partial(_select_until, place, until),
            *(
                partial(_read_until, place, until, number)
                for number in range(N_READERS - 2)
            ),
        ]
        limit_s = 60 + math.ceil(seconds)
        children = [forking.start(act, limit_s=limit_s)[0] for act in acts]
        codes = [forking.end(child) for child in children]
        broken = [f"a process ended with {code}" for code in codes if code]
        broken += forking.ask(partial(broken_after, place, []))
        reports = [json.loads(path.read_text()) for path in place.glob("*.json")]
        return [*reports, {"who": PYTHON, "broken": broken}]
    finally:
        shutil.rmtree(place)


def _races(races: Sequence[tuple[int, float, float]]) -> list[str]:
    """Run some races, one after the other; what each has broken."""
    broken: list[str] = []
    place = Path(tempfile.mkdtemp(prefix="paribus-campaign-", dir=fast_folder()))
    try:
        for race, apart, hold in races:
            found = _race(place, apart, hold)
            broken += [f"race {race}, {1000 * apart:.0f} ms apart: {t}" for t in found]
            shutil.rmtree(place / NAME, ignore_errors=True)
            for path in place.iterdir():
                path.unlink()
    finally:
        shutil.rmtree(place)
    return broken


def _race(place: Path, apart: float, hold: float) -> list[str]:
    study = make_study(name=NAME, n_seeds=2, epochs=6)
    children: list[int] = []
    for name in ("first", "second"):
        act = partial(_write_alone, place, name, study, hold)
        children.append(forking.start(act)[0])
        time.sleep(apart)
    for child in children:
        forking.end(child)
    try:
        reports = [
            json.loads((place / f"{name}.json").read_text())
            for name in ("first", "second")
        ]
        done = [report for report in reports if not report["refused"]]
        said = [text for report in done for text in report["said"]]
        broken = forking.ask(partial(broken_after, place, said))
    except (OSError, ValueError, RuntimeError) as error:
        return [f"a writer did not end in order: {error}"]
    if not done:
        broken.append("nobody could write")
    # Who waited for the other came after it; nobody was in between.
    spans = sorted((report["began"], report["ended"]) for report in done)
    if len(spans) == 2 and spans[1][0] < spans[0][1]:
        broken.append("both wrote at once")
    for report in reports:
        if report["refused"] and "in use by" not in report["refused"]:
            broken.append(f"it says: {report['refused']}")
        if report["refused"] and report["seconds"] > GIVE_UP_S:
            broken.append(f"it gave up after {report['seconds']:.1f} s")
    return broken


def _write_alone(place: Path, name: str, study: Any, hold: float) -> None:
    said: list[str] = []
    started = time.monotonic()
    report: dict[str, Any] = {"refused": "", "said": said}
    try:
        with StudyWriter.create(place / NAME, study, make_facts()) as writer:
            report["began"] = time.monotonic()
            writer.begin_attempt({})
            for run in waiting(writer):
                commit(writer, run, said.append)
            time.sleep(hold)
            writer.finish_attempt(n_runs=len(said), seconds=1.0)
            report["ended"] = time.monotonic()
    except StoreError as error:
        report["refused"] = str(error)
    report["seconds"] = time.monotonic() - started
    (place / f"{name}.json").write_text(json.dumps(report))


def _migrated_twice(place: Path, golden: Path, apart: float) -> list[str]:
    """Open an old study twice; what is wrong with what came of it."""
    children: list[int] = []
    for name in ("first", "second"):
        children.append(forking.start(partial(_migrate_alone, place, name))[0])
        time.sleep(apart)
    codes = [forking.end(child) for child in children]
    told = [(place / name).read_text() for name in ("first", "second")]
    broken = [
        f"ended with {code}: {text}"
        for code, text in zip(codes, told, strict=True)
        if code or (text and "in use by" not in text)
    ]
    if all(told):
        broken.append("nobody could migrate it")
    return broken + forking.ask(partial(_broken_old, place / NAME, golden))


def _migrate_alone(place: Path, name: str) -> None:
    said = ""
    try:
        with StudyWriter.open(place / NAME) as writer:
            writer.begin_attempt({})
            writer.finish_attempt(n_runs=0, seconds=1.0)
    except StoreError as error:
        said = str(error)
    (place / name).write_text(said)


def _broken_old(study: Path, golden: Path) -> list[str]:
    """An old study that was migrated holds what it held, and nothing else is left."""
    broken = list(check_study(study).problems)
    found, written = summary(read_study(study)), expected(golden)
    written.pop("status")  # what was running is pending by now
    found["attempts"] = found["attempts"][: len(written["attempts"])]
    if schema_of(study) != SCHEMA_VERSION or not includes(found, written):
        broken.append("something is lost")
    left = {path.name for path in study.iterdir()} - {"study.db", "writer.lock"}
    return broken + [f"`{name}` is left" for name in left]


def _wrong_codes(codes: list[int], said: list[str]) -> list[str]:
    """One trains; the other is refused, or comes when all is done."""
    broken = [
        f"ended with {code}: {text[-500:]}"
        for code, text in zip(codes, said, strict=True)
        if code and (code != 5 or "in use by" not in text)
    ]
    return broken if 0 in codes else [*broken, "nobody trained"]


def _write_until(place: Path, until: float) -> None:
    """Commit ten times a second and more; a commit must not wait for readers long."""
    waits: list[float] = []
    with StudyWriter.open(place / NAME) as writer:
        writer.begin_attempt({})
        for run in waiting(writer):
            if waits and time.monotonic() > until:
                break
            began = time.monotonic()
            commit(writer, run, lambda text: None)
            waits.append(time.monotonic() - began)
            time.sleep(0.03)
    slow = float(np.quantile(waits, 0.99))
    broken = [f"1 % of commits took {slow:.1f} s and more"] if slow > 2 else []
    (place / "writer.json").write_text(json.dumps({"who": PYTHON, "broken": broken}))


def _show_until(place: Path, until: float) -> None:
    """The command line, each time in a process of its own."""
    broken: list[str] = []
    n_reads = 0
    while time.monotonic() < until:
        ended = subprocess.run(
            [sys.executable, "-m", "paribus", "show", NAME],
            cwd=place,
            capture_output=True,
            text=True,
        )
        n_reads += 1
        if ended.returncode:
            broken.append(f"`show` ended with {ended.returncode}: {ended.stderr}")
    text = json.dumps({"who": SHOW, "broken": broken, "n_reads": n_reads})
    (place / "show.json").write_text(text)


def _select_until(place: Path, until: float) -> None:
    """Another program: it takes a lock for each question, and waits as its shell."""
    broken: list[str] = []
    n_reads = 0
    while time.monotonic() < until:
        connection = sqlite3.connect(place / NAME / "study.db", timeout=5)
        try:
            connection.execute("SELECT count(*), max(digest) FROM chunk").fetchone()
            n_reads += 1
        except sqlite3.Error as error:
            broken.append(f"another program met {error}")
        finally:
            connection.close()
        time.sleep(0.01)
    text = json.dumps({"who": SELECT, "broken": broken, "n_reads": n_reads})
    (place / "select.json").write_text(text)


def _read_until(place: Path, until: float, number: int) -> None:
    broken: list[str] = []
    n_reads = 0
    n_before = 0
    warnings.simplefilter("ignore")
    while time.monotonic() < until:
        try:
            result = read_study(place / NAME)
        except Exception as error:
            broken.append(f"a reader met {type(error).__name__}: {error}")
            continue
        n_reads += 1
        n_done = int(result.has_outcome().sum())
        broken += broken_runs(place / NAME, result, [])
        if n_done < n_before:
            broken.append("a reader saw a commit undone")
        if (result.status == RunStatus.INTERRUPTED).any():
            broken.append("a run that is being trained is said to be interrupted")
        n_before = n_done
    text = json.dumps({"who": PYTHON, "broken": broken, "n_reads": n_reads})
    (place / f"reader-{number}-{os.getpid()}.json").write_text(text)
