import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import crash, edit, fingerprint, make_store

from paribus.errors import ParibusWarning, ResourceError, StoreError
from paribus.store import StudyWriter, check_study, read_study, salvage_study, snapshot
from paribus.store.connection import connect
from paribus.store.reader import read_result


@pytest.fixture(scope="module")
def crashed_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies") / "tiny"
    make_store(folder, study=make_study(n_seeds=20, epochs=40))
    with StudyWriter.open(folder) as writer:
        writer.grow(make_study(n_seeds=60, epochs=40))
    return crash(folder)


@pytest.fixture
def crashed(tmp_path: Path, crashed_study: Path) -> Path:
    return Path(shutil.copytree(crashed_study, tmp_path / "studies" / "tiny"))


def test_a_reader_shows_the_state_before_an_unfinished_write(crashed: Path):
    before = fingerprint(crashed)

    with pytest.warns(ParibusWarning) as caught:
        result = read_study(crashed)

    assert fingerprint(crashed) == before
    assert {str(warned.message) for warned in caught} == {
        f"`{crashed}` has an unfinished write: the state before it is shown, "
        "`paribus run` repairs it"
    }
    assert (result.status[:, :20] >= 4).all()
    assert (result.status[:, 20:] == 2).all()  # they were running, and nobody is there
    assert np.isnan(result.curves["test_accuracy"][:, 20:]).all()


def test_a_check_after_a_crash_is_clean(crashed: Path):
    with pytest.warns(ParibusWarning, match="unfinished write"):
        assert check_study(crashed).problems == ()


def test_the_next_writer_undoes_an_unfinished_write(crashed: Path):
    with pytest.warns(ParibusWarning, match="unfinished write"):
        before = read_study(crashed)

    with StudyWriter.open(crashed) as writer:
        writer.begin_attempt({})
    after = read_study(crashed)

    assert not (crashed / "study.db-journal").exists()
    np.testing.assert_array_equal(after.status[:, :20], before.status[:, :20])
    assert (after.status[:, 20:] == 0).all()
    for name, curve in before.curves.items():
        np.testing.assert_array_equal(after.curves[name], curve)


@pytest.mark.parametrize("opener", [read_study, StudyWriter.open])
def test_a_copy_without_its_journal_is_refused(opener, crashed: Path):
    (crashed / "study.db-journal").unlink()
    before = fingerprint(crashed)

    with pytest.raises(StoreError, match="damaged"):
        opener(crashed)

    assert fingerprint(crashed) == before
    assert check_study(crashed).problems != ()


@pytest.mark.parametrize("opener", [read_study, StudyWriter.open])
def test_the_journal_of_another_study_is_not_applied(
    opener, crashed: Path, finished_study: Path
):
    folder = Path(shutil.copytree(finished_study, crashed.parent / "other"))
    shutil.copy(crashed / "study.db-journal", folder / "study.db-journal")
    content = (folder / "study.db").read_bytes()
    journal = (folder / "study.db-journal").read_bytes()

    with pytest.raises(StoreError, match="damaged"):
        opener(folder)

    assert (folder / "study.db").read_bytes() == content
    assert (folder / "study.db-journal").read_bytes() == journal


def test_a_journal_that_names_another_file_is_not_followed(crashed: Path):
    victim = crashed.parent / "victim"
    victim.write_bytes(b"precious")
    name = bytes(victim)
    with (crashed / "study.db-journal").open("ab") as journal:
        journal.write((1_000_000).to_bytes(4, "big") + name)
        journal.write(len(name).to_bytes(4, "big"))
        journal.write((sum(name) % 2**32).to_bytes(4, "big"))
        journal.write(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")

    words = (
        f"`{crashed / 'study.db'}` is damaged: `study.db-journal` was written by "
        "another program"
    )
    for opener in (read_study, StudyWriter.open):
        with pytest.raises(StoreError, match=f"^{re.escape(words)}\n"):
            opener(crashed)

    assert victim.read_bytes() == b"precious"


def test_a_reader_waits_for_a_writer_that_is_recovering(
    crashed: Path, monkeypatch: pytest.MonkeyPatch
):
    # While the lock is held the copies may disagree: the reader tries again.
    tries: list[float] = []
    copy = snapshot._copy_unfinished

    def copy_torn(folder: Path, private: Path) -> bool:
        tries.append(time.monotonic())
        is_copied = copy(folder, private)
        if len(tries) < 3:
            (private / "study.db").write_bytes(b"SQLite format 3\x00" + bytes(500))
        return is_copied

    monkeypatch.setattr(snapshot, "_copy_unfinished", copy_torn)
    monkeypatch.setattr(snapshot, "is_held", lambda folder: True)
    with pytest.warns(ParibusWarning, match="unfinished write"):
        read_study(crashed)

    assert len(tries) > 2


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever would wait for a writer fails."""

    def fail(seconds: float) -> None:
        raise AssertionError("there is nothing to wait for")

    monkeypatch.setattr(time, "sleep", fail)


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(
    ("is_held", "retry_s"),
    [(False, 5.0), (True, -1.0)],
    ids=["no writer is there", "it has had its time"],
)
def test_a_copy_that_does_not_verify_is_refused_when_no_writer_recovers(
    is_held: bool, retry_s: float, crashed: Path, monkeypatch: pytest.MonkeyPatch
):
    copy = snapshot._copy_unfinished

    def copy_and_change(folder: Path, private: Path) -> bool:
        is_copied = copy(folder, private)
        edit(private, "CREATE TABLE extra (x)")
        return is_copied

    monkeypatch.setattr(snapshot, "_copy_unfinished", copy_and_change)
    monkeypatch.setattr(snapshot, "is_held", lambda folder: is_held)
    monkeypatch.setattr(snapshot, "RETRY_S", retry_s)

    with pytest.raises(StoreError, match="table `extra` is not ours"):
        read_study(crashed)


def salvaged(folder: Path) -> int:
    """How many runs a salvage loses."""
    return salvage_study(folder, folder.with_name("saved")).n_lost


@pytest.mark.parametrize("is_held", [True, False], ids=["recovers", "has ended"])
@pytest.mark.parametrize(
    ("act", "sound"),
    [
        (lambda folder: check_study(folder).problems, ()),
        (salvaged, 0),
        (lambda folder: int(read_study(folder).has_outcome().sum()), 40),
    ],
    ids=["check", "salvage", "read"],
)
def test_two_copies_that_disagree_while_a_writer_recovers_are_no_damage(
    act: Callable[[Path], object],
    sound: object,
    is_held: bool,
    crashed: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    copy = snapshot._copy_unfinished
    held = iter([is_held, is_held])

    def copy_torn(folder: Path, private: Path) -> bool:
        monkeypatch.setattr(snapshot, "_copy_unfinished", copy)
        is_copied = copy(folder, private)
        edit(private, "DELETE FROM run WHERE id = 1")  # as no commit leaves it
        return is_copied

    monkeypatch.setattr(snapshot, "_copy_unfinished", copy_torn)
    monkeypatch.setattr(snapshot, "is_held", lambda folder: next(held))

    with pytest.warns(ParibusWarning, match="unfinished write"):
        assert act(crashed) == sound
    assert list(held) == [is_held]


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(
    ("is_held", "retry_s"),
    [(False, 5.0), (True, -1.0)],
    ids=["no writer is there", "it has had its time"],
)
def test_what_is_damaged_beside_a_journal_is_told_and_the_rest_saved(
    is_held: bool, retry_s: float, crashed: Path, monkeypatch: pytest.MonkeyPatch
):
    copy = snapshot._copy_unfinished

    def copy_and_change(folder: Path, private: Path) -> bool:
        is_copied = copy(folder, private)
        edit(private, "DELETE FROM run WHERE id = 1")
        return is_copied

    monkeypatch.setattr(snapshot, "_copy_unfinished", copy_and_change)
    monkeypatch.setattr(snapshot, "is_held", lambda folder: is_held)
    monkeypatch.setattr(snapshot, "RETRY_S", retry_s)
    with pytest.warns(ParibusWarning, match="unfinished write"):
        problems = check_study(crashed).problems
    with pytest.warns(ParibusWarning, match="unfinished write"):
        n_lost = salvaged(crashed)

    assert [problem.split(": ")[1] for problem in problems] == [
        "table `run` has 119 rows that do not agree with its total of 120"
    ]
    assert n_lost == 1


OPENERS = (read_study, check_study, salvaged, StudyWriter.open)


@pytest.mark.parametrize("opener", OPENERS)
def test_a_journal_longer_than_any_can_be_is_not_copied(
    opener: Callable[[Path], object], crashed: Path, monkeypatch: pytest.MonkeyPatch
):
    size = (crashed / "study.db").stat().st_size
    n_most = 4 * size + 16 * 2**20
    os.truncate(crashed / "study.db-journal", n_most)
    copied: list[Path] = []

    def copy(source: object, target: Path) -> None:
        copied.append(target)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(snapshot, "copy_file", copy)
    with pytest.raises(ResourceError):  # the longest is begun to be copied
        opener(crashed)
    assert [path.name for path in copied] == ["study.db-journal"]

    os.truncate(crashed / "study.db-journal", n_most + 1)
    words = (
        f"`{crashed / 'study.db'}` is damaged: `study.db-journal` has {n_most + 1:,} "
        f"bytes, at most {n_most:,} can be"
    )
    with pytest.raises(StoreError, match=f"^{re.escape(words)}\n"):
        opener(crashed)

    assert len(copied) == 1


@pytest.mark.parametrize("name", ["study.db", "study.db-journal"])
def test_of_a_huge_file_beside_a_journal_only_what_is_in_it_is_copied(
    name: str, crashed: Path
):
    with pytest.warns(ParibusWarning, match="unfinished write"):
        before = read_study(crashed)
    os.truncate(crashed / "study.db", 2**40)  # a hole follows
    if name == "study.db-journal":
        os.truncate(crashed / name, 2**40)

    with pytest.warns(ParibusWarning, match="unfinished write"):
        after = read_study(crashed)

    np.testing.assert_array_equal(after.status, before.status)
    for curve, values in before.curves.items():
        np.testing.assert_array_equal(after.curves[curve], values)


@pytest.mark.parametrize("opener", OPENERS)
def test_a_copy_that_does_not_fit_is_told_with_its_place(
    opener: Callable[[Path], object], crashed: Path, monkeypatch: pytest.MonkeyPatch
):
    before = fingerprint(crashed)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=9))

    with pytest.raises(ResourceError) as caught:
        opener(crashed)

    assert str(caught.value).startswith(f"`{tempfile.gettempdir()}` needs ")
    assert f"for a copy of `{crashed / 'study.db'}`" in str(caught.value)
    assert fingerprint(crashed) == before


@pytest.mark.parametrize("name", ["study.db", "study.db-journal"])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path, kept: path.symlink_to(kept), "symbolic links"),
        (lambda path, kept: os.mkfifo(path), "it must be a regular file"),
    ],
    ids=["link", "pipe"],
)
def test_what_is_exchanged_after_it_was_looked_at_is_not_copied(
    make: Callable[[Path, Path], None],
    words: str,
    name: str,
    crashed: Path,
    tmp_path: Path,
):
    kept = tmp_path / "kept"
    (crashed / name).rename(kept)
    make(crashed / name, kept)
    private = tmp_path / "private"
    private.mkdir()

    with pytest.raises(OSError, match=words):
        snapshot._copy_unfinished(crashed, private)

    assert list(private.iterdir()) == []


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("is_sound", [True, False])
def test_a_write_that_a_writer_has_undone_meanwhile_is_read_in_place(
    is_sound: bool, crashed: Path, monkeypatch: pytest.MonkeyPatch
):
    copy = snapshot._copy_unfinished

    def recover(folder: Path, private: Path) -> bool:
        monkeypatch.setattr(snapshot, "_copy_unfinished", copy)
        StudyWriter.open(folder).close()
        if not is_sound:
            edit(folder, "CREATE TABLE extra (x)")
        return copy(folder, private)

    monkeypatch.setattr(snapshot, "_copy_unfinished", recover)
    if is_sound:
        result = snapshot.read_snapshot(crashed, read_result)  # without a warning
        assert (result.status[:, :20] >= 4).all()
    else:
        with pytest.raises(StoreError, match="table `extra` is not ours"):
            snapshot.read_snapshot(crashed, read_result)


def test_a_database_that_this_process_has_open_is_not_copied(
    crashed: Path, tmp_path: Path
):
    """To close the copied file would give back the locks of the other connection."""
    private = tmp_path / "private"
    private.mkdir()
    connection = connect(crashed / "study.db", mode="ro")
    try:
        assert snapshot._copy_unfinished(crashed, private) is False
    finally:
        connection.close()

    assert list(private.iterdir()) == []


def test_an_unfinished_write_does_not_stop_a_new_study_beside_it(crashed: Path):
    with StudyWriter.create(
        crashed.parent / "new", make_study(), make_facts()
    ) as writer:
        assert len(writer.runs()) == 8
