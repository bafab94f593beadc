"""How a file that people keep is written: whole or not at all."""

import errno
import hashlib
import os
import platform
import re
import secrets
from contextlib import suppress
from pathlib import Path

from paribus.errors import CommandError, ResourceError


# What a study is made of (`paribus.store.folder`): no report takes its place.
STUDY_FILES = frozenset({"study.db", "study.db-journal", "writer.lock"})

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
    if path.name in STUDY_FILES and (path.parent / "study.db").exists():
        raise CommandError(f"`{path}` is a part of a study, and must stay")
    data = (
        content.encode("utf-8", errors="backslashreplace")
        if isinstance(content, str)
        else content
    )
    before = f".{path.name[:100]}.{_host()}"
    temporary = path.with_name(f"{before}{os.getpid():08x}{secrets.token_hex(4)}")
    made = [p for p in (path.parent, *path.parent.parents) if not os.path.lexists(p)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_new(temporary, data)
        temporary.replace(path)
        with suppress(OSError):
            _remove_left_over(path.parent, before)
        _sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        for folder in made:  # the nearest first, unless somebody uses it by now
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError):
            raise _cannot_write(path, error) from error
        raise


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _remove_left_over(folder: Path, before: str) -> None:
    """Remove what processes of this computer that were killed have left behind."""
    if os.name != "posix":  # elsewhere to ask for a process may end it
        return
    for path in folder.iterdir():
        ours = re.fullmatch(
            f"{re.escape(before)}([0-9a-f]{{8}})[0-9a-f]{{8}}", path.name
        )
        if ours is None:
            continue
        try:
            os.kill(int(ours[1], 16), 0)
        except ProcessLookupError:
            with suppress(OSError):
                path.unlink()
        except (OSError, OverflowError):
            continue  # it runs, and belongs to somebody else


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
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
