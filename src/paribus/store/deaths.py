"""Blocks in which processes have died more than once: most often memory ran out."""

import warnings
from pathlib import Path

from paribus.errors import ParibusWarning
from paribus.status import ENDED_EARLY, READY
from paribus.store.chunks import read_runs
from paribus.store.ledger import Ledger
from paribus.store.rows import BlockRow
from paribus.store.schema import ATTEMPT, BLOCK, CHUNK, RUN


_MANY = 2


def tell_deaths(ledger: Ledger, folder: Path) -> None:
    """Warn of blocks that wait to be trained and in which two processes have died.

    Nothing is decided: a kill may have any reason. An attempt that neither ended nor
    trains now has died, and what it was doing is the block that it left unfinished.

    Args:
        ledger: The open store, once this attempt has begun.
        folder: The study folder, for the message.
    """
    *earlier, _ = ledger.read(ATTEMPT)
    died = {row.number for row in earlier if not row.is_finished}
    if len(died) < _MANY:
        return
    runs = ledger.read(RUN)
    waiting = {row.id for row in runs if row.status in READY}
    ended = {row.id for row in runs if row.status in ENDED_EARLY}
    deaths: dict[bytes, set[int]] = {}
    last: dict[bytes, BlockRow] = {}
    tried: dict[int, set[int]] = {}
    for chunk in ledger.read(CHUNK):
        tried.setdefault(chunk.block, set()).add(chunk.attempt)
    for block in ledger.read(BLOCK):
        # What is resumed keeps its block; what is begun anew has the same runs.
        left = set(read_runs(block.runs).tolist()) - ended
        if left and waiting.issuperset(left):
            attempts = {block.attempt, *tried.get(block.id, ())}
            deaths.setdefault(block.runs, set()).update(attempts & died)
            last[block.runs] = block
    for runs, attempts in deaths.items():
        if len(attempts) >= _MANY:
            n_runs = len(read_runs(runs))
            where = last[runs].description
            warnings.warn(
                f"`{folder}`: {len(attempts)} processes have died while they trained "
                f"the block `{where}` of {n_runs} runs; if memory ran out, train "
                "smaller blocks: fewer seeds first (`--seeds 1`), then all",
                ParibusWarning,
                stacklevel=4,
            )
