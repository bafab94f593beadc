"""A forger may write anything into a store: readers refuse it or understand it."""

import json
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import make_facts, make_study
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from store_builders import edit_knowingly, grow, make_store

from paribus.analysis import plan_runs
from paribus.errors import ParibusError, StoreError
from paribus.exports.tables import configs_table, runs_table, to_json
from paribus.results import StudyResult
from paribus.store import StudyWriter, check_study, read_study
from paribus.store.schema import TABLES


NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, 1, -1, 2, 3, 7, 99, 2**31, 2**62, 2**63 - 1, -(2**63)]),
)
REALS = st.floats(allow_nan=False)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(["", "null", "{}", "[]", "running", "../..", "0", "1e999", "NaN"]),
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with something in every table but those of older schemas."""
    folder = tmp_path_factory.mktemp("studies") / "tiny"
    make_store(folder, study=make_study(n_seeds=2))
    with StudyWriter.create(folder, make_study(n_seeds=5), make_facts()) as writer:
        rest = grow(writer)
        block = writer.begin_block(rest[:2], description="stopped")
        part = {
            name: np.ones((1, 2), np.float32)
            for name in ("train_loss", "test_loss", "train_accuracy", "test_accuracy")
        }
        state = {"state": np.ones((2, 3), np.float32)}
        writer.commit_evaluations(block, part, checkpoint=state)
        writer.interrupt()
        writer.finish_attempt(2, 1.0)
    return folder


def columns_of(database: Path) -> dict[str, list[tuple[str, str]]]:
    """Every table with its columns and their types, as the database has them."""
    connection = sqlite3.connect(database)
    names = [table.name for table in TABLES]
    found = {
        name: [
            (row[1], row[2]) for row in connection.execute(f"PRAGMA table_info({name})")
        ]
        for name in names
    }
    connection.close()
    return found


def changed_json(draw: Any, text: str) -> str:
    """A JSON text with one of its values replaced, or taken away."""
    value = json.loads(text)
    place, key = draw(st.sampled_from(list(places(value))))
    if draw(st.booleans()) and isinstance(place, dict):
        del place[key]
    else:
        place[key] = draw(st.one_of(st.none(), NUMBERS, REALS, TEXTS, st.just([])))
    return json.dumps(value)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container of a JSON value with each of its keys."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list) and value[key]:
            yield from places(value[key])


def drawn_edit(draw: Any, database: Path) -> str:
    """A statement that changes one value of one row, of the column's type."""
    columns = columns_of(database)
    connection = sqlite3.connect(database)
    counts = {
        name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        for name in columns
    }
    table = draw(st.sampled_from(sorted(name for name, n in counts.items() if n)))
    row = draw(st.integers(0, counts[table] - 1))
    if draw(st.integers(0, 9)) == 0:
        connection.close()
        return f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} " + (
            f"LIMIT 1 OFFSET {row})"
        )
    name, kind = draw(st.sampled_from([c for c in columns[table] if c[0] != "digest"]))
    (old,) = connection.execute(
        f"SELECT {name} FROM {table} LIMIT 1 OFFSET {row}"
    ).fetchone()
    connection.close()
    if kind == "TEXT" and str(old).startswith(("{", "[")) and draw(st.booleans()):
        new: Any = changed_json(draw, old)
    elif kind == "BLOB":
        new = draw(st.one_of(st.binary(max_size=40), st.just(old[:-1]), st.just(b"")))
    else:
        new = draw({"INTEGER": NUMBERS, "REAL": REALS, "TEXT": TEXTS}[kind])
    return (
        f"UPDATE {table} SET {name} = {literal(new)} WHERE rowid IN "
        f"(SELECT rowid FROM {table} LIMIT 1 OFFSET {row})"
    )


def literal(value: Any) -> str:
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, str):
        return f"CAST(x'{value.encode().hex()}' AS TEXT)"
    if isinstance(value, float):
        return "9e999" if value == float("inf") else repr(value).replace("inf", "9e999")
    return str(value) if value > -(2**63) else "(-9223372036854775807 - 1)"


def outcome(folder: Path) -> StudyResult | ParibusError:
    """What a reader makes of it, and what follows from that."""
    try:
        result = read_study(folder)
    except StoreError as error:
        return error
    check_study(folder)
    plan_runs(result)
    to_json(result)
    runs_table(result)
    configs_table(result)
    return result


def check(sound: Path, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as parent, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(shutil.copytree(sound, Path(parent) / "tiny"))
        statement = drawn_edit(data.draw, folder / "study.db")
        try:
            edit_knowingly(folder, statement)
        except sqlite3.Error:
            assume(False)  # the table itself refuses it
        before = (folder / "study.db").read_bytes()

        outcome(folder)

        assert (folder / "study.db").read_bytes() == before


def test_a_study_that_nobody_forged_is_understood(sound: Path):
    assert isinstance(outcome(sound), StudyResult)


FEW = settings(max_examples=10)


@FEW
@given(data=st.data())
def test_a_forged_store_is_refused_or_understood(sound: Path, data: st.DataObject):
    check(sound, data)


@pytest.mark.long
@settings(FEW, max_examples=2000)
@given(data=st.data())
def test_many_forged_stores_are_refused_or_understood(sound: Path, data: st.DataObject):
    check(sound, data)
