"""What holds for any front."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.stats.pareto import (
    Direction,
    front_probabilities,
    judge_balance,
    pareto_front,
)


quick = settings(max_examples=60)
DOWN: list[Direction] = ["minimize", "minimize", "minimize"]
UP: list[Direction] = ["maximize", "maximize", "maximize"]
points = hnp.arrays(
    float, st.tuples(st.integers(1, 8), st.just(3)), elements=st.integers(0, 5)
)
scores = hnp.arrays(
    float,
    st.tuples(st.integers(1, 5), st.integers(2, 6), st.just(3)),
    elements=st.integers(0, 5),
)


@quick
@given(points)
def test_some_config_is_on_the_front_and_none_on_it_is_dominated(x: np.ndarray):
    front = pareto_front(x, DOWN)

    assert front.any()
    for own in x[front]:
        assert not ((x <= own).all(axis=1) & (x < own).any(axis=1)).any()


@quick
@given(points)
def test_each_config_off_the_front_is_dominated_by_one_on_it(x: np.ndarray):
    front = pareto_front(x, DOWN)

    for own in x[~front]:
        on = x[front]
        assert ((on <= own).all(axis=1) & (on < own).any(axis=1)).any()


@quick
@given(points)
def test_turning_all_signs_and_directions_changes_nothing(x: np.ndarray):
    np.testing.assert_array_equal(pareto_front(-x, UP), pareto_front(x, DOWN))


@quick
@given(points)
def test_a_monotone_change_of_units_changes_nothing(x: np.ndarray):
    np.testing.assert_array_equal(pareto_front(np.exp(x), DOWN), pareto_front(x, DOWN))


@quick
@given(scores, st.randoms(use_true_random=False))
def test_probabilities_follow_the_order_of_the_configs(x: np.ndarray, random):
    order = random.sample(range(len(x)), len(x))

    def probabilities(some: np.ndarray) -> np.ndarray:
        return front_probabilities(
            some, DOWN, n_resamples=50, rng=np.random.default_rng(0)
        )

    found = probabilities(x)

    np.testing.assert_array_equal(probabilities(x[order]), found[order])
    assert found.sum() >= 1 - 1e-12


@quick
@given(
    hnp.arrays(float, (3, 2), elements=st.floats(-5, 5)),
    hnp.arrays(float, (3, 2), elements=st.floats(0, 3)),
    st.floats(0, 2),
)
def test_narrower_intervals_never_undo_a_verdict(
    centre: np.ndarray, margin: np.ndarray, smallest: float
):
    wide = judge_balance(centre - margin, centre + margin, np.full(2, smallest))
    narrow = judge_balance(
        centre - margin / 2, centre + margin / 2, np.full(2, smallest)
    )

    assert wide in ("undecided", narrow)
