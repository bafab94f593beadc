"""Functions that make and damage stores for tests; they assert nothing."""

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from builders import make_facts, make_study

from paribus.results.timings import N_ROUNDS, SoloTime
from paribus.status import RunStatus
from paribus.store import StudyWriter
from paribus.store.digests import MODULUS, row_digest
from paribus.store.versions import tables_of
from paribus.study import Run, Study


# How the seeds of made-up studies begin.
STARTS = {"order": {0: "a0", 1: "a1"}, "weights {}": {0: "b0"}}
METRICS = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")

# Dies in the middle of a transaction that SQLite has begun to write into the file.
DIE = """
import os, signal, sys
from pathlib import Path
import numpy as np
from store_builders import make_curves, waiting
from paribus.store import StudyWriter
from paribus.store.ledger import Ledger
writer = StudyWriter.open(Path(sys.argv[1]))
writer.begin_attempt({})
runs = waiting(writer)
block = writer.begin_block(runs, description="all")
writer._ledger.connection.execute("PRAGMA cache_size = 2")
writer._ledger.connection.execute("PRAGMA cache_spill = 2")
Ledger._update_totals = lambda self: os.kill(os.getpid(), signal.SIGKILL)
curves = make_curves(writer.study, len(runs))
writer.commit_block(block, curves=curves, diverged_at=np.zeros(len(runs), dtype=int))
"""


def make_curves(study: Study, n_runs: int, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Curves of a block, with a NaN and an infinity in them."""
    rng = np.random.default_rng(seed)
    n_evaluations = len(study.budget.evaluation_epochs())
    curves = {
        name: rng.random((n_evaluations, n_runs), dtype=np.float32) for name in METRICS
    }
    curves["train_loss"][-1, 0] = np.nan
    curves["test_loss"][-1, -1] = np.inf
    return curves


def make_measures(n_runs: int, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Measures of a block, with a NaN in them."""
    rng = np.random.default_rng(seed)
    measures = {
        name: rng.random(n_runs, dtype=np.float32)
        for name in ("first_update", "overshoot_share")
    }
    measures["overshoot_share"][-1] = np.nan
    return measures


def make_answers(n_runs: int, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Answers of a block to the 10,000 test examples of `make_facts`."""
    rng = np.random.default_rng(seed)
    return {"test": rng.integers(0, 256, (n_runs, 1250), dtype=np.uint8)}


def waiting(writer: StudyWriter) -> list[Run]:
    """The runs that a writer has still to train."""
    return [
        run
        for run, status in writer.runs().items()
        if status in (RunStatus.PENDING, RunStatus.INTERRUPTED)
    ]


def train(writer: StudyWriter, runs: Sequence[Run], *, seed: int = 0) -> int:
    """Commit made-up results of a block; its first run has diverged at step 7."""
    block = writer.begin_block(runs, description="made up")
    diverged_at = np.zeros(len(runs), dtype=np.int64)
    diverged_at[0] = 7
    curves = make_curves(writer.study, len(runs), seed=seed)
    writer.commit_block(
        block,
        curves=curves,
        diverged_at=diverged_at,
        measures=make_measures(len(runs), seed=seed),
        correct=make_answers(len(runs), seed=seed),
    )
    return block


def grow(writer: StudyWriter) -> list[Run]:
    """Train two runs, fail the next, time a config; the runs that wait then."""
    writer.begin_attempt({"python": "3.12"})
    new = waiting(writer)
    train(writer, new[:2], seed=5)
    writer.fail_block(writer.begin_block(new[2:3], description="bad"), "it raised")
    writer.commit_baseline(train_loss=0.25, learning_rate=0.1)
    config = writer.study.configs()[0]
    writer.commit_round(
        [SoloTime(config=config, seconds_per_epoch=0.5, load_before=0.0)]
    )
    return new[3:]


def time_rounds(writer: StudyWriter) -> None:
    """Commit made-up rounds of timings of every config."""
    for turn in range(N_ROUNDS):
        writer.commit_round(
            [
                SoloTime(config=config, seconds_per_epoch=1.0 + turn, load_before=0.5)
                for config in writer.study.configs()
            ]
        )


def make_store(folder: Path, *, n_blocks: int = 2, study: Study | None = None) -> Path:
    """A finished study of `n_blocks` blocks."""
    with StudyWriter.create(folder, study or make_study(), make_facts()) as writer:
        writer.begin_attempt({"python": "3.11"})
        writer.note_starts(STARTS)
        runs = waiting(writer)
        for seed, part in enumerate(np.array_split(np.arange(len(runs)), n_blocks)):
            train(writer, [runs[index] for index in part], seed=seed)
        writer.finish_attempt(n_runs=len(runs), seconds=1.5)
    return folder


def crash(folder: Path) -> Path:
    """Let a writer die while it stores the runs that wait: a hot journal is left."""
    with start_child(DIE, folder) as child:
        child.communicate()
    if not (folder / "study.db-journal").stat().st_size:
        raise RuntimeError("the writer died too early")
    return folder


def edit(folder: Path, *statements: str) -> None:
    """Change a store behind its back, with its digests left as they were."""
    connection = sqlite3.connect(folder / "study.db", isolation_level=None)
    try:
        for statement in statements:
            connection.execute(statement)
    finally:
        connection.close()


def edit_knowingly(folder: Path, *statements: str) -> None:
    """Change a store as a forger would: all digests and totals agree afterwards."""
    edit(folder, *statements)
    connection = sqlite3.connect(folder / "study.db", isolation_level=None)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("BEGIN")  # one commit, not one a row
        for table in tables_of(version):
            rows = connection.execute(table.select).fetchall()
            digests = [row_digest(table.name, row[:-1]) for row in rows]
            connection.executemany(
                table.replace,
                [(*row[:-1], d) for row, d in zip(rows, digests, strict=True)],
            )
            total: list[Any] = [table.name, len(rows), sum(digests) % MODULUS]
            connection.execute(
                "REPLACE INTO total VALUES (?, ?, ?, ?)",
                (*total, row_digest("total", total)),
            )
        connection.execute("COMMIT")
    finally:
        connection.close()


def fingerprint(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file below `folder`: its content and when it was last changed."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mtime_ns,
        )
        for path in sorted([folder, *folder.rglob("*")])
    }


def child_environment() -> dict[str, str]:
    """The environment in which a child finds these builders."""
    known = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join(filter(None, (str(Path(__file__).parent), known)))
    return {**os.environ, "PYTHONPATH": path}


def start_child(script: str, *arguments: object) -> "subprocess.Popen[str]":
    """Run Python code in a process of its own, with these builders at hand."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=child_environment(),
    )


def hear(child: "subprocess.Popen[str]") -> str:
    """The next line that a child says."""
    assert child.stdout is not None
    return child.stdout.readline().rstrip("\n")


def tell(child: "subprocess.Popen[str]", line: object) -> None:
    """Say a line to a child."""
    assert child.stdin is not None
    child.stdin.write(f"{line}\n")
    child.stdin.flush()
