"""Shares: what is refused, and what is certain."""

import numpy as np
import pytest

from paribus.errors import TooFewSeedsError
from paribus.stats.proportions import (
    compare_shares,
    compare_shares_paired,
    mcnemar_p_value,
    newcombe_bounds,
    seeds_to_decide_shares,
    upper_bound_of_none,
)


def test_no_seed_has_no_share():
    with pytest.raises(TooFewSeedsError, match="at least 1 seed, got 0"):
        newcombe_bounds(0, 0, 1, 5)
    with pytest.raises(TooFewSeedsError, match="at least 1 seed, got 0"):
        upper_bound_of_none(0)


def test_a_paired_comparison_counts_both_sides_and_tests_the_seeds_that_differ():
    a = np.array([True] * 7 + [False] * 3)
    b = np.array([True] + [False] * 9)

    difference = compare_shares_paired(a, b, confidence_level=0.9)

    assert (difference.n_hits_a, difference.n_hits_b) == (7, 1)
    assert (difference.n_seeds_a, difference.n_seeds_b) == (10, 10)
    assert difference.estimate == pytest.approx(0.6)
    assert difference.p_value == 2 / 2**6
    assert (difference.lower, difference.upper) == newcombe_bounds(
        7, 10, 1, 10, confidence_level=0.9
    )


def test_sides_that_never_differ_are_no_evidence():
    assert mcnemar_p_value(0, 0) == 1


def test_paired_and_unpaired_have_the_same_interval_and_other_tests():
    a, b = np.arange(8) < 6, np.arange(8) > 7

    paired = compare_shares_paired(a, b)
    unpaired = compare_shares(6, 8, 0, 8)

    assert (paired.lower, paired.upper) == (unpaired.lower, unpaired.upper)
    assert paired.p_value == 0.03125
    assert unpaired.p_value < paired.p_value


def test_shares_that_differ_by_the_smallest_effect_are_never_decided():
    assert seeds_to_decide_shares(0.5, 0.3, smallest_effect=0.2) is None


def test_more_contrasts_need_more_seeds_for_the_same_shares():
    few = seeds_to_decide_shares(0.9, 0.2, smallest_effect=0.2)
    many = seeds_to_decide_shares(
        0.9, 0.2, smallest_effect=0.2, confidence_level=0.99375
    )

    assert few is not None
    assert many is not None
    assert few < many
    assert seeds_to_decide_shares(0.2, 0.9, smallest_effect=0.2) == few
