"""Readers: none lets a second writer in, and none changes a byte or makes a file."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import make_facts, make_study
from store_builders import (
    fingerprint,
    hear,
    make_store,
    start_child,
    tell,
    train,
    waiting,
)

import paribus as pb
from paribus.errors import StoreError
from paribus.store import StudyWriter, check_study, read_study, study_exists
from paribus.store.lock import is_held


# Tries to get in, by our own door and past it, each time it is told to.
CONTENDER = """
import sqlite3, sys
from pathlib import Path
from paribus.errors import StoreError
from paribus.store import opening, StudyWriter
opening.WriterLock.acquire.__func__.__kwdefaults__["wait_s"] = 0.0
folder = Path(sys.argv[1])
print("ready", flush=True)
for _ in sys.stdin:
    said = []
    try:
        StudyWriter.open(folder).close()
        said.append("opened")
    except StoreError as error:
        said.append("in use" if "in use by" in str(error) else str(error))
    connection = sqlite3.connect(folder / "study.db", isolation_level=None, timeout=0)
    try:
        connection.execute("BEGIN IMMEDIATE")
        said.append("began to write")
    except sqlite3.OperationalError as error:
        said.append(str(error))
    connection.close()
    print(said, flush=True)
"""
KEPT_OUT = str(["in use", "database is locked"])


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    """A study that is half trained."""
    folder = tmp_path / "studies" / "tiny"
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        train(writer, waiting(writer)[:5])
    return folder


def lose(act: Callable[[], object]) -> None:
    """Do what must fail."""
    with pytest.raises(StoreError):
        act()


@pytest.mark.parametrize(
    "n_rounds", [2, pytest.param(50, marks=pytest.mark.long)], ids=["twice", "often"]
)
def test_nothing_that_reads_inside_the_writer_lets_a_second_one_in(
    n_rounds: int, unfinished: Path, tmp_path: Path
):
    wrong = unfinished.parent / "tinny"
    acts: list[Callable[[], object]] = [
        lambda: read_study(unfinished),
        lambda: check_study(unfinished),
        lambda: is_held(unfinished),
        lambda: study_exists(unfinished),
        lambda: lose(lambda: read_study(wrong)),
        lambda: lose(lambda: StudyWriter.open(unfinished)),
        lambda: str(pb.load(unfinished)),
        lambda: pb.load(unfinished).export(tmp_path / "tables"),
        lambda: pb.load(unfinished).report(tmp_path / "report.html"),
    ]
    with start_child(CONTENDER, unfinished) as child, StudyWriter.open(unfinished) as w:
        assert hear(child) == "ready"
        w.begin_attempt({})
        for _ in range(n_rounds):
            for number, act in enumerate(acts):
                # Within a transaction: its lock is what another descriptor would drop.
                with w._ledger.transaction():
                    act()
                    tell(child, "try")
                    assert hear(child) == KEPT_OUT, number
        train(w, waiting(w))
        child.communicate()

    assert check_study(unfinished).problems == ()
    assert read_study(unfinished).has_outcome().all()


@pytest.mark.parametrize(
    "n_reads", [60, pytest.param(1000, marks=pytest.mark.long)], ids=["some", "many"]
)
def test_no_reader_changes_a_byte_or_makes_a_file(n_reads: int, tmp_path: Path):
    rng = random.Random(20261126)
    studies = tmp_path / "studies"
    folder = make_store(studies / "tiny")
    (studies / "empty").mkdir()
    (studies / "zero").mkdir()
    (studies / "zero" / "study.db").touch()
    (studies / "other").mkdir()
    (studies / "other" / "study.db").write_bytes(b"SQLite format 3\0" + bytes(5000))
    (studies / "notes.txt").write_text("mine")
    names = ["tinny", "empty", "zero", "other", "notes.txt", "tiny/x", "a b#?%", "."]
    sound = (read_study, check_study, pb.load)
    before = fingerprint(tmp_path)

    for _ in range(n_reads):
        rng.choice(sound)(folder)
        wrong, read = studies / rng.choice(names), rng.choice(sound)
        lose(lambda wrong=wrong, read=read: read(wrong))

    assert fingerprint(tmp_path) == before
