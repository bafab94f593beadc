"""One-seed studies, all of them written out, and banks with a known answer."""

import itertools

import numpy as np
import pytest
from builders import all_counted
from scipy import stats

from paribus.stats.one_seed import (
    expected_regret,
    flip_probabilities,
    named_best_probabilities,
    reversal_share,
)


def named_by_enumeration(banks: list[np.ndarray]) -> np.ndarray:
    """Every one-seed study: one run of each config, ties split evenly."""
    named = np.zeros(len(banks))
    studies = list(itertools.product(*banks))
    for study in studies:
        is_best = np.array(study) == max(study)
        named += is_best / is_best.sum()
    return named / len(studies)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n_values", [2, 4, 1000])
def test_named_best_equals_enumeration_with_many_few_and_no_ties(
    seed: int, n_values: int
):
    scores = np.random.default_rng(seed).integers(n_values, size=(5, 4)).astype(float)

    named = named_best_probabilities(scores, all_counted(scores))

    np.testing.assert_allclose(named, named_by_enumeration(list(scores)), atol=1e-12)


def test_named_best_equals_enumeration_for_banks_of_different_sizes():
    scores = np.random.default_rng(0).integers(6, size=(4, 6)).astype(float)
    is_counted = np.arange(6)[None, :] < np.array([6, 2, 4, 1])[:, None]
    banks = [row[counted] for row, counted in zip(scores, is_counted, strict=True)]

    named = named_best_probabilities(scores, is_counted)

    np.testing.assert_allclose(named, named_by_enumeration(banks), atol=1e-12)


def test_many_configs_with_many_ties_agree_with_draws():
    rng = np.random.default_rng(0)
    scores = rng.integers(20, size=(60, 25)).astype(float)

    named = named_best_probabilities(scores, all_counted(scores))

    drawn = np.zeros(60)
    for _ in range(20_000):
        study = scores[np.arange(60), rng.integers(25, size=60)]
        is_best = study == study.max()
        drawn += is_best / is_best.sum()
    # 20,000 draws of shares of about 1/60: 4.5 standard deviations, 60 comparisons.
    np.testing.assert_allclose(named, drawn / 20_000, atol=4.5 * (0.05 / 20_000) ** 0.5)
    assert named.sum() == pytest.approx(1, rel=1e-12)


def test_expected_regret_equals_enumeration():
    scores = np.random.default_rng(3).integers(5, size=(4, 4)).astype(float)
    means = scores.mean(axis=1)
    regrets = []
    for study in itertools.product(*scores):
        is_best = np.array(study) == max(study)
        regrets.append((means.max() - means[is_best]).mean())

    regret = expected_regret(scores, all_counted(scores))

    assert regret == pytest.approx(np.mean(regrets), rel=1e-12)


def test_reversals_equal_all_pairs_written_out():
    rng = np.random.default_rng(4)
    a, b = rng.integers(5, size=7) + 1.0, rng.integers(5, size=9).astype(float)
    pairs = [0.5 if x == y else float(x < y) for x in a for y in b]

    assert a.mean() > b.mean()
    assert reversal_share(a, b) == pytest.approx(np.mean(pairs), rel=1e-12)
    assert reversal_share(b, a) == pytest.approx(np.mean(pairs), rel=1e-12)


@pytest.mark.parametrize("delta", [0.5, 1.0, 2.0])
def test_reversals_of_normal_banks_follow_the_normal_distribution(delta: float):
    rng = np.random.default_rng(0)
    shares = [
        reversal_share(rng.normal(delta, 1, 200), rng.normal(0, 1, 200))
        for _ in range(50)
    ]

    expected = stats.norm.cdf(-delta / np.sqrt(2))
    error = np.std(shares) / np.sqrt(50)
    assert abs(np.mean(shares) - expected) < 3.3 * error


def test_flips_of_two_averaged_seeds_equal_enumeration():
    scores = np.random.default_rng(6).integers(8, size=(3, 3)).astype(float)
    means = [[(x + y) / 2 for x in row for y in row] for row in scores]
    best = int(scores.mean(axis=1).argmax())
    named = named_by_enumeration([np.array(row) for row in means])

    flips = flip_probabilities(
        scores, all_counted(scores), rng=np.random.default_rng(0)
    )

    # 10,000 draws: 3.3 standard deviations of a share.
    exact = 1 - named[best]
    assert 0.05 < exact < 0.95
    assert abs(flips[2] - exact) < 3.3 * np.sqrt(exact * (1 - exact) / 10_000)


def test_flips_of_averaged_normal_banks_shrink_as_the_theory_says():
    rng = np.random.default_rng(1)
    scores = np.stack([rng.normal(0.6, 1, 400), rng.normal(0, 1, 400)])
    # Exactly these means and spreads, so that the bank is the population.
    scores = (scores - scores.mean(axis=1, keepdims=True)) / scores.std(
        axis=1, keepdims=True
    )
    scores[0] += 0.6

    flips = flip_probabilities(
        scores, all_counted(scores), rng=np.random.default_rng(0)
    )

    for k, share in flips.items():
        expected = stats.norm.cdf(-0.6 * np.sqrt(k / 2))
        # Monte-Carlo error .005 a standard deviation, and banks not quite normal.
        assert abs(share - expected) < 0.02
