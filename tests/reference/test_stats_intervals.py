"""Intervals against SciPy, a bootstrap written out, and simulated coverage."""

import numpy as np
import pytest
from builders import all_counted
from scipy import stats

from paribus.stats.intervals import (
    bootstrap_interval,
    geometric_mean_interval,
    share_interval,
    t_interval,
)


@pytest.mark.parametrize("confidence_level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("n_seeds", [2, 3, 10, 40])
def test_t_interval_agrees_with_scipy(n_seeds: int, confidence_level: float):
    scores = np.random.default_rng(1).normal(0.9, 0.05, size=(4, n_seeds))

    ours = t_interval(scores, all_counted(scores), confidence_level=confidence_level)
    low, high = stats.t.interval(
        confidence_level,
        n_seeds - 1,
        loc=scores.mean(axis=1),
        scale=stats.sem(scores, axis=1),
    )

    np.testing.assert_allclose(ours.lower, low, rtol=1e-12)
    np.testing.assert_allclose(ours.upper, high, rtol=1e-12)


def test_geometric_interval_agrees_with_scipy_on_logarithms():
    losses = np.random.default_rng(2).lognormal(-2, 0.8, size=(3, 7))

    ours = geometric_mean_interval(
        losses, all_counted(losses), rng=np.random.default_rng(0)
    )

    np.testing.assert_allclose(ours.estimate, stats.gmean(losses, axis=1), rtol=1e-12)
    for i, row in enumerate(np.log(losses)):
        low, high = stats.t.interval(0.95, 6, loc=row.mean(), scale=stats.sem(row))
        np.testing.assert_allclose([ours.lower[i], ours.upper[i]], np.exp([low, high]))


@pytest.mark.parametrize("confidence_level", [0.9, 0.95])
def test_share_interval_agrees_with_scipy(confidence_level: float):
    hits = np.array([0, 1, 3, 9, 10, 50])
    n_seeds = np.array([10, 10, 6, 10, 10, 200])

    ours = share_interval(hits, n_seeds, confidence_level=confidence_level)

    for i, (k, n) in enumerate(zip(hits.tolist(), n_seeds.tolist(), strict=True)):
        theirs = stats.binomtest(k, n).proportion_ci(confidence_level, "exact")
        np.testing.assert_allclose([ours.lower[i], ours.upper[i]], theirs, rtol=1e-9)


def test_bootstrap_interval_agrees_with_resampling_written_out():
    scores = np.random.default_rng(4).lognormal(0, 0.8, size=25)
    samples = np.random.default_rng(5).choice(scores, size=(20_000, 25))
    pivots = (samples.mean(axis=1) - scores.mean()) / stats.sem(samples, axis=1)
    low, high = np.quantile(pivots, [0.025, 0.975])
    error = stats.sem(scores)
    theirs = scores.mean() - high * error, scores.mean() - low * error

    ours = bootstrap_interval(
        scores[None, :],
        np.full((1, 25), True),
        n_resamples=19_999,
        rng=np.random.default_rng(0),
    )

    # Both estimate the same quantiles from 20,000 resamples, each with a standard
    # error of about 1 % of the width in the sparse tail.
    width = theirs[1] - theirs[0]
    np.testing.assert_allclose(
        [ours.lower[0], ours.upper[0]], theirs, atol=0.05 * width
    )


def test_bootstrap_interval_equals_the_same_resamples_one_by_one():
    scores = np.sort(np.random.default_rng(4).lognormal(0, 0.8, size=25))
    picks = np.random.default_rng(0).integers(25, size=(199, 25))
    samples = scores[picks]
    pivots = [(s.mean() - scores.mean()) / stats.sem(s) for s in samples]
    low, high = np.sort(pivots)[[4, 194]]  # 2.5 % and 97.5 % of 199 + 1

    ours = bootstrap_interval(
        scores[None, :],
        np.full((1, 25), True),
        n_resamples=199,
        rng=np.random.default_rng(0),
    )

    error = stats.sem(scores)
    theirs = scores.mean() - high * error, scores.mean() - low * error
    np.testing.assert_allclose([ours.lower[0], ours.upper[0]], theirs, rtol=1e-9)


# Monte-Carlo error: 3.3 standard deviations of a share of .95 among 4,000 studies.
COVERAGE_ERROR = 3.3 * (0.95 * 0.05 / 4000) ** 0.5


@pytest.mark.parametrize("n_seeds", [3, 5, 10])
def test_t_interval_covers_normal_means_as_often_as_it_says(n_seeds: int):
    scores = np.random.default_rng(n_seeds).normal(size=(4000, n_seeds))

    interval = t_interval(scores, all_counted(scores))
    coverage = ((interval.lower <= 0) & (interval.upper >= 0)).mean()

    assert abs(coverage - 0.95) < COVERAGE_ERROR


@pytest.mark.parametrize("n_seeds", [3, 5, 10])
def test_geometric_interval_covers_where_the_raw_one_does_not(n_seeds: int):
    losses = np.random.default_rng(n_seeds).lognormal(0, 0.8, size=(4000, n_seeds))
    true_mean = np.exp(0.8**2 / 2)

    geometric = geometric_mean_interval(
        losses, all_counted(losses), rng=np.random.default_rng(0)
    )
    raw = t_interval(losses, all_counted(losses))
    covers = (geometric.lower <= 1) & (geometric.upper >= 1)
    raw_covers = (raw.lower <= true_mean) & (raw.upper >= true_mean)

    assert abs(covers.mean() - 0.95) < COVERAGE_ERROR
    assert raw_covers.mean() < 0.90


def test_share_interval_covers_at_least_as_often_as_it_says():
    n = np.full(11, 10)
    interval = share_interval(np.arange(11), n)

    for share in np.linspace(0.01, 0.99, 99):
        chances = stats.binom.pmf(np.arange(11), 10, share)
        covers = (interval.lower <= share) & (share <= interval.upper)
        assert chances[covers].sum() >= 0.95
