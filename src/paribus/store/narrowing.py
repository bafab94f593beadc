"""Blocks that were too wide for the memory: given back, and remembered."""

from paribus.status import RunStatus
from paribus.store.attempts import facts_of, read_attempts
from paribus.store.blocks import read_running
from paribus.store.chunks import read_runs
from paribus.store.documents import storable
from paribus.store.ledger import Ledger
from paribus.store.rows import BlockStatus
from paribus.store.schema import BLOCK, RUN


_TOO_WIDE = "too wide: "


def give_back(ledger: Ledger, block: int, message: str) -> None:
    """Let the runs of a block wait again, since together they do not fit.

    Raises:
        ValueError: If the block is not running.
    """
    row, runs = read_running(ledger, block)
    runs = [run for run in runs if run.status == RunStatus.RUNNING]
    waiting = [run._replace(status=int(RunStatus.PENDING)) for run in runs]
    ended = row._replace(
        status=BlockStatus.INTERRUPTED.value, message=storable(_TOO_WIDE + message)
    )
    with ledger.transaction():
        ledger.replace(RUN, runs, waiting)
        ledger.replace(BLOCK, [row], [ended])


def too_wide(ledger: Ledger, device: str) -> dict[str, int]:
    """The fewest runs that did not fit together, by the description of their block.

    Args:
        ledger: The open store.
        device: As the environment of an attempt names it: others have other memory.
    """
    there = {
        row.number
        for row in read_attempts(ledger)
        if facts_of(row, ledger.database).environment.get("device") == device
    }
    found: dict[str, int] = {}
    for row in ledger.read(BLOCK):
        if row.attempt in there and row.message.startswith(_TOO_WIDE):
            n_runs = len(read_runs(row.runs))
            fewest = found.get(row.description, n_runs)
            found[row.description] = min(fewest, n_runs)
    return found
