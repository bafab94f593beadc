"""Measures and answers in and out of a store."""

from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import (
    edit_knowingly,
    make_answers,
    make_curves,
    make_measures,
    make_store,
    train,
    waiting,
)

from paribus.errors import StoreError
from paribus.store import StudyWriter, read_study
from paribus.store.endings import write_measures


def test_measures_and_answers_come_back_bit_for_bit(tmp_path: Path):
    folder = make_store(tmp_path / "x", n_blocks=2)

    result = read_study(folder)

    # Two blocks of four runs, in the order config, then seed.
    for config, seed in enumerate((0, 1)):
        measures, answers = make_measures(4, seed=seed), make_answers(4, seed=seed)
        for name, values in measures.items():
            np.testing.assert_array_equal(result.measures[name][config], values)
        expected = np.unpackbits(answers["test"], axis=1).astype(bool)
        np.testing.assert_array_equal(result.correct["test"][config], expected)
    assert result.correct["test"].shape == (2, 4, 10_000)
    assert set(result.correct) == {"test"}


def test_runs_that_are_not_trained_have_no_measures_and_nothing_right(tmp_path: Path):
    with StudyWriter.create(tmp_path / "x", make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        train(writer, waiting(writer)[:4])

    result = read_study(tmp_path / "x")

    assert np.isfinite(result.measures["first_update"][0]).all()
    assert np.isnan(result.measures["first_update"][1]).all()
    assert result.correct["test"][0].any()
    assert not result.correct["test"][1].any()


def test_later_measures_join_those_of_training_and_replace_their_like(tmp_path: Path):
    folder = make_store(tmp_path / "x", n_blocks=1)
    later = {name: np.arange(8, dtype=np.float32) for name in ("lambda_max", "again")}

    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        writer.commit_measures(1, later)
        writer.commit_measures(1, {"again": -later["again"]})

    measures = read_study(folder).measures
    assert list(measures) == ["again", "first_update", "lambda_max", "overshoot_share"]
    np.testing.assert_array_equal(measures["lambda_max"].ravel(), np.arange(8))
    np.testing.assert_array_equal(measures["again"].ravel(), -np.arange(8))


@pytest.mark.parametrize("n_runs", [2, 4])
def test_a_measure_has_one_number_for_each_run_of_its_block(n_runs: int):
    measures = {"lambda_max": np.zeros(3, np.float32)}

    with pytest.raises(ValueError, match="must be float32") as caught:
        write_measures(measures, block=1, n_runs=n_runs)

    assert str(caught.value) == (
        f"lambda_max must be float32 of {n_runs} runs, got float32 of shape (3,)"
    )


def test_measures_of_a_block_that_is_running_are_refused(tmp_path: Path):
    with StudyWriter.create(tmp_path / "x", make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        block = writer.begin_block(waiting(writer)[:2], description="")

        with pytest.raises(ValueError, match="must be finished"):
            writer.commit_measures(block, make_measures(2))


@pytest.mark.parametrize(
    ("correct", "words"),
    [
        ({"test": np.zeros((2, 1249), np.uint8)}, r"shape \(2, 1250\)"),
        ({"validation": np.zeros((2, 1), np.uint8)}, "no examples of validation"),
    ],
    ids=["too-few-examples", "no-such-split"],
)
def test_answers_that_do_not_fit_the_data_are_refused_and_nothing_is_stored(
    tmp_path: Path, correct, words
):
    with StudyWriter.create(tmp_path / "x", make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        runs = waiting(writer)[:2]
        block = writer.begin_block(runs, description="")

        with pytest.raises(ValueError, match=words):
            writer.commit_block(
                block,
                curves=make_curves(writer.study, 2),
                diverged_at=np.zeros(2, dtype=np.int64),
                measures=make_measures(2),
                correct=correct,
            )

    assert read_study(tmp_path / "x").measures == {}


def test_baseline_is_stored_once_and_read_back(tmp_path: Path):
    folder = make_store(tmp_path / "x")
    assert read_study(folder).baseline_loss is None

    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        writer.commit_baseline(train_loss=0.25, learning_rate=0.01)
        assert writer.has_baseline()

    assert read_study(folder).baseline_loss == 0.25


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE measure SET n_runs = 5 WHERE block = 1", "declared shape of 5"),
        (
            "UPDATE measure SET crc = crc + 1 WHERE block = 1",
            "table `measure`, key 1, first_update: wrong checksum",
        ),
        (
            "UPDATE answer SET n_runs = 8, n_examples = 5000 WHERE block = 1",
            "table `answer`, key 1, test: 8 runs",
        ),
        ("UPDATE answer SET n_examples = 9999 WHERE block = 1", "9999 examples"),
        ("UPDATE answer SET data = x'00' WHERE block = 1", "1 bytes"),
        ("UPDATE measure SET name = 'else' WHERE name = 'first_update'", "checksum"),
    ],
)
def test_endings_that_contradict_their_block_are_refused(tmp_path, statement, words):
    folder = make_store(tmp_path / "x", n_blocks=2)
    edit_knowingly(folder, statement)

    with pytest.raises(StoreError, match=words) as caught:
        read_study(folder)

    assert str(caught.value).startswith(f"`{folder / 'study.db'}` is damaged: table `")
