"""What holds for the variance shares of any full grid."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.stats.effects import variance_shares
from paribus.stats.full_part import largest_full_part


quick = settings(max_examples=50)
grids = st.tuples(st.integers(2, 5), st.integers(2, 4), st.integers(2, 6)).flatmap(
    lambda shape: hnp.arrays(
        float, shape, elements=st.integers(0, 100).map(lambda n: n / 100)
    )
)


def shares(scores: np.ndarray) -> np.ndarray:
    return variance_shares(scores, rng=np.random.default_rng(0)).shares


@quick
@given(grids, st.floats(0.1, 10), st.floats(-5, 5))
def test_shares_have_no_unit_and_no_zero(scores, factor: float, shift: float):
    np.testing.assert_allclose(
        shares(factor * scores + shift), shares(scores), atol=1e-9
    )


@quick
@given(grids, st.randoms(use_true_random=False))
def test_the_order_of_values_and_seeds_changes_nothing(scores, random):
    a, b, n = (random.sample(range(size), size) for size in scores.shape)

    np.testing.assert_allclose(
        shares(scores[np.ix_(a, b, n)]), shares(scores), atol=1e-9
    )


@quick
@given(grids)
def test_exchanging_the_hyperparameters_exchanges_their_shares(scores):
    swapped = shares(np.swapaxes(scores, 0, 1))

    np.testing.assert_allclose(swapped, shares(scores)[[1, 0, 2, 3]], atol=1e-9)


@quick
@given(grids)
def test_shares_are_fractions_that_do_not_exceed_the_whole(scores):
    found = shares(scores)

    assert (found >= 0).all()
    assert found.sum() <= 1 + 1e-9


@quick
@given(hnp.arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 6))))
def test_the_largest_part_is_full_and_cannot_be_extended(is_kept: np.ndarray):
    first, second = largest_full_part(is_kept)

    assert is_kept[np.ix_(first, second)].all()
    if first.any():
        assert not is_kept[np.ix_(~first, second)].all(axis=1).any()
        assert not is_kept[np.ix_(first, ~second)].all(axis=0).any()
