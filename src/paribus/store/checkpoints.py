"""Files in `checkpoints/`: written once, named by their content, removed when ours."""

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

import numpy as np

from paribus.errors import StoreError, printable
from paribus.store.failures import damaged
from paribus.store.folder import CHECKPOINTS, DATABASE, open_regular, sync_folder
from paribus.store.rows import CheckpointRow
from paribus.store.tensors import (
    MAX_HEADER_BYTES,
    check_tensors,
    read_tensors,
    write_tensors,
)


_NAME = re.compile(
    r"block-([0-9]{4,})-evaluation-([0-9]{4,})-([0-9a-f]{8})\.safetensors"
)
_CHANGED = "its content is not what was written"
_TEMPORARY = re.compile(r"\.checkpoint-[0-9a-f]{16}")


def write_checkpoint(
    folder: Path, tensors: Mapping[str, np.ndarray], *, block: int, evaluation: int
) -> CheckpointRow:
    """Write a checkpoint; when this returns it is on the disk, under its name.

    Args:
        folder: The study folder.
        tensors: All that is needed to go on.
        block: Of which block.
        evaluation: After how many of its evaluations.

    Raises:
        OSError: If it cannot be written; nothing is left then.
        ValueError: If an array cannot be stored.
    """
    place = folder / CHECKPOINTS
    if not place.is_dir():
        place.mkdir()
        sync_folder(folder)
    temporary = place / f".checkpoint-{secrets.token_hex(8)}"
    digest, size = hashlib.sha256(), 0
    try:
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            for piece in write_tensors(tensors):
                digest.update(piece)
                size += len(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        sha256 = digest.hexdigest()
        name = f"block-{block:04}-evaluation-{evaluation:04}-{sha256[:8]}.safetensors"
        temporary.replace(place / name)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(place)
    return CheckpointRow(name, block, evaluation=evaluation, size=size, sha256=sha256)


def read_checkpoint(folder: Path, row: CheckpointRow) -> dict[str, np.ndarray]:
    """Read a checkpoint and verify every byte of it.

    Raises:
        ValueError: If it is missing, damaged, or not what its row says; the message
            says what is wrong.
    """
    with _verified(folder, row) as file:
        content = file.read(row.size)
    # It may have changed since: what is used is what is verified.
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise ValueError(_CHANGED)
    return read_tensors(content)


def checkpoint_problem(folder: Path, row: CheckpointRow) -> str | None:
    """What is wrong with a checkpoint, in words; None if it can be used."""
    try:
        with _verified(folder, row) as file:  # of any size: it is not held in memory
            check_tensors(file.read(8 + MAX_HEADER_BYTES), row.size)
    except ValueError as error:
        return str(error)
    return None


def check_places(folder: Path, rows: Iterable[CheckpointRow]) -> None:
    """Refuse a study with a checkpoint anywhere but in its own folder.

    Raises:
        StoreError: If a name is that of no checkpoint, or leads elsewhere by a link.
    """
    place = folder / CHECKPOINTS
    for row in rows:
        if not _is_named(row):
            raise damaged(
                folder / DATABASE,
                f"`{CHECKPOINTS}/` has no file of such a name, got "
                f"`{printable(row.name)}` in table `checkpoint`",
            )
        for path in (place, place / row.name):
            if path.is_symlink():
                raise StoreError(f"`{path}` must not be a symbolic link")


def remove_checkpoints(folder: Path, rows: Iterable[CheckpointRow]) -> None:
    """Remove files that a study had, if they are still what it wrote.

    A file under our name with other content is not ours, and stays.
    """
    for row in rows:
        with suppress(ValueError, OSError):
            with _verified(folder, row):
                pass
            (folder / CHECKPOINTS / row.name).unlink()


def remove_strays(folder: Path, known: Iterable[str]) -> None:
    """Remove what a death between a file and its row has left.

    Only files that we alone can have made: half-written ones by their random name, and
    whole ones whose content has the hash in their name.

    Args:
        folder: The study folder.
        known: The names that the study has rows of.
    """
    kept = set(known)
    place = folder / CHECKPOINTS
    with suppress(OSError):
        if not stat.S_ISDIR(place.lstat().st_mode):
            return
        for path in list(place.iterdir()):
            if path.name not in kept and _is_ours(path):
                path.unlink()


def _is_ours(path: Path) -> bool:
    if not stat.S_ISREG(path.lstat().st_mode):
        return False
    if _TEMPORARY.fullmatch(path.name):
        return True
    named = _NAME.fullmatch(path.name)
    if named is None:
        return False
    with open_regular(path) as file:
        return _sha256(file).startswith(named[3])


def _is_named(row: CheckpointRow) -> bool:
    """Whether a row has the name that its file was written under."""
    named = _NAME.fullmatch(row.name)
    return named is not None and named[3] == row.sha256[:8]


@contextmanager
def _verified(folder: Path, row: CheckpointRow) -> Iterator[BufferedReader]:
    """The open file of a checkpoint, once its bytes are those that its row says."""
    if not _is_named(row):
        raise ValueError(f"`{CHECKPOINTS}/` has no file of such a name")
    path = folder / CHECKPOINTS / row.name
    try:
        if not stat.S_ISDIR(path.parent.lstat().st_mode):
            raise ValueError(f"`{CHECKPOINTS}` must be a folder")
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it must be a regular file")
        if found.st_size != row.size:
            raise ValueError(f"it has {found.st_size:,} bytes, not {row.size:,}")
        with open_regular(path) as file:
            if _sha256(file) != row.sha256:
                raise ValueError(_CHANGED)
            file.seek(0)
            yield file
    except FileNotFoundError:
        raise ValueError("it is missing") from None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error


def _sha256(file: BufferedReader) -> str:
    """The hash of a file, read in pieces: what is not ours may have any size."""
    return hashlib.file_digest(file, "sha256").hexdigest()
