"""Whatever fails in the database of a study, the error names it and loses nothing."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import make_curves, make_store, waiting

from paribus.errors import ResourceError, StoreError
from paribus.store import StudyWriter, best_state, read_study, reader, salvage_study
from paribus.store.ledger import Ledger
from paribus.store.schema import ATTEMPT, BASELINE, BLOCK, RUN
from paribus.store.table import Table


def fail(*_: object, **__: object) -> Any:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
    raise error


def fail_at(table: Table[Any]) -> Callable[..., Any]:
    read = Ledger.read

    def read_others(ledger: Ledger, asked: Table[Any]) -> Any:
        return fail() if asked is table else read(ledger, asked)

    return read_others


STEPS = np.zeros(2, np.int64)


@pytest.fixture
def writer(tmp_path: Path):
    """Of three blocks of two runs one is finished, one is running, one has stopped."""
    folder = tmp_path / "tiny"
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        curves = make_curves(writer.study, 2)
        for runs in (waiting(writer)[:2], waiting(writer)[2:4]):
            writer.begin_block(runs, description="b")
        writer.commit_evaluations(2, {n: v[:1] for n, v in curves.items()})
        writer.commit_block(1, curves=curves, diverged_at=STEPS)
        writer.interrupt()
        writer.begin_block(waiting(writer)[2:4], description="b")
        yield writer


def some_curves(writer: StudyWriter) -> dict[str, np.ndarray]:
    return make_curves(writer.study, 2)


CALLS: dict[str, tuple[str, Any, Callable[[StudyWriter], object]]] = {
    "begin_attempt": ("transaction", fail, lambda w: w.begin_attempt({})),
    "_current_attempt": ("read", fail_at(ATTEMPT), lambda w: w._current_attempt()),
    "finish_attempt": ("transaction", fail, lambda w: w.finish_attempt(1, 1.0)),
    "check_environment": ("read", fail_at(ATTEMPT), lambda w: w.check_environment({})),
    "give_back_block": ("transaction", fail, lambda w: w.give_back_block(3, "x")),
    "too_wide_blocks": ("read", fail_at(BLOCK), lambda w: w.too_wide_blocks()),
    "commit_evaluations": (
        "transaction",
        fail,
        lambda w: w.commit_evaluations(3, some_curves(w)),
    ),
    "stopped_blocks": ("read", fail_at(RUN), lambda w: w.stopped_blocks()),
    "resume_block": ("transaction", fail, lambda w: w.resume_block(2)),
    "pause_block": (
        "transaction",
        fail,
        lambda w: w.pause_block(3, some_curves(w), diverged_at=STEPS, checkpoint={}),
    ),
    "prune": ("transaction", fail, lambda w: w.prune(waiting(w)[:1])),
    "grow": ("read", fail_at(BLOCK), lambda w: w.grow(make_study(n_seeds=5))),
    "grow at last": ("transaction", fail, lambda w: w.grow(make_study(n_seeds=5))),
    "runs": ("read", fail_at(RUN), lambda w: w.runs()),
    "begin_block": (
        "transaction",
        fail,
        lambda w: w.begin_block(waiting(w)[:1], description="b"),
    ),
    "commit_block": (
        "transaction",
        fail,
        lambda w: w.commit_block(3, curves=some_curves(w), diverged_at=STEPS),
    ),
    "commit_measures": (
        "transaction",
        fail,
        lambda w: w.commit_measures(1, {"sharpness": np.zeros(2, np.float32)}),
    ),
    "has_baseline": ("read", fail_at(BASELINE), lambda w: w.has_baseline()),
    "commit_baseline": (
        "transaction",
        fail,
        lambda w: w.commit_baseline(train_loss=1.0, learning_rate=0.1),
    ),
    "fail_block": ("transaction", fail, lambda w: w.fail_block(3, "x")),
    "interrupt": ("transaction", fail, lambda w: w.interrupt()),
    "retry_failed": ("transaction", fail, lambda w: w.retry_failed()),
    "commit_round": ("transaction", fail, lambda w: w.commit_round([])),
}


@pytest.mark.parametrize(("method", "broken", "act"), CALLS.values(), ids=CALLS)
def test_an_error_of_the_database_names_it(
    method: str,
    broken: Any,
    act: Callable[[StudyWriter], object],
    writer: StudyWriter,
    monkeypatch: pytest.MonkeyPatch,
):
    before = writer.runs()
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, method, broken)
        with pytest.raises(ResourceError) as caught:
            act(writer)

    database = writer.folder / "study.db"
    words = f"`{database}` cannot be read or written: disk I/O error"
    assert str(caught.value) == words
    assert writer.runs() == before


def test_an_error_while_a_study_is_closed_names_it(writer: StudyWriter):
    connection = writer._ledger.connection
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection), "close", fail)
        with pytest.raises(ResourceError, match=r"tiny/study.db` cannot be read or wr"):
            writer.close()


def unreadable(*_: object, **__: object) -> Any:
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    raise error


def test_a_salvage_that_cannot_read_names_the_old_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = make_store(tmp_path / "tiny")
    monkeypatch.setattr(best_state, "read_snapshot", unreadable)

    with pytest.raises(StoreError) as caught:
        salvage_study(folder, tmp_path / "saved")

    assert str(caught.value) == (
        f"cannot read `{folder / 'study.db'}`: unable to open database file"
    )
    assert not (tmp_path / "saved").exists()


def test_a_reader_that_cannot_read_names_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = make_store(tmp_path / "tiny")
    monkeypatch.setattr(reader, "read_snapshot", unreadable)

    with pytest.raises(StoreError) as caught:
        read_study(folder)

    assert str(caught.value) == (
        f"cannot read `{folder / 'study.db'}`: unable to open database file"
    )
