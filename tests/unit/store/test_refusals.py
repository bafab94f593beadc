import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import make_facts, make_study
from store_builders import edit, edit_knowingly, fingerprint, make_store

from paribus.errors import StoreError
from paribus.store import StudyWriter, check_study, read_study, study_exists


DEEP = "[" * 100_000


OPENERS = [read_study, StudyWriter.open, check_study]


def refused(opener: Callable[[Path], object], folder: Path) -> StoreError:
    """The refusal, after which nothing in or beside the folder has changed."""
    before = fingerprint(folder.parent)
    with pytest.raises(StoreError) as caught:
        opener(folder)
    assert fingerprint(folder.parent) == before
    assert caught.value.exit_code == 5
    return caught.value


@pytest.mark.parametrize("opener", OPENERS)
def test_a_misspelt_folder_is_refused_with_the_nearest_study(opener, folder: Path):
    error = refused(opener, folder.parent / "tinny")

    assert str(error) == f"no study in `{folder.parent / 'tinny'}`"
    assert error.hint == f"did you mean `{folder}`?"
    assert not study_exists(folder.parent / "tinny")


def test_a_folder_without_any_study_near_says_how_to_make_one(tmp_path: Path):
    (tmp_path / "empty").mkdir()

    assert refused(read_study, tmp_path / "empty").hint == "`paribus run` makes one"


def test_many_studies_are_counted_in_the_hint(folder: Path):
    for name in ("alpha", "beta", "gamma"):
        make_store(folder.parent / name)

    error = refused(read_study, folder.parent / "zzzzzz")

    shown = ", ".join(f"`{folder.parent / n}`" for n in ("alpha", "beta", "gamma"))
    assert error.hint == f"known: {shown} and 1 more"


def test_few_studies_are_all_named_in_the_hint(folder: Path):
    names = ("alpha", "beta", "tiny")
    for name in names[:2]:
        make_store(folder.parent / name)

    error = refused(read_study, folder.parent / "zzzzzz")

    shown = ", ".join(f"`{folder.parent / name}`" for name in names)
    assert error.hint == f"known: {shown}"


def test_a_name_alone_is_looked_for_where_studies_are_made(tmp_path: Path):
    made = make_store(tmp_path / "studies" / "mine")

    error = refused(read_study, tmp_path / "mine")

    assert error.hint == f"did you mean `{made}`?"


def test_a_folder_that_has_lost_its_database_says_what_is_lost(folder: Path):
    make_store(folder.parent / "tinnny")
    (folder / "study.db").unlink()

    error = refused(read_study, folder)

    assert "without its `study.db` its results are lost" in error.hint
    assert refused(StudyWriter.open, folder).hint == error.hint


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b'{"a": 1}', "is not a study"),
        (b"<!doctype html><html><body>" + b" " * 200, "is not a study"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "is not a study"),
        (b"SQLite format 3\x00", "damaged: it ends after 16 bytes"),
    ],
    ids=["empty", "JSON", "HTML", "PNG", "cut"],
)
def test_another_kind_of_file_is_refused_untouched(opener, content, words, tmp_path):
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "study.db").write_bytes(content)

    assert words in str(refused(opener, folder))


@pytest.mark.parametrize("opener", OPENERS)
def test_an_empty_database_is_told_what_is_left_to_do(opener, tmp_path: Path):
    folder = tmp_path / "x"  # what is beside it is looked at too
    folder.mkdir()
    (folder / "study.db").touch()

    assert refused(opener, folder).hint == (
        "if it was one, nothing is left to save: go on from a copy of the folder, or "
        "train the study again in another, with `--out`"
    )


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_the_database_of_another_program_is_refused_untouched(opener, mode, tmp_path):
    folder = tmp_path / "x"
    folder.mkdir()
    connection = sqlite3.connect(folder / "study.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.execute("CREATE TABLE trials (trial_id INTEGER)")
    connection.close()

    assert "belongs to another program" in str(refused(opener, folder))


@pytest.mark.parametrize("opener", OPENERS)
def test_a_newer_schema_is_refused_with_both_numbers(opener, folder: Path):
    edit(folder, "PRAGMA user_version = 99")

    error = refused(opener, folder)

    assert "schema 99 is newer than this program's 4" in str(error)
    assert error.hint == "pip install --upgrade paribus"


@pytest.mark.parametrize("opener", OPENERS)
def test_an_older_schema_is_refused_with_both_numbers(opener, folder: Path):
    edit(folder, "PRAGMA user_version = 1")

    error = refused(opener, folder)

    assert "schema 1 is older than this program's 4" in str(error)
    assert error.hint is not None
    assert "another folder" in error.hint


@pytest.mark.parametrize("opener", OPENERS)
def test_a_changed_journal_mode_is_refused(opener, folder: Path):
    edit(folder, "PRAGMA journal_mode = WAL")

    assert "journal mode" in str(refused(opener, folder))


@pytest.mark.parametrize("opener", [read_study, StudyWriter.open])
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DROP TABLE timing", "table `timing` is missing"),
        ("ALTER TABLE run RENAME COLUMN seed TO sead", "table `run` is different"),
        ("ALTER TABLE run ADD COLUMN note TEXT", "table `run` is different"),
        ("CREATE TABLE extra (x)", "table `extra` is not ours"),
        ("CREATE INDEX fast ON run (seed)", "index `fast` is not ours"),
        ("CREATE VIEW peek AS SELECT * FROM run", "view `peek` is not ours"),
        (
            "CREATE TRIGGER lie AFTER UPDATE ON run BEGIN DELETE FROM chunk; END",
            "trigger `lie` is not ours",
        ),
    ],
)
def test_a_changed_schema_is_refused_by_name(opener, statement, words, folder: Path):
    edit(folder, statement)

    error = refused(opener, folder)

    assert "damaged: the schema's " + words in str(error)
    assert words in "\n".join(check_study(folder).problems)


@pytest.mark.parametrize("opener", OPENERS)
def test_a_link_in_the_place_of_a_study_is_refused(opener, folder: Path):
    linked = folder.parent / "linked"
    linked.mkdir()
    (linked / "study.db").symlink_to(folder / "study.db")
    (folder.parent / "link").symlink_to(folder)

    assert "symbolic link" in str(refused(opener, linked))
    assert "symbolic link" in str(refused(opener, folder.parent / "link"))


@pytest.mark.parametrize("opener", OPENERS)
def test_special_files_and_folders_do_not_hang_the_opener(opener, tmp_path: Path):
    for name, make in (("fifo", os.mkfifo), ("folder", os.mkdir)):
        (tmp_path / name).mkdir()
        make(tmp_path / name / "study.db")

    assert "got a special file" in str(refused(opener, tmp_path / "fifo"))
    assert "got a folder" in str(refused(opener, tmp_path / "folder"))


def put_folder(path: Path) -> None:
    path.mkdir()
    for name in ("thesis.tex", "notes.txt"):
        (path / name).touch()


@pytest.mark.parametrize(
    ("put", "rule", "hint"),
    [
        (
            put_folder,
            "empty or a study, got a folder with `notes.txt` in it",
            "name another folder with `--out`",
        ),
        (Path.touch, "a new folder or a study, got a file", ""),
        (
            lambda path: path.symlink_to(__file__),
            "a new folder or a study, got a symbolic link",
            "",
        ),
    ],
    ids=["folder", "file", "link"],
)
def test_what_is_no_study_is_not_replaced_by_one(
    put: Callable[[Path], None], rule: str, hint: str, tmp_path: Path
):
    put(tmp_path / "taken")

    error = refused(
        lambda folder: StudyWriter.create(folder, make_study(), make_facts()),
        tmp_path / "taken",
    )

    assert str(error) == f"`{tmp_path / 'taken'}` must be {rule}"
    assert error.hint == hint


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM chunk WHERE block = 1", "table `block`, key 1: finished, but"),
        ("DELETE FROM chunk", "table `block`, key 1: finished, but every curve"),
        (
            "DELETE FROM chunk WHERE block = 1 AND split = 'test' AND metric = 'loss'",
            "table `block`, key 1: finished, but `test_loss` is incomplete",
        ),
        (
            "UPDATE chunk SET first_evaluation = -1",
            "table `chunk`, key 1, test, accuracy, -1, 1: evaluations from -1",
        ),
        (  # as many values, whose checksum is right
            "UPDATE chunk SET n_evaluations = 2, n_runs = 6 WHERE rowid = 2",
            "table `chunk`, key 1, test, loss, 0, 1: 6 runs",
        ),
        (
            "UPDATE chunk SET data = zeroblob(10000000) WHERE rowid = 2",
            "table `chunk`, key 1, test, loss, 0, 1: 10000000 bytes for",
        ),
        (
            "UPDATE chunk SET n_evaluations = 1000000",
            "table `chunk`, key 1, test, accuracy, 0, 1: 48 bytes for",
        ),
        ("UPDATE chunk SET split = 'tset' WHERE rowid = 2", "no split `tset`"),
        ("UPDATE chunk SET data = randomblob(48)", "wrong checksum"),
        ("UPDATE run SET seed = 99 WHERE id = 3", "table `run`, key 3"),
        ("UPDATE run SET status = 77 WHERE id = 3", "table `run`, key 3: status 77"),
        ("UPDATE run SET status = 0 WHERE id = 3", "table `run`, key 3: finished"),
        ("UPDATE run SET diverged_at = 5", "diverged when?"),
        ("UPDATE run SET block = 2 WHERE id = 1", "table `run`, key 1: it is not in"),
        ("UPDATE block SET runs = x'00'", "table `block`, key 1"),
        ("UPDATE block SET runs = zeroblob(32)", "table `block`, key 1: no runs"),
        ("DELETE FROM run WHERE id = 7", "table `run` has 7 rows, the study 8"),
        ("DELETE FROM config WHERE id = 1", "table `config` has 1 rows"),
        ("UPDATE config SET config = '{}'", "table `config`, key 0"),
        ("DELETE FROM study", "table `study` has 0 rows"),
        ("UPDATE study SET study = '[1]'", "table `study`, key 1: cannot be"),
        ("UPDATE study SET data = '{}'", "table `study`, key 1: cannot be"),
        ("UPDATE study SET study = replace(study, 'mlp', 'mlq')", "`mlq`"),
        ("UPDATE attempt SET environment = '7'", "table `attempt`, key 1"),
        ("UPDATE attempt SET number = 5", "table `block`, row 1: it names no row of"),
        pytest.param(
            f"UPDATE study SET study = '{DEEP}'",
            "it is nested too deeply",
            id="a nested study",
        ),
        pytest.param(
            f"UPDATE study SET data = '{DEEP}'",
            "it is nested too deeply",
            id="nested data",
        ),
        pytest.param(
            f"UPDATE study SET epochs = '{DEEP}'",
            "it is nested too deeply",
            id="nested epochs",
        ),
        (f"UPDATE study SET epochs = '[{'9' * 400}]'", "a number is too large"),
        ("UPDATE study SET epochs = '[1, NaN]'", "must be finite, got NaN"),
        ("UPDATE study SET epochs = '[1e999]'", "must be finite, got 1e999"),
        ("UPDATE study SET epochs = '[\"NaN\"]'", "must be a number, got 'NaN'"),
    ],
)
def test_rows_that_contradict_one_another_are_refused_by_table_and_key(
    statement, words, folder: Path
):
    edit_knowingly(folder, "PRAGMA foreign_keys = OFF", statement)

    said = str(refused(read_study, folder))
    assert said.startswith(f"`{folder / 'study.db'}` is damaged: ")
    assert words in said
    assert any(words in problem for problem in check_study(folder).problems)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE attempt SET number = 5", "table `block`, row 1: it names no row of"),
        ("UPDATE run SET block = 99 WHERE id = 3", "table `run`, key 3: it is not in"),
        ("UPDATE run SET block = 99, status = 2 WHERE block = 2", "is not in block 2"),
        (f"UPDATE block SET runs = x'{'ff' * 8}' WHERE id = 2", "key 2: no runs of"),
        ("DELETE FROM run WHERE id = 7", "table `run` has 7 rows, the study 8"),
        ("UPDATE measure SET block = 7 WHERE block = 1", "names no row of `block`"),
    ],
)
def test_a_writer_refuses_rows_that_name_what_is_not_there_untouched(
    statement: str, words: str, folder: Path
):
    edit_knowingly(folder, "PRAGMA foreign_keys = OFF", statement)

    assert words in str(refused(StudyWriter.open, folder))
