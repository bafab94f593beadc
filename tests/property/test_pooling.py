from functools import partial

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from paribus.engine.convolutions import suited_to_cpus


def pooled(images, *, size, padding):
    windows = (1, *size, 1)
    return lax.reduce_window(images, -np.inf, lax.max, windows, windows, padding)


def places(window, *, size, sides, padding):
    """The pixels of a window, in the order of memory."""
    ranges = []
    for i, s, n in zip(window, size, sides, strict=True):
        first = i * s - ((-n % s) // 2 if padding == "SAME" else 0)
        ranges.append(range(max(first, 0), min(first + s, n)))
    return [(row, column) for row in ranges[0] for column in ranges[1]]


def by_hand(images, worth, *, size, padding):
    """The largest number of each window; its worth goes to the first that is it."""
    outputs, gradient = np.empty_like(worth), np.zeros_like(images)
    for example, *window, channel in np.ndindex(worth.shape):
        pixels = places(window, size=size, sides=images.shape[1:3], padding=padding)
        first = max(pixels, key=lambda at: images[example, *at, channel])
        outputs[example, *window, channel] = images[example, *first, channel]
        gradient[example, *first, channel] += worth[example, *window, channel]
    return outputs, gradient


@pytest.mark.slow  # compiles a program for each example
@settings(max_examples=20)  # each shape is compiled
@given(
    sides=st.tuples(st.integers(3, 8), st.integers(3, 8)),
    size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.sampled_from(["VALID", "SAME"]),
    n_values=st.integers(1, 4),
    seed=st.integers(0, 2**16),
)
def test_max_pooling_and_its_gradient_are_those_of_a_loop_over_windows(
    sides, size, padding, n_values, seed
):
    rng = np.random.default_rng(seed)
    # Few values: most windows have ties, as they do behind a ReLU.
    images = rng.integers(-1, n_values, size=(2, *sides, 2)).astype(np.float32)
    pool = partial(pooled, size=size, padding=padding)
    shape = jax.eval_shape(pool, images).shape
    worth = rng.normal(size=shape).astype(np.float32)

    def both(images, worth):
        outputs, back = jax.vjp(pool, images)
        return outputs, back(worth)[0]

    ours = suited_to_cpus(both)(images, worth)

    theirs, expected = both(images, worth), by_hand(images, worth, **pool.keywords)
    for given_back, in_jax, right in zip(ours, theirs, expected, strict=True):
        np.testing.assert_array_equal(given_back, right)
        np.testing.assert_array_equal(in_jax, right)
