"""What holds for measures of weights, whatever the weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.engine.calibration import measure_calibration
from paribus.engine.curvature import largest_eigenvalue
from paribus.engine.noise_scale import noise_scale, two_batch_noise_scale


N_EXAMPLES, N_CLASSES, N_WEIGHTS = 60, 3, 12
SEEDS = st.integers(0, 2**32 - 1)


@jax.jit
def calibration(logits, labels):
    return measure_calibration(logits, labels, jax.random.key(0))


@jax.jit
def largest(matrix, start):
    return largest_eigenvalue(lambda v: matrix @ v, start).largest


def draw(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def symmetric(seed):
    """A symmetric matrix, and where to begin the search for its eigenvalues."""
    half = draw(seed, N_WEIGHTS, N_WEIGHTS)
    return half + half.T, draw(seed + 1, N_WEIGHTS)


@settings(max_examples=50)
@given(seed=SEEDS, size=st.floats(0.1, 30))
def test_calibration_stays_within_its_bounds_and_knows_no_order(seed, size):
    rng = np.random.default_rng(seed)
    logits = size * draw(seed, N_EXAMPLES, N_CLASSES)
    labels = rng.integers(0, N_CLASSES, N_EXAMPLES).astype(np.int32)
    order = rng.permutation(N_EXAMPLES)

    found = calibration(logits, labels)
    shuffled = calibration(logits[order], labels[order])

    assert 0 <= float(found.ece) <= 1
    assert 0 <= float(found.ece_debiased) <= 1
    assert 0 <= float(found.brier) <= 2
    assert 0 <= float(found.ece_null) <= float(found.ece_null_upper) + 1e-6
    for name in ("nll", "brier"):
        first, second = getattr(found, name), getattr(shuffled, name)
        assert float(first) == pytest.approx(float(second), rel=1e-4, abs=1e-6)
    # Equal confidences, of which float32 has many near 1, may change bins.
    if len(np.unique(jax.nn.softmax(logits).max(axis=1))) == N_EXAMPLES:
        assert float(found.ece) == pytest.approx(float(shuffled.ece), abs=1e-5)


@settings(max_examples=50)
@given(seed=SEEDS, shift=st.floats(-20, 20), scale=st.floats(0.01, 100))
def test_largest_eigenvalue_moves_with_the_spectrum(seed, shift, scale):
    matrix, start = symmetric(seed)
    # The search assumes that its start has a part along the leading eigenvector.
    vector = np.linalg.eigh(matrix).eigenvectors[:, -1]
    part = np.copysign(0.5, vector @ start) * np.linalg.norm(start)
    start = (start + part * vector).astype(np.float32)

    moved = scale * matrix + shift * np.eye(N_WEIGHTS, dtype=np.float32)
    found = float(largest(jnp.asarray(moved, jnp.float32), start))

    expected = scale * float(largest(matrix, start)) + shift
    size = scale * float(np.abs(np.linalg.eigvalsh(matrix)).max()) + abs(shift)
    assert found == pytest.approx(expected, abs=3e-3 * size)


def test_the_search_does_not_rest_at_the_first_small_residual():
    # Two products from this start leave a small residual at 3.12.
    matrix, start = symmetric(1500)
    moved = (matrix / 32 + 3 * np.eye(N_WEIGHTS)).astype(np.float32)

    values = np.linalg.eigvalsh(moved.astype(np.float64))
    assert float(largest(moved, start)) == pytest.approx(values[-1], rel=1e-3)


@settings(max_examples=50)
@given(seed=SEEDS, scale=st.floats(0.01, 100))
def test_the_noise_scale_is_in_examples_whatever_the_loss_is_measured_in(seed, scale):
    gradients = 1 + draw(seed, N_EXAMPLES, N_WEIGHTS)

    def parts(gradients):
        return noise_scale(
            jnp.asarray((gradients**2).sum(axis=1)),
            jnp.asarray((gradients.mean(axis=0) ** 2).sum()),
        )

    found, scaled = parts(gradients), parts(np.float32(scale) * gradients)

    assert float(scaled.trace) == pytest.approx(scale**2 * float(found.trace), rel=1e-3)
    assert float(scaled.batch_size()) == pytest.approx(
        float(found.batch_size()), rel=1e-2
    )


@settings(max_examples=50)
@given(seed=SEEDS)
def test_batches_of_one_example_give_the_exact_noise_scale(seed):
    gradients = 1 + draw(seed, N_EXAMPLES, N_WEIGHTS)
    norms2 = jnp.asarray((gradients**2).sum(axis=1))
    mean_norm2 = jnp.asarray((gradients.mean(axis=0) ** 2).sum())

    exact = noise_scale(norms2, mean_norm2)
    batched = two_batch_noise_scale(norms2.mean(), mean_norm2, small=1, big=N_EXAMPLES)

    assert float(batched.trace) == pytest.approx(float(exact.trace), rel=1e-4)
    assert float(batched.gradient2) == pytest.approx(float(exact.gradient2), rel=1e-3)
