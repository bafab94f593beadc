"""What is saved of a block's answers and measures when only some runs are."""

import inspect
from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study

from paribus.errors import StoreError
from paribus.status import RunStatus
from paribus.store import salvage
from paribus.store.best_state import State, _without_way_on
from paribus.store.chunks import write_chunks, write_runs
from paribus.store.creation import run_name
from paribus.store.digests import chunk_crc
from paribus.store.failures import NOT_SAVED_HINT
from paribus.store.rows import (
    AnswerRow,
    BlockRow,
    BlockStatus,
    ChunkRow,
    MeasureRow,
    RunRow,
)
from paribus.store.saved_blocks import (
    Found,
    SavedBlock,
    _answer,
    _curves,
    _is_saved,
    _measure,
)
from paribus.store.schema import CHUNK, MEASURE


IS_SAVED = np.array([True, False, True])


def measure(values: list[float], *, block: int) -> MeasureRow:
    data = np.array(values, "<f4").tobytes()
    crc = chunk_crc((block, "first_update"), data)
    return MeasureRow(block, "first_update", len(values), crc, data)


def answer(data: bytes, *, block: int, n_runs: int, n_examples: int = 10) -> AnswerRow:
    return AnswerRow(
        block, "test", n_runs, n_examples, chunk_crc((block, "test"), data), data
    )


def chunk(
    values: list[list[float]],
    *,
    name: str = "test_loss",
    first: int = 0,
    attempt: int = 1,
) -> ChunkRow:
    curves = {name: np.array(values, np.float32)}
    (row,) = write_chunks(curves, block=7, attempt=attempt, first_evaluation=first)
    return row


def test_a_curve_is_whole_if_each_part_is_there_once():
    parts = [chunk([[3.0]], first=2), chunk([[1.0], [2.0]])]

    assert _curves(parts, 3)["test_loss"].tolist() == [[1.0], [2.0], [3.0]]
    assert _curves([*parts, chunk([[4.0]], first=2, attempt=2)], 3) == {}
    assert _curves([*parts, chunk([[4.0]], first=1)], 3) == {}
    assert _curves(parts[1:], 3) == {}
    assert _curves([parts[0]._replace(crc=0), parts[1]], 3) == {}


def test_a_spoilt_curve_leaves_the_others_of_its_block():
    names = ("test_accuracy", "test_error", "test_loss")
    parts = [chunk([[5.0], [6.0]], name=name) for name in names]
    parts[1] = chunk([[5.0]], name=names[1], first=1)

    assert list(_curves(parts, 2)) == ["test_accuracy", "test_loss"]


@pytest.mark.parametrize(("config", "is_there"), [(-1, False), (0, True), (2, False)])
def test_a_run_of_a_config_that_is_not_there_is_left_out(config: int, is_there: bool):
    study = make_study()
    label = study.configs()[config % 2].to_json()
    run = RunRow(0, run_name(label, 0), config, 0, int(RunStatus.CONVERGED), 0, block=7)
    block = BlockRow(7, 1, "b", BlockStatus.FINISHED, "", write_runs([0]))

    found = Found(study, make_facts(), (0.0, 1.0), rows={})

    assert _is_saved(run, block, found) == is_there


def test_the_state_with_more_finished_runs_is_worth_more_than_one_with_more_rows():
    found = Found(make_study(), make_facts(), (0.0,), rows={"run": [1]})
    block = SavedBlock(BlockRow(1, 1, "b", "finished", "", b""), [], {})
    runs = [RunRow(i, "r", 0, i, 3, 0, 1) for i in range(2)]

    more_runs = State(found, [block._replace(runs=runs)])
    more_rows = State(found._replace(rows={"run": [1, 2, 3, 4]}), [block])

    assert (more_runs.worth(), more_rows.worth()) == ((2, 1), (0, 4))
    assert more_runs.worth() > more_rows.worth()


def test_after_a_salvage_nobody_is_told_to_salvage():
    tried = StoreError("it is damaged", hint="`--salvage NEW_FOLDER` copies the rest")
    other = StoreError("it is newer", hint="pip install --upgrade paribus")

    assert str(_without_way_on(tried)) == str(tried)
    assert _without_way_on(tried).hint == NOT_SAVED_HINT  # pyright: ignore[reportAttributeAccessIssue]
    for error in (other, ValueError("no")):
        assert _without_way_on(error) is error


def test_where_rows_contradict_one_another_curves_are_saved_alone(monkeypatch):
    rows = {n: [1] for n in ("attempt", "baseline", "timing", "round", "run")}
    found = Found(make_study(), make_facts(), (0.0,), rows)
    block = SavedBlock(
        BlockRow(1, 1, "b", "finished", "", b""), [], {CHUNK: [1], MEASURE: [2]}
    )
    written: list[tuple[Found, list[SavedBlock]]] = []

    def write(_: object, found: Found, blocks: list[SavedBlock]) -> None:
        written.append((found, blocks))
        if len(written) == 1:
            raise StoreError("rows contradict one another")

    monkeypatch.setattr(salvage, "_write", write)
    inspect.unwrap(salvage._fill)(None, found, [block], (Path("old"), Path("new")))

    first, (alone, blocks) = written
    assert first == (found, [block])
    assert alone.rows == {**{name: [] for name in rows}, "run": [1]}
    assert [saved.parts for saved in blocks] == [{CHUNK: [1]}]


def test_measures_are_those_of_the_runs_that_are_saved():
    saved = _measure(measure([1.0, 2.0, 3.0], block=7), IS_SAVED, 2)

    assert saved == measure([1.0, 3.0], block=2)


def test_answers_are_those_of_the_runs_that_are_saved():
    saved = _answer(answer(b"abcdef", block=7, n_runs=3), IS_SAVED, 2)

    assert saved == answer(b"abef", block=2, n_runs=2)


@pytest.mark.parametrize(
    "row",
    [
        answer(b"abcdef", block=7, n_runs=3)._replace(crc=0),
        answer(b"abcd", block=7, n_runs=3),
        answer(b"abcdefgh", block=7, n_runs=3),
        answer(b"", block=7, n_runs=3, n_examples=0),
    ],
    ids=["another checksum", "too short", "too long", "of no example"],
)
def test_answers_that_do_not_fit_are_left_out(row: AnswerRow):
    assert _answer(row, IS_SAVED, 2) is None


@pytest.mark.parametrize(
    "row",
    [measure([1.0, 2.0, 3.0], block=7)._replace(crc=0), measure([1.0, 2.0], block=7)],
    ids=["another checksum", "too short"],
)
def test_measures_that_do_not_fit_are_left_out(row: MeasureRow):
    assert _measure(row, IS_SAVED, 2) is None
