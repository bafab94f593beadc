"""Paths that a store names, and names that wait where a file is about to be written."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import make_facts, make_study
from golden_stores import GOLDEN, unpacked
from store_builders import fingerprint

from paribus.errors import ParibusError, StoreError
from paribus.results.files import write_atomically
from paribus.store import StudyWriter
from paribus.store.checkpoints import (
    check_places,
    checkpoint_problem,
    read_checkpoint,
    remove_checkpoints,
    write_checkpoint,
)
from paribus.store.folder import (
    check_folder,
    leftovers,
    open_regular,
    sync_folder,
)
from paribus.store.rows import CheckpointRow


TENSORS = {"w": np.arange(6, dtype=np.float32)}
OURS = "block-0001-evaluation-0002-{}.safetensors"
NAMES = (
    *(
        "",
        ".",
        "..",
        "/",
        "//",
        "study.db",
        "../study.db",
        "writer.lock",
        "checkpoints",
    ),
    *("../../etc/passwd", "/etc/passwd", "//etc/passwd", "./x", "x/../y", "~/x"),
    *("%2e%2e%2fstudy.db", "..%2fstudy.db", "..\\study.db", "C:\\x", "\\\\host\\x"),
    *("file:///etc/passwd", "https://example.org/x", "$HOME/x", "`x`", "$(touch x)"),
    *("\x00", OURS.format("0" * 8) + "\x00", "a\x00" + OURS.format("0" * 8), "\n"),
    *(
        " " + OURS.format("0" * 8),
        OURS.format("0" * 8) + " ",
        OURS.format("0" * 8) + "\n",
    ),
    *(OURS.format("0" * 7), OURS.format("0" * 9), OURS.format("G" * 8), "CON", "-rf"),
    *("../checkpoints/" + OURS.format("0" * 8), "x/" + OURS.format("0" * 8)),
    *("block-٠٠٠١-evaluation-0002-00000000.safetensors", "\ud800", "A" * 10_000),
    *("block-0001-evaluation-0002-00000000.safetensors.", "block-1-epoch-1-0.pkl"),
)


def row_named(name: str) -> CheckpointRow:
    return CheckpointRow(name, 1, evaluation=2, size=1, sha256="0" * 64)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_no_name_leads_anywhere_but_to_a_checkpoint(name: str, tmp_path: Path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "study.db").write_bytes(b"precious")
    before = fingerprint(tmp_path)
    row = row_named(name)

    with pytest.raises(StoreError, match="has no file of such a name"):
        check_places(tmp_path, [row])
    problem = checkpoint_problem(tmp_path, row)
    remove_checkpoints(tmp_path, [row])

    assert problem == "`checkpoints/` has no file of such a name"
    assert fingerprint(tmp_path) == before


def test_names_that_are_ours_are_not_refused(tmp_path: Path):
    check_places(tmp_path, [row_named(OURS.format("0" * 8))])


@pytest.mark.parametrize(
    "make",
    [
        os.mkfifo,
        Path.mkdir,
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to(path),
        lambda path: path.symlink_to("/etc/passwd"),
    ],
    ids=["pipe", "folder", "device", "loop", "link"],
)
def test_what_is_no_file_under_our_name_is_neither_read_nor_removed(
    make: Callable[[Path], None], tmp_path: Path
):
    row = write_checkpoint(tmp_path, TENSORS, block=1, evaluation=2)
    path = tmp_path / "checkpoints" / row.name
    path.unlink()
    make(path)

    with pytest.raises(ValueError, match="must be a regular file"):
        read_checkpoint(tmp_path, row)
    remove_checkpoints(tmp_path, [row])

    assert os.path.lexists(path)


def test_what_is_no_regular_file_is_named_and_not_held_open(tmp_path: Path):
    n_open = len(list(Path("/dev/fd").iterdir()))

    with pytest.raises(OSError, match="must be a regular file") as caught:
        open_regular(tmp_path)

    assert caught.value.errno == errno.EINVAL
    assert caught.value.filename == str(tmp_path)
    assert len(list(Path("/dev/fd").iterdir())) == n_open


def test_a_folder_that_is_synced_is_not_held_open(tmp_path: Path):
    n_open = len(list(Path("/dev/fd").iterdir()))

    sync_folder(tmp_path)

    assert len(list(Path("/dev/fd").iterdir())) == n_open


def test_a_study_file_in_the_place_of_a_folder_is_told_from_other_files(tmp_path: Path):
    for name in ("mine.toml", "mine.txt"):
        (tmp_path / name).touch()

    with pytest.raises(StoreError, match="must be a folder, got a file") as caught:
        check_folder(tmp_path / "mine.toml")
    with pytest.raises(StoreError, match="must be a folder, got a file") as other:
        check_folder(tmp_path / "mine.txt")

    assert "`paribus run` trains a study file" in caught.value.hint
    assert other.value.hint == ""


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        (".tiny.new-0123456789abcdef", True),
        (".tiny.new-0123456789abcdeg", False),
        (".tiny.new-0123456789abcdef0", False),
        (".other.new-0123456789abcdef", False),
        ("0123456789abcdef", False),
    ],
)
def test_what_was_left_has_a_name_of_ours(name: str, is_ours: bool, tmp_path: Path):
    (tmp_path / name).mkdir()

    assert list(leftovers(tmp_path / "tiny")) == [tmp_path / name] * is_ours


def _migrate(folder: Path) -> None:
    StudyWriter.open(folder).close()


def _create(folder: Path) -> None:
    StudyWriter.create(folder / "new", make_study(), make_facts()).close()


# What writes a file under another name first, and how that begins.
WRITERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "report": (lambda folder: write_atomically(folder / "a.html", "x"), ".a.html."),
    "state": (
        lambda folder: write_checkpoint(folder, TENSORS, block=1, evaluation=1),
        "checkpoints/.checkpoint-",
    ),
    "backup": (_migrate, ".study.db.schema-2."),
    "new study": (_create, ".new.new-"),
}


@pytest.mark.parametrize(("act", "begin"), WRITERS.values(), ids=WRITERS.keys())
def test_a_link_that_waits_under_the_name_of_a_temporary_file_is_not_followed(
    act: Callable[[Path], object],
    begin: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """Names are random; this somebody has guessed one."""
    folder = unpacked(GOLDEN / "schema-2" / "finished.db.gz", tmp_path / "old")
    (folder / "checkpoints").mkdir()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    monkeypatch.setattr(secrets, "token_hex", lambda n: "0" * (2 * n))
    shutil.copytree(folder, tmp_path / "other")
    guessed = _temporary_name(tmp_path / "other", act, begin, monkeypatch)
    (folder / guessed).symlink_to(victim)

    with suppress(ParibusError, OSError):  # or the link is removed, as a left-over is
        act(folder)

    assert victim.read_text() == "precious"


def _temporary_name(
    folder: Path,
    act: Callable[[Path], object],
    begin: str,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The name that a file has before it gets its own."""
    seen: list[str] = []
    opened, made = os.open, Path.mkdir

    def opening(path: Any, flags: int, *more: Any, **options: Any) -> int:
        if flags & os.O_EXCL:
            seen.append(str(path))
        return opened(path, flags, *more, **options)

    def making(path: Path, *arguments: Any, **options: Any) -> None:
        seen.append(str(path))
        made(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", opening)
        patch.setattr(Path, "mkdir", making)
        act(folder)
    found = [name.removeprefix(f"{folder}/") for name in seen]
    return next(name for name in found if name.startswith(begin))
