import json
from pathlib import Path

import pytest
from report_builders import make_notebook_result, make_notebook_study

from paribus.report.findings import gather_findings
from paribus.report.tabulate import tabulate_metrics


CALIBRATION = Path(__file__).parents[3] / "benchmarks" / "results" / "calibration.json"


def note_of(n_seeds: int) -> str:
    study = make_notebook_study(n_seeds=n_seeds)
    return tabulate_metrics(gather_findings(make_notebook_result(study))).note


@pytest.mark.parametrize(("n_seeds", "is_said"), [(5, True), (19, True), (20, False)])
def test_intervals_that_suppose_no_skew_say_so_below_20_seeds(n_seeds, is_said):
    assert ("without strong skew" in note_of(n_seeds)) == is_said


def test_the_share_that_is_said_is_the_one_that_was_measured():
    record = json.loads(CALIBRATION.read_text())
    shares = record["simulated"]["coverage"]["configs"]["skewed, raw"]

    for n_seeds in ("5", "6", "10"):
        assert f"in {100 * shares[n_seeds]:.0f}% of studies" in note_of(int(n_seeds))
