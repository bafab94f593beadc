"""What holds for any spreads, seed x example tables and searches."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.stats.best_of_k import expected_best
from paribus.stats.spread_ratio import log_spread_ratio
from paribus.stats.two_way import two_way_interval


quick = settings(max_examples=40)
accuracies = st.integers(0, 1000).map(lambda n: n / 1000)
pairs = st.integers(5, 12).flatmap(
    lambda n: hnp.arrays(float, (2, n), elements=accuracies, unique=True)
)
tables = hnp.arrays(
    float, st.tuples(st.integers(5, 8), st.integers(2, 20)), elements=st.integers(-1, 1)
)


@quick
@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_the_seeds_changes_no_ratio_of_spreads(x: np.ndarray, random):
    order = random.sample(range(x.shape[1]), x.shape[1])

    before = log_spread_ratio(x[0], x[1])
    after = log_spread_ratio(x[0, order], x[1, order])

    assert after == before


@quick
@given(pairs)
def test_exchanging_the_sides_mirrors_the_ratio_of_spreads(x: np.ndarray):
    there, back = log_spread_ratio(x[0], x[1]), log_spread_ratio(x[1], x[0])

    assert back.estimate == pytest.approx(-there.estimate, abs=1e-9)
    assert back.lower == pytest.approx(-there.upper, abs=1e-9)


@quick
@given(pairs, st.integers(-4, 4))
def test_scaling_one_side_shifts_the_ratio_of_spreads(x: np.ndarray, power: int):
    before = log_spread_ratio(x[0], x[1])
    after = log_spread_ratio(2.0**power * x[0], x[1])

    shift = power * math.log(2)
    assert after.estimate == pytest.approx(before.estimate + shift)
    assert after.lower == pytest.approx(before.lower + shift, abs=1e-6)
    assert after.upper == pytest.approx(before.upper + shift, abs=1e-6)
    assert before.lower <= before.estimate <= before.upper


@quick
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_seeds_and_examples_changes_no_two_way_interval(
    d: np.ndarray, random
):
    seeds = random.sample(range(d.shape[0]), d.shape[0])
    examples = random.sample(range(d.shape[1]), d.shape[1])

    before, after = two_way_interval(d), two_way_interval(d[seeds][:, examples])

    np.testing.assert_allclose(
        [after.estimate, after.lower, after.upper],
        [before.estimate, before.lower, before.upper],
        atol=1e-9,
    )


@quick
@given(tables)
def test_a_two_way_interval_is_never_surer_than_the_seeds_or_examples_alone(
    d: np.ndarray,
):
    interval = two_way_interval(d)
    seed_error = d.mean(axis=1).std(ddof=1) / len(d) ** 0.5

    assert interval.error >= seed_error - 1e-12
    assert interval.error >= interval.example_error - 1e-12
    assert interval.example_error >= interval.lasting_error - 1e-12
    assert 0 <= interval.example_share() <= 1 + 1e-12
    assert interval.degrees_of_freedom >= len(d) - 1
    mirrored = two_way_interval(-d)
    np.testing.assert_allclose(mirrored.lower, -interval.upper, atol=1e-12)


@quick
@given(tables)
def test_what_needs_more_examples_is_open(d: np.ndarray):
    interval = two_way_interval(d)
    assume(interval.error > 0)
    edges = (-0.1, 0.1)

    if interval.needs_more_examples(edges):
        assert min(abs(interval.estimate - edge) for edge in edges) <= (
            interval.upper - interval.estimate
        ) * (1 + 1e-9)


@quick
@given(hnp.arrays(float, st.integers(2, 40), elements=accuracies))
def test_the_best_of_more_is_no_worse_and_begins_at_the_mean(x: np.ndarray):
    curve = expected_best(x)

    assert curve[0] == pytest.approx(x.mean(), abs=1e-12)
    assert (np.diff(curve) >= -1e-9).all()
    assert curve[-1] <= x.max() + 1e-9
