"""Attempts, and what becomes of the work they leave unfinished."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from paribus.status import RunStatus
from paribus.store.creation import now
from paribus.store.documents import (
    AttemptFacts,
    read_attempt_facts,
    storable,
    write_environment,
)
from paribus.store.failures import damaged
from paribus.store.ledger import Ledger
from paribus.store.rows import AttemptRow, BlockStatus
from paribus.store.schema import ATTEMPT, BLOCK, RUN
from paribus.store.seconds import seconds_problem


def this_host() -> str:
    """The name of this computer, as it is stored."""
    return storable(socket.gethostname())


def new_attempt(number: int, environment: Mapping[str, str]) -> AttemptRow:
    """Write this process, at this moment, as an attempt."""
    return AttemptRow(
        number=number,
        pid=os.getpid(),
        host=this_host(),
        boot_id=_boot_id(),
        started=now(),
        environment=write_environment(environment),
        n_runs=0,
        seconds=0.0,
        is_finished=0,
    )


def read_attempts(ledger: Ledger) -> list[AttemptRow]:
    """Read and verify all attempts: numbers from 1, and seconds.

    Raises:
        StoreError: If a row does not verify, or has another number or no seconds.
    """
    rows = ledger.read(ATTEMPT)
    for number, row in enumerate(rows, 1):
        if row.number != number:
            raise damaged(
                ledger.database,
                f"table `attempt`, key {row.number}: it must be number {number}",
            )
        problem = seconds_problem(row)
        if problem is not None:
            raise damaged(ledger.database, f"table `attempt`, key {number}: {problem}")
    return rows


def facts_of(row: AttemptRow, database: Path) -> AttemptFacts:
    """Read what an attempt has said of itself.

    Raises:
        StoreError: If its text cannot be understood; `database` names it.
    """
    try:
        return read_attempt_facts(row.environment)
    except ValueError as error:
        raise damaged(
            database, f"table `attempt`, key {row.number}: {error}"
        ) from error


def stop_running(ledger: Ledger, status: RunStatus, block_status: BlockStatus) -> None:
    """Give what is marked as running another status, inside a transaction."""
    runs = [row for row in ledger.read(RUN) if row.status == RunStatus.RUNNING]
    stopped = [row._replace(status=int(status)) for row in runs]
    ledger.replace(RUN, runs, stopped)
    blocks = [row for row in ledger.read(BLOCK) if row.status == BlockStatus.RUNNING]
    ended = [row._replace(status=block_status.value) for row in blocks]
    ledger.replace(BLOCK, blocks, ended)


def _boot_id() -> str:
    """What tells one start of this computer from another; empty where nothing does."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return ""
