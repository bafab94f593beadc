"""The set of configs that may be the best."""

import numpy as np
import pytest
from builders import all_counted

from paribus.errors import TooFewSeedsError
from paribus.stats.ties import best_mean, counted_means, tied_with_best


def test_a_clearly_worse_config_is_left_out():
    rng = np.random.default_rng(0)
    centre = np.array([0.97, 0.9705, 0.90])[:, None]
    scores = centre + 0.002 * rng.normal(size=(3, 10))

    is_tied = tied_with_best(scores, all_counted(scores))

    assert is_tied.tolist() == [True, True, False]


def test_a_config_does_not_win_on_the_seeds_that_survived():
    # Three of five runs diverged and stand here with the score of guessing.
    scores = np.array([[0.99, 0.99, 0.11, 0.11, 0.11], [0.97, 0.98, 0.97, 0.98, 0.97]])

    assert best_mean(scores, all_counted(scores)) == 1


def test_a_config_without_a_score_is_neither_tied_nor_the_best():
    scores = np.array([[np.nan] * 3, [0.5, 0.6, 0.4]])

    is_tied = tied_with_best(scores, np.isfinite(scores))

    assert is_tied.tolist() == [False, True]
    assert best_mean(scores, np.isfinite(scores)) == 1
    assert counted_means(scores, np.isfinite(scores))[0] == -np.inf


def test_configs_with_the_same_scores_in_another_order_are_equally_good():
    scores = np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2]])

    means = counted_means(scores, all_counted(scores))

    assert means[0] == means[1]


def test_the_only_config_is_tied_with_itself():
    scores = np.array([[0.5, 0.6]])

    assert tied_with_best(scores, all_counted(scores)).tolist() == [True]


def test_rows_are_compared_over_shared_seeds_only():
    scores = np.array([[0.9, 0.9, 0.9, 0.9], [0.8, 0.81, 0.8, np.nan]])

    is_tied = tied_with_best(scores, np.isfinite(scores))

    assert is_tied.tolist() == [True, False]


def test_the_best_mean_stays_even_if_beaten_on_the_shared_seeds():
    beaten = [0.90, 0.91, 0.90, 0.91, 0.99, 0.99]
    beats = [0.92, 0.931, 0.92, 0.93, np.nan, np.nan]
    scores = np.array([beaten, beats])

    is_tied = tied_with_best(scores, np.isfinite(scores))

    assert best_mean(scores, np.isfinite(scores)) == 0
    assert is_tied.tolist() == [True, True]


def test_one_seed_is_refused():
    scores = np.array([[0.9], [0.8]])

    with pytest.raises(TooFewSeedsError, match="needs 2 seeds, got 1"):
        tied_with_best(scores, all_counted(scores))
