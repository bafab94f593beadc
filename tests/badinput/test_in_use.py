"""Studies that are in use, were killed, may not be written, or go away meanwhile."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from socket import gethostname
from typing import Any

import pytest
from bad_builders import (
    TRAINING_S,
    Command,
    Forked,
    Refused,
    Started,
    contents,
    train_base,
    write_base,
)
from store_builders import crash, make_store

from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study


SHOW = ["show", "studies/tiny"]
RUN = ["run", "tiny.toml", "--quiet"]
# A study that takes long, in blocks that end soon: one for each batch size.
BUSY = (
    *("run", "tiny.toml", "--quiet", "--set", "study.epochs=400"),
    *("--set", f"space.1.batch_size={list(range(1, 33))}"),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of the study file, trained."""
    return train_base(write_base(tmp_path_factory.mktemp("trained")))


@pytest.fixture(scope="module")
def killed(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That study, grown, and killed in the middle of a write."""
    folder = tmp_path_factory.mktemp("killed") / "tiny"
    shutil.copytree(trained, folder)
    with StudyWriter.open(folder) as writer:
        writer.grow(replace(writer.study, seeds=tuple(range(60))))
    return crash(folder)


@pytest.fixture
def folder(place: Path, trained: Path) -> Path:
    shutil.copytree(trained, place / "studies" / "tiny")
    return place / "studies" / "tiny"


@pytest.fixture
def hot(place: Path, killed: Path) -> Path:
    """That study, killed, beside its study file."""
    shutil.copytree(killed, place / "studies" / "tiny")
    return place / "studies" / "tiny"


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + 50
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_training(folder: Path) -> bool:
    """Whether a block of a study has been finished by now."""
    try:
        return bool((read_study(folder).status >= 3).any())
    except Exception:  # there is none yet, or it is just being made
        return False


@pytest.mark.slow
def test_t09_a_second_run_is_refused_at_once_and_told_who_trains(
    place: Path, started: Started
):
    first = started(*BUSY, limit_s=TRAINING_S)
    until(lambda: is_training(place / "studies" / "tiny"))

    begun = time.monotonic()
    second = started(*BUSY, limit_s=TRAINING_S).wait()
    waited = time.monotonic() - begun
    os.kill(first.pid, signal.SIGINT)
    ended = first.wait()

    assert second.code == 5
    for words in ("in use", f"pid {first.pid}", f"host {gethostname()}", "since 20"):
        assert words in second.err
    assert waited < 4  # 1.5 s for the lock, and what a busy machine adds
    assert ended.code == 130, ended.err
    assert check_study(place / "studies" / "tiny").problems == ()


def test_t09_a_writer_in_another_process_is_named(folder: Path, refused: Refused):
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        pid, host = f"pid {os.getpid()}", f"host {gethostname()}"

        refused([*RUN, "--seeds", "3"], 5, "in use", pid, host, "since 20")


def test_t10_readers_show_what_was_before_an_unfinished_write(
    place: Path, hot: Path, forked: Forked
):
    before = contents(place)

    ended = forked(*SHOW)

    assert ended.code == 0, ended.err
    assert "unfinished write" in ended.err
    assert "4 of 120 runs finished" in ended.out
    assert contents(place) == before
    hot.chmod(0o500)
    alone = forked(*SHOW, is_plain=True)
    assert (alone.code, alone.out) == (0, ended.out), alone.err
    hot.chmod(0o700)


def test_t10_run_undoes_an_unfinished_write(hot: Path, trained: Path, forked: Forked):
    ended = forked(*RUN)

    assert ended.code == 0, ended.err
    assert not (hot / "study.db-journal").exists()
    assert check_study(hot).problems == ()
    found, expected = read_study(hot), read_study(trained)
    for name, values in expected.curves.items():
        assert found.curves[name][:, :2].tobytes() == values.tobytes()


@pytest.mark.parametrize("command", [SHOW, RUN], ids=["show", "run"])
def test_t11_a_copy_without_its_hot_journal_is_refused(
    hot: Path, refused: Refused, command: list[str]
):
    (hot / "study.db-journal").unlink()

    refused(command, 5, "studies/tiny/study.db` is damaged", "--salvage")


@pytest.mark.parametrize("command", [SHOW, RUN], ids=["show", "run"])
def test_t11_the_journal_of_another_study_is_refused(
    place: Path, hot: Path, refused: Refused, command: list[str]
):
    journal = (hot / "study.db-journal").read_bytes()
    shutil.rmtree(hot)
    make_store(hot)
    (hot / "study.db-journal").write_bytes(journal)

    refused(command, 5, "studies/tiny/study.db` is damaged")


@pytest.mark.slow
def test_t11_a_salvage_names_the_command_that_goes_on_in_its_folder(
    place: Path, folder: Path, forked: Forked
):
    with (folder / "study.db").open("r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) - 1)

    ended = forked("check", "studies/tiny", "--salvage", "saved/tiny")

    assert ended.code == 0, ended.err
    assert "`paribus run STUDY --out saved/tiny` trains what is missing" in ended.out
    assert forked(*RUN, "--out", "saved/tiny").code == 0
    assert (read_study(place / "saved" / "tiny").status >= RunStatus.DIVERGED).all()


def test_t12_a_folder_that_may_not_be_written_is_shown_and_not_trained(
    folder: Path, forked: Forked, refused: Refused
):
    usual = forked(*SHOW)
    for path in (*folder.iterdir(), folder):
        path.chmod(path.stat().st_mode & ~0o222)

    shown = forked(*SHOW, is_plain=True)
    assert (shown.code, shown.out, shown.err) == (0, usual.out, "")
    refused([*RUN, "--seeds", "3"], 5, "cannot write", "studies/tiny", is_plain=True)
    folder.chmod(0o700)


def test_t12_a_place_that_may_not_be_written_is_refused(place: Path, refused: Refused):
    (place / "studies").mkdir(mode=0o500)

    refused(RUN, 5, "cannot write", "studies", is_plain=True)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["deleted", "renamed"])
def test_t20_a_folder_that_goes_away_stops_the_run(
    place: Path, started: Started, how: str
):
    folder = place / "studies" / "tiny"
    command = started(*BUSY, limit_s=TRAINING_S)
    until(lambda: is_training(folder))

    if how == "deleted":
        shutil.rmtree(folder)
    else:
        folder.rename(place / "elsewhere")
    gone = contents(place)
    ended = command.wait()

    assert ended.code in (5, 6), ended.err
    assert "studies/tiny" in ended.err
    assert "Traceback" not in ended.err
    left = contents(place)
    assert left.keys() == gone.keys()


def interrupted(command: Command) -> Any:
    os.kill(command.pid, signal.SIGINT)
    ended = command.wait()
    assert "Traceback" not in ended.err
    assert "Exception ignored" not in ended.err
    return ended.code


@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.05])
def test_c16_an_interrupt_at_an_early_moment_leaves_nothing_or_what_goes_on(
    place: Path, started: Started, delay_s: float
):
    command = started("run", "tiny.toml", limit_s=TRAINING_S)
    time.sleep(delay_s)

    assert interrupted(command) == 130
    if (place / "studies").exists():  # on a fast machine it has begun by then
        assert (
            started("run", "tiny.toml", "--quiet", limit_s=TRAINING_S).wait().code == 0
        )


def test_c16_an_interrupt_while_data_are_read_leaves_nothing(
    place: Path, started: Started
):
    (place / "mydata.py").write_text(
        "import time\nfrom pathlib import Path\n"
        "def load():\n    Path('reading').touch()\n    time.sleep(30)\n"
    )
    text = (place / "tiny.toml").read_text()
    said = 'loader = "mydata:load"'
    (place / "tiny.toml").write_text(text.replace('path = "tiny.npz"', said))
    command = started("run", "tiny.toml", "--allow-module", "mydata")
    until((place / "reading").exists)

    assert interrupted(command) == 130
    assert not (place / "studies").exists()


def test_an_interrupt_that_the_users_code_catches_is_obeyed_afterwards(
    place: Path, forked: Forked
):
    (place / "mydata.py").write_text(
        "import os, signal\nimport numpy as np\n"
        "def load():\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        for _ in range(10**9): pass\n"
        "    except BaseException:\n"
        "        pass\n"
        "    return np.eye(64, 4), np.arange(64) % 3\n"
    )
    text = (place / "tiny.toml").read_text()
    said = 'loader = "mydata:load"'
    (place / "tiny.toml").write_text(text.replace('path = "tiny.npz"', said))

    ended = forked("run", "tiny.toml", "--allow-module", "mydata")

    assert ended.code == 130
    assert "Traceback" not in ended.err
    assert not (place / "studies").exists()
