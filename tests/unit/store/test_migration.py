"""Stores of every older schema, made when it was the newest, and never again."""

import gzip
import hashlib
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_builders import edit, fingerprint

from paribus.errors import StoreError
from paribus.results import StudyResult
from paribus.store import StudyWriter, check_study, read_study
from paribus.store import migration as migrating
from paribus.store.schema import SCHEMA_VERSION
from paribus.store.versions import STEPS


GOLDEN = Path(__file__).parents[2] / "data" / "stores"
STORES = sorted(GOLDEN.glob("*/*.db.gz"))


def named(golden: Path) -> str:
    return f"{golden.parent.name}-{golden.name}"


def unpacked(golden: Path, folder: Path) -> Path:
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
    return json.loads(golden.with_name(golden.name[:-6] + ".json").read_text())


def schema_of(folder: Path) -> int:
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


def test_there_is_a_golden_store_of_each_older_schema():
    found = {int(path.parent.name.removeprefix("schema-")) for path in STORES}

    assert found == set(STEPS) == set(range(2, SCHEMA_VERSION))


@pytest.mark.parametrize("golden", STORES, ids=named)
def test_a_reader_reads_an_old_store_as_it_is(golden: Path, tmp_path: Path):
    folder = unpacked(golden, tmp_path / "old")
    before = fingerprint(folder)

    result = read_study(folder)

    assert includes(summary(result), expected(golden))
    assert check_study(folder).problems == ()
    assert fingerprint(folder) == before


@pytest.mark.parametrize("golden", STORES, ids=named)
def test_a_writer_migrates_an_old_store_and_keeps_all(golden: Path, tmp_path: Path):
    folder = unpacked(golden, tmp_path / "öld ✓")
    old = (folder / "study.db").read_bytes()

    with StudyWriter.open(folder) as writer:
        assert schema_of(folder) == SCHEMA_VERSION
        backup = folder / f"study.db.{golden.parent.name}"
        copy = tmp_path / "copy"
        copy.mkdir()
        shutil.copyfile(backup, copy / "study.db")
        assert includes(summary(read_study(copy)), expected(golden))
        assert old != (folder / "study.db").read_bytes()
        writer.begin_attempt({})
        writer.finish_attempt(0, 0.0)

    assert {p.name for p in folder.iterdir()} == {"study.db", "writer.lock"}
    assert check_study(folder).problems == ()
    result = read_study(folder)
    written = expected(golden)
    del written["status"]  # what was running is pending by now
    found = summary(result)
    found["attempts"] = found["attempts"][:-1]
    assert includes(found, written)


def test_a_damaged_old_store_is_refused_before_anything_is_written(tmp_path: Path):
    folder = unpacked(GOLDEN / "schema-2" / "finished.db.gz", tmp_path / "old")
    edit(folder, "DELETE FROM run WHERE id = 1")
    before = (folder / "study.db").read_bytes()

    with pytest.raises(StoreError, match="is damaged"):
        StudyWriter.open(folder)

    assert (folder / "study.db").read_bytes() == before
    assert {p.name for p in folder.iterdir()} == {"study.db", "writer.lock"}


def test_a_migration_that_stops_half_way_has_not_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    golden = GOLDEN / "schema-2" / "finished.db.gz"
    folder = unpacked(golden, tmp_path / "old")

    def stop(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(migrating, "check_schema", stop)  # the last moment before COMMIT
        with pytest.raises(Exception, match="needs more space"):
            StudyWriter.open(folder)
    assert schema_of(folder) == 2
    assert includes(summary(read_study(folder)), expected(golden))

    StudyWriter.open(folder).close()

    assert schema_of(folder) == SCHEMA_VERSION
