"""How many seeds would settle it."""

import math

import pytest

from paribus.stats.power import (
    seeds_needed,
    seeds_needed_negligible,
    seeds_to_decide,
)


def test_more_than_a_thousand_seeds_is_none():
    assert seeds_needed(0.01) is None
    assert seeds_needed_negligible(0.01) is None


def test_a_larger_family_or_more_power_needs_more_seeds():
    assert (seeds_needed(1.0) or 0) < (seeds_needed(1.0, n_comparisons=8) or 0)
    assert (seeds_needed(1.0) or 0) < (seeds_needed(1.0, power=0.95) or 0)


def test_pairing_that_works_needs_fewer_seeds():
    assert (seeds_needed(1.0, correlation=0.5) or 0) < (seeds_needed(1.0) or 0)


def decide(estimate: float, *, spread: float = 1.0, n_seeds: int = 6) -> int | None:
    return seeds_to_decide(
        estimate, boundaries=(-1.0, 1.0), spread=spread, n_seeds=n_seeds
    )


@pytest.mark.parametrize("estimate", [1.0, -1.0, 1.01, math.nan])
def test_an_estimate_at_a_boundary_is_not_decided_by_more_seeds(estimate: float):
    assert decide(estimate) is None


def test_one_seed_says_nothing_of_the_spread():
    assert decide(3.0, spread=math.nan, n_seeds=1) is None


def test_a_verdict_needs_5_seeds_however_clear_it_is():
    assert decide(100.0) == decide(0.0, spread=0.0) == 5
    assert decide(1.0, spread=0.0) is None


def test_the_nearest_boundary_counts():
    assert decide(0.8) == decide(1.2) == decide(-0.8)
    assert (decide(0.8) or 0) > (decide(0.5) or 0)


def test_what_more_seeds_have_measured_needs_less_allowance():
    assert (decide(2.0, n_seeds=30) or 0) < (decide(2.0, n_seeds=5) or 0)
