"""A new study, built beside its place and put there in one step."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from paribus.errors import StoreError
from paribus.file_locks import LockedError
from paribus.results import DataFacts
from paribus.space import Config
from paribus.status import RunStatus
from paribus.store.connection import connect_new, create_schema
from paribus.store.documents import study_row
from paribus.store.failures import translated
from paribus.store.folder import (
    DATABASE,
    building_folder,
    leftovers,
    remove_built,
    study_exists,
    sync_folder,
)
from paribus.store.ledger import Ledger
from paribus.store.lock import WriterLock
from paribus.store.rows import ConfigRow, RunRow
from paribus.store.schema import CONFIG, RUN, STUDY
from paribus.study import Study


_BUILDING_TRIES = 5
_SOMETHING_THERE = {errno.ENOTEMPTY, errno.EEXIST}  # though it may be gone by now


class Opened(NamedTuple):
    """A study that is open for writing.

    Attributes:
        lock: The writer's lock, held.
        ledger: The tables.
        study: All that is stored.
        data: What it is trained on.
        epochs: When runs are evaluated.
    """

    lock: WriterLock
    ledger: Ledger
    study: Study
    data: DataFacts
    epochs: tuple[float, ...]


def now() -> str:
    """The time as it is stored: ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def build_study(
    folder: Path,
    study: Study,
    data: DataFacts,
    epochs: tuple[float, ...],
    *,
    fill: Callable[[Opened], None] = lambda new: None,
) -> WriterLock | None:
    """Build a new study and rename it to `folder`, so that half a study cannot exist.

    Args:
        folder: Where to.
        study: What is asked.
        data: What it is trained on.
        epochs: When runs are evaluated.
        fill: Writes what the study holds from the start.

    Returns:
        The writer's lock, held without a gap since before the rename; None if another
        process was first.

    Raises:
        StoreError: If `folder` exists and is not empty.
        OSError: If a file cannot be written.
        sqlite3.Error: The same.
    """
    if study_exists(folder):
        return None
    check_is_free(folder)
    made = [path for path in folder.parents if not path.exists()]  # the nearest first
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for path in made:
            sync_folder(path.parent)
        return _built(folder, study, data, epochs, fill)
    except BaseException:
        for path in made:  # unless somebody uses it by now
            with suppress(OSError):
                path.rmdir()
        raise


def check_is_free(folder: Path) -> None:
    """Refuse a place where something is, and no study.

    Raises:
        StoreError: If `folder` exists, is not empty, and is no study.
    """
    with translated(folder, "read"):
        is_taken = os.path.lexists(folder) and not _is_empty(folder)
        # Asked last: another process may have put a study there just now.
        if is_taken and not study_exists(folder):
            raise _not_empty(folder)
        if folder.exists() and folder.samefile(os.curdir):
            raise StoreError(
                f"`{folder}` must be another folder than the one in which the command "
                "runs",
                hint="name a new one in it, with `--out`",
            )


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that died while they built `folder` have left.

    A folder whose lock is held is being built now, and stays.
    """
    for path in leftovers(folder):
        with suppress(OSError, LockedError):
            lock = WriterLock.acquire(path, wait_s=0.0)
            try:
                remove_built(path)
            finally:
                lock.release()


def config_rows(configs: Sequence[Config], *, first: int = 0) -> list[ConfigRow]:
    """Write configs as rows, from position `first` on."""
    return [
        ConfigRow(id=first + position, name=config.id, config=config.to_json())
        for position, config in enumerate(configs)
    ]


def run_rows(
    pairs: Sequence[tuple[int, int]], configs: Sequence[Config], *, first: int = 0
) -> list[RunRow]:
    """Write runs that are to be trained as rows, from id `first` on.

    Args:
        pairs: Position of the config, seed.
        configs: All configs of the study.
        first: The id of the first.
    """
    texts = [config.to_json() for config in configs]
    return [
        RunRow(
            id=first + position,
            name=run_name(texts[config], seed),
            config=config,
            seed=seed,
            status=int(RunStatus.PENDING),
            diverged_at=0,
            block=0,
        )
        for position, (config, seed) in enumerate(pairs)
    ]


def run_name(config_json: str, seed: int) -> str:
    """Sixteen hexadecimal digits that depend on a run's config and its seed alone."""
    text = f"{config_json} {seed}"
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def _locked_building(folder: Path) -> tuple[Path, WriterLock]:
    """Make the folder to build in, and lock it.

    Another process that clears up may take it away before the lock is held.
    """
    for _ in range(_BUILDING_TRIES):
        building = building_folder(folder)
        building.mkdir()
        with suppress(FileNotFoundError, LockedError):
            return building, WriterLock.acquire(building)
    raise StoreError(
        f"cannot write `{folder.parent}`: other programs remove files in it"
    )


def _built(
    folder: Path,
    study: Study,
    data: DataFacts,
    epochs: tuple[float, ...],
    fill: Callable[[Opened], None],
) -> WriterLock | None:
    was_there = folder.exists()
    building, lock = _locked_building(folder)
    is_in_place = False
    try:
        if was_there:
            _open_to_the_same(folder, building)
        with closing(connect_new(_new_file(building / DATABASE))) as connection:
            ledger = Ledger(connection, building / DATABASE)
            new = Opened(lock, ledger, study, data, epochs)
            _write_database(new)
            fill(new)
        sync_folder(building)
        is_in_place = _rename(building, folder)
        if is_in_place:
            sync_folder(folder.parent)
    except BaseException:
        if is_in_place:  # but perhaps not for good
            with suppress(OSError):
                folder.rename(building)
                if was_there:
                    folder.mkdir()
        _abandon(building, lock)
        raise
    if is_in_place:
        return lock
    _abandon(building, lock)
    return None


def _open_to_the_same(folder: Path, building: Path) -> None:
    """Who may use an empty folder may use the study that takes its place."""
    there = folder.stat()
    if os.name == "posix" and there.st_gid != building.stat().st_gid:
        with suppress(PermissionError):
            os.chown(building, -1, there.st_gid)
    building.chmod(stat.S_IMODE(there.st_mode))


def _abandon(building: Path, lock: WriterLock) -> None:
    lock.release()
    with suppress(OSError):
        remove_built(building)


def _new_file(database: Path) -> Path:
    os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return database


def _write_database(new: Opened) -> None:
    """Write a study of which nothing is trained."""
    configs = new.study.configs()
    pairs = [(c, seed) for c in range(len(configs)) for seed in new.study.all_seeds]
    ledger = new.ledger
    with ledger.transaction():
        create_schema(ledger.connection)
        ledger.create_totals()
        row = study_row(new.study, new.data, created=now(), epochs=new.epochs)
        ledger.insert(STUDY, [row])
        ledger.insert(CONFIG, config_rows(configs))
        ledger.insert(RUN, run_rows(pairs, configs))


def _rename(building: Path, folder: Path) -> bool:
    """Put the built folder in its place; False if a study is there already."""
    while True:
        try:
            building.rename(folder)
        except OSError as error:
            if study_exists(folder):
                return False
            if os.path.lexists(folder):
                raise _not_empty(folder) from None
            if error.errno not in _SOMETHING_THERE:
                raise
        else:
            return True


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def must_be_new(folder: Path, *, hint: str) -> StoreError:
    """Make the error for a study in a place for another one."""
    return StoreError(f"`{folder}` must be a new folder, got a study", hint=hint)


def _not_empty(folder: Path) -> StoreError:
    """Make the error for a place where something else is."""
    if folder.is_symlink() or not folder.is_dir():
        what = "a symbolic link" if folder.is_symlink() else "a file"
        return StoreError(f"`{folder}` must be a new folder or a study, got {what}")
    names = sorted(path.name for path in folder.iterdir())
    if not names and folder.is_mount():
        return StoreError(
            f"`{folder}` must be a new folder or a study, got where a disk is mounted",
            hint="name a folder in it, with `--out`",
        )
    shown = f"`{names[0]}` in it" if names else "this program in it"
    return StoreError(
        f"`{folder}` must be empty or a study, got a folder with {shown}",
        hint="name another folder with `--out`",
    )
