"""Stores of older schemas, as the program of their time wrote them; asserts nothing."""

import gzip
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np

from paribus.results import StudyResult


GOLDEN = Path(__file__).parent / "data" / "stores"
STORES = sorted(GOLDEN.glob("*/*.db.gz"))


def unpacked(golden: Path, folder: Path) -> Path:
    """Make a study folder of a golden store."""
    folder.mkdir()
    (folder / "study.db").write_bytes(gzip.decompress(golden.read_bytes()))
    return folder


def summary(result: StudyResult) -> dict[str, Any]:
    """All that a study says, in a form that no version of the program decides."""

    def sha256(values: np.ndarray, dtype: str) -> str:
        return hashlib.sha256(np.ascontiguousarray(values, dtype).tobytes()).hexdigest()

    summed = {
        "study": result.study.to_dict(),
        "status": result.status.tolist(),
        "diverged_at": result.diverged_at.tolist(),
        "epochs": result.epochs.tolist(),
        "curves": {n: sha256(v, "<f8") for n, v in result.curves.items()},
        "measures": {n: sha256(v, "<f8") for n, v in result.measures.items()},
        "correct": {n: sha256(result.correct[n], "?") for n in result.correct},
        "messages": [[*key, text] for key, text in result.messages.items()],
        "attempts": [
            [a.number, a.started, dict(a.environment), a.n_runs, a.seconds]
            for a in result.attempts
        ],
        "baseline_loss": result.baseline_loss,
        "timings": [[t.config.id, t.seconds_per_epoch] for t in result.timings],
    }
    return json.loads(json.dumps(summed))


def expected(golden: Path) -> dict[str, Any]:
    """What was in a golden store, as `summary` said it in its time."""
    return json.loads(golden.with_name(golden.name[:-6] + ".json").read_text())


def schema_of(folder: Path) -> int:
    """The number of a store's schema."""
    connection = sqlite3.connect(folder / "study.db")
    try:
        return connection.execute("PRAGMA user_version").fetchone()[0]
    finally:
        connection.close()


def includes(wider: Any, part: Any) -> bool:
    """Whether `part` is all there, tables within tables that may have gained keys."""
    if isinstance(part, dict):
        return isinstance(wider, dict) and all(
            name in wider and includes(wider[name], value)
            for name, value in part.items()
        )
    return wider == part
