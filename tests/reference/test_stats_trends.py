"""Trend tests against all permutations, SciPy's Mann-Whitney and Kendall's formula."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats

from paribus.stats.trends import (
    ordered_trend,
    partial_kendall_tau,
    partial_tau_spread,
)


def statistic_by_loops(groups: list[list[float]]) -> float:
    total = 0.0
    for earlier, later in itertools.combinations(groups, 2):
        for x, y in itertools.product(earlier, later):
            total += 1.0 if x < y else 0.5 if x == y else 0.0
    return total


def split(values: Any, sizes: tuple[int, ...]) -> list[list[float]]:
    starts = np.cumsum([0, *sizes])
    return [list(values[a:b]) for a, b in itertools.pairwise(starts)]


def all_statistics(values: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    return np.array(
        [
            statistic_by_loops(split(order, sizes))
            for order in itertools.permutations(values.tolist())
        ]
    )


@pytest.mark.parametrize("sizes", [(2, 2, 3), (1, 3, 2), (2, 1, 2, 2)])
def test_the_exact_p_value_equals_all_permutations(sizes: tuple[int, ...]):
    values = np.random.default_rng(0).permutation(np.arange(float(sum(sizes))))
    groups = split(values, sizes)

    found = ordered_trend([np.array(group) for group in groups])

    everything = all_statistics(values, sizes)
    own = statistic_by_loops(groups)
    assert found.statistic == own
    assert found.is_exact
    assert found.p_value == pytest.approx((everything >= own).mean(), rel=1e-12)


@pytest.mark.parametrize("values", [[1, 1, 2, 2, 3, 4, 4], [1, 1, 1, 2, 2, 2, 2]])
def test_with_ties_the_mean_and_variance_are_those_of_all_permutations(
    values: list[int],
):
    sizes = (2, 2, 3)
    ordered = np.array(values, dtype=float)
    groups = split(ordered, sizes)

    found = ordered_trend([np.array(group) for group in groups])

    everything = all_statistics(ordered, sizes)
    own = statistic_by_loops(groups)
    z = (own - everything.mean() - 0.5) / everything.std()
    assert not found.is_exact
    assert found.p_value == pytest.approx(stats.norm.sf(z), rel=1e-9)
    # The approximation itself, at 7 values.
    assert found.p_value == pytest.approx((everything >= own).mean(), abs=0.03)


def test_many_runs_agree_with_the_normal_distribution():
    rng = np.random.default_rng(1)
    groups = [rng.normal(0.1 * i, 1, size=10) for i in range(7)]

    found = ordered_trend(groups)

    n = 70
    variance = (n * (n - 1) * (2 * n + 5) - 7 * 10 * 9 * 25) / 72
    z = (found.statistic - (n**2 - 7 * 100) / 4 - 0.5) / np.sqrt(variance)
    assert found.p_value == pytest.approx(stats.norm.sf(z), abs=0.002)


def test_a_middle_group_without_its_neighbours_reduces_to_mann_whitney():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=6), rng.normal(0.5, 1, size=5)
    # A third group above everything adds all its pairs and no evidence of its own.
    top = np.array([99.0])

    ours = ordered_trend([a, b, top]).statistic - 11

    theirs: Any = stats.mannwhitneyu(b, a, method="exact")
    assert ours == theirs.statistic


def test_false_trends_are_as_rare_as_the_level():
    rng = np.random.default_rng(3)
    p_values = [
        ordered_trend(list(rng.normal(size=(5, 6)))).p_value for _ in range(1000)
    ]

    # 3.3 errors of 1,000 studies; a discrete test may be a little rarer.
    assert 0.02 < np.mean(np.array(p_values) < 0.05) <= 0.05 + 3.3 * 0.007


@pytest.mark.parametrize("seed", range(4))
def test_one_control_follows_kendalls_formula(seed: int):
    x, y, z = np.random.default_rng(seed).normal(size=(3, 30))
    y = y + x + z

    def tau(a: np.ndarray, b: np.ndarray) -> float:
        result: Any = stats.kendalltau(a, b)
        return float(result.statistic)

    xy, xz, yz = tau(x, y), tau(x, z), tau(y, z)
    expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))

    assert partial_kendall_tau(x, y, z[:, None]) == pytest.approx(expected, rel=1e-9)


def test_several_controls_equal_the_inverse_of_the_matrix():
    columns = np.random.default_rng(5).integers(0, 9, size=(40, 5)).astype(float)
    matrix = np.array(
        [
            [float(getattr(stats.kendalltau(a, b), "statistic", 0)) for b in columns.T]
            for a in columns.T
        ]
    )
    inverse = np.linalg.inv(matrix)
    expected = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])

    ours = partial_kendall_tau(columns[:, 0], columns[:, 1], columns[:, 2:])

    assert ours == pytest.approx(expected, rel=1e-9)


def runs_of_seeds(
    rng: np.random.Generator, n_seeds: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Eight runs a seed, at two learning rates that move both measures, unrelated else.

    Runs of one seed have a part of `x` in common.
    """
    rate = np.tile(np.repeat([0.0, 1.0], 4), n_seeds)
    seeds = np.repeat(np.arange(n_seeds), 8)
    x, y, loss = rng.normal(size=(3, len(seeds))) + 0.7 * rate
    x += 0.5 * rng.normal(size=n_seeds)[seeds]
    return x, y, np.stack([rate, loss], axis=1), seeds


def test_the_spread_over_seeds_is_the_jackknifes_by_its_pseudo_values():
    """Tukey's: n times the whole less n - 1 times the rest; SciPy's standard error."""
    x, y, controls, seeds = runs_of_seeds(np.random.default_rng(3), 6)
    whole = partial_kendall_tau(x, y, controls)
    rest = [
        partial_kendall_tau(x[seeds != s], y[seeds != s], controls[seeds != s])
        for s in range(6)
    ]

    spread = partial_tau_spread(x, y, controls, seeds)

    pseudo_values = 6 * whole - 5 * np.array(rest)
    assert spread / np.sqrt(6) == pytest.approx(stats.sem(pseudo_values))
    assert np.isnan(partial_tau_spread(x[:32], y[:32], controls[:32], seeds[:32]))


@pytest.mark.long
def test_t_intervals_over_seeds_cover_where_nothing_goes_together():
    rng, n, n_studies = np.random.default_rng(0), 10, 500
    quantile = stats.t.ppf(0.975, n - 1)

    covered = 0
    for _ in range(n_studies):
        runs = runs_of_seeds(rng, n)
        margin = quantile * partial_tau_spread(*runs) / np.sqrt(n)
        covered += abs(partial_kendall_tau(*runs[:3])) <= margin

    # Nominal 95 %, give or take three Monte-Carlo errors.
    assert covered / n_studies == pytest.approx(0.95, abs=0.03)
