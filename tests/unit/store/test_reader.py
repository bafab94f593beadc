"""What a reader makes of the rows, and what it says of those that cannot be."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_facts, make_study
from store_builders import (
    edit,
    edit_knowingly,
    make_store,
    time_rounds,
    train,
    waiting,
)

from paribus.errors import StoreError
from paribus.results import Replays
from paribus.results.timings import SoloTime
from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study, reader
from paribus.store.connection import is_open_here
from paribus.store.ledger import Ledger
from paribus.study import ELSEWHERE, ModelChoice, OptimizerChoice, Run


ROUND = "INSERT INTO round VALUES (1, {}, {}, {}, {}, 0)"
OLDER = "INSERT INTO timing VALUES ({}, 9.5, 0.125, 3, 0.25, 1, 0)"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM total WHERE name = 'run'", "table `total` has no key run"),
        (
            "UPDATE total SET n_rows = 9 WHERE name = 'run'",
            "table `total`, key run: wrong digest",
        ),
        (
            "DELETE FROM run WHERE id = 7",
            "table `run` has 7 rows that do not agree with its total of 8",
        ),
        (
            "UPDATE run SET status = 0 WHERE id = 3",
            "table `run`, key 3: wrong digest",
        ),
    ],
    ids=["a total", "its digest", "a row", "a digest"],
)
def test_what_does_not_add_up_is_told_by_table_and_key(
    statement: str, words: str, folder: Path
):
    edit(folder, statement)

    with pytest.raises(StoreError) as caught:
        read_study(folder)

    said = f"`{folder / 'study.db'}` is damaged: {words}"
    assert str(caught.value) == said
    assert said in check_study(folder).problems


def test_a_blob_is_measured_before_it_is_read(folder: Path):
    edit(folder, "UPDATE chunk SET data = zeroblob(10) WHERE rowid = 1")

    with pytest.raises(StoreError) as caught:
        read_study(folder)

    assert str(caught.value) == (
        f"`{folder / 'study.db'}` is damaged: table `chunk`, key 1, train, loss, 0, 1: "
        "10 bytes for a declared shape of 3 by 4"
    )
    assert check_study(folder).problems != ()


def test_runs_that_an_imported_study_lacks_were_never_asked_for(tmp_path: Path):
    study = replace(
        make_study(),
        model=ModelChoice(name=ELSEWHERE),
        optimizer=OptimizerChoice(name=ELSEWHERE),
    )
    StudyWriter.create(tmp_path / "tiny", study, make_facts()).close()

    assert (read_study(tmp_path / "tiny").status == RunStatus.ABSENT).all()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (OLDER.format(2), "`timing`, row 2: it names no row of `config`"),
        (OLDER.format(-1), "`timing`, row -1: it names no row of `config`"),
        (ROUND.format(2, 1.0, 0.0, 1), "`round`, row 2: it names no row of `config`"),
        (ROUND.format(0, 1.0, 0.0, 9), "`round`, row 2: it names no row of `attempt`"),
        (ROUND.format(0, 0.0, 0.0, 1), "`round`, key 1, 0: 0.0 seconds per epoch"),
        (ROUND.format(0, -1.0, 0.0, 1), "`round`, key 1, 0: -1.0 seconds per epoch"),
        (ROUND.format(0, 1e308, 0.0, 1), "`round`, key 1, 0: 1e+308 seconds per epoch"),
        (ROUND.format(0, "9e999", 0.0, 1), "`round`, key 1, 0: an infinite number"),
        (ROUND.format(0, 1.0, "9e999", 1), "`round`, key 1, 0: an infinite number"),
        ("UPDATE attempt SET seconds = 9e999", "`attempt`, key 1: an infinite number"),
        ("UPDATE attempt SET seconds = 1e308", "`attempt`, key 1: 1e+308 seconds"),
        ("UPDATE attempt SET seconds = -1", "`attempt`, key 1: -1.0 seconds"),
        (
            "UPDATE block SET attempt = 2",
            "`block`, row 1: it names no row of `attempt`",
        ),
        (
            "INSERT INTO replay VALUES (1, 9, 1, 0, 0.0, 0)",
            "`replay`, row 2: it names no row of `attempt`",
        ),
    ],
)
def test_what_no_clock_told_and_what_is_not_there_is_damage(
    statement: str, words: str, folder: Path
):
    edit_knowingly(folder, statement)

    with pytest.raises(StoreError) as caught:
        read_study(folder)

    assert str(caught.value) == f"`{folder / 'study.db'}` is damaged: table {words}"


def test_older_timings_stand_for_programs_that_no_round_timed(tmp_path: Path):
    study = make_study(learning_rate=(0.01,), batch_size=(32, 64))
    folder = make_store(tmp_path / "tiny", study=study)
    first, second = study.configs()
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        writer.commit_round(
            [SoloTime(config=first, seconds_per_epoch=1.5, load_before=0.5)]
        )
    edit_knowingly(folder, OLDER.format(0), OLDER.format(1))

    new, old = read_study(folder).timings

    assert (new.config, new.seconds_per_epoch, new.by_round) == (first, 1.5, {1: 1.5})
    assert (new.load_before, new.n_repeats) == (0.5, 1)
    assert (old.config, old.seconds_per_epoch, old.by_round) == (second, 9.5, {})
    assert (old.variation, old.n_repeats, old.load_before) == (0.125, 3, 0.25)


def test_replays_of_all_blocks_are_summed(folder: Path):
    assert read_study(folder).replays == Replays(n_values=0, n_different=0, largest=0.0)
    edit_knowingly(
        folder,
        "INSERT INTO replay VALUES (1, 1, 8, 2, 0.25, 0)",
        "INSERT INTO replay VALUES (2, 1, 4, 1, 0.5, 0)",
    )

    found = read_study(folder).replays

    assert found == Replays(n_values=12, n_different=3, largest=0.5)


def test_a_writer_that_ends_while_a_reader_looks_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "tiny"
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        writer.begin_block(waiting(writer)[:2], description="two")
    looked: list[Path] = []

    def finish(asked: Path) -> bool:
        looked.append(asked)
        with StudyWriter.open(folder) as writer:
            writer.begin_attempt({})
            train(writer, waiting(writer))
        monkeypatch.undo()
        return False

    monkeypatch.setattr(reader, "is_held", finish)
    result = read_study(folder)

    assert looked == [folder]
    assert (result.status >= RunStatus.DIVERGED).all()


def test_what_a_dead_creator_left_is_removed_when_the_study_is_opened(folder: Path):
    left = make_store(folder.parent / ".tiny.new-0123456789abcdef")

    StudyWriter.open(folder).close()

    assert not left.exists()


def test_a_study_that_is_refused_is_not_left_open(folder: Path):
    edit(folder, "CREATE TABLE extra (x)")

    with pytest.raises(StoreError, match="not ours"):
        StudyWriter.open(folder)

    assert not is_open_here(folder / "study.db")


@pytest.mark.parametrize("config", [-1, 2, 99])
def test_a_timing_of_no_config_is_damage_though_its_references_are_right(
    config: int, folder: Path
):
    """Rounds are read from their index, and references by the table."""
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        time_rounds(writer)
    database = sqlite3.connect(folder / "study.db")
    select = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
    ((page,),) = database.execute(select, ["sqlite_autoindex_round_1"]).fetchall()
    database.close()
    off, index = "PRAGMA foreign_keys = OFF", slice((page - 1) * 4096, page * 4096)
    edit_knowingly(folder, off, f"UPDATE round SET config = {config} WHERE config = 1")
    forged = (folder / "study.db").read_bytes()[index]
    edit(folder, f"UPDATE round SET config = 1 WHERE config = {config}")
    content = bytearray((folder / "study.db").read_bytes())
    content[index] = forged
    (folder / "study.db").write_bytes(content)

    with pytest.raises(StoreError, match="missing from index"):
        read_study(folder)
    assert "missing from index" in check_study(folder).problems[0]


def test_a_row_that_is_not_there_is_named_with_the_database(folder: Path):
    with StudyWriter.open(folder) as writer:
        ledger: Ledger = writer._ledger
        with pytest.raises(StoreError) as caught:
            ledger.read_run(99)

    assert str(caught.value) == (
        f"`{folder / 'study.db'}` is damaged: table `run` has no key 99"
    )


def test_runs_of_another_study_are_named(folder: Path):
    other = Run(make_study(learning_rate=(0.5,)).configs()[0], 0)
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        with pytest.raises(
            ValueError, match=r"^the study has no run learning_rate=0\.5, .*=32, 0$"
        ):
            writer.begin_block([other], description="b")
