"""A study that could not begin leaves nothing; one that has begun is kept."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from builders import make_facts, make_study
from store_builders import time_rounds, waiting

from paribus.store import StudyWriter, check_study
from paribus.store.ledger import Ledger


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "studies" / "tiny"


def begin(folder: Path, act: Callable[[StudyWriter], object]) -> None:
    """Make a study, do something with it, and fail."""
    with ExitStack() as stack:
        writer = StudyWriter.create(folder, make_study(), make_facts())
        stack.enter_context(writer)
        stack.push(writer.take_back)
        writer.begin_attempt({})
        act(writer)
        raise RuntimeError("mine")


def fail(folder: Path, act: Callable[[StudyWriter], object]) -> None:
    with pytest.raises(RuntimeError, match="mine"):
        begin(folder, act)


def test_a_study_in_which_nothing_has_begun_is_taken_back(folder: Path):
    fail(folder, lambda writer: None)

    assert not folder.parent.exists()


def test_of_a_study_that_is_taken_back_nothing_stays_open(folder: Path):
    made: list[StudyWriter] = []

    fail(folder, made.append)

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        made[0]._ledger.connection.execute("SELECT 1")


def test_what_was_there_before_stays_when_a_study_is_taken_back(folder: Path):
    folder.mkdir(parents=True)
    (folder.parent / "other").mkdir()

    fail(folder, lambda writer: None)

    assert {path.name for path in folder.parent.iterdir()} == {"tiny", "other"}
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "act",
    [
        lambda writer: writer.begin_block(waiting(writer)[:1], description="one"),
        lambda writer: writer.commit_baseline(train_loss=1.0, learning_rate=0.1),
        time_rounds,
        lambda writer: writer.begin_attempt({}),
        lambda writer: (writer.folder / "mine.txt").write_text("mine"),
    ],
    ids=["a block", "the baseline", "timings", "an attempt", "a file of the user's"],
)
def test_a_study_in_which_something_has_begun_is_kept(
    folder: Path, act: Callable[[StudyWriter], object]
):
    fail(folder, act)

    assert check_study(folder).problems == ()


def test_a_study_that_another_process_made_is_not_taken_back(folder: Path):
    StudyWriter.create(folder, make_study(), make_facts()).close()

    fail(folder, lambda writer: None)

    assert check_study(folder).problems == ()


def test_a_study_that_is_gone_already_is_no_further_error(folder: Path):
    fail(folder, lambda writer: shutil.rmtree(folder))

    assert not folder.exists()


@pytest.mark.parametrize(
    ("where", "name", "error"),
    [
        (Path, "rename", OSError(13, "Permission denied")),
        (Ledger, "read", sqlite3.OperationalError("disk I/O error")),
    ],
    ids=["renamed", "read"],
)
def test_a_study_that_cannot_be_taken_back_stays_and_the_error_is_told(
    where: type, name: str, error: Exception, folder: Path
):
    def broken(*_: object) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        fail(folder, lambda writer: patch.setattr(where, name, broken))

    assert check_study(folder).problems == ()
