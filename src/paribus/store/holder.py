"""Who is writing a study: told by the study itself, not by the lock file."""

import sqlite3
from pathlib import Path

from paribus.errors import StoreError
from paribus.processes import has_ended
from paribus.store.attempts import this_host
from paribus.store.connection import connect
from paribus.store.folder import DATABASE
from paribus.store.ledger import Ledger
from paribus.store.rows import AttemptRow
from paribus.store.schema import ATTEMPT


def in_use(folder: Path) -> StoreError:
    """Make the error for a study whose lock another process holds."""
    attempt = _last_attempt(folder)
    is_gone = (
        attempt is not None and attempt.host == this_host() and has_ended(attempt.pid)
    )
    # Else the holder has not begun to train, or that attempt died.
    if attempt is None or attempt.is_finished or is_gone:
        who = "another process"
    else:
        who = f"pid {attempt.pid} on host {attempt.host} since {attempt.started}"
    return StoreError(
        f"`{folder}` is in use by {who}",
        hint="wait until it ends, or stop it; reading commands work meanwhile",
    )


def _last_attempt(folder: Path) -> AttemptRow | None:
    """The newest attempt; None if there is none, or none can be read at once."""
    database = folder / DATABASE
    try:
        connection = connect(database, mode="ro", busy_timeout_s=0.3)
    except (sqlite3.Error, StoreError, OSError, UnicodeDecodeError):
        return None
    try:
        attempts = Ledger(connection, database).read(ATTEMPT)
    except (sqlite3.Error, StoreError, OSError, UnicodeDecodeError):
        return None
    finally:
        connection.close()
    return attempts[-1] if attempts else None
