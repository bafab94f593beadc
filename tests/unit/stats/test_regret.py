"""The cost of other values than the chosen one."""

import numpy as np
import pytest

from paribus.stats.regret import (
    cliff_ratio,
    largest_stable,
    learning_rate_sensitivity,
    regret,
    safe_range,
)


GRID = np.array([0.001, 0.01, 0.1, 1.0])


def test_regret_is_paired_by_seed():
    scores = np.array([[0.9, 0.8], [0.7, np.nan]])

    np.testing.assert_allclose(regret(scores, 0), [[0, 0], [0.2, np.nan]])


def test_the_safe_range_goes_from_the_lowest_to_the_highest_and_tells_of_gaps():
    broken = safe_range(GRID, np.array([0.0, 0.5, 0.0, 0.02]), 2)
    unbroken = safe_range(GRID, np.array([0.02, 0.0, 0.009, 0.0]), 2)

    assert (broken.lower, broken.upper, broken.is_unbroken) == (0.001, 0.1, False)
    assert (broken.lower_is_open, broken.upper_is_open) == (True, False)
    assert (unbroken.lower, unbroken.upper, unbroken.is_unbroken) == (0.01, 1.0, True)
    assert unbroken.ratio == pytest.approx(100)


def test_an_unknown_regret_is_not_safe():
    found = safe_range(GRID, np.array([0.0, 0.0, np.nan, np.nan]), 1)

    assert (found.lower, found.upper) == (0.001, 0.01)


def test_the_chosen_value_is_safe_and_its_regret_is_left_alone():
    mean_regret = np.array([0.5, 0.02, 0.5, 0.5])

    found = safe_range(GRID, mean_regret, 1)

    assert found.lower == found.upper == 0.01
    assert mean_regret[1] == 0.02


def test_the_cliff_is_the_first_value_above_that_breaks_half_the_runs():
    shares = np.array([0.9, 0.0, 0.49, 0.5])

    assert cliff_ratio(GRID, shares, 1) == pytest.approx(100)
    assert cliff_ratio(GRID[:3], shares[:3], 1) is None
    assert cliff_ratio(GRID, shares, 3) is None


def test_the_largest_stable_value_lies_below_the_first_break():
    assert largest_stable(GRID, np.array([0.0, 0.1, 0.6, 0.0])) == 0.01
    assert largest_stable(GRID, np.zeros(4)) == 1.0
    assert largest_stable(GRID, np.ones(4)) is None


def test_a_flat_loss_is_insensitive():
    assert learning_rate_sensitivity(GRID, np.full(4, 0.2), 2.3, 1) == 0.0


def test_sensitivity_is_the_mean_of_a_triangle_by_hand():
    # From .1 up to 1.1 on both sides of the chosen value: half of 1 on average.
    losses = np.array([1.1, 0.1, 1.1, 5.0])

    assert learning_rate_sensitivity(GRID, losses, 2.3, 1) == pytest.approx(0.5)


@pytest.mark.parametrize("loss", [np.nan, np.inf, 2.0, 99.0])
def test_no_loss_counts_as_worse_than_the_initial_one(loss: float):
    losses = np.array([0.0, 0.0, loss, 0.0])

    assert learning_rate_sensitivity(GRID, losses, 2.0, 1) == pytest.approx(0.5)


def test_the_window_is_cut_between_values():
    grid = np.array([10**-3.5, 10**-2.0, 10**-0.5])
    losses = np.array([1.5, 0.0, 1.5])

    # Straight lines that reach 1 at the window's ends.
    assert learning_rate_sensitivity(grid, losses, 9.0, 1) == pytest.approx(0.5)


def test_a_grid_that_ends_within_the_window_has_no_sensitivity():
    assert np.isnan(learning_rate_sensitivity(GRID, np.ones(4), 2.3, 3))
