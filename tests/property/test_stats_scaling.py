"""What holds for any scaling analysis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.stats.critical_batch import critical_batch
from paribus.stats.scaling import scale_learning_rate


quick = settings(max_examples=30)
BATCH_SIZES = np.array([8.0, 32.0, 128.0, 512.0, 2048.0])
GRID = np.logspace(-3, 0, 7)
random_states = st.integers(0, 10**6).map(np.random.default_rng)


def some_scores(rng: np.random.Generator) -> np.ndarray:
    centre = 0.9 - 0.02 * (np.arange(7) - rng.uniform(1.5, 4.5, size=(5, 1))) ** 2
    return centre[:, :, None] + 0.01 * rng.normal(size=(5, 7, 5))


def some_steps(rng: np.random.Generator) -> np.ndarray:
    critical = np.exp(rng.uniform(2, 8))
    noise = 0.1 * rng.normal(size=(5, 4))
    return 100 * (1 + critical / BATCH_SIZES)[:, None] * np.exp(noise)


@quick
@given(random_states, st.floats(0.1, 10), st.floats(0.1, 10))
def test_the_slope_has_no_units(
    rng: np.random.Generator, of_batches: float, of_values: float
):
    scores = some_scores(rng)
    nobody = np.zeros(scores.shape, dtype=bool)

    before = scale_learning_rate(BATCH_SIZES, GRID, scores, nobody)
    after = scale_learning_rate(
        of_batches * BATCH_SIZES, of_values * GRID, 3 * scores - 1, nobody
    )

    assert after.verdict == before.verdict
    for name in ("estimate", "lower", "upper"):
        expected = getattr(before.slope, name)
        assert getattr(after.slope, name) == pytest.approx(
            expected, rel=1e-6, abs=1e-6, nan_ok=True
        )


@quick
@given(random_states)
def test_the_order_of_the_seeds_changes_no_scaling(rng: np.random.Generator):
    scores, steps = some_scores(rng), some_steps(rng)
    nobody = np.zeros(scores.shape, dtype=bool)

    slopes = [
        scale_learning_rate(BATCH_SIZES, GRID, some, nobody).slope
        for some in (scores, scores[:, :, ::-1])
    ]
    batches = [critical_batch(BATCH_SIZES, some) for some in (steps, steps[:, ::-1])]

    assert slopes[0].lower == pytest.approx(slopes[1].lower, rel=1e-6, nan_ok=True)
    assert batches[0].critical == pytest.approx(batches[1].critical, rel=1e-5)


@quick
@given(random_states, st.floats(0.01, 100), st.floats(0.01, 100))
def test_the_critical_batch_follows_the_unit_of_batches_and_not_of_steps(
    rng: np.random.Generator, of_batches: float, of_steps: float
):
    steps = some_steps(rng)

    before = critical_batch(BATCH_SIZES, steps)
    after = critical_batch(of_batches * BATCH_SIZES, of_steps * steps)

    assert after.verdict == before.verdict
    # The golden section ends within 1e-9 of the logarithm; the sum of squares is flat
    # to the root of rounding.
    assert after.critical == pytest.approx(of_batches * before.critical, rel=1e-5)
    assert after.lack_of_fit_p == pytest.approx(before.lack_of_fit_p, abs=1e-6)


@quick
@given(random_states)
def test_an_interval_has_its_estimate_in_it(rng: np.random.Generator):
    found = critical_batch(BATCH_SIZES, some_steps(rng))

    if found.verdict == "inside":
        assert found.lower <= found.critical <= found.upper
    assert (found.slopes.lower <= found.slopes.estimate).all()
    assert (found.slopes.estimate <= found.slopes.upper).all()
