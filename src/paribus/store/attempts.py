"""Attempts, and what becomes of the work they leave unfinished."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from paribus.status import RunStatus
from paribus.store.creation import now
from paribus.store.documents import storable, write_environment
from paribus.store.ledger import Ledger
from paribus.store.rows import AttemptRow, BlockStatus
from paribus.store.schema import BLOCK, RUN


def new_attempt(number: int, environment: Mapping[str, str]) -> AttemptRow:
    """Write this process, at this moment, as an attempt."""
    return AttemptRow(
        number=number,
        pid=os.getpid(),
        host=storable(socket.gethostname()),
        boot_id=_boot_id(),
        started=now(),
        environment=write_environment(environment),
        n_runs=0,
        seconds=0.0,
        is_finished=0,
    )


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
