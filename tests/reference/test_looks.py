"""Looks against published boundaries, and against studies that look again and again."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from paribus.looks import look_sizes
from paribus.stats.looks import Looks, spent_error_rates


# Two-sided .05, equal steps, the O'Brien-Fleming-type spending function of Lan and
# DeMets, as z: Reboussin, DeMets, Kim and Lan, Computations for Group Sequential
# Boundaries Using the Lan-DeMets Spending Function Method, 2000, and its program.
PUBLISHED = {
    2: (2.9626, 1.9686),
    3: (3.7103, 2.5114, 1.9930),
    4: (4.3326, 2.9631, 2.3590, 2.0141),
    5: (4.8769, 3.3569, 2.6803, 2.2898, 2.0310),
}


@pytest.mark.parametrize("n_looks", PUBLISHED)
def test_boundaries_are_the_published_ones(n_looks: int):
    fractions = tuple(look / n_looks for look in range(1, n_looks + 1))

    (found,) = spent_error_rates(np.array([0.05]), fractions)

    # They were printed to four digits, by a coarser integration.
    np.testing.assert_allclose(
        stats.norm.isf(found / 2), PUBLISHED[n_looks], atol=1.5e-4
    )


def t_test(scores: np.ndarray) -> np.ndarray:
    """SciPy's two-sided p-value of each row."""
    found: Any = stats.ttest_1samp(scores, 0.0, axis=1)
    return found.pvalue


def share_of_false_studies(sizes: tuple[int, ...], rate: float) -> float:
    """Studies of nothing that look at each size, by t, and ever reject."""
    n_studies = 20_000
    rng = np.random.default_rng(5)
    scores = rng.normal(size=(n_studies, sizes[-1]))
    has_rejected = np.zeros(n_studies, dtype=bool)
    for look, size in enumerate(sizes, start=1):
        here = Looks(sizes=sizes, look=look, is_spent=True).error_rate(rate)
        p_values = t_test(scores[:, :size])
        has_rejected |= p_values < here
    return float(has_rejected.mean())


@pytest.mark.parametrize(("n_seeds", "n_looks"), [(15, 3), (30, 3), (50, 5), (30, 6)])
def test_whoever_stops_at_any_look_errs_as_often_as_said(n_seeds: int, n_looks: int):
    found = share_of_false_studies(look_sizes(n_seeds, n_looks), 0.05)

    # 3.3 Monte Carlo standard deviations of a share of .05 in 20,000 studies, and what
    # Student's t adds, whose looks are a little less alike than normal ones.
    assert found == pytest.approx(0.05, abs=3.3 * (0.05 * 0.95 / 20_000) ** 0.5 + 0.003)


def test_equal_tests_at_every_look_would_err_more_often():
    sizes, rng = look_sizes(30, 5), np.random.default_rng(5)
    scores = rng.normal(size=(4000, 30))
    p_values = [t_test(scores[:, :n]) for n in sizes]

    assert (np.min(p_values, axis=0) < 0.05).mean() > 0.1
