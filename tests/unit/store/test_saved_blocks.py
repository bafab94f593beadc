"""What is saved of a block's answers and measures when only some runs are."""

import numpy as np
import pytest

from paribus.store.digests import chunk_crc
from paribus.store.rows import AnswerRow, MeasureRow
from paribus.store.saved_blocks import _answer, _measure


IS_SAVED = np.array([True, False, True])


def measure(values: list[float], *, block: int) -> MeasureRow:
    data = np.array(values, "<f4").tobytes()
    crc = chunk_crc((block, "first_update"), data)
    return MeasureRow(block, "first_update", len(values), crc, data)


def answer(data: bytes, *, block: int, n_runs: int, n_examples: int = 10) -> AnswerRow:
    return AnswerRow(
        block, "test", n_runs, n_examples, chunk_crc((block, "test"), data), data
    )


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
