"""How a study is opened for writing: checked first, changed by nothing yet."""

from pathlib import Path

from paribus.file_locks import LockedError
from paribus.results import DataFacts
from paribus.store.checkpoints import check_places
from paribus.store.connection import check_header, connect
from paribus.store.contents import (
    read_stored_blocks,
    read_stored_runs,
    read_stored_study,
)
from paribus.store.creation import Opened, remove_leftovers
from paribus.store.folder import DATABASE, check_folder, no_study
from paribus.store.holder import in_use
from paribus.store.ledger import Ledger
from paribus.store.lock import WriterLock
from paribus.store.migration import migrate
from paribus.store.network import check_lock_excludes
from paribus.store.reader import read_result
from paribus.store.schema import CHECKPOINT, SCHEMA_VERSION
from paribus.store.snapshot import (
    has_unfinished_write,
    verify_recovery,
    verify_store,
)
from paribus.study import Study


def open_for_writing(folder: Path) -> Opened:
    """Take the lock of a study and open it.

    Raises:
        StoreError: If there is no study, it does not verify, a newer program wrote it,
            or another process uses it.
        OSError: If a file cannot be opened.
        sqlite3.Error: The same.
    """
    check_folder(folder)
    check_header(folder / DATABASE)
    try:
        lock = WriterLock.acquire(folder)
    except LockedError:
        raise in_use(folder) from None
    except FileNotFoundError:  # whoever held it has taken it back
        raise no_study(folder) from None
    return open_locked(folder, lock)


def open_locked(folder: Path, lock: WriterLock) -> Opened:
    """Open a study whose lock is held; the lock is released if that fails.

    An unfinished write that a crash has left is undone, once that has worked on a copy;
    a store of an older schema becomes one of the newest, once all of it was read.

    Raises:
        StoreError: If it does not verify, rows contradict one another, or it has a
            checkpoint elsewhere.
        OSError: If a file cannot be opened.
        sqlite3.Error: The same.
    """
    try:
        check_lock_excludes(folder)
        remove_leftovers(folder)
        if has_unfinished_write(folder):
            verify_recovery(folder)
        database = folder / DATABASE
        connection = connect(database, mode="rw")
        try:
            verify_store(connection, database)
            study, data, epochs = _verified(Ledger(connection, database))
            migrate(connection, database)
            ledger = Ledger(connection, database)
        except BaseException:
            connection.close()
            raise
    except BaseException:
        lock.release()
        raise
    return Opened(lock, ledger, study, data, epochs)


def _verified(ledger: Ledger) -> tuple[Study, DataFacts, tuple[float, ...]]:
    """The study, once what it is written to agrees with itself, as readers ask."""
    if ledger.version < SCHEMA_VERSION:
        read_result(ledger)  # every digest: what is damaged must not be made new
    study, data, epochs = read_stored_study(ledger)
    read_stored_blocks(ledger, study, read_stored_runs(ledger, study))
    ledger.check_references()
    check_places(ledger.database.parent, ledger.read(CHECKPOINT))
    return study, data, epochs
