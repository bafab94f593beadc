"""The tables of a study's database, and every statement about them.

Statements are whole literals: nothing that a study contains can become part of one.
"""

from typing import Any

from paribus.store.rows import (
    AnswerRow,
    AttemptRow,
    BaselineRow,
    BlockRow,
    CheckpointRow,
    ChunkRow,
    ConfigRow,
    MeasureRow,
    ReplayRow,
    RoundRow,
    RunRow,
    StudyRow,
    TimingRow,
)
from paribus.store.table import Blob, Table


APPLICATION_ID = 0x50415249  # "PARI"
SCHEMA_VERSION = 4
OLDEST_SCHEMA = 2  # nothing that was released wrote an older one


STUDY = Table(
    name="study",
    row=StudyRow,
    n_key=1,
    create="""CREATE TABLE study (
        id INTEGER NOT NULL PRIMARY KEY,
        study TEXT NOT NULL,
        data TEXT NOT NULL,
        epochs TEXT NOT NULL,
        created TEXT NOT NULL,
        digest INTEGER NOT NULL
    ) STRICT""",
    select="SELECT id, study, data, epochs, created, digest FROM study ORDER BY id",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM study",
    insert="INSERT INTO study VALUES (?, ?, ?, ?, ?, ?)",
    replace="REPLACE INTO study VALUES (?, ?, ?, ?, ?, ?)",
)

CONFIG = Table(
    name="config",
    row=ConfigRow,
    n_key=1,
    create="""CREATE TABLE config (
        id INTEGER NOT NULL PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        config TEXT NOT NULL,
        digest INTEGER NOT NULL
    ) STRICT""",
    select="SELECT id, name, config, digest FROM config ORDER BY id",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM config",
    insert="INSERT INTO config VALUES (?, ?, ?, ?)",
    replace="REPLACE INTO config VALUES (?, ?, ?, ?)",
)

RUN = Table(
    name="run",
    row=RunRow,
    n_key=1,
    create="""CREATE TABLE run (
        id INTEGER NOT NULL PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        config INTEGER NOT NULL REFERENCES config (id),
        seed INTEGER NOT NULL,
        status INTEGER NOT NULL,
        diverged_at INTEGER NOT NULL,
        block INTEGER NOT NULL,
        digest INTEGER NOT NULL
    ) STRICT""",
    select="""SELECT id, name, config, seed, status, diverged_at, block, digest
        FROM run ORDER BY id""",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM run",
    insert="INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    replace="REPLACE INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
)

BLOCK = Table(
    name="block",
    row=BlockRow,
    n_key=1,
    create="""CREATE TABLE block (
        id INTEGER NOT NULL PRIMARY KEY,
        attempt INTEGER NOT NULL REFERENCES attempt (number),
        description TEXT NOT NULL,
        status TEXT NOT NULL,
        message TEXT NOT NULL,
        runs BLOB NOT NULL,
        digest INTEGER NOT NULL
    ) STRICT""",
    select="""SELECT id, attempt, description, status, message, runs, digest
        FROM block ORDER BY id""",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM block",
    insert="INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?)",
    replace="REPLACE INTO block VALUES (?, ?, ?, ?, ?, ?, ?)",
)

ATTEMPT = Table(
    name="attempt",
    row=AttemptRow,
    n_key=1,
    create="""CREATE TABLE attempt (
        number INTEGER NOT NULL PRIMARY KEY,
        pid INTEGER NOT NULL,
        host TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        started TEXT NOT NULL,
        environment TEXT NOT NULL,
        n_runs INTEGER NOT NULL,
        seconds REAL NOT NULL,
        is_finished INTEGER NOT NULL,
        digest INTEGER NOT NULL
    ) STRICT""",
    select="""SELECT number, pid, host, boot_id, started, environment, n_runs, seconds,
        is_finished, digest FROM attempt ORDER BY number""",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM attempt",
    insert="INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    replace="REPLACE INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
)

CHUNK = Table(
    name="chunk",
    row=ChunkRow,
    n_key=5,
    create="""CREATE TABLE chunk (
        block INTEGER NOT NULL REFERENCES block (id),
        split TEXT NOT NULL,
        metric TEXT NOT NULL,
        first_evaluation INTEGER NOT NULL,
        attempt INTEGER NOT NULL REFERENCES attempt (number),
        n_evaluations INTEGER NOT NULL,
        n_runs INTEGER NOT NULL,
        is_superseded INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        data BLOB NOT NULL,
        digest INTEGER NOT NULL,
        PRIMARY KEY (block, split, metric, first_evaluation, attempt)
    ) STRICT""",
    select="""SELECT block, split, metric, first_evaluation, attempt, n_evaluations,
        n_runs, is_superseded, crc, data, digest FROM chunk
        ORDER BY block, split, metric, first_evaluation, attempt""",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM chunk",
    insert="INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    replace="REPLACE INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    blob=Blob(
        sizes="""SELECT block, split, metric, first_evaluation, attempt,
            n_evaluations, n_runs, length(data) FROM chunk
            ORDER BY block, split, metric, first_evaluation, attempt""",
        n_bytes=lambda n_evaluations, n_runs: 4 * n_evaluations * n_runs,
    ),
)

MEASURE = Table(
    name="measure",
    row=MeasureRow,
    n_key=2,
    create="""CREATE TABLE measure (
        block INTEGER NOT NULL REFERENCES block (id),
        name TEXT NOT NULL,
        n_runs INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        data BLOB NOT NULL,
        digest INTEGER NOT NULL,
        PRIMARY KEY (block, name)
    ) STRICT""",
    select="""SELECT block, name, n_runs, crc, data, digest FROM measure
        ORDER BY block, name""",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM measure",
    insert="INSERT INTO measure VALUES (?, ?, ?, ?, ?, ?)",
    replace="REPLACE INTO measure VALUES (?, ?, ?, ?, ?, ?)",
    blob=Blob(
        sizes="""SELECT block, name, n_runs, length(data) FROM measure
            ORDER BY block, name""",
        n_bytes=lambda n_runs: 4 * n_runs,
    ),
)

ANSWER = Table(
    name="answer",
    row=AnswerRow,
    n_key=2,
    create="""CREATE TABLE answer (
        block INTEGER NOT NULL REFERENCES block (id),
        split TEXT NOT NULL,
        n_runs INTEGER NOT NULL,
        n_examples INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        data BLOB NOT NULL,
        digest INTEGER NOT NULL,
        PRIMARY KEY (block, split)
    ) STRICT""",
    select="""SELECT block, split, n_runs, n_examples, crc, data, digest FROM answer
        ORDER BY block, split""",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM answer",
    insert="INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)",
    replace="REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)",
    blob=Blob(
        sizes="""SELECT block, split, n_runs, n_examples, length(data) FROM answer
            ORDER BY block, split""",
        n_bytes=lambda n_runs, n_examples: n_runs * -(-n_examples // 8),
    ),
)

BASELINE = Table(
    name="baseline",
    row=BaselineRow,
    n_key=1,
    create="""CREATE TABLE baseline (
        id INTEGER NOT NULL PRIMARY KEY,
        train_loss REAL NOT NULL,
        learning_rate REAL NOT NULL,
        attempt INTEGER NOT NULL REFERENCES attempt (number),
        digest INTEGER NOT NULL
    ) STRICT""",
    select="""SELECT id, train_loss, learning_rate, attempt, digest FROM baseline
        ORDER BY id""",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM baseline",
    insert="INSERT INTO baseline VALUES (?, ?, ?, ?, ?)",
    replace="REPLACE INTO baseline VALUES (?, ?, ?, ?, ?)",
)

CHECKPOINT = Table(
    name="checkpoint",
    row=CheckpointRow,
    n_key=1,
    create="""CREATE TABLE checkpoint (
        name TEXT NOT NULL PRIMARY KEY,
        block INTEGER NOT NULL REFERENCES block (id),
        evaluation INTEGER NOT NULL,
        size INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        digest INTEGER NOT NULL
    ) STRICT""",
    select="""SELECT name, block, evaluation, size, sha256, digest
        FROM checkpoint ORDER BY name""",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM checkpoint",
    insert="INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?, ?)",
    replace="REPLACE INTO checkpoint VALUES (?, ?, ?, ?, ?, ?)",
    delete="DELETE FROM checkpoint WHERE name = ?",
)

REPLAY = Table(
    name="replay",
    row=ReplayRow,
    n_key=2,
    create="""CREATE TABLE replay (
        block INTEGER NOT NULL REFERENCES block (id),
        attempt INTEGER NOT NULL REFERENCES attempt (number),
        n_values INTEGER NOT NULL,
        n_different INTEGER NOT NULL,
        largest REAL NOT NULL,
        digest INTEGER NOT NULL,
        PRIMARY KEY (block, attempt)
    ) STRICT""",
    select="""SELECT block, attempt, n_values, n_different, largest, digest
        FROM replay ORDER BY block, attempt""",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM replay",
    insert="INSERT INTO replay VALUES (?, ?, ?, ?, ?, ?)",
    replace="REPLACE INTO replay VALUES (?, ?, ?, ?, ?, ?)",
)

TIMING = Table(
    name="timing",
    row=TimingRow,
    n_key=1,
    create="""CREATE TABLE timing (
        config INTEGER NOT NULL PRIMARY KEY REFERENCES config (id),
        seconds_per_epoch REAL NOT NULL,
        variation REAL NOT NULL,
        n_repeats INTEGER NOT NULL,
        load_before REAL NOT NULL,
        attempt INTEGER NOT NULL REFERENCES attempt (number),
        digest INTEGER NOT NULL
    ) STRICT""",
    select="""SELECT config, seconds_per_epoch, variation, n_repeats, load_before,
        attempt, digest FROM timing ORDER BY config""",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM timing",
    insert="INSERT INTO timing VALUES (?, ?, ?, ?, ?, ?, ?)",
    replace="REPLACE INTO timing VALUES (?, ?, ?, ?, ?, ?, ?)",
)

ROUND = Table(
    name="round",
    row=RoundRow,
    n_key=2,
    create="""CREATE TABLE round (
        round INTEGER NOT NULL,
        config INTEGER NOT NULL REFERENCES config (id),
        seconds_per_epoch REAL NOT NULL,
        load_before REAL NOT NULL,
        attempt INTEGER NOT NULL REFERENCES attempt (number),
        digest INTEGER NOT NULL,
        PRIMARY KEY (round, config)
    ) STRICT""",
    select="""SELECT round, config, seconds_per_epoch, load_before, attempt, digest
        FROM round ORDER BY round, config""",
    sum="SELECT count(*), sum(digest >> 24), sum(digest & 16777215) FROM round",
    insert="INSERT INTO round VALUES (?, ?, ?, ?, ?, ?)",
    replace="REPLACE INTO round VALUES (?, ?, ?, ?, ?, ?)",
)

# What `total` counts. `total` itself is not in it: its rows carry digests of their own.
TABLES: tuple[Table[Any], ...] = (
    STUDY,
    CONFIG,
    RUN,
    ATTEMPT,
    BLOCK,
    CHUNK,
    MEASURE,
    ANSWER,
    BASELINE,
    CHECKPOINT,
    REPLAY,
    TIMING,
    ROUND,
)

CREATE_TOTAL = """CREATE TABLE total (
        name TEXT NOT NULL PRIMARY KEY,
        n_rows INTEGER NOT NULL,
        digests INTEGER NOT NULL,
        digest INTEGER NOT NULL
    ) STRICT"""
SELECT_TOTAL = "SELECT name, n_rows, digests, digest FROM total WHERE name = ?"
REPLACE_TOTAL = "REPLACE INTO total VALUES (?, ?, ?, ?)"
SELECT_RUN = """SELECT id, name, config, seed, status, diverged_at, block, digest
    FROM run WHERE id = ?"""
SELECT_BLOCK = """SELECT id, attempt, description, status, message, runs, digest
    FROM block WHERE id = ?"""
SELECT_CHUNKS = """SELECT block, split, metric, first_evaluation, attempt,
    n_evaluations, n_runs, is_superseded, crc, data, digest FROM chunk
    WHERE block = ? ORDER BY split, metric, first_evaluation, attempt"""
SELECT_OBJECTS = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
CHECK_REFERENCES = "PRAGMA foreign_key_check"  # table, row, the table it names
