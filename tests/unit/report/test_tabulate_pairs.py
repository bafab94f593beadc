"""The table of pairs: whose order it is that one seed would reverse."""

import pytest
from builders import make_finished

from paribus.report.findings import gather_findings
from paribus.report.tabulate_pairs import OTHER_ORDER, tabulate_comparisons
from paribus.status import RunStatus


STEADY = (0.930, 0.931, 0.929, 0.930, 0.932, 0.928)
LOST = {(0, 5): RunStatus.COLLAPSED}


@pytest.mark.parametrize(
    ("last", "status", "share"),
    [
        # Of 36 pairs of runs 6 are won by the steady side, as the rows say.
        (0.90, None, "17%"),
        # Failed, the run costs the mean more than the others gain: over all runs the
        # steady side is ahead, and 30 pairs of 36 see the opposite.
        (0.10, LOST, f"83% {OTHER_ORDER}"),
    ],
    ids=["one order", "two orders"],
)
def test_a_reversal_of_another_order_than_the_rows_is_marked(last, status, share):
    better = (0.950, 0.951, 0.949, 0.950, 0.952, last)
    findings = gather_findings(make_finished(better, STEADY, status=status))

    table = tabulate_comparisons(findings)

    ((high, low, *_, reversed_),) = table.rows
    assert (high, low) == ("learning rate 0.001", "learning rate 0.01")
    assert reversed_ == share
    explained = f"{OTHER_ORDER}: that order is the opposite of the row's."
    assert (explained in table.note) is (OTHER_ORDER in share)


def test_p_values_that_cannot_be_small_are_left_out():
    """Six seeds give 1/32 at least: for one test a p-value, for three at most .05."""
    better = (0.950, 0.951, 0.949, 0.950, 0.952, 0.948)
    worse = (0.90, 0.91, 0.90, 0.90, 0.91, 0.90)

    one = tabulate_comparisons(gather_findings(make_finished(better, STEADY)))
    three = tabulate_comparisons(gather_findings(make_finished(better, STEADY, worse)))

    assert "p (Holm)" in one.columns
    assert one.note.endswith("possible here is 0.031.")
    assert "p (Holm)" not in three.columns
    assert {len(row) for row in three.rows} == {len(three.columns)}
    assert three.note.endswith(
        "possible here is 0.094, whatever the runs, so none are listed."
    )
