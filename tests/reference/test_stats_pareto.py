"""Fronts against plain loops; probabilities and verdicts in simulated studies."""

import itertools

import numpy as np
import pytest
from scipy import stats

from paribus.stats.pareto import (
    Direction,
    compare_balances,
    front_probabilities,
    judge_balance,
    pareto_front,
)


def front_by_loops(
    points: list[list[float]], directions: list[Direction]
) -> list[bool]:
    def is_better(x: float, y: float, direction: str) -> bool:
        return x < y if direction == "minimize" else x > y

    front = []
    for own in points:
        dominated = False
        for other in points:
            pairs = list(zip(other, own, directions, strict=True))
            nowhere_worse = not any(is_better(y, x, d) for x, y, d in pairs)
            somewhere_better = any(is_better(x, y, d) for x, y, d in pairs)
            dominated = dominated or (nowhere_worse and somewhere_better)
        front.append(not dominated)
    return front


@pytest.mark.parametrize("seed", range(6))
def test_the_front_equals_plain_loops_with_and_without_ties(seed: int):
    rng = np.random.default_rng(seed)
    points = rng.integers(4 if seed % 2 else 1000, size=(25, 3)).astype(float)
    directions: list[Direction] = ["minimize", "maximize", "minimize"]

    front = pareto_front(points, directions)

    assert front.tolist() == front_by_loops(points.tolist(), directions)


def test_probabilities_equal_all_resamples_written_out():
    scores = np.random.default_rng(0).integers(3, size=(4, 3, 2)).astype(float)
    directions: list[Direction] = ["maximize", "minimize"]
    fronts = [
        front_by_loops(scores[:, list(picks)].sum(axis=1).tolist(), directions)
        for picks in itertools.product(range(3), repeat=3)
    ]

    found = front_probabilities(
        scores, directions, n_resamples=20_000, rng=np.random.default_rng(0)
    )

    # 20,000 resamples: 3.5 standard deviations of a share of a half.
    np.testing.assert_allclose(found, np.mean(fronts, axis=0), atol=3.5 * 0.5 / 141)


def simulated_bounds(
    rng: np.random.Generator, centre: np.ndarray, *, n: int, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """t intervals of every paired difference of [config, measure] at this level."""
    scores = centre[:, None, :] + rng.normal(size=(len(centre), n, centre.shape[1]))
    differences = scores[:, None] - scores[None]
    mean = differences.mean(axis=2)
    margin = stats.t.ppf(1 - level / 2, n - 1) * differences.std(axis=2, ddof=1)
    margin = margin / np.sqrt(n)
    return mean - margin, mean + margin


def test_equal_configs_are_hardly_ever_called_a_balance_or_beaten():
    rng = np.random.default_rng(1)
    measures, smallest = 3, np.full(3, 0.2)
    n_false = 0
    for _ in range(1000):
        lower, upper = simulated_bounds(
            rng, np.zeros((3, measures)), n=10, level=0.05 / measures
        )
        n_false += judge_balance(lower[0, 1:], upper[0, 1:], smallest) != "undecided"

    # .05, and 3.3 errors of 1,000 studies.
    assert n_false / 1000 <= 0.05 + 3.3 * 0.007


def test_planted_trade_offs_and_dominance_are_found():
    rng = np.random.default_rng(2)
    smallest = np.full(2, 0.5)
    trade_off = np.array([[4.0, 0.0], [2.0, 2.0], [0.0, 4.0]])
    dominance = np.array([[4.0, 4.0], [2.0, 2.0], [0.0, 0.0]])
    verdicts = []
    for centre in (trade_off, dominance):
        lower, upper = simulated_bounds(rng, centre, n=20, level=0.025)
        verdicts.append(compare_balances(lower, upper, smallest, 1))

    assert (verdicts[0].verdict, verdicts[1].verdict) == ("supported", "refuted")
    assert verdicts[0].is_uninformative
    assert not verdicts[1].is_uninformative
