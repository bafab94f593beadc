"""What is done to a study while faults are injected: short, without JAX.

Each scenario makes a template, then acts in a copy of it, and says what it has
acknowledged. Acting again goes on where an earlier try was stopped, as `paribus run`
does.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from builders import make_facts, make_study
from store_builders import STARTS, make_answers, make_curves, make_measures, waiting

from paribus.results import StudyResult
from paribus.results.files import write_atomically
from paribus.results.timings import SoloTime
from paribus.status import RunStatus
from paribus.store import StudyWriter, read_study
from paribus.store.chunks import read_runs
from paribus.store.rows import BlockStatus
from paribus.store.schema import BLOCK
from paribus.study import Run, Study


Say = Callable[[str], None]
Look = Callable[[Path, StudyResult, Sequence[str]], list[str]]
NAME = "tiny"
EPOCHS = 6
FILE = "report.html"
OLD_FILE = "<!doctype html>old" * 1000
NEW_FILE = "<!doctype html>new" * 20_000
FAILURE = "out of memory"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Something a study goes through.

    Attributes:
        name: What it is called.
        prepare: Makes the template, in an empty folder.
        act: What is watched, in a copy of the template.
        study: The folder of the study that the promises are about.
        look: What else must hold of it at any time, given its folder, what a reader
            sees and what was acknowledged: the problems; None if its runs have the
            numbers of `curves_of`.
    """

    name: str
    prepare: Callable[[Path], None]
    act: Callable[[Path, Say], None]
    study: str = NAME
    look: Look | None = None


def saying(descriptor: int) -> Say:
    """Acknowledge by one write to a descriptor outside the study."""
    return lambda text: (os.write(descriptor, f"{text}\n".encode()), None)[1]


def small(n_seeds: int = 1) -> Study:
    return make_study(name=NAME, n_seeds=n_seeds, epochs=EPOCHS)


def place_of(study: Study, run: Run) -> int:
    """A number that depends on the run alone: its curves are made from it."""
    return study.configs().index(run.config) * 1000 + run.seed


def curves_of(study: Study, run: Run) -> dict[str, np.ndarray]:
    return make_curves(study, 1, seed=place_of(study, run))


def curves_together(study: Study, runs: Sequence[Run]) -> dict[str, np.ndarray]:
    """The curves of a block of several runs."""
    by_run = [curves_of(study, run) for run in runs]
    return {
        name: np.concatenate([curves[name] for curves in by_run], axis=1)
        for name in by_run[0]
    }


def beside(places: Sequence[int]) -> dict[str, dict[str, np.ndarray]]:
    """What is stored of runs beside their curves, as arguments of `commit_block`."""
    measures = [make_measures(1, seed=place) for place in places]
    answers = [make_answers(1, seed=place) for place in places]
    return {
        "measures": {n: np.concatenate([m[n] for m in measures]) for n in measures[0]},
        "correct": {n: np.concatenate([a[n] for a in answers]) for n in answers[0]},
    }


def commit(writer: StudyWriter, run: Run, say: Say) -> None:
    """Train one run in a block of its own, and acknowledge it."""
    place = place_of(writer.study, run)
    block = writer.begin_block([run], description="one")
    writer.commit_block(
        block,
        curves=curves_of(writer.study, run),
        diverged_at=np.array([place % 3]),
        **beside([place]),
    )
    say(f"run {place}")


def train(folder: Path, study: Study, say: Say) -> None:
    """Train what waits, as the engine does it: the last thing is the attempt's end."""
    with StudyWriter.create(folder / NAME, study, make_facts()) as writer:
        say("created")
        writer.begin_attempt({"python": "3.11"})
        writer.note_starts(STARTS)
        if not writer.has_baseline():
            writer.commit_baseline(train_loss=0.25, learning_rate=0.01)
            say("baseline")
        for run in waiting(writer):
            commit(writer, run, say)
        time = SoloTime(
            config=study.configs()[0], seconds_per_epoch=0.5, load_before=1.0
        )
        writer.commit_round([time])
        writer.interrupt()
        writer.finish_attempt(n_runs=4, seconds=1.0)
        say("finished")


def _nothing(folder: Path) -> None:
    """A new study begins with an empty folder."""


def _created(folder: Path) -> None:
    StudyWriter.create(folder / NAME, small(), make_facts()).close()


def _finished(folder: Path) -> None:
    train(folder, small(), lambda text: None)


def _create(folder: Path, say: Say) -> None:
    with StudyWriter.create(folder / NAME, small(), make_facts()):
        say("created")


def _train(folder: Path, say: Say) -> None:
    train(folder, small(), say)


def _grow(folder: Path, say: Say) -> None:
    train(folder, small(n_seeds=2), say)


def _fail(folder: Path, say: Say) -> None:
    """A block fails, another is interrupted, and both are trained again."""
    with StudyWriter.open(folder / NAME) as writer:
        writer.begin_attempt({})
        runs = writer.runs()
        # What has failed is pending again once: so a second try fails nothing.
        if all(status == RunStatus.PENDING for status in runs.values()):
            first, second = list(runs)[:2]
            block = writer.begin_block([first], description="fails")
            writer.fail_block(block, FAILURE)
            say("failed")
            writer.begin_block([second], description="is interrupted")
            writer.interrupt()
            say("interrupted")
        writer.retry_failed()
        for run in waiting(writer):
            commit(writer, run, say)
        for block in writer._ledger.read(BLOCK):
            if block.status == BlockStatus.FINISHED:
                places = [
                    place_of(writer.study, list(runs)[number])
                    for number in read_runs(block.runs)
                ]
                measures = beside(places)["measures"]
                again = {"first_update": measures["first_update"]}
                writer.commit_measures(block.id, again)
        writer.finish_attempt(n_runs=4, seconds=1.0)
        say("ended")


def _with_file(folder: Path) -> None:
    train(folder, small(), lambda text: None)
    write_atomically(folder / NAME / FILE, OLD_FILE)


def _write(folder: Path, say: Say) -> None:
    """Read a study and put a file in the place of an older one."""
    read_study(folder / NAME)
    write_atomically(folder / NAME / FILE, NEW_FILE)
    say("written")


SCENARIOS = (
    Scenario(name="create a study", prepare=_nothing, act=_create),
    Scenario(name="train the runs of a study", prepare=_created, act=_train),
    Scenario(name="grow a finished study", prepare=_finished, act=_grow),
    Scenario(name="fail, interrupt, try again", prepare=_created, act=_fail),
    Scenario(name="replace a report", prepare=_with_file, act=_write),
)
