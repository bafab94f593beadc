"""What one-seed studies would have concluded."""

import numpy as np
import pytest
from builders import all_counted

from paribus.errors import TooFewSeedsError
from paribus.stats.one_seed import (
    expected_regret,
    flip_probabilities,
    named_best_probabilities,
    reversal_share,
    reversal_shares,
)


def test_configs_that_do_not_overlap_are_never_reversed():
    a, b = np.array([0.9, 0.91]), np.array([0.1, 0.5, 0.2])

    assert reversal_share(a, b) == reversal_share(b, a) == 0.0


def test_equal_means_have_no_order_to_reverse():
    assert reversal_share(np.array([0.0, 0.0, 3.0]), np.array([1.0])) == 0.5


def test_all_pairs_at_once_equal_each_pair_alone():
    scores = np.random.default_rng(0).integers(4, size=(5, 6)).astype(float)
    is_counted = np.random.default_rng(1).random((5, 6)) > 0.4
    is_counted[3] = False

    shares = reversal_shares(scores, is_counted)

    assert np.isnan(shares[3]).all()
    np.testing.assert_allclose(shares, shares.T, rtol=1e-12)
    for i in (0, 1, 2, 4):
        for j in (0, 1, 2, 4):
            a, b = scores[i, is_counted[i]], scores[j, is_counted[j]]
            assert shares[i, j] == pytest.approx(reversal_share(a, b), abs=1e-12)


def test_equal_scores_share_the_name_evenly():
    scores = np.full((4, 3), 0.5)

    named = named_best_probabilities(scores, all_counted(scores))

    np.testing.assert_allclose(named, [0.25] * 4, rtol=1e-12)


def test_banks_of_different_sizes_are_allowed_and_an_empty_one_never_wins():
    scores = np.array([[3.0, 1.0, np.nan], [2.0, 2.0, 2.0], [np.nan] * 3])

    named = named_best_probabilities(scores, np.isfinite(scores))
    regret = expected_regret(scores, np.isfinite(scores))

    np.testing.assert_allclose(named, [0.5, 0.5, 0.0])
    assert regret == 0.0


def test_no_runs_are_refused():
    nothing = np.full((2, 3), np.nan)

    with pytest.raises(TooFewSeedsError, match="needs finished runs"):
        named_best_probabilities(nothing, np.isfinite(nothing))


def test_more_seeds_than_the_bank_has_are_left_out():
    scores = np.random.default_rng(0).normal(size=(2, 4))

    flips = flip_probabilities(
        scores, all_counted(scores), rng=np.random.default_rng(0)
    )

    assert list(flips) == [1, 2, 3]


def test_flips_of_one_seed_are_exact_and_repeat():
    scores = np.random.default_rng(0).normal(size=(3, 6))
    best = int(scores.mean(axis=1).argmax())

    def flips(seed: int) -> dict[int, float]:
        rng = np.random.default_rng(seed)
        return flip_probabilities(scores, all_counted(scores), rng=rng)

    named = named_best_probabilities(scores, all_counted(scores))
    assert flips(0)[1] == flips(1)[1] == 1 - named[best]
    assert flips(0) == flips(0)
    assert flips(0)[2] != flips(1)[2]


def test_a_config_that_always_wins_is_never_flipped():
    scores = np.array([[0.9, 0.91, 0.92], [0.1, 0.2, 0.3]])

    flips = flip_probabilities(
        scores, all_counted(scores), rng=np.random.default_rng(0)
    )

    assert flips == {1: 0.0, 2: 0.0, 3: 0.0}
