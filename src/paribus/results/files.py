"""How a file that people keep is written: whole or not at all."""

import errno
import hashlib
import os
import platform
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from paribus.errors import CommandError, ResourceError
from paribus.file_locks import try_lock
from paribus.processes import has_ended


# What a study is made of (`paribus.store.folder`): no report takes its place.
STUDY_FILES = frozenset({"study.db", "study.db-journal", "writer.lock"})

WAIT_S = 10.0
_DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader finds the old one or the new one, never a part.

    The content goes to a new file beside `path`, reaches the disk, and then takes its
    name. Folders on the way are made, and do not stay if that fails. Text is written as
    UTF-8, its line ends kept.

    Args:
        path: Where to; replaced if it is there.
        content: The whole file. Half a surrogate pair, which UTF-8 cannot hold, is
            written as its escape.

    Raises:
        CommandError: If the place cannot be written to, or is a part of a study.
        ResourceError: If the disk is full or fails.
    """
    write_together(path.parent, {path.name: content})


def write_together(folder: Path, contents: Mapping[str, str | bytes]) -> None:
    """Write files of one folder: none takes its name before all are on the disk.

    So a disk that is full leaves the old ones. Otherwise as `write_atomically`.

    Args:
        folder: Where to.
        contents: The whole files, by their names.

    Raises:
        CommandError: If the place cannot be written to, or is a part of a study.
        ResourceError: If the disk is full or fails.
    """
    for name in contents:
        if name in STUDY_FILES and (folder / "study.db").exists():
            raise CommandError(f"`{folder / name}` is a part of a study, and must stay")
    starts = {name: f".{name[:100]}.{_host()}" for name in contents}
    own = f"{os.getpid():08x}{secrets.token_hex(4)}"
    made = [p for p in (folder, *folder.parents) if not os.path.lexists(p)]
    at = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for at, content in contents.items():
            _write_new(folder / f"{starts[at]}{own}", content)
        with _in_turn(folder):
            for at, start in starts.items():
                (folder / f"{start}{own}").replace(folder / at)
        for start in starts.values():
            with suppress(OSError):
                _remove_left_over(folder, start)
        _sync_folder(folder)
    except BaseException as error:
        for start in starts.values():
            with suppress(OSError):
                (folder / f"{start}{own}").unlink()
        for path in made:  # the nearest first, unless somebody uses it by now
            with suppress(OSError):
                path.rmdir()
        if isinstance(error, OSError):
            raise _cannot_write(folder / at, error) from error
        raise


@contextmanager
def _in_turn(folder: Path) -> Iterator[None]:
    """Let no other process give files of a folder their names meanwhile.

    Else of two that write the same names some could be of the one, some of the other.
    """
    descriptor = _open_folder(folder)
    try:
        until = time.monotonic() + WAIT_S
        while descriptor is not None and not _try_lock(descriptor):
            if time.monotonic() > until:
                raise CommandError(
                    f"`{folder}` is being written to by another process",
                    hint="wait until it ends, or stop it",
                )
            time.sleep(0.02)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _open_folder(folder: Path) -> int | None:
    with suppress(OSError):  # a system that cannot do this takes no turns
        return os.open(folder, os.O_RDONLY)
    return None


def _try_lock(descriptor: int) -> bool:
    try:
        return try_lock(descriptor)
    except OSError as error:
        if error.errno in _DISK_FAULTS:
            raise
        return True  # nor does a file system without locks


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _remove_left_over(folder: Path, before: str) -> None:
    """Remove what processes of this computer that were killed have left behind."""
    for path in folder.iterdir():
        ours = re.fullmatch(
            f"{re.escape(before)}([0-9a-f]{{8}})[0-9a-f]{{8}}", path.name
        )
        if ours is not None and has_ended(int(ours[1], 16)):
            with suppress(OSError):
                path.unlink()


def _write_new(path: Path, content: str | bytes) -> None:
    if isinstance(content, str):
        content = content.encode("utf-8", errors="backslashreplace")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name last; a system that cannot do this has done what it can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno in _DISK_FAULTS:  # the name may be gone after a power cut
            raise


def _cannot_write(path: Path, error: OSError) -> CommandError | ResourceError:
    reason = (error.strerror or str(error)).lower()
    message = f"cannot write `{path}`: {reason}"
    if error.errno in _DISK_FAULTS:
        return ResourceError(message, hint="free some space, or write elsewhere")
    return CommandError(message, hint="name a place that can be written to")
