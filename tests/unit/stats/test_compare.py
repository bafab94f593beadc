"""Paired differences: floors, ties, and what is refused."""

import numpy as np
import pytest

from paribus.errors import TooFewSeedsError
from paribus.stats.compare import (
    compare_paired,
    hedges_g_av,
    holm_adjusted,
    paired_one_sided_p_values,
    share_above,
    sign_flip_p_value,
    smallest_p_value,
)


RNG = np.random.default_rng


@pytest.mark.parametrize("n_pairs", [2, 5, 6, 10, 17, 32])
def test_differences_of_one_sign_reach_the_smallest_p_value(n_pairs: int):
    differences = np.linspace(1.0, 2.0, n_pairs)

    p_value = sign_flip_p_value(differences, rng=RNG(0))

    assert p_value == smallest_p_value(n_pairs) == 2 / 2**n_pairs


def test_many_pairs_of_one_sign_reach_the_floor_of_the_sampling():
    assert sign_flip_p_value(np.ones(33), rng=RNG(0)) == smallest_p_value(33) == 1e-4


def test_no_difference_at_all_has_p_value_1():
    assert sign_flip_p_value(np.zeros(8), rng=RNG(0)) == 1.0


def test_sums_that_differ_by_rounding_are_ties():
    # 0.1 + 0.2 - 0.3 is not 0 in floating point; the sums of both assignments tie.
    differences = np.array([0.1, 0.2, -0.3, 0.6])

    p_value = sign_flip_p_value(differences, rng=RNG(0))

    # With +0.6 the rest must sum to at least 0: 0.6, 0.4, 0.2, 0, 0. As many with -0.6.
    assert p_value == 10 / 16


def test_scores_rounded_to_float32_cannot_make_a_p_value_smaller():
    a = np.array([0.9766, 0.9771, 0.9769, 0.9772, 0.9774, 0.9761])
    b = np.array([0.9765, 0.9772, 0.9767, 0.9771, 0.9770, 0.9763])

    exact = compare_paired(np.round(a * 1e4), np.round(b * 1e4), rng=RNG(0))
    rounded = compare_paired(
        a.astype(np.float32).astype(float),
        b.astype(np.float32).astype(float),
        rng=RNG(0),
    )

    assert rounded.p_value == exact.p_value


def test_one_pair_is_refused():
    one = np.array([1.0])

    with pytest.raises(TooFewSeedsError, match="got 1"):
        compare_paired(one, one, rng=RNG(0))
    with pytest.raises(TooFewSeedsError, match="needs 2 pairs, got 1"):
        sign_flip_p_value(one, rng=RNG(0))
    with pytest.raises(TooFewSeedsError, match="needs 2 pairs, got 1"):
        hedges_g_av(one, one)


def test_an_effect_size_needs_spread():
    assert hedges_g_av(np.full(4, 0.98), np.full(4, 0.11)) is None


def test_ties_count_half_for_either_side():
    assert share_above(np.array([1.0, 1.0]), np.array([1.0])) == 0.5


def test_holm_never_exceeds_1_and_keeps_an_empty_family():
    np.testing.assert_array_equal(holm_adjusted(np.array([0.6, 0.7])), [1.0, 1.0])
    assert holm_adjusted(np.array([])).size == 0


def test_a_constant_advantage_is_certain_and_a_constant_loss_is_not():
    a = np.array([[2.0, 3.0], [0.0, 1.0], [1.0, 2.0]])
    b = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]])

    p_values = paired_one_sided_p_values(a, b, np.full(a.shape, True))

    np.testing.assert_array_equal(p_values, [0.0, 1.0, 1.0])


def test_one_shared_seed_proves_nothing():
    a, b = np.array([[2.0, 9.0]]), np.array([[1.0, 0.0]])

    p_values = paired_one_sided_p_values(a, b, np.array([[True, False]]))

    np.testing.assert_array_equal(p_values, [1.0])
