import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import (
    fingerprint,
    hear,
    make_curves,
    make_store,
    start_child,
    train,
    waiting,
)

from paribus.errors import ResourceError, StoreError
from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, creation, ledger, read_study


# Writes until the system lets its files grow no more, then until it may again.
LIMITED = """
import resource, sys
from pathlib import Path
from builders import make_study
from store_builders import train, waiting
from paribus.errors import ResourceError
from paribus.store import StudyWriter
writer = StudyWriter.open(Path(sys.argv[1]))
writer.begin_attempt({})
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
size = Path(sys.argv[1], "study.db").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
done = 0
try:
    for _ in range(100):
        train(writer, waiting(writer)[:1])
        done += 1
except ResourceError as error:
    print(done, error, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
writer.interrupt()
train(writer, waiting(writer))
print("finished", flush=True)
"""


def n_done(folder: Path) -> int:
    return int((read_study(folder).status >= RunStatus.DIVERGED).sum())


def test_a_full_disk_stops_a_commit_whole_and_the_same_writer_goes_on(folder: Path):
    with StudyWriter.open(folder) as writer:
        writer.grow(make_study(n_seeds=6))
        writer.begin_attempt({})
        connection = writer._ledger.connection
        (n_pages,) = connection.execute("PRAGMA page_count").fetchone()
        block = writer.begin_block(waiting(writer), description="four")
        curves = {f"test_m{i}": np.zeros((3, 4), dtype=np.float32) for i in range(200)}
        connection.execute(f"PRAGMA max_page_count = {n_pages}").fetchone()
        with pytest.raises(ResourceError) as caught:
            writer.commit_block(
                block, curves=curves, diverged_at=np.zeros(4, dtype=int)
            )
        assert n_done(folder) == 8

        connection.execute("PRAGMA max_page_count = 100000").fetchone()
        curves = make_curves(writer.study, 4)
        writer.commit_block(block, curves=curves, diverged_at=np.zeros(4, dtype=int))

    assert caught.value.exit_code == 6
    assert f"`{folder / 'study.db'}` needs more space" in str(caught.value)
    assert "free some space" in caught.value.hint
    assert n_done(folder) == 12
    assert check_study(folder).problems == ()


def test_a_file_that_may_not_grow_loses_nothing(folder: Path):
    with StudyWriter.open(folder) as writer:
        writer.grow(make_study(n_seeds=40))
    with start_child(LIMITED, folder) as child:
        said = hear(child)
        assert hear(child) == "finished"
        child.communicate()

    n_stored = int(said.split()[0])
    assert 0 < n_stored < 72
    assert "study.db" in said
    assert n_done(folder) == 80
    assert check_study(folder).problems == ()


@pytest.mark.parametrize(
    "code", [errno.ENOSPC, errno.EDQUOT, errno.EIO], ids=["full", "quota", "broken"]
)
def test_a_commit_is_not_acknowledged_when_the_folder_cannot_be_synced(
    code: int, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(path: Path) -> None:
        raise OSError(code, os.strerror(code), str(path))

    with StudyWriter.open(folder) as writer:
        writer.grow(make_study(n_seeds=5))
        writer.begin_attempt({})
        block = writer.begin_block(waiting(writer), description="two")
        curves = make_curves(writer.study, 2)
        with monkeypatch.context() as broken:
            broken.setattr(ledger, "sync_folder", fail)
            with pytest.raises(ResourceError) as caught:
                writer.commit_block(
                    block, curves=curves, diverged_at=np.zeros(2, dtype=int)
                )
        writer.interrupt()
        writer.finish_attempt(n_runs=2, seconds=1.0)

    assert caught.value.exit_code == 6
    assert f"`{folder}`" in str(caught.value)
    assert check_study(folder).problems == ()


@pytest.mark.parametrize("failing", ["_write_database", "sync_folder", "_rename"])
def test_a_study_that_cannot_be_made_leaves_nothing(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "disk")

    with monkeypatch.context() as broken:
        broken.setattr(creation, failing, fail)
        with pytest.raises(ResourceError):
            StudyWriter.create(tmp_path / "tiny", make_study(), make_facts())

    assert list(tmp_path.iterdir()) == []
    make_store(tmp_path / "tiny")


def test_an_empty_folder_that_the_system_holds_is_not_made_a_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As one to which a disk is mounted, or in which a program runs on Windows."""

    def fail(path: Path, target: Path) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path), None, target)

    folder = tmp_path / "tiny"
    folder.mkdir()
    monkeypatch.setattr(Path, "rename", fail)

    with pytest.raises(StoreError) as caught:
        StudyWriter.create(folder, make_study(), make_facts())

    assert str(caught.value) == (
        f"`{folder}` must be empty or a study, got a folder with this program in it"
    )
    assert caught.value.hint == "name another folder with `--out`"
    # What was built is let go, then removed, while the error is still being told.
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]
    opened = [path.resolve() for path in Path("/proc/self/fd").iterdir()]
    assert not [path for path in opened if tmp_path in path.parents]


def test_why_a_study_cannot_be_made_is_said_though_nothing_can_be_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(code: int) -> Callable[..., None]:
        def failing(*arguments: object) -> None:
            raise OSError(code, os.strerror(code))

        return failing

    monkeypatch.setattr(creation, "_write_database", fail(errno.ENOSPC))
    monkeypatch.setattr(creation, "remove_built", fail(errno.EIO))

    with pytest.raises(ResourceError, match="needs more space, got: No space left"):
        StudyWriter.create(tmp_path / "tiny", make_study(), make_facts())


@pytest.mark.parametrize("fate", ["removed", "renamed", "replaced"])
def test_a_study_that_is_taken_away_is_written_nowhere_else(fate: str, folder: Path):
    with StudyWriter.open(folder) as writer:
        writer.grow(make_study(n_seeds=5))
        writer.begin_attempt({})
        block = writer.begin_block(waiting(writer), description="two")
        if fate == "removed":
            shutil.rmtree(folder)
        else:
            folder.rename(folder.parent / "elsewhere")
        if fate == "replaced":
            make_store(folder)
        names = sorted(path.name for path in folder.parent.rglob("*"))

        words = "must stay in place while it is written, got another file or none"
        with pytest.raises(StoreError, match=words) as caught:
            writer.commit_block(
                block,
                curves=make_curves(writer.study, 2),
                diverged_at=np.zeros(2, dtype=int),
            )

    assert str(folder / "study.db") in str(caught.value)
    assert caught.value.hint == (
        "move the folder back, then run the same command again"
    )
    assert sorted(path.name for path in folder.parent.rglob("*")) == names


@pytest.fixture
def protected(finished_study: Path) -> Iterator[Path]:
    """A study that this process may read and not write."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(shutil.copytree(finished_study, Path(parent) / "tiny"))
        Path(parent).chmod(0o755)
        folder.chmod(0o555)
        for path in folder.iterdir():
            path.chmod(0o444)
        is_root = os.geteuid() == 0
        if is_root:  # whom no permission stops
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if is_root:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_read_only_study_is_read_and_not_written(protected: Path):
    assert (read_study(protected).status >= RunStatus.DIVERGED).all()
    with pytest.raises(StoreError, match=r"cannot write `.*writer\.lock`") as caught:
        StudyWriter.open(protected)

    assert caught.value.exit_code == 5


def test_a_folder_that_becomes_read_only_stops_its_writer_and_the_next_goes_on():
    with tempfile.TemporaryDirectory() as parent, as_nobody_owning(Path(parent)):
        folder = Path(parent) / "tiny"
        with StudyWriter.create(folder, make_study(), make_facts()) as writer:
            writer.begin_attempt({})
            train(writer, waiting(writer)[:3])
            folder.chmod(0o500)
            before = fingerprint(folder.parent)
            with pytest.raises((StoreError, ResourceError)) as caught:
                train(writer, waiting(writer))

        assert str(folder) in str(caught.value)
        assert fingerprint(folder.parent) == before
        assert n_done(folder) == 3
        with pytest.raises((StoreError, ResourceError)), StudyWriter.open(folder) as w:
            w.begin_attempt({})
        folder.chmod(0o700)
        with StudyWriter.open(folder) as writer:
            writer.begin_attempt({})
            train(writer, waiting(writer))
        assert n_done(folder) == 8
        assert check_study(folder).problems == ()


@contextmanager
def as_nobody_owning(folder: Path) -> Iterator[None]:
    """Be bound by permissions, as everybody but root is, where one may write."""
    if os.geteuid():
        yield
        return
    os.chown(folder, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_error_while_writing_is_never_only_logged(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*arguments: object) -> None:
        raise sqlite3.InternalError("a bug")

    with StudyWriter.open(folder) as writer:
        writer.grow(make_study(n_seeds=5))
        writer.begin_attempt({})
        runs = waiting(writer)
        with monkeypatch.context() as broken:
            broken.setattr(ledger.Ledger, "insert", fail)
            with pytest.raises(StoreError, match="a bug"):
                train(writer, runs)

    assert (read_study(folder).status == RunStatus.PENDING).sum() == 2


def test_where_a_new_study_does_not_fit_nothing_is_said_to_be_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fill(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(creation, "_write_database", fill)

    with pytest.raises(ResourceError, match="needs more space") as refused:
        StudyWriter.create(tmp_path / "new", make_study(), make_facts())

    assert "there is no study yet" in refused.value.hint
    assert "is stored" not in refused.value.hint
