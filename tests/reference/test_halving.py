"""What selection on the way does to scores, measured; and what fresh seeds say."""

import numpy as np
import pytest
from scipy import stats

from paribus.halving import Halving
from paribus.stats.halving import kept_at_rung
from paribus.stats.outcomes import highest_by_guessing
from paribus.stats.selection import select_value


HALVING = Halving(factor=3)
N_VALUES, EPOCHS = 18, 27
VALUES = np.logspace(-4, 0, N_VALUES)
CHANCE = -10.0


def halve(curves: np.ndarray) -> tuple[int, np.ndarray]:
    """Which value successive halving chooses, and which it stopped.

    Args:
        curves: Scores [value, seed, epoch], the last at the end.
    """
    is_alive = np.full(N_VALUES, True)
    for rung in HALVING.rungs(EPOCHS):
        scores = np.where(is_alive[:, None], curves[:, :, rung - 1], np.nan)
        is_alive = kept_at_rung(
            scores,
            np.zeros(scores.shape, bool),
            n_kept=HALVING.n_kept(int(is_alive.sum())),
            by_guessing=CHANCE,
        )
    final = np.where(is_alive[:, None], curves[:, :, -1], np.nan)
    nothing_bad = np.zeros(final.shape, bool)
    found = select_value(VALUES, final, nothing_bad, ~is_alive)
    assert found.best is not None
    return found.best, ~is_alive


def walks(rng: np.random.Generator, n_seeds: int, ends: np.ndarray) -> np.ndarray:
    """Curves whose scores have unit variance and wander from epoch to epoch."""
    noise = rng.normal(size=(N_VALUES, n_seeds, EPOCHS))
    wandering = noise.cumsum(axis=2) / np.sqrt(np.arange(1, EPOCHS + 1))
    return ends[:, None, None] + wandering


def test_of_equal_values_the_chosen_looks_better_than_it_is_to_those_that_chose():
    rng = np.random.default_rng(0)
    n_studies, n_tuning, n_evaluation = 1000, 3, 6
    on_tuning, on_fresh = np.zeros(n_studies), np.zeros(n_studies)
    for study in range(n_studies):
        curves = walks(rng, n_tuning, np.zeros(N_VALUES))
        best, _ = halve(curves)
        on_tuning[study] = curves[best, :, -1].mean()
        on_fresh[study] = walks(rng, n_evaluation, np.zeros(N_VALUES))[
            best, :, -1
        ].mean()

    # 3.3 Monte Carlo errors: fresh seeds are right, those that chose are not.
    error = 3.3 / np.sqrt(n_studies)
    assert abs(on_fresh.mean()) < error * on_fresh.std()
    assert on_tuning.mean() > 5 * error * on_tuning.std()


def test_a_value_that_is_clearly_best_throughout_is_never_lost():
    rng = np.random.default_rng(1)
    ends = np.zeros(N_VALUES)
    ends[11] = 8.0  # means of three seeds have an error of .58

    for _ in range(200):
        best, is_stopped = halve(walks(rng, 3, ends))
        assert best == 11
        assert is_stopped.sum() == N_VALUES - 1


def test_a_value_that_is_slow_at_first_is_lost_as_the_report_says():
    rng = np.random.default_rng(2)
    curves = walks(rng, 3, np.zeros(N_VALUES))
    curves[4] = np.linspace(-20, 20, EPOCHS)

    best, is_stopped = halve(curves)

    assert is_stopped[4]
    assert best != 4


def test_what_was_stopped_has_no_score_and_makes_its_neighbour_interior():
    scores = np.array([[0.3], [np.nan], [0.9], [np.nan]])
    is_stopped = np.array([False, True, False, True])

    found = select_value(VALUES[:4], scores, scores < 0, is_stopped)

    assert found.best == 2
    assert found.edge is None
    assert np.isnan(found.mean_scores).tolist() == is_stopped.tolist()
    assert found.is_excluded.tolist() == [False] * 4
    assert select_value(VALUES[:4], scores, scores < 0).edge == "highest"


@pytest.mark.parametrize("n_values", [1, 2, 5, 9, 11, 27, 100])
def test_the_epochs_that_are_counted_are_those_of_a_loop(n_values: int):
    alive, total = n_values, 0
    for epoch in range(EPOCHS):
        if epoch in HALVING.rungs(EPOCHS):
            alive = int(np.ceil(alive / HALVING.factor))
        total += alive

    assert HALVING.n_epochs(n_values, EPOCHS) == total


def rung_of_late_learners(rng: np.random.Generator) -> np.ndarray:
    """Accuracies of 9 values, 3 seeds, 500 examples, when only guessing is done yet."""
    return rng.binomial(500, 0.1, size=(9, 3)) / 500


def test_while_all_guess_no_value_is_lost_by_the_luck_of_its_examples():
    rng = np.random.default_rng(3)
    n_studies, by_guessing = 2000, highest_by_guessing(0.1, 500)
    nothing_diverged = np.zeros((9, 3), bool)

    kept = [
        kept_at_rung(
            rung_of_late_learners(rng),
            nothing_diverged,
            n_kept=3,
            by_guessing=by_guessing,
        )
        for _ in range(n_studies)
    ]

    # One of 27 runs is above 3 standard errors by luck, and then 6 of 9 are stopped; by
    # their ranks alone these would be stopped in every study.
    is_above = stats.binom.sf(np.floor(500 * by_guessing), 500, 0.1)
    is_misled = 1 - (1 - is_above) ** 27
    error = np.sqrt(is_misled * (1 - is_misled) / n_studies)
    assert is_misled < 0.05
    # 3.3 Monte-Carlo errors of what is lost, 6 in 9 of them.
    assert 1 - np.mean(kept) == pytest.approx(is_misled * 6 / 9, abs=float(2.2 * error))
