"""Every program is timed alone, once a round, whatever interrupts."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from builders import make_blobs_study, train_blobs
from store_builders import edit_knowingly

from paribus.api import run_study
from paribus.engine import session as sessions
from paribus.engine import timing as timings
from paribus.results import StudyResult
from paribus.results.timings import SoloTime
from paribus.status import RunStatus
from paribus.store import read_study
from paribus.study import Study


class Trained(NamedTuple):
    """A folder, what was trained there, in which order it was timed, in how many calls.

    Those are the calls that are made again if a pause was in them.
    """

    folder: Path
    result: StudyResult
    order: tuple[int, ...]
    n_calls: int


STUDY = make_blobs_study(batch_size=(8, 16, 32), seeds=(0,))


@pytest.fixture(scope="module")
def noted() -> Iterator[list[int]]:
    """The batch sizes of the programs that are timed in this file, in order."""
    seen: list[int] = []
    time_alone = timings.time_alone

    def noting(driver: Any, run: Any, study: Study, **rest: Any) -> SoloTime:
        seen.append(study.settings(run.config).batch_size)
        return time_alone(driver, run, study, **rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timings, "time_alone", noting)
        yield seen


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, noted: list[int]) -> Trained:
    """Three programs, each timed in five rounds."""
    folder = tmp_path_factory.mktemp("trained")
    noted.clear()
    calls: list[float] = []
    without_pause = timings.without_pause

    def counting(measure: Callable[[], float]) -> float:
        calls.append(without_pause(measure))
        return calls[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timings, "without_pause", counting)
        result = train_blobs(STUDY, folder)
    return Trained(folder, result, tuple(noted), len(calls))


@pytest.fixture
def timed(trained: Trained, noted: list[int]) -> list[int]:
    """The batch sizes of the programs that are timed in a test, in order."""
    noted.clear()
    return noted


def rounds(result: StudyResult) -> dict[Any, list[int]]:
    return {t.config["batch_size"]: list(t.by_round) for t in result.timings}


def by_round(seen: Sequence[int], n: int) -> list[tuple[int, ...]]:
    return [tuple(seen[i : i + n]) for i in range(0, len(seen), n)]


def test_each_round_has_every_program_once_in_an_order_of_its_own(trained: Trained):
    result = trained.result

    found = by_round(trained.order, 3)
    assert [sorted(order) for order in found] == [[8, 16, 32]] * 5
    assert len(set(found)) > 2
    assert rounds(result) == {n: [1, 2, 3, 4, 5] for n in (8, 16, 32)}
    assert trained.n_calls >= 15


@pytest.mark.parametrize(
    "grown",
    [STUDY, make_blobs_study(batch_size=(8, 16, 32))],
    ids=["nothing to do", "more seeds"],
)
def test_what_was_timed_is_not_timed_again(
    trained: Trained, tmp_path: Path, timed: list[int], grown: Study
):
    """Neither when there is nothing to do, nor when there are more seeds."""
    folder = shutil.copytree(trained.folder, tmp_path / "again")
    before = read_study(folder / STUDY.name).timings

    result = train_blobs(grown, Path(folder))

    assert timed == []
    assert result.timings == before


@pytest.mark.slow
def test_all_are_timed_again_when_one_has_joined(
    trained: Trained, tmp_path: Path, timed: list[int]
):
    folder = shutil.copytree(trained.folder, tmp_path / "grown")

    result = train_blobs(
        make_blobs_study(batch_size=(8, 16, 32, 48), seeds=(0,)), Path(folder)
    )

    assert [sorted(order) for order in by_round(timed, 4)] == [[8, 16, 32, 48]] * 5
    assert rounds(result) == {n: [6, 7, 8, 9, 10] for n in (8, 16, 32, 48)}


@pytest.mark.slow
def test_a_study_that_was_stopped_between_rounds_lacks_only_the_rest(
    tmp_path: Path, timed: list[int], monkeypatch: pytest.MonkeyPatch
):
    time_round = timings.time_round

    def stopping(*arguments: Any, turn: int) -> list[SoloTime]:
        if turn == 2:
            raise KeyboardInterrupt
        return time_round(*arguments, turn=turn)

    with monkeypatch.context() as patch:
        patch.setattr(sessions, "time_round", stopping)
        with pytest.raises(KeyboardInterrupt):
            train_blobs(STUDY, tmp_path)
    stopped = read_study(tmp_path / STUDY.name)
    assert (stopped.status >= RunStatus.DIVERGED).all()
    assert rounds(stopped) == {n: [1, 2] for n in (8, 16, 32)}
    timed.clear()

    result = run_study(STUDY, tmp_path / STUDY.name, data_folder=tmp_path, device="cpu")

    assert len(timed) == 3 * 3
    assert rounds(result) == {n: [1, 2, 3, 4, 5] for n in (8, 16, 32)}
    first = {t.config: t.by_round[1] for t in stopped.timings}
    assert {t.config: t.by_round[1] for t in result.timings} == first


@pytest.mark.slow
def test_a_finished_study_without_rounds_is_timed(
    trained: Trained, tmp_path: Path, timed: list[int]
):
    """As an older version left it, or one that was killed after its last block."""
    folder = shutil.copytree(trained.folder, tmp_path / "old") / STUDY.name
    edit_knowingly(folder, "DELETE FROM round")
    assert read_study(folder).timings == ()

    result = run_study(STUDY, folder, data_folder=folder.parent, device="cpu")

    assert len(timed) == 3 * 5
    assert rounds(result) == rounds(trained.result)


def measuring(seconds: Sequence[float], *, paused: int) -> Callable[[], float]:
    """Takes so many seconds, call by call; in the first ones the process pauses."""
    left = iter(seconds)
    numbers = count()

    def measure() -> float:
        if next(numbers) < paused:
            os.kill(os.getpid(), signal.SIGCONT)  # as `fg` does
        return next(left)

    return measure


def test_what_a_pause_was_in_is_measured_again():
    before = signal.getsignal(signal.SIGCONT)

    assert timings.without_pause(measuring([1.0, 2.0], paused=0)) == 1.0
    assert timings.without_pause(measuring([90.0, 80.0, 2.0, 3.0], paused=2)) == 2.0
    assert signal.getsignal(signal.SIGCONT) == before


def test_what_is_paused_all_the_time_is_measured_all_the_same():
    seconds = [float(number) for number in range(20)]

    assert timings.without_pause(measuring(seconds, paused=20)) == 9.0
