"""The linear baseline of numbers, against NumPy's least squares and plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.api import tasks
from paribus.data.dataset import Dataset, Split
from paribus.engine.ridge import PENALTIES, fit_ridge, ridge_loss
from paribus.engine.tasks import make_task


def make_linear(n=200, noise=0.5, seed=0, n_inputs=3):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, n_inputs)) * 10 + 5
    return inputs, inputs @ np.arange(1.0, n_inputs + 1) - 7 + noise * rng.normal(
        size=n
    )


def make_dataset(inputs, targets):
    split = Split(inputs=inputs.astype("f4"), labels=targets.astype("f4"))
    splits = {"train": split, "test": split}
    return Dataset(name="linear", source="made up", splits=splits, n_classes=0)


def test_with_many_examples_it_is_least_squares():
    inputs, targets = make_linear(n=2000)
    design = np.column_stack([np.ones(len(inputs)), inputs])
    solution, *_ = np.linalg.lstsq(design, targets, rcond=None)
    found = fit_ridge(inputs, targets).predict(inputs)
    # The penalty that is chosen moves predictions by far less than the noise of 0.5.
    np.testing.assert_allclose(found, design @ solution, atol=0.01)


def test_the_penalty_is_the_one_with_the_lowest_score():
    inputs, targets = make_linear(n=30, n_inputs=20, noise=20.0, seed=3)
    scaled = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
    gram = scaled.T @ scaled
    largest = np.linalg.eigvalsh(gram)[-1]
    centred = targets - targets.mean()
    scores = []
    for share in PENALTIES:
        hat = scaled @ np.linalg.solve(gram + share * largest * np.eye(20), scaled.T)
        residuals = centred - hat @ centred
        scores.append((residuals @ residuals) / (30 - 1 - np.trace(hat)) ** 2)
    best = float(PENALTIES[int(np.argmin(scores))] * largest)
    assert fit_ridge(inputs, targets).penalty == pytest.approx(best)


def test_with_fewer_examples_than_inputs_noise_is_not_fitted():
    rng = np.random.default_rng(0)
    inputs, targets = rng.normal(size=(40, 100)), rng.normal(size=40)
    residuals = targets - fit_ridge(inputs, targets).predict(inputs)
    # Least squares would leave nothing; guessing leaves all of the variance.
    assert residuals.var() > 0.2 * targets.var()


def test_inputs_that_are_constant_or_twice_there_do_no_harm():
    inputs, targets = make_linear()
    doubled = np.column_stack([inputs, inputs, np.full(len(inputs), 4.0)])
    np.testing.assert_allclose(
        fit_ridge(doubled, targets).predict(doubled),
        fit_ridge(inputs, targets).predict(inputs),
        atol=0.05,
    )


@settings(max_examples=30)
@given(st.floats(-1e3, 1e3), st.floats(0.01, 1e3), st.integers(0, 100))
def test_the_unit_of_what_is_predicted_does_not_matter(shift, scale, seed):
    inputs, targets = make_linear(n=50, seed=seed)
    plain = fit_ridge(inputs, targets).predict(inputs)
    moved = fit_ridge(inputs, shift + scale * targets).predict(inputs)
    np.testing.assert_allclose(
        moved, shift + scale * plain, rtol=1e-6, atol=1e-6 * scale * np.ptp(targets)
    )


@pytest.mark.parametrize("standardise", [False, True])
def test_its_loss_is_that_of_the_task(standardise):
    inputs, targets = make_linear(n=400)
    data = make_dataset(inputs, targets)
    task = make_task(tasks.regression(standardise=standardise), data)
    design = np.column_stack([np.ones(400), inputs])
    solution, *_ = np.linalg.lstsq(design, targets, rcond=None)
    squares = ((targets - design @ solution) ** 2).mean()
    expected = squares / targets.var() if standardise else squares
    # Losses in float32 of targets around 100: three digits of an error of 0.5.
    assert ridge_loss(task, data) == pytest.approx(expected, rel=5e-3)


def test_an_exact_fit_is_no_measure_below_what_float32_can_tell():
    inputs, targets = make_linear(noise=0.0)
    data = make_dataset(inputs, targets)
    loss = ridge_loss(make_task(tasks.regression(), data), data)
    assert loss is not None
    assert loss >= 0.99e-6 * targets.var()
