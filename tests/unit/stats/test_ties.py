"""The set of configs that may be the best."""

import numpy as np
import pytest
from builders import all_counted
from scipy import stats

from paribus.errors import TooFewSeedsError
from paribus.stats.ties import (
    best_mean,
    counted_means,
    regrets_to_best,
    tied_with_best,
)


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


def test_failures_do_not_keep_in_what_is_worse_among_its_learners_too():
    rng = np.random.default_rng(0)
    rival = 0.95 + 0.002 * rng.normal(size=8)
    fails = rival - 0.03 + 0.005 * rng.normal(size=8)
    fails[:2] = 0.1
    scores = np.stack([rival, fails])
    everything = all_counted(scores)
    is_bad = scores < 0.5

    def tied(bad: np.ndarray, learned: np.ndarray) -> list[bool]:
        found = tied_with_best(scores, everything, is_bad=bad, is_learner=learned)
        return found.tolist()

    assert tied_with_best(scores, everything).tolist() == [True, True]
    assert tied(is_bad, ~is_bad) == [True, False]
    # Four seeds on which both learned rank nothing, nor does a rival that fails too.
    few = ~is_bad & (np.arange(8) < 6)
    assert tied(is_bad, few) == [True, True]
    both_fail = is_bad | (np.arange(8) == 7)
    assert tied(both_fail, ~both_fail) == [True, True]


def test_a_config_that_fails_is_tested_at_half_of_the_level_each():
    """Over all seeds it loses by p between half of the level and the level."""
    loss = np.array([0.01, 0.04, 0.03, 0.0, -0.01, 0.02])
    scores = np.stack([np.full(6, 0.9), 0.9 - loss])
    everything = all_counted(scores)
    p_value = float(stats.t.sf(loss.mean() / (loss.std(ddof=1) / np.sqrt(6)), 5))
    is_bad = np.full((2, 6), False)
    is_bad[1, 1] = True

    for level, is_in in ((1.5 * p_value, True), (2.1 * p_value, False)):
        tied = tied_with_best(
            scores, everything, is_bad=is_bad, is_learner=~is_bad, level=level
        )
        assert tied.tolist() == [True, is_in]
        assert not tied_with_best(scores, everything, level=level)[1]


def test_one_seed_is_refused():
    scores = np.array([[0.9], [0.8]])

    with pytest.raises(TooFewSeedsError, match="needs 2 seeds, got 1"):
        tied_with_best(scores, all_counted(scores))


def test_a_config_that_may_lose_as_much_as_matters_is_not_practically_as_good():
    rng = np.random.default_rng(0)
    centre = np.array([0.97, 0.9695, 0.9695, 0.9])[:, None]
    scores = centre + 0.0005 * rng.normal(size=(4, 6))
    scores[2] += [0.005, -0.005, 0.004, -0.004, 0.003, -0.003]

    found = regrets_to_best(scores, all_counted(scores), smallest_effect=0.002, rng=rng)

    assert found.is_practically_tied.tolist() == [True, True, False, False]
    # The wild one is tied all the same: six seeds do not show it to be worse.
    assert tied_with_best(scores, all_counted(scores)).tolist() == [True] * 3 + [False]


def test_nothing_is_limited_by_fewer_than_five_shared_seeds():
    scores = np.full((4, 8), 0.9)
    is_counted = np.array(
        [[True] * 8, [True] * 4 + [False] * 4, [False] * 8, [True] * 8]
    )
    is_counted[3, 1:] = False

    found = regrets_to_best(
        scores, is_counted, smallest_effect=0.1, rng=np.random.default_rng(0)
    )

    assert found.upper.tolist() == [0.0, np.inf, np.inf, np.inf]
    assert found.estimate.tolist()[:2] == [0.0, 0.0]
    assert np.isnan(found.estimate[2])
    assert found.n_pairs.tolist() == [8, 4, 0, 1]


def test_four_seeds_show_nothing_to_be_practically_as_good():
    scores = np.full((2, 4), 0.9)

    with pytest.raises(TooFewSeedsError, match="needs 5 seeds to be shown, got 4"):
        regrets_to_best(
            scores,
            all_counted(scores),
            smallest_effect=0.1,
            rng=np.random.default_rng(0),
        )
