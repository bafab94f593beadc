"""What holds for any trend."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.stats.trends import ordered_trend, partial_kendall_tau


quick = settings(max_examples=40)
groups = st.lists(
    hnp.arrays(float, st.integers(1, 6), elements=st.integers(0, 30)),
    min_size=3,
    max_size=5,
)
tables = hnp.arrays(float, (8, 4), elements=st.integers(0, 20))


@quick
@given(groups)
def test_a_monotone_change_of_units_changes_no_trend(some):
    assert ordered_trend([np.exp(x / 7) for x in some]) == ordered_trend(some)


@quick
@given(groups)
def test_reversing_the_order_turns_the_trend(some):
    there, back = ordered_trend(some), ordered_trend(some[::-1])

    assert there.share_rising + back.share_rising == pytest.approx(1)
    assert there.p_value + back.p_value >= 1 - 1e-9


@quick
@given(groups, st.floats(1, 50))
def test_raising_the_last_group_never_weakens_a_trend(some, by: float):
    raised = [*some[:-1], some[-1] + by]

    assert ordered_trend(raised).statistic >= ordered_trend(some).statistic


@quick
@given(tables)
def test_partial_tau_is_symmetric_signed_and_bounded(table):
    x, y, controls = table[:, 0], table[:, 1], table[:, 2:]

    found = partial_kendall_tau(x, y, controls)

    assert np.isnan(found) or -1 <= found <= 1
    assert partial_kendall_tau(y, x, controls) == pytest.approx(found, nan_ok=True)
    assert partial_kendall_tau(-x, y, -controls) == pytest.approx(-found, nan_ok=True)
    assert partial_kendall_tau(np.exp(x / 5), y, controls) == pytest.approx(
        found, nan_ok=True
    )
