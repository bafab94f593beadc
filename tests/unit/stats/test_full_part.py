"""Leaving out whole values until only what learned is left."""

import numpy as np
import pytest

from paribus.stats.full_part import largest_full_part


def test_the_largest_part_leaves_out_a_value_of_either_one():
    is_kept = np.ones((4, 3), dtype=bool)
    is_kept[3] = is_kept[0, 2] = False

    first, second = largest_full_part(is_kept)

    # Without row 3: rows 0-2 and two columns, or rows 1-2 and three: equally large.
    assert first.tolist() == [True, True, True, False]
    assert second.tolist() == [True, True, False]


def test_a_grid_beats_a_longer_row():
    is_kept = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]], dtype=bool)

    first, second = largest_full_part(is_kept)

    assert first.tolist() == [True, True]
    assert second.tolist() == [True, True, False, False, False]


def test_of_three_hyperparameters_the_value_that_fails_is_left_out():
    is_kept = np.ones((3, 2, 4), dtype=bool)
    is_kept[:, 1, 3] = False

    first, second, third = largest_full_part(is_kept)

    assert first.all()
    assert second.all()
    assert third.tolist() == [True, True, True, False]


@pytest.mark.parametrize("n", [17, 20])
def test_a_grid_too_large_to_try_is_cut_value_by_value(n: int):
    is_kept = np.ones((n, n), dtype=bool)
    is_kept[3] = is_kept[:, 5] = False

    first, second = largest_full_part(is_kept)

    assert np.flatnonzero(~first).tolist() == [3]
    assert np.flatnonzero(~second).tolist() == [5]
