"""Losses and metrics by example, against NumPy by hand."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.api import tasks
from paribus.data.dataset import Dataset, Split
from paribus.engine.tasks import Task, guessing, make_task
from paribus.errors import StudyError, UserCodeError
from paribus.tasks import TaskChoice


# Sums and logarithms in float32.
TOLERANCE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-6}

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(7, 4)).astype(np.float32)
LABELS = np.array([0, 1, 2, 3, 0, 2, 2], np.int32)
NUMBERS = RNG.normal(size=7).astype(np.float32) * 3
PREDICTED = RNG.normal(size=(7, 1)).astype(np.float32)


def make_numbers(targets=NUMBERS) -> Dataset:
    inputs = np.arange(2 * len(targets), dtype=np.float32).reshape(-1, 2)
    split = Split(inputs=inputs, labels=np.asarray(targets, np.float32))
    splits = {"train": split, "test": split}
    return Dataset(name="numbers", source="made up", splits=splits, n_classes=0)


def make_classes(labels=LABELS) -> Dataset:
    inputs = np.arange(2 * len(labels), dtype=np.float32).reshape(-1, 2)
    split = Split(inputs=inputs, labels=np.asarray(labels, np.int32))
    splits = {"train": split, "test": split}
    n_classes = int(max(labels)) + 1
    return Dataset(name="classes", source="made up", splits=splits, n_classes=n_classes)


def of_numbers(choice: TaskChoice):
    task = make_task(choice, make_numbers())
    return np.asarray(task.losses(jnp.array(PREDICTED), jnp.array(NUMBERS)))


def shares(logits):
    e = np.exp(logits.astype(np.float64))
    return e / e.sum(axis=1, keepdims=True)


def test_squared_and_absolute_errors():
    errors = PREDICTED[:, 0] - NUMBERS
    np.testing.assert_allclose(of_numbers(tasks.regression()), errors**2, **TOLERANCE)
    absolute = tasks.regression(loss="mean_absolute_error")
    np.testing.assert_allclose(of_numbers(absolute), abs(errors), **TOLERANCE)


@pytest.mark.parametrize("delta", [0.5, 1.0, 3.0])
def test_huber_is_square_near_zero_and_absolute_beyond(delta):
    errors = abs(PREDICTED[:, 0] - NUMBERS)
    expected = [0.5 * e**2 if e <= delta else delta * (e - 0.5 * delta) for e in errors]
    found = of_numbers(tasks.regression(loss="huber", delta=delta))
    np.testing.assert_allclose(found, expected, **TOLERANCE)


@pytest.mark.parametrize(
    ("loss", "slope"),
    [
        ("mean_squared_error", lambda e: 2 * e),
        ("mean_absolute_error", np.sign),
        ("huber", lambda e: np.clip(e, -1, 1)),
    ],
)
def test_the_gradient_of_a_linear_model_is_that_by_hand(loss, slope):
    inputs = RNG.normal(size=(7, 3)).astype(np.float32)
    weights = np.array([0.3, -1.0, 0.5], np.float32)
    task = make_task(tasks.regression(loss=loss), make_numbers())

    def mean_loss(w):
        return task.losses((inputs @ w)[:, None], jnp.array(NUMBERS)).mean()

    errors = inputs @ weights - NUMBERS
    expected = (slope(errors)[:, None] * inputs).mean(axis=0)
    np.testing.assert_allclose(jax.grad(mean_loss)(weights), expected, rtol=1e-4)


def test_label_smoothing_is_entropy_against_spread_labels():
    task = make_task(tasks.classification(label_smoothing=0.2), make_classes())
    found = task.losses(jnp.array(LOGITS), jnp.array(LABELS))
    spread = 0.8 * np.eye(4)[LABELS] + 0.2 / 4
    expected = -(spread * np.log(shares(LOGITS))).sum(axis=1)
    np.testing.assert_allclose(found, expected, **TOLERANCE)


def test_class_weights_multiply_the_losses_of_their_class():
    weights = [1.0, 2.0, 0.5, 3.0]
    task = make_task(tasks.classification(class_weights=weights), make_classes())
    found = task.losses(jnp.array(LOGITS), jnp.array(LABELS))
    own = -np.log(shares(LOGITS)[np.arange(7), LABELS])
    np.testing.assert_allclose(found, np.array(weights)[LABELS] * own, **TOLERANCE)


def test_balanced_weights_give_each_class_the_same_sum():
    task = make_task(tasks.classification(class_weights="balanced"), make_classes())
    assert task.class_weights is not None
    sums = np.bincount(LABELS, weights=task.class_weights[LABELS])
    # Seven examples in all, of four classes.
    np.testing.assert_allclose(sums, np.full(4, 7 / 4), rtol=1e-6)


def test_binary_entropy_is_that_of_a_sigmoid():
    labels = np.array([0, 1, 1, 0, 1, 0, 0], np.int32)
    task = make_task(
        tasks.classification(loss="binary_cross_entropy"), make_classes(labels)
    )
    outputs = task.opened(jnp.array(PREDICTED))
    chance = 1 / (1 + np.exp(-PREDICTED[:, 0].astype(np.float64)))
    expected = -np.log(np.where(labels == 1, chance, 1 - chance))
    np.testing.assert_allclose(
        task.losses(outputs, jnp.array(labels)), expected, **TOLERANCE
    )
    right = (PREDICTED[:, 0] > 0) == (labels == 1)
    assert (np.asarray(task.correct(outputs, jnp.array(labels))) == right).all()


def test_metrics_of_numbers_are_those_by_hand():
    task = make_task(tasks.regression(), make_numbers())
    targets = jnp.array(NUMBERS)
    extras = task.extras(jnp.array(PREDICTED), targets)
    found = task.finished({n: v.mean() for n, v in extras.items()}, targets)
    errors = PREDICTED[:, 0] - NUMBERS
    assert float(found["rmse"]) == pytest.approx(np.sqrt((errors**2).mean()), 1e-5)
    assert float(found["mae"]) == pytest.approx(abs(errors).mean(), 1e-5)
    total = ((NUMBERS - NUMBERS.mean()) ** 2).sum()
    assert float(found["r2"]) == pytest.approx(1 - (errors**2).sum() / total, 1e-4)


def test_standardised_numbers_keep_metrics_in_their_unit():
    numbers = 1000 + 50 * NUMBERS
    task = make_task(tasks.regression(standardise=True), make_numbers(numbers))
    assert task.mean == pytest.approx(numbers.mean(), rel=1e-6)
    outputs = jnp.array(PREDICTED)
    targets = jnp.array(numbers, jnp.float32)
    predicted = PREDICTED[:, 0] * numbers.std() + numbers.mean()
    extras = task.extras(outputs, targets)
    np.testing.assert_allclose(extras["mae"], abs(predicted - numbers), rtol=1e-4)
    expected = ((predicted - numbers) / numbers.std()) ** 2
    np.testing.assert_allclose(task.losses(outputs, targets), expected, rtol=1e-3)


def test_top_k_counts_the_right_class_among_the_k_highest():
    task = make_task(tasks.classification(metrics=["top_2", "top_3"]), make_classes())
    extras = task.extras(jnp.array(LOGITS), jnp.array(LABELS))
    ranks = np.argsort(-LOGITS, axis=1)
    for k in (2, 3):
        expected = [label in row[:k] for label, row in zip(LABELS, ranks, strict=True)]
        assert np.asarray(extras[f"top_{k}_accuracy"]).tolist() == expected


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_equal_logits_are_ranked_as_accuracy_ranks_them(rounded):
    logits = jnp.array([rounded], jnp.float32)
    task = Task(choice=tasks.classification(metrics=["top_2"]), n_classes=4)
    for label in range(4):
        labels = jnp.array([label])
        in_two = task.extras(logits, labels)["top_2_accuracy"][0]
        order = sorted(range(4), key=lambda c: -rounded[c])  # stable, as argmax is
        assert bool(in_two) == (label in order[:2])
        if task.correct(logits, labels)[0]:
            assert in_two


def test_guessing_numbers_is_predicting_the_training_mean():
    data = make_numbers()
    found = guessing(make_task(tasks.regression(), data), data)
    assert found["label_entropy"] == pytest.approx(NUMBERS.var(), rel=1e-5)
    assert found["guessing"]["rmse"] == pytest.approx(NUMBERS.std(), rel=1e-5)
    distance = abs(NUMBERS - NUMBERS.mean()).mean()
    assert found["guessing"]["mae"] == pytest.approx(distance, rel=1e-5)
    assert found["guessing"]["r2"] == 0


def test_guessing_classes_is_the_best_constant():
    data = make_classes()
    task = make_task(
        tasks.classification(label_smoothing=0.1, class_weights=[1, 2, 3, 4]), data
    )
    loss = guessing(task, data)["label_entropy"]
    rng = np.random.default_rng(1)
    labels = jnp.array(LABELS)
    for _ in range(200):
        row = rng.normal(size=4)
        other = task.losses(jnp.broadcast_to(jnp.array(row), (7, 4)), labels).mean()
        assert float(other) >= loss - 1e-5


def test_the_plain_task_leaves_guessing_to_the_data():
    data = make_classes()
    assert guessing(make_task(TaskChoice(), data), data) == {}


def mean_loss(outputs, targets):
    return jnp.mean((outputs - targets) ** 2)


def centred_loss(outputs, targets):
    return (outputs - outputs.mean() - targets) ** 2


def endless_loss(outputs, targets):
    return jnp.sqrt(outputs - outputs) + targets


def broken_loss(outputs, targets):
    raise ValueError("not today")


def counted_loss(outputs, targets):
    return (outputs > targets).astype(jnp.int32)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (mean_loss, r"a loss for each example, for 4 examples the shape \(4,\)"),
        (centred_loss, "the loss of each example by itself"),
        (endless_loss, "must have a finite gradient"),
        (broken_loss, "ValueError: not today"),
        (counted_loss, "floating-point losses, got int32"),
    ],
)
def test_a_loss_that_is_none_is_refused_at_the_door(loss, message):
    with pytest.raises(UserCodeError, match=message):
        make_task(tasks.regression(loss=loss), make_numbers())


def test_own_functions_are_used():
    task = make_task(
        tasks.regression(loss=own_fourth_loss, metrics=[within_one]), make_numbers()
    )
    outputs, targets = jnp.array(PREDICTED), jnp.array(NUMBERS)
    errors = PREDICTED[:, 0] - NUMBERS
    np.testing.assert_allclose(task.losses(outputs, targets), errors**4, rtol=1e-4)
    found = task.extras(outputs, targets)["within_one"]
    assert np.asarray(found).tolist() == (abs(errors) < 1).tolist()


def own_fourth_loss(outputs, targets):
    return (outputs - targets) ** 4


def within_one(outputs, targets):
    return abs(outputs - targets) < 1


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (tasks.classification(loss="binary_cross_entropy"), "needs two classes"),
        (tasks.classification(class_weights=[1, 2]), "must be 4 numbers"),
        (tasks.classification(metrics=["top_5"]), "needs more than 5 classes"),
    ],
)
def test_a_task_that_does_not_fit_the_data_is_refused(task, message):
    with pytest.raises(StudyError, match=message):
        make_task(task, make_classes())
