"""How uncertain a mean or a share is: what is refused, cut and chosen."""

import numpy as np
import pytest
from builders import all_counted

from paribus.errors import TooFewSeedsError
from paribus.stats.intervals import (
    bootstrap_interval,
    geometric_mean_interval,
    mean_interval,
    share_interval,
    t_interval,
)


def test_one_seed_is_refused_with_a_hint():
    scores = np.array([[0.9, 0.8], [0.7, np.nan]])

    with pytest.raises(TooFewSeedsError, match="needs 2 seeds, got 1") as caught:
        t_interval(scores, np.isfinite(scores))

    assert caught.value.hint == "train more seeds"
    assert caught.value.exit_code == 3


def test_scores_that_are_not_counted_change_nothing():
    scores = np.array([[0.9, 0.8, 0.85, np.nan], [0.5, 0.6, 0.7, 99.0]])
    is_counted = np.array([[True, True, True, False]] * 2)

    masked = t_interval(scores, is_counted)
    alone = t_interval(scores[:, :3], all_counted(scores[:, :3]))

    np.testing.assert_array_equal(masked.lower, alone.lower)
    np.testing.assert_array_equal(masked.n_seeds, [3, 3])


def test_a_counted_nan_is_not_skipped_silently():
    scores = np.array([[0.9, 0.8, np.nan]])

    with pytest.raises(AssertionError, match="only finite scores"):
        t_interval(scores, all_counted(scores))


def test_equal_scores_give_an_interval_without_width():
    scores = np.full((1, 4), 0.5)

    interval = t_interval(scores, all_counted(scores))

    assert interval.lower[0] == interval.estimate[0] == interval.upper[0] == 0.5


def test_bounds_of_an_accuracy_are_cut_at_what_a_mean_can_be():
    scores = np.array([[0.1, 0.97, 0.98]])

    interval = t_interval(scores, all_counted(scores))
    cut = interval.within(0.0, 1.0)

    assert interval.lower[0] < 0 < 1 < interval.upper[0]
    assert (cut.lower[0], cut.upper[0]) == (0.0, 1.0)
    assert cut.estimate[0] == interval.estimate[0]


@pytest.mark.parametrize(("n_seeds", "is_t"), [(19, True), (20, False)])
def test_the_bootstrap_takes_over_from_t_at_20_seeds(n_seeds: int, is_t: bool):
    scores = np.random.default_rng(3).lognormal(size=(1, n_seeds))

    chosen = mean_interval(scores, all_counted(scores), rng=np.random.default_rng(0))
    t = t_interval(scores, all_counted(scores))

    assert (chosen.lower[0] == t.lower[0]) == is_t
    assert chosen.estimate[0] == t.estimate[0]


def test_configs_with_few_and_many_seeds_each_get_their_own_method():
    scores = np.random.default_rng(3).normal(size=(2, 20))
    is_counted = all_counted(scores)
    is_counted[0, 5:] = False

    both = mean_interval(scores, is_counted, rng=np.random.default_rng(0))
    few = t_interval(scores[:1], is_counted[:1])
    many = bootstrap_interval(scores[1:], is_counted[1:], rng=np.random.default_rng(0))

    assert both.upper[0] == few.upper[0]
    assert both.upper[1] == many.upper[0]


def test_bootstrap_refuses_few_seeds():
    scores = np.zeros((1, 19))

    with pytest.raises(TooFewSeedsError, match="needs 20 seeds, got 19"):
        bootstrap_interval(scores, all_counted(scores), rng=np.random.default_rng(0))


def test_bootstrap_repeats_with_the_same_seed_only():
    scores = np.random.default_rng(1).normal(size=(3, 25))

    def upper(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return bootstrap_interval(scores, all_counted(scores), rng=rng).upper

    np.testing.assert_array_equal(upper(0), upper(0))
    assert (upper(0) != upper(1)).any()


def test_scores_that_are_nearly_all_equal_get_finite_bounds():
    scores = np.full((1, 20), 0.97)
    scores[0, 0] = 0.11

    interval = bootstrap_interval(
        scores, all_counted(scores), rng=np.random.default_rng(0)
    )

    assert np.isfinite([interval.lower[0], interval.upper[0]]).all()
    assert interval.lower[0] < interval.estimate[0] < interval.upper[0]


def test_geometric_bounds_are_the_same_ratio_apart_and_above_zero():
    losses = np.array([[0.01, 0.5, 2.0, 0.1]])

    interval = geometric_mean_interval(
        losses, all_counted(losses), rng=np.random.default_rng(0)
    )

    below = interval.estimate / interval.lower
    above = interval.upper / interval.estimate
    np.testing.assert_allclose(below, above, rtol=1e-12)
    assert interval.lower[0] > 0


def test_no_hits_and_only_hits_reach_the_ends():
    interval = share_interval(np.array([0, 10]), np.array([10, 10]))

    assert interval.lower[0] == 0.0
    assert interval.upper[1] == 1.0
    assert interval.upper[0] < 1.0
    assert interval.lower[1] > 0.0


def test_a_share_of_nothing_is_refused():
    with pytest.raises(TooFewSeedsError, match="at least 1 seed"):
        share_interval(np.array([0]), np.array([0]))


def test_above_what_resamples_can_show_student_stands_in():
    scores = np.random.default_rng(1).normal(size=(1, 20))
    counted, rng = all_counted(scores), np.random.default_rng(0)

    sure = mean_interval(scores, counted, confidence_level=0.9999, rng=rng)
    usual = mean_interval(scores, counted, confidence_level=0.99, rng=rng)

    student = t_interval(scores, counted, confidence_level=0.9999)
    assert (sure.lower, sure.upper) == (student.lower, student.upper)
    assert usual.lower != t_interval(scores, counted, confidence_level=0.99).lower
