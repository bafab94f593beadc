"""Targets: where curves cross them, and which rung of the ladder is used."""

import math

import numpy as np
import pytest

from paribus.stats.targets import (
    RUNGS,
    choose_rung,
    first_crossing,
    reachable_rung,
    target_ladder,
)


NEVER = math.inf


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        pytest.param([0.1, 0.5, 0.9, 0.95], 17.5, id="between evaluations"),
        pytest.param([0.1, 0.8, 0.9, 0.95], 10.0, id="at an evaluation"),
        pytest.param([0.1, 0.9, 0.1, 0.1], 8.75, id="falls back later"),
        pytest.param([0.1, 0.2, 0.7, 0.79], NEVER, id="stays below"),
        pytest.param([0.9, 0.2, 0.7, 0.9], 25.0, id="lucky before the first step"),
        pytest.param([0.9, 0.9, 0.9, 0.9], 10.0, id="always there"),
        pytest.param([0.1, math.nan, 0.9, 0.9], 20.0, id="nothing known before"),
        pytest.param([0.1, math.nan, math.nan, math.nan], NEVER, id="diverged"),
    ],
)
def test_a_curve_crosses_its_target_where_the_line_does(
    curve: list[float], expected: float
):
    at = np.array([0.0, 10.0, 20.0, 30.0])

    assert first_crossing(at, np.array([curve]), 0.8)[0] == pytest.approx(expected)


def test_a_first_evaluation_after_the_start_can_be_the_crossing():
    at = np.array([1.0, 2.0])

    assert first_crossing(at, np.array([[0.9, 0.95]]), 0.8)[0] == 1.0


def test_the_ladder_leads_from_guessing_to_the_median_of_the_reruns():
    targets = target_ladder(np.array([0.5, 0.91, 0.9, 0.89, 0.99]), 0.1)

    assert targets.shape == (len(RUNGS),)
    np.testing.assert_allclose(targets, [0.82, 0.876, 0.892, 0.8976])


def test_the_rung_with_the_steadiest_time_is_chosen():
    pilot = np.array([[1.0, 2.0, 1.5], [5.0, 5.1, 5.2], [9.0, 9.0, NEVER]])

    assert choose_rung(pilot, 20.0) == 1
    assert choose_rung(pilot[[2]], 20.0) is None


def test_a_rung_that_the_budget_barely_allows_is_not_chosen():
    # The higher one varies less, since no time can be later than the budget of 10.
    pilot = np.array([[4.0, 5.0, 6.0], [9.7, 9.8, 9.9]])

    assert choose_rung(pilot, 10.0) == 0
    assert choose_rung(pilot, 12.0) == 0
    assert choose_rung(pilot, 12.5) == 1
    assert choose_rung(pilot, 5.0) is None


@pytest.mark.parametrize(
    ("missed_of_10", "chosen", "expected"),
    [
        pytest.param((0, 1, 2, 9), 2, 2, id="two of ten missed is enough"),
        pytest.param((0, 1, 3, 9), 2, 1, id="three of ten is not"),
        pytest.param((0, 3, 0, 9), 1, 0, id="never up"),
        pytest.param((3, 3, 5, 9), 3, None, id="unreachable"),
    ],
)
def test_a_rung_that_the_faster_side_misses_is_left(
    missed_of_10: tuple[int, ...], chosen: int, expected: int | None
):
    faster = np.ones((4, 10))
    for row, n_missed in zip(faster, missed_of_10, strict=True):
        row[:n_missed] = NEVER
    slower = np.full((4, 10), NEVER)

    assert reachable_rung(faster, slower, chosen) == expected
    assert reachable_rung(slower, faster, chosen) == expected
