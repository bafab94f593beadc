"""An old store becomes one of the newest schema: all of it at once, or not at all."""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from paribus.store.connection import StoreConnection, check_schema
from paribus.store.folder import DATABASE, sync_folder
from paribus.store.ledger import Ledger
from paribus.store.schema import SCHEMA_VERSION
from paribus.store.versions import STEPS, tables_of


def backup_name(version: int) -> str:
    """What a store of an old schema is kept as until a run has ended in order."""
    return f"{DATABASE}.schema-{version}"


def migrate(connection: StoreConnection, database: Path) -> None:
    """Bring a verified store to the newest schema; a backup of it lies beside it.

    Raises:
        StoreError: If the outcome is not what a fresh store is.
        OSError: If the backup cannot be written.
        sqlite3.Error: The same.
    """
    ledger = Ledger(connection, database)
    if ledger.version == SCHEMA_VERSION:
        return
    _back_up(connection, database, ledger.version)
    with ledger.transaction():
        while ledger.version < SCHEMA_VERSION:
            known = {table.name for table in ledger.tables}
            for statement in STEPS[ledger.version]:
                connection.execute(statement)
            ledger = Ledger(connection, database)
            for table in tables_of(ledger.version):
                if table.name not in known:
                    ledger.create_total(table)
        check_schema(connection, database)
        ledger.check_totals()


def remove_backups(folder: Path) -> None:
    """Remove what `migrate` has kept, once a run has ended in order."""
    for version in STEPS:
        with suppress(OSError):
            (folder / backup_name(version)).unlink()


def _back_up(connection: StoreConnection, database: Path, version: int) -> None:
    """Copy the database beside it: under its name only when the copy is on the disk."""
    path = database.with_name(backup_name(version))
    _remove_unfinished(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        # A name may hold bytes that are no UTF-8: only a URI takes those.
        connection.execute("VACUUM INTO ?", (temporary.absolute().as_uri(),))
        descriptor = os.open(temporary, os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(database.parent)


def _remove_unfinished(path: Path) -> None:
    """Remove copies that a death has left: who migrates holds the lock, alone."""
    unfinished = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}(-journal)?")
    for found in list(path.parent.iterdir()):
        if unfinished.fullmatch(found.name):
            with suppress(OSError):
                found.unlink()
