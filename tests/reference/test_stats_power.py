"""Seed counts against the published table and against simulated studies."""

import numpy as np
import pytest
from scipy import stats

from paribus.stats.power import (
    seeds_needed,
    seeds_needed_negligible,
    seeds_to_decide,
)


# The table of the project's scientific specification (section 3.4): distance
# to the boundary in standard deviations -> seeds for 80 % (90 %) power in families of
# 1, 8 and 16, by the non-central t distribution.
SEEDS = {
    0.5: ((65, 87), (107, 133), (120, 148)),
    0.8: ((27, 35), (44, 55), (50, 61)),
    1.0: ((18, 24), (30, 37), (34, 41)),
    1.5: ((10, 12), (16, 19), (18, 21)),
    2.0: ((7, 8), (11, 12), (12, 14)),
    3.0: ((5, 5), (7, 8), (8, 9)),
    5.0: ((3, 4), (5, 5), (6, 6)),
}
SEEDS_NEGLIGIBLE = {
    0.5: (87, 133, 148),
    0.75: (40, 62, 69),
    1.0: (24, 37, 41),
    1.5: (12, 19, 21),
    2.0: (8, 12, 14),
    3.0: (5, 8, 9),
}


@pytest.mark.parametrize("effect", SEEDS)
def test_seeds_needed_gives_the_published_table(effect: float):
    ours = tuple(
        tuple(seeds_needed(effect, power=p, n_comparisons=m) for p in (0.8, 0.9))
        for m in (1, 8, 16)
    )

    assert ours == SEEDS[effect]


@pytest.mark.parametrize("smallest_effect", SEEDS_NEGLIGIBLE)
def test_seeds_needed_negligible_gives_the_published_table(smallest_effect: float):
    ours = tuple(
        seeds_needed_negligible(smallest_effect, n_comparisons=m) for m in (1, 8, 16)
    )

    assert ours == SEEDS_NEGLIGIBLE[smallest_effect]


def share_of_studies(n: int, effect: float, *, within: float | None = None) -> float:
    """Studies in which the t interval is above 0, or within plus and minus `within`."""
    rng = np.random.default_rng(n)
    d = rng.normal(effect, 1, (20_000, n)) - rng.normal(0, 1, (20_000, n))
    margin = stats.t.ppf(0.975, n - 1) * d.std(axis=1, ddof=1) / np.sqrt(n)
    if within is None:
        return float((d.mean(axis=1) - margin > 0).mean())
    return float((np.abs(d.mean(axis=1)) + margin < within).mean())


def test_the_counted_seeds_reach_the_power_and_one_fewer_does_not():
    error = 3.3 * (0.8 * 0.2 / 20_000) ** 0.5
    n = seeds_needed(1.5)
    assert n is not None

    assert share_of_studies(n, 1.5) > 0.8 - error
    assert share_of_studies(n - 1, 1.5) < 0.8 + error


def test_negligible_is_shown_with_the_counted_seeds_and_not_with_two_fewer():
    error = 3.3 * (0.8 * 0.2 / 20_000) ** 0.5
    n = seeds_needed_negligible(1.5)
    assert n is not None

    assert share_of_studies(n, 0.0, within=1.5) > 0.8 - error
    assert share_of_studies(n - 2, 0.0, within=1.5) < 0.8 - error


@pytest.mark.parametrize("m", [1, 8])
@pytest.mark.parametrize("n_seeds", [2, 6, 10])
def test_seeds_to_decide_equals_the_formula_tried_one_by_one(n_seeds: int, m: int):
    estimate, boundary, spread = 2.2, 1.0, 1.3
    upper = spread * np.sqrt((n_seeds - 1) / stats.chi2.ppf(0.2, n_seeds - 1))

    n = 5
    while stats.t.ppf(1 - 0.025 / m, n - 1) * upper / np.sqrt(n) > estimate - boundary:
        n += 1

    assert n == seeds_to_decide(
        estimate,
        boundaries=(-boundary, boundary),
        spread=spread,
        n_seeds=n_seeds,
        confidence_level=1 - 0.05 / m,
    )
