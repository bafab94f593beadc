"""What holds for the flips of any conclusion."""

import numpy as np
import pytest
from builders import all_counted
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.stats.flips import FlipMode, flip_curve


quick = settings(max_examples=12)
PAIR = np.array([1.0, -1.0])
banks = hnp.arrays(
    float,
    st.tuples(st.just(2), st.integers(2, 8)),
    elements=st.integers(0, 64).map(lambda n: n / 64),
)


def one_seed_share(scores: np.ndarray, mode: FlipMode) -> float:
    curve = flip_curve(
        scores,
        PAIR,
        all_counted(scores),
        mode=mode,
        seeds_averaged=(1,),
        rng=np.random.default_rng(0),
    )
    return float(curve.shares[0])


@pytest.mark.parametrize("mode", ["independent", "common"])
@quick
@given(banks, st.integers(-2, 4), st.integers(-64, 64))
def test_flips_have_no_unit_and_no_zero(mode, scores, power: int, shift: int):
    other = 2.0**power * scores + shift

    assert one_seed_share(other, mode) == pytest.approx(
        one_seed_share(scores, mode), nan_ok=True
    )


@quick
@given(banks, st.randoms(use_true_random=False))
def test_independent_seeds_have_no_order(scores, random):
    shuffled = scores.copy()
    shuffled[0] = scores[0, random.sample(range(scores.shape[1]), scores.shape[1])]

    assert one_seed_share(shuffled, "independent") == pytest.approx(
        one_seed_share(scores, "independent"), nan_ok=True
    )


@quick
@given(banks)
def test_a_conclusion_that_every_run_bears_out_does_not_flip(scores):
    apart = scores + np.array([[2.0], [0.0]])

    assert one_seed_share(apart, "independent") == 0
    assert one_seed_share(apart, "common") == 0
