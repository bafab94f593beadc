"""The study folder as files: what lies in it, and how it gets to the disk."""

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from io import BufferedReader
from pathlib import Path

from paribus.errors import StoreError


DATABASE = "study.db"
JOURNAL = "study.db-journal"
LOCK = "writer.lock"
CHECKPOINTS = "checkpoints"

# Everything that a folder which is still being built may contain.
OWN_NAMES = {DATABASE, JOURNAL, LOCK}
_RANDOM = re.compile(r"[0-9a-f]{16}")


def study_exists(folder: Path) -> bool:
    """Whether there is a study in `folder`, in whatever state."""
    return os.path.lexists(folder / DATABASE)


def check_folder(folder: Path) -> None:
    """Refuse what is not a study folder, without touching it.

    Raises:
        StoreError: If the folder or its database is missing, of another kind, or empty.
    """
    kind = _kind(folder)
    if kind is None:
        raise no_study(folder)
    if kind != "folder":
        hint = ""
        if folder.suffix == ".toml":
            hint = "`paribus run` trains a study file and says in which folder"
        raise StoreError(f"`{folder}` must be a folder, got a {kind}", hint=hint)
    database = folder / DATABASE
    kind = _kind(database)
    if kind is None:
        raise no_study(folder)
    if kind != "file":
        raise StoreError(f"`{database}` must be a regular file, got a {kind}")
    if database.lstat().st_size == 0:
        raise empty(database)
    if (kind := _kind(folder / JOURNAL)) not in (None, "file"):
        raise StoreError(f"`{folder / JOURNAL}` must be a regular file, got a {kind}")


def empty(database: Path) -> StoreError:
    """Make the error for a database without a byte."""
    return StoreError(
        f"`{database}` is empty, so `{database.parent}` is not a study",
        hint="if it was one, nothing is left to save: go on from a copy of the folder, "
        "or train the study again in another, with `--out`",
    )


def no_study(folder: Path) -> StoreError:
    """Make the error for a folder without a study, naming the nearest that has one."""
    near = [path for path in _studies_in(folder.parent) if path != folder]
    # Where `paribus run` puts those that are called by their name alone.
    near += _studies_in(folder.parent / "studies")
    close = get_close_matches(folder.name, [path.name for path in near])
    if left := [n for n in (LOCK, CHECKPOINTS) if os.path.lexists(folder / n)]:
        hint = (
            f"`{left[0]}` in it is what a study leaves: without its `{DATABASE}` its "
            "results are lost, unless a copy has it"
        )
    elif close:
        found = next(path for path in near if path.name == close[0])
        hint = f"did you mean `{found}`?"
    elif near:
        shown = ", ".join(f"`{path}`" for path in sorted(near)[:3])
        n_more = len(near) - 3
        hint = f"known: {shown}{f' and {n_more} more' if n_more > 0 else ''}"
    else:
        hint = "`paribus run` makes one"
    return StoreError(f"no study in `{folder}`", hint=hint)


def sync_folder(folder: Path) -> None:
    """Make renamed, new and removed names in `folder` survive a power cut."""
    if os.name == "nt":  # Windows has no handle for this, and journals names itself
        return
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading: no link is followed, no pipe is waited for.

    Raises:
        OSError: If it is anything else, or cannot be opened.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it must be a regular file", str(path))
    return os.fdopen(descriptor, "rb")


def building_folder(folder: Path) -> Path:
    """Name the folder that is built and then renamed to `folder`."""
    return folder.parent / f".{folder.name}.new-{secrets.token_hex(8)}"


def leftovers(folder: Path) -> Iterator[Path]:
    """Find folders that were being built for `folder` and hold only our files."""
    prefix = f".{folder.name}.new-"
    with suppress(FileNotFoundError):
        for path in list(folder.parent.iterdir()):
            is_named_so = path.name.startswith(prefix) and _RANDOM.fullmatch(
                path.name.removeprefix(prefix)
            )
            if is_named_so and _kind(path) == "folder" and _holds_only_ours(path):
                yield path


def remove_built(path: Path) -> None:
    """Remove a folder that was being built: our files, then the folder itself."""
    for name in sorted(OWN_NAMES):
        with suppress(FileNotFoundError):
            (path / name).unlink()
    path.rmdir()


def remove_new(folder: Path, made: Sequence[Path]) -> None:
    """Remove a study that was just made, unless it holds what is not ours.

    It gets the name of a folder that is being built first, so that whoever is killed
    meanwhile leaves nothing that looks like a study.

    Args:
        folder: The study.
        made: What was made, the folder itself and those above it, the nearest first.
    """
    if not _holds_only_ours(folder):
        return
    with suppress(OSError):
        aside = building_folder(folder)
        folder.rename(aside)
        remove_built(aside)
        if folder not in made:
            folder.mkdir()
        for path in made:
            if path != folder:
                path.rmdir()


def _holds_only_ours(path: Path) -> bool:
    with suppress(FileNotFoundError):
        return all(
            child.name in OWN_NAMES and _kind(child) == "file"
            for child in path.iterdir()
        )
    return False


def _studies_in(folder: Path) -> list[Path]:
    with suppress(OSError):
        return [path for path in folder.iterdir() if study_exists(path)]
    return []


def _kind(path: Path) -> str | None:
    """What lies at `path` itself: a link is not followed. None if nothing does."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # a NUL in the path
        return None
    if stat.S_ISLNK(mode):
        return "symbolic link"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "special file"
