"""The best learning rate against batch size: exact parabolas, edges, cliffs."""

import math

import numpy as np
import pytest

from paribus.stats.scaling import best_values, scale_learning_rate


BATCH_SIZES = np.array([8.0, 32.0, 128.0, 512.0, 2048.0])
GRID = np.logspace(-4, 1, 11)


def parabolas(slope: float, *, n_seeds: int = 3, bend: float = 0.0) -> np.ndarray:
    """Scores whose best learning rate is .01 at batch size 128."""
    x = np.log(BATCH_SIZES / 128)
    top = math.log(0.01) + slope * x + bend * x**2
    scores = 0.97 - 0.003 * (np.log(GRID) - top[:, None]) ** 2
    return np.repeat(scores[:, :, None], n_seeds, axis=2)


def nobody(scores: np.ndarray) -> np.ndarray:
    return np.zeros(scores.shape, dtype=bool)


@pytest.mark.parametrize(
    ("slope", "verdict"),
    [(1.0, "linear"), (0.5, "square root"), (0.0, "neither"), (0.75, "neither")],
)
def test_exact_parabolas_give_the_planted_slope(slope: float, verdict: str):
    scores = parabolas(slope)

    # Less wide than rounding would make it fail.
    noise = 1e-7 * np.random.default_rng(0).normal(size=scores.shape)
    found = scale_learning_rate(BATCH_SIZES, GRID, scores + noise, nobody(scores))

    assert found.slope.estimate == pytest.approx(slope, abs=1e-3)
    assert found.verdict == verdict


def test_the_top_lies_between_the_values_that_were_tried():
    scores = parabolas(0.5)

    found = best_values(BATCH_SIZES, GRID, scores, nobody(scores))

    expected = math.log(0.01) + 0.5 * np.log(BATCH_SIZES / 128)
    np.testing.assert_allclose(found.log_values, expected, atol=1e-9)


def test_the_error_is_never_below_the_resolution_of_the_grid():
    scores = parabolas(0.5)

    found = best_values(BATCH_SIZES, GRID, scores, nobody(scores))

    np.testing.assert_allclose(found.errors, 0.5 * math.log(10) / math.sqrt(12))


def test_the_error_of_one_seed_is_the_resolution():
    scores = parabolas(0.5, n_seeds=1)

    found = scale_learning_rate(BATCH_SIZES, GRID, scores, nobody(scores))

    np.testing.assert_allclose(found.best.errors, 0.5 * math.log(10) / math.sqrt(12))
    assert found.slope.method == "errors"
    # On an exact line the residuals have no width at all.
    assert found.verdict == "square root"
    assert found.slope.upper - found.slope.lower > 0.1


def test_seeds_that_disagree_make_the_error_larger():
    scores = parabolas(0.5)
    # The first batch size's tops: two values lower, in the middle, two higher.
    scores[0, :, 0] = np.roll(scores[0, :, 0], 2)
    scores[0, :, 2] = np.roll(scores[0, :, 2], -2)

    errors = best_values(BATCH_SIZES, GRID, scores, nobody(scores)).errors

    assert errors[0] > 1.5 * errors[1]


def test_a_best_value_on_the_edge_is_left_out_and_fewer_than_5_are_untested():
    scores = parabolas(0.5)
    scores[1] = np.linspace(0, 1, len(GRID))[:, None]

    found = scale_learning_rate(BATCH_SIZES, GRID, scores, nobody(scores))

    assert found.verdict == "untested"
    assert np.isnan([found.slope.estimate, found.slope.lower, found.slope.upper]).all()
    assert found.best.is_used.tolist() == [True, False, True, True, True]
    assert found.best.values_to_add() == {32.0: (31.6,)}  # 10**1.5


def test_a_batch_size_at_which_nothing_learns_is_left_out():
    scores = parabolas(0.5)
    is_bad = nobody(scores)
    is_bad[4] = True

    found = scale_learning_rate(BATCH_SIZES, GRID, scores, is_bad)

    assert found.verdict == "untested"
    assert found.best.values_to_add() == {}


def test_a_collapsed_neighbour_does_not_drag_the_top():
    scores = parabolas(0.5)
    cliff = scores.copy()
    is_bad = nobody(scores)
    # The best at batch size 128 is the fifth value; the two above it collapse.
    cliff[2, 5:] = 0.1
    is_bad[2, 5:] = True

    with_cliff = best_values(BATCH_SIZES, GRID, cliff, is_bad).log_values
    without = best_values(BATCH_SIZES, GRID, scores, nobody(scores)).log_values

    assert with_cliff[2] == pytest.approx(without[2], abs=1e-9)


def test_the_top_stays_within_the_neighbours():
    # Nearly flat: the parabola is highest far away.
    scores = np.array([0.5, 0.9, 0.9001, 0.9002, 0.90031, 0.9003, 0.1])
    values = np.logspace(-3, 3, 7)

    found = best_values(
        np.array([32.0]), values, scores[None, :, None], np.zeros((1, 7, 1), dtype=bool)
    )

    assert np.log(values[2]) <= found.log_values[0] <= np.log(values[6])


def test_without_a_top_the_best_value_itself_is_taken():
    scores = np.array([0.9, 0.5, 0.91, 0.5, 0.9])
    values = np.logspace(-2, 2, 5)

    found = best_values(
        np.array([32.0]), values, scores[None, :, None], np.zeros((1, 5, 1), dtype=bool)
    )

    assert found.log_values[0] == pytest.approx(np.log(values[2]))


def test_refined_values_may_differ_between_batch_sizes():
    scores = parabolas(0.5)
    values = np.sort(np.append(GRID, 0.02))
    at = int(np.flatnonzero(values == 0.02)[0])
    refined = np.insert(scores, at, np.nan, axis=1)
    refined[2, at] = 0.97 - 0.003 * math.log(2) ** 2

    found = best_values(BATCH_SIZES, values, refined, nobody(refined))

    expected = math.log(0.01) + 0.5 * np.log(BATCH_SIZES / 128)
    np.testing.assert_allclose(found.log_values, expected, atol=1e-9)
    assert found.selections[2].spacing_decades == pytest.approx(0.5)


def test_a_curve_that_bends_down_and_turns_rises_then_falls():
    scores = parabolas(0.2, bend=-0.15)
    noise = 1e-6 * np.random.default_rng(0).normal(size=scores.shape)

    found = scale_learning_rate(BATCH_SIZES, GRID, scores + noise, nobody(scores))

    assert found.verdict == "rises, then falls"
    assert found.curvature.estimate == pytest.approx(-0.15, abs=1e-3)
    assert found.peak == pytest.approx(128 * math.exp(0.2 / 0.3), rel=0.01)


def test_a_curve_that_bends_down_but_still_rises_is_no_fall():
    scores = parabolas(0.9, bend=-0.12)
    noise = 1e-6 * np.random.default_rng(0).normal(size=scores.shape)

    found = scale_learning_rate(BATCH_SIZES, GRID, scores + noise, nobody(scores))

    assert found.curvature.upper < 0
    assert found.peak is None
    assert found.verdict != "rises, then falls"


def test_noise_that_leaves_both_rules_open_is_undecided():
    rng = np.random.default_rng(0)
    scores = parabolas(0.75, n_seeds=5)
    scores += 0.05 * rng.normal(size=scores.shape)

    found = scale_learning_rate(BATCH_SIZES, GRID, scores, nobody(scores))

    assert found.slope.contains(1.0)
    assert found.slope.contains(0.5)
    assert found.verdict == "undecided"
