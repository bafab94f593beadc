"""The tables of each schema that is read, and how a store gets from one to the next."""

from typing import Any

from paribus.store.rows import CheckpointRow
from paribus.store.schema import CHECKPOINT, REPLAY, ROUND, SCHEMA_VERSION, TABLES
from paribus.store.table import Table


# Schema 2 had a table for checkpoints, but nothing ever wrote to it.
_CHECKPOINT_2 = Table(
    name="checkpoint",
    row=CheckpointRow,
    n_key=1,
    create="""CREATE TABLE checkpoint (
        name TEXT NOT NULL PRIMARY KEY,
        block INTEGER NOT NULL REFERENCES block (id),
        epoch INTEGER NOT NULL,
        size INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        digest INTEGER NOT NULL
    ) STRICT""",
    select="""SELECT name, block, epoch, size, sha256, digest
        FROM checkpoint ORDER BY name""",
    sum=CHECKPOINT.sum,
    insert=CHECKPOINT.insert,
    replace=CHECKPOINT.replace,
)

_TABLES_3 = tuple(table for table in TABLES if table is not ROUND)
_TABLES_2 = tuple(
    _CHECKPOINT_2 if table is CHECKPOINT else table
    for table in _TABLES_3
    if table is not REPLAY
)

TABLES_OF: dict[int, tuple[Table[Any], ...]] = {
    2: _TABLES_2,
    3: _TABLES_3,
    SCHEMA_VERSION: TABLES,
}

# What brings a store of a schema to the next, in one transaction. A table that is new
# gets its total beside it.
STEPS: dict[int, tuple[str, ...]] = {
    2: (
        "DROP TABLE checkpoint",
        CHECKPOINT.create,
        REPLAY.create,
        "PRAGMA user_version = 3",
    ),
    3: (ROUND.create, "PRAGMA user_version = 4"),
}


def tables_of(version: int) -> tuple[Table[Any], ...]:
    """The tables of a schema; of one that is not known, the newest."""
    return TABLES_OF.get(version, TABLES)
