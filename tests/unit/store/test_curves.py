"""Chunks of many blocks become one array a curve, each evaluation once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from paribus.errors import StoreError
from paribus.store import StudyWriter
from paribus.store.chunks import write_chunks
from paribus.store.curves import CurveReader
from paribus.store.rows import ChunkRow


# Two configs, one seed and three evaluations; block 1 has both runs.
SHAPE = (2, 1, 3)
MEMBERS = {1: np.array([0, 1]), 2: np.array([0, 1])}
PLACES = np.array([0, 1]), np.array([0, 0])
BOTH = {1: np.array([0, 1])}
NAN = np.nan

Reader = Callable[..., CurveReader]


def chunk(
    values: list[list[float]],
    *,
    first: int = 0,
    block: int = 1,
    name: str = "test_loss",
) -> ChunkRow:
    curves = {name: np.array(values, np.float32)}
    (row,) = write_chunks(curves, block=block, attempt=1, first_evaluation=first)
    return row


@pytest.fixture
def reader(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes the reader of chunks that are not in any store."""
    with StudyWriter.open(folder) as writer:

        def make(*rows: ChunkRow, counted: dict[int, np.ndarray] = BOTH) -> CurveReader:
            monkeypatch.setattr(writer._ledger, "read", lambda table: list(rows))
            return CurveReader(writer._ledger, SHAPE, MEMBERS, PLACES, counted=counted)

        yield make


def test_each_value_has_the_place_of_its_run(reader: Reader):
    found = reader(chunk([[1, 2]]), chunk([[3, 4], [5, 6]], first=1))

    found.read()

    assert found.curves["test_loss"][:, 0].tolist() == [[1, 3, 5], [2, 4, 6]]
    found.check_complete(1)


def test_of_a_block_those_runs_count_that_are_its_own(reader: Reader):
    counted = {1: np.array([1]), 2: np.array([0])}
    found = reader(chunk([[1, 2]]), chunk([[3, 4]], block=2), counted=counted)

    found.read()

    np.testing.assert_array_equal(
        found.curves["test_loss"][:, 0], [[3, NAN, NAN], [2, NAN, NAN]]
    )


def test_what_is_superseded_or_of_no_finished_block_does_not_count(reader: Reader):
    old = chunk([[1, 2]])._replace(is_superseded=1)
    found = reader(old, chunk([[3, 4]], block=2))

    found.read()

    assert found.curves == {}
    with pytest.raises(StoreError, match="key 1: finished, but every curve is"):
        found.check_complete(1)


def test_a_curve_that_ends_early_is_named(reader: Reader):
    whole, part = chunk([[1, 2]] * 3), chunk([[1, 2]] * 2, name="train_loss")
    found = reader(whole, part)
    found.read()

    with pytest.raises(StoreError, match="finished, but `train_loss` is incomplete"):
        found.check_complete(1)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (chunk([[1, 2]] * 2, first=1), "its evaluations are there twice"),
        (chunk([[1, 2]], first=3), "evaluations from 3 to 4"),
        (chunk([[1, 2]], first=-1), "evaluations from -1 to 0"),
        (chunk([[1, 2, 3]], first=2), "3 runs"),
        (chunk([[1, 2]], first=2, block=3), "2 runs"),
        (chunk([[1, 2]], first=2)._replace(split="dev"), "there is no split `dev`"),
    ],
    ids=["twice", "late", "early", "more runs", "another block", "another split"],
)
def test_a_chunk_that_does_not_fit_is_damage_with_its_key(
    row: ChunkRow, words: str, reader: Reader, folder: Path
):
    found = reader(chunk([[1, 2]] * 2), row)

    with pytest.raises(StoreError) as caught:
        found.read()

    key = f"{row.block}, {row.split}, loss, {row.first_evaluation}, 1"
    where = f"`{folder / 'study.db'}` is damaged: table `chunk`, key {key}"
    assert str(caught.value).splitlines()[0] == f"{where}: {words}"


def test_curves_are_in_the_order_of_metrics_then_splits(reader: Reader):
    names = [
        "test_zeal",
        "test_accuracy",
        "validation_loss",
        "test_loss",
        "train_loss",
        "minibatch_loss",
        "train_accuracy",
        "test_area",
    ]
    found = reader(*(chunk([[1, 2]], name=name) for name in names))

    found.read()

    assert list(found.in_order()) == [
        "minibatch_loss",
        "train_loss",
        "validation_loss",
        "test_loss",
        "train_accuracy",
        "test_accuracy",
        "test_area",
        "test_zeal",
    ]
