"""How many seeds would settle it."""

from paribus.stats.power import seeds_needed, seeds_needed_negligible


def test_more_than_a_thousand_seeds_is_none():
    assert seeds_needed(0.01) is None
    assert seeds_needed_negligible(0.01) is None


def test_a_larger_family_or_more_power_needs_more_seeds():
    assert (seeds_needed(1.0) or 0) < (seeds_needed(1.0, n_comparisons=8) or 0)
    assert (seeds_needed(1.0) or 0) < (seeds_needed(1.0, power=0.95) or 0)


def test_pairing_that_works_needs_fewer_seeds():
    assert (seeds_needed(1.0, correlation=0.5) or 0) < (seeds_needed(1.0) or 0)
