import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest
from builders import make_facts, make_study
from store_builders import (
    edit,
    fingerprint,
    hear,
    make_store,
    start_child,
    tell,
    waiting,
)

from paribus.errors import StoreError
from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study
from paribus.store.connection import is_open_here
from paribus.store.lock import is_held


HOLD = """
import sys, time
from pathlib import Path
from store_builders import waiting
from paribus.store import StudyWriter
writer = StudyWriter.open(Path(sys.argv[1]))
if "train" in sys.argv:
    writer.begin_attempt({})
    writer.begin_block(waiting(writer)[:2], description="two")
print("held", flush=True)
time.sleep(60)
"""

CREATE = """
import sys
from pathlib import Path
from builders import make_facts, make_study
from paribus.errors import StoreError
from paribus.store import StudyWriter
print("ready", flush=True)
for folder in sys.stdin:
    try:
        writer = StudyWriter.create(Path(folder.strip()), make_study(), make_facts())
    except StoreError as error:
        print("refused:", error, flush=True)
        sys.stdin.readline()
    else:
        writer.begin_attempt({})
        print("created", flush=True)
        sys.stdin.readline()
        writer.close()
"""


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    folder = tmp_path / "studies" / "tiny"
    StudyWriter.create(folder, make_study(), make_facts()).close()
    return folder


def test_a_second_writer_is_refused_in_two_seconds_and_told_who_holds_it(
    unfinished: Path,
):
    with start_child(HOLD, unfinished, "train") as child:
        assert hear(child) == "held"
        begun = time.monotonic()
        with pytest.raises(StoreError) as caught:
            StudyWriter.open(unfinished)
        waited = time.monotonic() - begun
        child.kill()
        child.communicate()

    assert not is_open_here(unfinished / "study.db")
    assert caught.value.hint == (
        "wait until it ends, or stop it; reading commands work meanwhile"
    )
    assert waited < 2
    assert f"in use by pid {child.pid} on host {socket.gethostname()} since 2" in str(
        caught.value
    )


def test_a_writer_that_has_not_begun_is_not_named_by_an_attempt_before(folder: Path):
    with (
        StudyWriter.open(folder),
        pytest.raises(StoreError, match="in use by another process"),
    ):
        StudyWriter.open(folder)


def test_a_writer_of_a_study_without_attempts_is_not_named(unfinished: Path):
    words = f"`{unfinished}` is in use by another process"
    with (
        StudyWriter.open(unfinished),
        pytest.raises(StoreError, match=f"^{re.escape(words)}\n"),
    ):
        StudyWriter.open(unfinished)


def test_an_attempt_that_was_killed_is_not_named_as_the_holder(unfinished: Path):
    with start_child(HOLD, unfinished, "train") as child:
        assert hear(child) == "held"
        child.kill()
        child.communicate()

    with (
        StudyWriter.open(unfinished),
        pytest.raises(StoreError, match="in use by another process"),
    ):
        StudyWriter.open(unfinished)


def test_who_looks_for_the_holder_does_not_disturb_it(
    unfinished: Path, monkeypatch: pytest.MonkeyPatch
):
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *arguments: sent.append(arguments))
    with StudyWriter.open(unfinished) as writer:
        writer.begin_attempt({})

        with pytest.raises(StoreError, match=f"in use by pid {os.getpid()} on host"):
            StudyWriter.open(unfinished)

    assert sent == [(os.getpid(), 0)]


def test_a_holder_on_another_computer_is_named_whatever_runs_here(
    unfinished: Path, monkeypatch: pytest.MonkeyPatch
):
    with StudyWriter.open(unfinished) as writer:
        monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere")
        monkeypatch.setattr(os, "getpid", lambda: 2**22 + 1)  # none here can have it
        writer.begin_attempt({})
        monkeypatch.undo()

        with pytest.raises(
            StoreError, match=r"in use by pid 4194305 on host elsewhere"
        ):
            StudyWriter.open(unfinished)


def test_a_lock_that_a_kill_left_behind_locks_nobody_out(unfinished: Path):
    with start_child(HOLD, unfinished, "train") as child:
        assert hear(child) == "held"
        assert (read_study(unfinished).status == RunStatus.RUNNING).sum() == 2
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()

    assert (unfinished / "writer.lock").exists()
    assert (read_study(unfinished).status == RunStatus.INTERRUPTED).sum() == 2
    with StudyWriter.open(unfinished) as writer:
        assert writer.begin_attempt({}) == 2
        assert len(waiting(writer)) == 8


def test_what_the_lock_file_says_means_nothing(folder: Path):
    (folder / "writer.lock").write_text("pid 1 holds this\n")
    os.utime(folder / "writer.lock", (0, 0))

    StudyWriter.open(folder).close()

    assert (folder / "writer.lock").read_text() == "pid 1 holds this\n"


def test_a_copy_without_its_lock_file_is_read_and_not_given_one(unfinished: Path):
    (unfinished / "writer.lock").unlink()

    assert read_study(unfinished).study == make_study()
    assert is_held(unfinished) is False
    assert not (unfinished / "writer.lock").exists()


def test_the_writer_closes_its_lock_when_opening_fails(folder: Path):
    edit(folder, "DELETE FROM chunk")
    with pytest.raises(StoreError, match="table `chunk`"):
        StudyWriter.open(folder)

    assert is_held(folder) is False


def test_readers_change_nothing_while_nothing_runs_and_while_it_does(folder: Path):
    before = fingerprint(folder)
    read_study(folder)
    check_study(folder)
    assert fingerprint(folder) == before

    with StudyWriter.open(folder) as writer:
        writer.grow(make_study(n_seeds=5))
        writer.begin_attempt({})
        writer.begin_block(waiting(writer), description="two")
        before = fingerprint(folder)
        read_study(folder)
        check_study(folder)
        assert fingerprint(folder) == before


def test_reading_inside_the_writing_process_lets_no_second_writer_in(
    unfinished: Path,
):
    with StudyWriter.open(unfinished) as writer:
        writer.begin_attempt({})
        for _ in range(5):
            read_study(unfinished)
            check_study(unfinished)
            with pytest.raises(StoreError, match="no study"):
                read_study(unfinished.parent / "other")
        with start_child(HOLD, unfinished) as child:
            out, err = child.communicate()
        writer.begin_block(waiting(writer), description="all")

    assert "held" not in out
    assert "StoreError" in err


@pytest.mark.parametrize(
    "n_rounds", [1, pytest.param(20, marks=pytest.mark.long)], ids=["once", "often"]
)
def test_of_two_creators_one_trains_and_the_other_is_told(
    n_rounds: int, tmp_path: Path
):
    with start_child(CREATE) as first, start_child(CREATE) as second:
        assert [hear(first), hear(second)] == ["ready", "ready"]
        for number in range(n_rounds):
            folder = tmp_path / str(number) / "tiny"
            tell(first, folder)
            tell(second, folder)
            said = sorted([hear(first), hear(second)])
            names = [path.name for path in folder.parent.iterdir()]
            tell(first, "go on")
            tell(second, "go on")

            assert said[0] == "created"
            assert said[1].startswith(f"refused: `{folder}` is in use by ")
            assert names == ["tiny"]
            assert check_study(folder).problems == ()
        first.communicate()
        second.communicate()


def test_what_a_dead_creator_left_is_removed_by_the_next(tmp_path: Path):
    ours = tmp_path / ".tiny.new-0123456789abcdef"
    theirs = tmp_path / ".tiny.new-0123456789abcdee"
    other = tmp_path / ".tiny.new-by-hand"
    make_store(ours)
    make_store(theirs)
    (theirs / "notes.txt").touch()
    other.mkdir()

    make_store(tmp_path / "tiny")

    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"tiny", theirs.name, other.name}


def test_a_creator_whose_folder_is_cleared_away_builds_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As another creator does that takes it for what a dead one has left."""
    mkdir = Path.mkdir
    cleared: list[Path] = []

    def make(path: Path, **options: bool):
        mkdir(path, **options)
        if ".new-" in path.name and not cleared:
            cleared.append(path)
            path.rmdir()

    monkeypatch.setattr(Path, "mkdir", make)

    with StudyWriter.create(tmp_path / "tiny", make_study(), make_facts()):
        pass

    assert len(cleared) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]
    assert check_study(tmp_path / "tiny").problems == ()


def test_what_a_living_creator_builds_stays(tmp_path: Path):
    building = make_store(tmp_path / ".tiny.new-0123456789abcdef")

    with StudyWriter.open(building):
        make_store(tmp_path / "tiny")

    assert check_study(building).problems == ()
