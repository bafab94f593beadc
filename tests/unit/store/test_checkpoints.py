"""One checkpoint as a file: how it is made, and what is taken for one."""

import errno
import hashlib
import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paribus.store.checkpoints import (
    checkpoint_problem,
    read_checkpoint,
    remove_checkpoints,
    remove_strays,
    write_checkpoint,
)
from paribus.store.rows import CheckpointRow
from paribus.store.tensors import write_tensors


TENSORS = {"w": np.arange(6, dtype=np.float32).reshape(2, 3)}


@pytest.fixture
def row(tmp_path: Path) -> CheckpointRow:
    """The checkpoint of a study in `tmp_path`."""
    return write_checkpoint(tmp_path, TENSORS, block=3, evaluation=7)


def test_a_checkpoint_may_be_read_as_other_files_may_and_run_by_nobody(
    row: CheckpointRow, tmp_path: Path
):
    mask = os.umask(0)
    os.umask(mask)

    mode = (tmp_path / "checkpoints" / row.name).stat().st_mode

    assert mode & 0o777 == 0o666 & ~mask


def test_a_file_that_becomes_a_link_while_it_is_looked_at_is_not_followed(
    row: CheckpointRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "checkpoints" / row.name
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert checkpoint_problem(tmp_path, row) == "it must be a regular file"
    # As if the link had come after that was seen.
    monkeypatch.setattr(Path, "lstat", Path.stat)

    problem = checkpoint_problem(tmp_path, row)

    assert problem is not None
    assert "symbolic links" in problem


def test_a_checkpoint_is_read_where_the_system_does_not_tell_links_apart(
    row: CheckpointRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As Windows does not when it opens a file."""
    monkeypatch.delattr(os, "O_NOFOLLOW")

    assert checkpoint_problem(tmp_path, row) is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (OSError("no such device"), "no such device"),
    ],
    ids=["of the system", "without a number"],
)
def test_why_a_checkpoint_cannot_be_read_is_said(
    error: OSError,
    words: str,
    row: CheckpointRow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    def fail(*arguments: object) -> int:
        raise error

    monkeypatch.setattr(os, "open", fail)

    assert checkpoint_problem(tmp_path, row) == words


def test_what_is_wrong_with_a_checkpoint_is_said(row: CheckpointRow, tmp_path: Path):
    path = tmp_path / "checkpoints" / row.name
    content = path.read_bytes()
    assert checkpoint_problem(tmp_path, row) is None

    path.write_bytes(content + b"x")
    longer = checkpoint_problem(tmp_path, row)
    path.write_bytes(b"x" + content[1:])
    other = checkpoint_problem(tmp_path, row)
    path.unlink()
    missing = checkpoint_problem(tmp_path, row)
    path.parent.rmdir()
    path.parent.write_bytes(b"")
    no_folder = checkpoint_problem(tmp_path, row)

    assert longer == f"it has {len(content) + 1:,} bytes, not {len(content):,}"
    assert other == "its content is not what was written"
    assert missing == "it is missing"
    assert no_folder == "`checkpoints` must be a folder"


def test_of_a_forged_file_no_more_than_a_piece_is_held_in_memory(
    row: CheckpointRow, tmp_path: Path
):
    size = 64 * 2**20
    path = tmp_path / "checkpoints" / row.name
    os.truncate(path, size)  # of which the disk holds nothing but the beginning
    forged = row._replace(size=size)

    tracemalloc.start()
    try:
        problem = checkpoint_problem(tmp_path, forged)
        remove_checkpoints(tmp_path, [forged])
        remove_strays(tmp_path, [])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert problem == "its content is not what was written"
    assert path.exists()
    assert peak < size / 16


def test_of_a_large_checkpoint_no_more_than_a_piece_is_held_to_check_it(
    tmp_path: Path,
):
    row = write_checkpoint(
        tmp_path, {"w": np.ones(2**25, np.uint8)}, block=1, evaluation=1
    )

    tracemalloc.start()
    try:
        problem = checkpoint_problem(tmp_path, row)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert problem is None
    assert peak < row.size / 8


def test_a_large_file_that_is_no_checkpoint_is_told_though_its_hash_agrees(
    tmp_path: Path,
):
    content = next(write_tensors({"w": np.empty(2**22, np.uint8)}))
    content += bytes(2**22 + 1)
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"block-0001-evaluation-0001-{sha256[:8]}.safetensors"
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / name).write_bytes(content)
    row = CheckpointRow(name, 1, evaluation=1, size=len(content), sha256=sha256)

    assert checkpoint_problem(tmp_path, row) == "1 bytes follow its last array"


def test_a_file_that_changes_after_it_was_verified_is_not_used(
    row: CheckpointRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "checkpoints" / row.name
    digest = hashlib.file_digest

    def digest_and_change(file: Any, name: str) -> Any:
        found = digest(file, name)
        path.write_bytes(b"x" * row.size)
        return found

    monkeypatch.setattr(hashlib, "file_digest", digest_and_change)

    with pytest.raises(ValueError, match=r"^its content is not what was written$"):
        read_checkpoint(tmp_path, row)


def test_a_file_that_becomes_a_pipe_while_it_is_looked_at_is_not_waited_for(
    row: CheckpointRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "checkpoints" / row.name
    found = path.lstat()
    path.unlink()
    os.mkfifo(path)
    lstat = Path.lstat

    def before(other: Path) -> os.stat_result:
        return found if other == path else lstat(other)

    monkeypatch.setattr(Path, "lstat", before)

    assert checkpoint_problem(tmp_path, row) == "it must be a regular file"


def test_a_file_is_removed_only_while_it_is_what_was_written(
    row: CheckpointRow, tmp_path: Path
):
    path = tmp_path / "checkpoints" / row.name
    content = path.read_bytes()

    for other in (content + b"x", b"x" + content[1:]):
        path.write_bytes(other)
        remove_checkpoints(tmp_path, [row])
        assert path.read_bytes() == other
    path.write_bytes(content)
    gone = row._replace(name=row.name.replace("0007", "0008"))  # has no file
    remove_checkpoints(tmp_path, [gone, row])

    assert list(path.parent.iterdir()) == []


def test_a_file_that_cannot_be_removed_keeps_no_other(
    row: CheckpointRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    second = write_checkpoint(tmp_path, TENSORS, block=3, evaluation=8)
    unlink = Path.unlink

    def held(path: Path) -> None:
        if path.name == row.name:
            raise PermissionError(errno.EACCES, "another program has it open")
        unlink(path)

    monkeypatch.setattr(Path, "unlink", held)
    remove_checkpoints(tmp_path, [row, second])

    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == [row.name]


def test_only_what_a_death_has_left_is_taken_for_a_stray(
    row: CheckpointRow, tmp_path: Path
):
    place = tmp_path / "checkpoints"
    stray = write_checkpoint(tmp_path, TENSORS, block=3, evaluation=8)
    (place / ".checkpoint-0123456789abcdef").touch()
    theirs = [place / f".checkpoint-{digit * 16}" for digit in "ab"]
    theirs[0].symlink_to(tmp_path / "elsewhere")
    os.mkfifo(theirs[1])
    theirs.append(place / stray.name.replace("0008", "0009"))
    theirs[2].write_bytes(b"another content")
    theirs.append(place / ".checkpoint-0123")
    theirs[3].touch()

    remove_strays(tmp_path, [row.name])

    assert set(place.iterdir()) == {place / row.name, *theirs}


def test_a_checkpoint_that_cannot_be_written_leaves_nothing_and_hides_no_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    place = tmp_path / "checkpoints"
    place.mkdir()
    monkeypatch.setattr(Path, "replace", fail)

    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(tmp_path, TENSORS, block=1, evaluation=1)
    assert list(place.iterdir()) == []

    # What is left is removed later; why nothing was written must be said now.
    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", fail)
        with pytest.raises(OSError, match="No space left"):
            write_checkpoint(tmp_path, TENSORS, block=1, evaluation=2)
    assert len(list(place.iterdir())) == 1
    remove_strays(tmp_path, [])
    assert list(place.iterdir()) == []


def test_content_and_folders_are_synced_in_the_order_that_a_power_cut_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    said: list[str] = []
    sizes: list[int] = []
    fsync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        said.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name[:12]}")
        if "checkpoint-" in said[-1]:
            sizes.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    def replaced(path: Path, target: Path) -> Path:
        said.append(f"name {target.name[:10]}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    write_checkpoint(tmp_path, TENSORS, block=1, evaluation=1)
    written = write_checkpoint(tmp_path, TENSORS, block=1, evaluation=1)

    file = ["sync .checkpoint-", "name block-0001", "sync checkpoints"]
    assert said == [f"sync {tmp_path.name[:12]}", *file, *file]
    assert sizes == [written.size] * 2  # all of it
    np.testing.assert_array_equal(read_checkpoint(tmp_path, written)["w"], TENSORS["w"])
