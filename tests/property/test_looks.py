"""Whatever looks are planned, they spend what they may and no more."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.looks import look_sizes
from paribus.stats.looks import Looks, spent_error_rates


PLANS = st.integers(2, 10).flatmap(
    lambda looks: st.tuples(st.integers(5 * looks, 200), st.just(looks))
)
RATES = st.floats(1e-4, 0.5)
P_VALUES = st.lists(st.floats(1e-12, 1.0), min_size=2)


@settings(max_examples=15)
@given(PLANS, RATES)
def test_each_look_is_laxer_than_the_one_before_and_stricter_than_one_alone(plan, rate):
    sizes = look_sizes(*plan)
    (found,) = spent_error_rates(np.array([rate]), tuple(n / sizes[-1] for n in sizes))

    assert (np.diff(found) > 0).all()
    assert found[-1] < rate
    # All together cannot err less often than the last, nor more than their sum.
    assert found.sum() >= rate


@settings(max_examples=15)
@given(PLANS, RATES, st.integers(0, 9))
def test_a_p_value_at_a_boundary_is_worth_the_rate_of_all_looks(plan, rate, position):
    sizes = look_sizes(*plan)
    looks = Looks(sizes=sizes, look=1 + position % len(sizes), is_spent=True)

    (found,) = looks.over_all(np.array([looks.error_rate(rate)]))

    # The table between which p-values are translated has 20 rates a decade.
    assert found == pytest.approx(rate, rel=0.02)


@settings(max_examples=15)
@given(PLANS, P_VALUES, st.integers(0, 9), st.booleans())
def test_adjusting_keeps_the_order_and_makes_nothing_smaller(plan, p_values, at, spent):
    sizes = look_sizes(*plan)
    looks = Looks(sizes=sizes, look=1 + at % len(sizes), is_spent=spent)
    ordered = np.sort(p_values)

    found = looks.over_all(ordered)

    assert (np.diff(found) >= 0).all()
    assert ((found >= ordered * (1 - 1e-9)) & (found <= 1)).all()


@given(PLANS)
def test_sizes_rise_to_all_seeds_in_about_equal_steps(plan):
    n_seeds, n_looks = plan
    steps = np.diff((0, *look_sizes(n_seeds, n_looks)))

    assert steps.sum() == n_seeds
    assert steps.max() - steps.min() <= 1
