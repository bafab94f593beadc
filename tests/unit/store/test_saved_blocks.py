"""What is saved of a block's answers and measures when only some runs are."""

import numpy as np
import pytest

from paribus.store.chunks import write_chunks
from paribus.store.digests import chunk_crc
from paribus.store.rows import AnswerRow, ChunkRow, MeasureRow
from paribus.store.saved_blocks import _answer, _curves, _measure


IS_SAVED = np.array([True, False, True])


def measure(values: list[float], *, block: int) -> MeasureRow:
    data = np.array(values, "<f4").tobytes()
    crc = chunk_crc((block, "first_update"), data)
    return MeasureRow(block, "first_update", len(values), crc, data)


def answer(data: bytes, *, block: int, n_runs: int, n_examples: int = 10) -> AnswerRow:
    return AnswerRow(
        block, "test", n_runs, n_examples, chunk_crc((block, "test"), data), data
    )


def chunk(values: list[list[float]], *, first: int = 0, attempt: int = 1) -> ChunkRow:
    curves = {"test_loss": np.array(values, np.float32)}
    (row,) = write_chunks(curves, block=7, attempt=attempt, first_evaluation=first)
    return row


def test_a_curve_is_whole_if_each_part_is_there_once():
    parts = [chunk([[3.0]], first=2), chunk([[1.0], [2.0]])]

    assert _curves(parts, 3)["test_loss"].tolist() == [[1.0], [2.0], [3.0]]
    assert _curves([*parts, chunk([[4.0]], first=2, attempt=2)], 3) == {}
    assert _curves([*parts, chunk([[4.0]], first=1)], 3) == {}
    assert _curves(parts[1:], 3) == {}
    assert _curves([parts[0]._replace(crc=0), parts[1]], 3) == {}


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
