"""Ordered trends and partial rank correlations in small and extreme cases."""

import math

import numpy as np
import pytest

from paribus.errors import TooFewSeedsError
from paribus.stats.trends import ordered_trend, partial_kendall_tau


def test_a_perfect_order_is_the_rarest_of_all():
    groups = [np.array([1.0, 2]), np.array([3.0, 4]), np.array([5.0, 6])]

    found = ordered_trend(groups)

    # One of 6! / (2! 2! 2!) = 90 assignments.
    assert found.p_value == pytest.approx(1 / 90)
    assert (found.statistic, found.share_rising) == (12, 1)
    assert ordered_trend(groups[::-1]).p_value == pytest.approx(1)


def test_equal_values_show_no_trend():
    found = ordered_trend([np.ones(3)] * 3)

    assert (found.share_rising, found.p_value, found.is_exact) == (0.5, 1.0, False)


def test_groups_may_have_different_sizes_and_empty_ones_are_left_out():
    groups = [np.array([1.0]), np.array([]), np.array([2.0, 3]), np.array([4.0, 5, 6])]

    found = ordered_trend(groups)

    assert found.share_rising == 1
    assert found.p_value == pytest.approx(
        math.factorial(1) * math.factorial(2) * math.factorial(3) / math.factorial(6)
    )


def test_two_groups_have_an_order_but_no_trend():
    with pytest.raises(TooFewSeedsError, match="needs 3 groups of runs, got 2"):
        ordered_trend([np.array([1.0]), np.array([2.0])])


def test_a_correlation_that_the_control_explains_is_gone():
    rng = np.random.default_rng(0)
    cause = rng.normal(size=400)
    x, y = (cause + 0.5 * rng.normal(size=400) for _ in range(2))
    pure = np.zeros((400, 1))

    alone = partial_kendall_tau(x, y, pure)
    given = partial_kendall_tau(x, y, cause[:, None])

    assert alone > 0.4
    # Tau controls for orders only in part: what is left is small.
    assert abs(given) < 0.25 < alone - given


@pytest.mark.parametrize(
    ("x", "controls"),
    [
        pytest.param(np.ones(6), np.zeros((6, 0)), id="x does not vary"),
        pytest.param(np.arange(6.0), np.arange(6.0)[:, None], id="x is the control"),
        pytest.param(
            np.array([1.0, 3, 2, 5, 4, 6]),
            np.stack([np.arange(6.0)] * 2, axis=1),
            id="a control twice",
        ),
    ],
)
def test_what_the_controls_leave_nothing_of_has_no_correlation(
    x: np.ndarray, controls: np.ndarray
):
    y = np.array([2.0, 1, 4, 3, 6, 5])

    assert math.isnan(partial_kendall_tau(x, y, controls))


def test_two_runs_are_refused():
    with pytest.raises(TooFewSeedsError, match="needs 3 runs, got 2"):
        partial_kendall_tau(np.arange(2.0), np.arange(2.0), np.zeros((2, 1)))
