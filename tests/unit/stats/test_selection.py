"""What tuning chooses, and when it may not conclude."""

import numpy as np
import pytest

from paribus.errors import SpaceError, TooFewSeedsError
from paribus.stats.selection import (
    has_equal_budget,
    is_bad_run,
    select_value,
    shared_seeds,
    tuning_scores,
)
from paribus.status import RunStatus


GRID = np.array([0.001, 0.01, 0.1, 1.0])


def nobody(scores: np.ndarray) -> np.ndarray:
    return np.zeros(scores.shape, dtype=bool)


def test_the_best_mean_is_chosen_whatever_the_order_of_the_grid():
    scores = np.array([[0.9, 0.92], [0.97, 0.98], [0.99, 0.9], [0.1, 0.1]])
    shuffled = [2, 0, 3, 1]

    selection = select_value(GRID[shuffled], scores[shuffled], nobody(scores))

    assert selection.value == 0.01
    assert selection.values.tolist() == GRID.tolist()
    np.testing.assert_allclose(selection.mean_scores, [0.91, 0.975, 0.945, 0.1])
    assert (selection.edge, selection.values_to_add) == (None, ())


def test_a_value_of_which_half_the_runs_did_not_learn_is_not_chosen():
    scores = np.array([[0.5] * 4, [0.6] * 4, [0.99, 0.99, 0.9, 0.9], [0.1] * 4])
    is_bad = nobody(scores)
    is_bad[2, :2] = is_bad[3] = True

    selection = select_value(GRID, scores, is_bad)

    assert selection.value == 0.01
    assert selection.is_excluded.tolist() == [False, False, True, True]
    is_bad[2, 0] = False
    assert select_value(GRID, scores, is_bad).value == 0.1


def test_nothing_is_chosen_where_nothing_learns():
    scores = np.full((4, 3), 0.1)

    selection = select_value(GRID, scores, ~nobody(scores))

    assert selection.best is selection.value is selection.edge is None
    assert np.isnan(selection.spacing_decades)


@pytest.mark.parametrize(
    ("scores", "edge", "to_add"),
    [
        ([0.9, 0.8, 0.7, 0.6], "lowest", (0.0001,)),
        ([0.6, 0.7, 0.8, 0.9], "highest", (10.0,)),
    ],
)
def test_a_choice_on_the_edge_says_which_value_to_add(
    scores: list[float], edge: str, to_add: tuple[float, ...]
):
    selection = select_value(
        GRID, np.array(scores)[:, None], np.zeros((4, 1), dtype=bool)
    )

    assert (selection.edge, selection.values_to_add) == (edge, to_add)


def test_a_value_next_to_the_cliff_is_interior():
    scores = np.array([[0.9], [0.95], [0.97], [0.1]])

    assert select_value(GRID, scores, scores < 0.2).edge is None


def test_one_value_is_an_edge_on_both_sides():
    selection = select_value(np.array([0.1]), np.array([[0.9]]), np.array([[False]]))

    assert selection.edge == "only"
    assert selection.values_to_add == (0.0316, 0.316)


def test_the_value_to_add_follows_the_spacing_at_that_end():
    grid = np.array([1e-4, 1e-3, 3e-3, 1e-2])
    scores = np.array([[0.1], [0.2], [0.3], [0.4]])

    selection = select_value(grid, scores, nobody(scores))

    assert selection.values_to_add[0] == 0.0333


@pytest.mark.parametrize(
    ("grid", "to_add"),
    [
        ([128, 512], 2048.0),
        ([96, 4096], 175_000.0),  # 4096 * 4096 / 96 = 174,762.67
        ([0.001, 0.003], 0.009),
        ([0.003, 0.001 * 10], 0.0333),
        ([0.1, 0.3, 0.9], 2.7),
    ],
)
def test_a_value_to_add_has_three_digits_or_is_whole(grid, to_add):
    scores = np.linspace(0.4, 0.9, len(grid))[:, None]

    selection = select_value(np.array(grid, dtype=float), scores, nobody(scores))

    assert selection.values_to_add == (to_add,)


def test_the_spacing_is_the_larger_gap_beside_the_choice():
    grid = np.array([1e-3, 1e-2, 2e-2, 4e-2])
    scores = np.array([[0.1], [0.4], [0.2], [0.3]])

    assert select_value(grid, scores, nobody(scores)).spacing_decades == pytest.approx(
        1
    )


def test_values_that_were_not_tried_are_no_part_of_the_grid():
    scores = np.array([[0.5, 0.5], [0.9, 0.9], [np.nan] * 2, [np.nan] * 2])

    selection = select_value(GRID, scores, nobody(scores))

    assert selection.values.tolist() == [0.001, 0.01]
    assert selection.edge == "highest"


def test_diverged_runs_enter_with_chance_and_missing_ones_not_at_all():
    scores = np.array([[0.9, np.nan, 0.3, 0.8]])
    status = np.array(
        [
            [
                RunStatus.CONVERGED,
                RunStatus.DIVERGED,
                RunStatus.LATE_COLLAPSE,
                RunStatus.FAILED,
            ]
        ]
    )

    np.testing.assert_array_equal(
        tuning_scores(scores, status, chance=0.1), [[0.9, 0.1, 0.3, np.nan]]
    )


def test_bad_runs_are_the_results_that_are_no_learners():
    status = np.array([int(word) for word in RunStatus])

    bad = {RunStatus(int(word)) for word in status[is_bad_run(status)]}

    assert bad == {
        word for word in RunStatus if word.has_outcome and not word.is_learner
    }


def test_unequal_numbers_of_seeds_are_unequal_budgets():
    assert has_equal_budget(np.array([[3, 3], [3, 3]]))
    assert not has_equal_budget(np.array([[3, 3], [3, 4]]))


def test_shared_seeds_are_listed():
    assert shared_seeds([1, 2, 3], [4, 3, 2]) == [2, 3]
    assert shared_seeds([0, 1], [2, 3]) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [([0.0, 1.0], "above 0, got 0"), ([0.1, 0.1], "must differ")],
)
def test_a_grid_that_has_no_logarithm_or_repeats_is_refused(
    values: list[float], message: str
):
    with pytest.raises(SpaceError, match=message):
        select_value(np.array(values), np.ones((2, 1)), np.zeros((2, 1), dtype=bool))


def test_no_runs_are_refused():
    nothing = np.full((4, 2), np.nan)

    with pytest.raises(TooFewSeedsError, match="needs finished runs"):
        select_value(GRID, nothing, nobody(nothing))
