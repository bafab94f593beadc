"""What holds for any counts of hits."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.stats.proportions import (
    compare_shares,
    compare_shares_paired,
    mcnemar_p_value,
    newcombe_bounds,
    runs_to_decide_share,
    seeds_to_decide_shares,
    share_p_value,
    upper_bound_of_none,
)


shares = st.sampled_from([0.0, 1.0])
quick = settings(max_examples=60)
counts = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@quick
@given(counts, counts, st.floats(0.5, 0.999))
def test_a_difference_of_shares_is_bounded_and_mirrored(
    a: tuple[int, int], b: tuple[int, int], level: float
):
    lower, upper = newcombe_bounds(*a, *b, confidence_level=level)
    estimate = a[0] / a[1] - b[0] / b[1]

    assert -1 - 1e-12 <= lower <= estimate + 1e-12
    assert estimate - 1e-12 <= upper <= 1 + 1e-12
    np.testing.assert_allclose(
        newcombe_bounds(*b, *a, confidence_level=level), (-upper, -lower), atol=1e-12
    )
    misses = ((a[1] - a[0]), a[1], (b[1] - b[0]), b[1])
    np.testing.assert_allclose(
        newcombe_bounds(*misses, confidence_level=level), (-upper, -lower), atol=1e-12
    )


@quick
@given(counts, counts)
def test_more_confidence_gives_wider_bounds(a: tuple[int, int], b: tuple[int, int]):
    narrow = compare_shares(*a, *b, confidence_level=0.9)
    wide = compare_shares(*a, *b, confidence_level=0.99)

    assert wide.lower <= narrow.lower
    assert narrow.upper <= wide.upper
    assert narrow.p_value == wide.p_value
    assert 0 < narrow.p_value <= 1 + 1e-12


@quick
@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_seeds_changes_no_comparison_of_shares(
    pairs: list[tuple[bool, bool]], random
):
    shuffled = random.sample(pairs, len(pairs))

    before = compare_shares_paired(*np.array(pairs).T)
    after = compare_shares_paired(*np.array(shuffled).T)

    assert after == before


@quick
@given(st.integers(1, 200))
def test_more_seeds_without_a_failure_allow_less(n: int):
    assert 0 < upper_bound_of_none(n + 1) < upper_bound_of_none(n) <= 0.95


@quick
@given(shares, shares, st.floats(0.2, 0.5))
def test_the_seeds_that_decide_shares_do_and_one_fewer_do_not(
    a: float, b: float, smallest_effect: float
):
    n = seeds_to_decide_shares(a, b, smallest_effect=smallest_effect)
    assert n is not None

    def is_decided(n: int) -> bool:
        lower, upper = newcombe_bounds(int(a) * n, n, int(b) * n, n)
        is_beyond = lower > smallest_effect or upper < -smallest_effect
        return is_beyond or (lower > -smallest_effect and upper < smallest_effect)

    assert is_decided(n)
    assert n == 1 or not is_decided(n - 1)


@quick
@given(st.floats(0.45, 1.0), st.floats(0.05, 0.3), st.sampled_from([0.95, 0.99]))
def test_a_larger_share_above_the_smallest_effect_is_decided_sooner(
    share: float, smallest_effect: float, level: float
):
    sooner = runs_to_decide_share(
        1.0, smallest_effect=smallest_effect, confidence_level=level
    )
    later = runs_to_decide_share(
        share, smallest_effect=smallest_effect, confidence_level=level
    )
    easier = runs_to_decide_share(
        share, smallest_effect=smallest_effect / 2, confidence_level=level
    )

    assert sooner is not None
    assert later is not None
    assert easier is not None
    assert sooner <= later
    assert easier <= later


@quick
@given(counts, st.floats(0.01, 0.99))
def test_a_shares_p_value_is_mirrored_with_what_counts_as_a_hit(
    hits_of: tuple[int, int], share: float
):
    hits, n = hits_of

    p = share_p_value(hits, n, share=share)

    assert 0 <= p <= 1
    # The two binomial tails by another recursion: they agree to rounding.
    assert np.isclose(p, share_p_value(n - hits, n, share=1 - share), rtol=1e-6)


@quick
@given(counts)
def test_a_share_against_one_half_is_mcnemars_test(hits_of: tuple[int, int]):
    hits, n = hits_of

    p = share_p_value(hits, n, share=0.5)

    assert np.isclose(p, mcnemar_p_value(hits, n - hits), rtol=1e-9)
