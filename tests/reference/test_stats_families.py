"""Families against SciPy, a plain loop, and simulated studies."""

import numpy as np
import pytest
from scipy import stats
from scipy.stats import false_discovery_control

from paribus.stats.families import (
    benjamini_hochberg,
    max_t_intervals,
    simultaneous_level,
)


RNG = np.random.default_rng


def test_benjamini_hochberg_equals_the_definition():
    p_values = RNG(0).uniform(size=12) ** 2

    # Adjusted p: the smallest q at which the step-up rule would still name the test.
    order = np.sort(p_values)
    by_hand = [
        min(min(12 * order[k] / (k + 1) for k in range(12) if order[k] >= p), 1)
        for p in p_values
    ]

    ours = benjamini_hochberg(p_values)
    np.testing.assert_allclose(ours, by_hand, rtol=1e-12)
    np.testing.assert_allclose(ours, false_discovery_control(p_values), rtol=1e-12)


def student(differences: np.ndarray) -> float:
    error = differences.std(ddof=1) / len(differences) ** 0.5
    return float(differences.mean() / error)


def test_joint_intervals_equal_the_same_flips_one_by_one():
    differences = RNG(1).normal(0.2, 1, (3, 20))
    n_flips = 199

    ours = max_t_intervals(differences, n_flips=n_flips, rng=RNG(2))

    signs = RNG(2).integers(2, size=(n_flips, 20)) * 2 - 1
    centred = differences - differences.mean(axis=1, keepdims=True)
    largest = sorted(max(abs(student(row * flip)) for row in centred) for flip in signs)
    assert ours.quantile == pytest.approx(largest[189])  # 190 of 199 + 1 are 95 %
    p_values = [
        (1 + sum(x >= abs(student(row)) for x in largest)) / 200 for row in differences
    ]
    np.testing.assert_allclose(ours.p_value, p_values)


def test_one_contrast_gets_about_students_quantile():
    quantiles = [
        max_t_intervals(RNG(i).normal(size=(1, 30)), n_flips=1999, rng=RNG(i)).quantile
        for i in range(40)
    ]

    # The mean of 40 quantiles, each with a Monte-Carlo error near .05.
    assert np.mean(quantiles) == pytest.approx(stats.t.ppf(0.975, 29), abs=0.04)


@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_joint_intervals_all_hold_in_95_percent_of_studies(correlation: float):
    n_studies, n_seeds, n_contrasts = 800, 20, 8
    rng = RNG(3)
    shape = (n_studies, n_contrasts, n_seeds)
    shared = rng.normal(size=(n_studies, 1, n_seeds))
    own = rng.normal(size=shape)
    studies = correlation**0.5 * shared + (1 - correlation) ** 0.5 * own

    found = [max_t_intervals(study, n_flips=999, rng=rng) for study in studies]

    holds = [((one.lower <= 0) & (one.upper >= 0)).all() for one in found]
    error = 3.3 * (0.95 * 0.05 / n_studies) ** 0.5
    assert np.mean(holds) == pytest.approx(0.95, abs=error)
    level = simultaneous_level(n_contrasts)
    bonferroni = stats.t.ppf((1 + level) / 2, n_seeds - 1)
    narrower = np.mean([one.quantile for one in found]) / bonferroni
    assert narrower < (0.9 if correlation else 1.0)
