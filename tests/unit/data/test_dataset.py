from pathlib import Path

import numpy as np
import pytest
from builders import make_dataset

from paribus.data import load_dataset
from paribus.data.labels import check_labels
from paribus.errors import DataError, StudyError
from paribus.study import DataChoice


def test_mnist_is_the_real_one():
    dataset = load_dataset(DataChoice(name="mnist"), folder=Path())

    facts = dataset.facts()
    assert (facts.n_train, facts.n_test, facts.n_classes) == (60_000, 10_000, 10)
    assert facts.example_shape == (28, 28)
    # LeCun's files: the first training label is a five, the first test label a seven.
    assert dataset.train.labels[0] == 5
    assert dataset.splits["test"].labels[0] == 7
    assert "validation" not in dataset.splits


def test_validation_is_taken_out_of_training_by_a_fixed_seed():
    whole = make_dataset()

    held_out = whole.hold_out(50, to="validation")

    assert len(held_out.train) == 150
    assert len(held_out.splits["validation"]) == 50
    together = np.concatenate(
        [held_out.train.inputs, held_out.splits["validation"].inputs]
    )
    assert sorted(map(bytes, together)) == sorted(map(bytes, whole.train.inputs))
    assert held_out.content_hash() == whole.hold_out(50, to="validation").content_hash()


def test_validation_must_leave_examples_to_train_on():
    with pytest.raises(StudyError, match=r"`data.validation`.*got 200 of 200"):
        make_dataset(n_train=200).hold_out(200, to="validation")


def test_fewer_training_examples_are_drawn_after_validation_is_taken_out():
    held_out = make_dataset().hold_out(50, to="validation")

    kept = held_out.keep_train(60)

    assert len(kept.train) == kept.facts().n_train == 60
    rows = {bytes(row) for row in kept.train.inputs}
    assert rows <= {bytes(row) for row in held_out.train.inputs}
    assert kept.splits["validation"] is held_out.splits["validation"]
    assert rows <= {bytes(row) for row in held_out.keep_train(90).train.inputs}
    assert kept.content_hash() == held_out.keep_train(60).content_hash()
    assert kept.content_hash() != held_out.content_hash()
    assert "60 of 150 training examples" in kept.facts().notes[-1]
    assert held_out.keep_train(None) is held_out


@pytest.mark.parametrize(
    ("n", "words"),
    [(201, "at most the 200 examples.*got 201"), (2, "every label, got 2 of 200")],
)
def test_training_examples_must_be_there_and_of_every_label(n, words):
    with pytest.raises(StudyError, match=words):
        make_dataset(n_train=200).keep_train(n)


def test_arrays_are_frozen():
    with pytest.raises(ValueError, match="read-only"):
        make_dataset().train.inputs[0] = 0


def test_one_changed_byte_changes_the_content_hash():
    first, second = make_dataset(), make_dataset()
    second.train.inputs.setflags(write=True)
    second.train.inputs[3, 4] ^= 1

    assert first.content_hash() != second.content_hash()


def test_facts_state_what_guessing_gives():
    facts = make_dataset().facts()

    shares = np.bincount(make_dataset().train.labels) / 200
    assert facts.majority_share == pytest.approx(shares.max())
    assert facts.label_entropy == pytest.approx(-(shares * np.log(shares)).sum())


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.array([0, 1, -1]), "got -1 .first at index 2"),
        (np.array([0.0, 0.5, 1.0]), "whole numbers as labels, got 0.5"),
        (np.array([1, 2, 3]), "labels 0 to 2 for 3 classes, got 3"),
        (np.array([4, 4]), "only class 4"),
        (np.array(["a", "b"]), "as numbers"),
        (np.zeros((3, 1)), r"one dimension, got shape \(3, 1\)"),
    ],
    ids=["negative", "fraction", "from-one", "one-class", "text", "matrix"],
)
def test_labels_that_are_none_are_refused(labels, words):
    with pytest.raises(DataError, match=words):
        check_labels(labels, where="`y`")
