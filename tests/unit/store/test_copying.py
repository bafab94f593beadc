"""A copy has what the file has, and takes no more space than it takes."""

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from paribus.errors import ResourceError
from paribus.store import copying
from paribus.store.copying import check_fits, copy_file


PIECE = 4096
SPARSE = [(0, b"a" * PIECE), (16 * PIECE, b"b" * 100)]


def write_parts(path: Path, parts: list[tuple[int, bytes]], size: int) -> Path:
    with path.open("xb") as file:
        for at, content in parts:
            file.seek(at)
            file.write(content)
        file.truncate(size)
    return path


@pytest.mark.parametrize(
    ("parts", "size"),
    [
        ([], 0),
        ([], 5),
        ([], 64 * PIECE),
        (SPARSE, 16 * PIECE + 100),
        (SPARSE, 64 * PIECE),
        ([(3 * PIECE, b"c" * (2**20 + 5))], 2**21),
    ],
    ids=["empty", "a short hole", "a hole", "content last", "a hole last", "long"],
)
@pytest.mark.parametrize("has_holes", [True, False])
def test_a_copy_is_the_file_byte_for_byte(
    parts: list[tuple[int, bytes]],
    size: int,
    has_holes: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    path = write_parts(tmp_path / "file", parts, size)
    if not has_holes:
        monkeypatch.delattr(os, "SEEK_DATA", raising=False)

    with path.open("rb") as source:
        source.read(10)  # from wherever it stands
        copy_file(source, tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == path.read_bytes()


def test_a_hole_of_a_terabyte_is_copied_as_one(tmp_path: Path):
    path = write_parts(tmp_path / "file", SPARSE, 2**40)

    with path.open("rb") as source:
        check_fits([source], tmp_path, path)
        copy_file(source, tmp_path / "copy")

    copy = tmp_path / "copy"
    assert copy.stat().st_size == 2**40
    with copy.open("rb") as file:
        for at, content in SPARSE:
            file.seek(at)
            assert file.read(len(content)) == content


def test_a_copy_that_does_not_fit_is_refused_with_both_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = write_parts(tmp_path / "file", [(0, b"a" * 3 * PIECE)], 3 * PIECE)
    free = SimpleNamespace(free=3 * PIECE - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: free)

    with path.open("rb") as source, pytest.raises(ResourceError) as caught:
        check_fits([source], tmp_path / "private", Path("tiny/study.db"))

    assert str(caught.value) == (
        f"`{tmp_path}` needs 12,288 bytes for a copy of `tiny/study.db`, from which "
        "it is read, got 12,287"
    )
    assert "TMPDIR" in caught.value.hint
    free.free += 1
    with path.open("rb") as source:
        check_fits([source], tmp_path / "private", Path("tiny/study.db"))


@pytest.mark.skipif(not hasattr(os, "SEEK_DATA"), reason="tells no holes")
def test_what_a_copy_needs_is_its_content_and_to_ask_moves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = write_parts(tmp_path / "file", [(64 * PIECE, b"a" * PIECE)], 65 * PIECE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=PIECE))

    with path.open("rb") as source:
        source.read(64 * PIECE - 1)
        check_fits([source], tmp_path / "private", path)

        assert source.read() == b"\0" + b"a" * PIECE


def test_a_disk_that_fails_while_asked_for_holes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = write_parts(tmp_path / "file", SPARSE, 64 * PIECE)
    seek = os.lseek

    def fail(descriptor: int, place: int, how: int) -> int:
        if how == os.SEEK_DATA:
            raise OSError(errno.EIO, "Input/output error")
        return seek(descriptor, place, how)

    monkeypatch.setattr(os, "lseek", fail)
    with path.open("rb") as source, pytest.raises(OSError, match="Input/output error"):
        copy_file(source, tmp_path / "copy")


def test_a_file_that_cannot_be_asked_for_its_holes_is_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = write_parts(tmp_path / "file", SPARSE, 64 * PIECE)

    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    with path.open("rb") as source, monkeypatch.context() as patch:
        patch.setattr(copying, "_between_holes", fail)
        with pytest.raises(OSError, match="Input/output error"):
            copy_file(source, tmp_path / "copy")
