import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from report_builders import make_notebook_result, make_notebook_study

from paribus.report.findings import gather_findings
from paribus.report.tabulate import tabulate_metrics


CALIBRATION = Path(__file__).parents[3] / "benchmarks" / "results" / "calibration.json"


def note_of(n_seeds: int) -> str:
    study = make_notebook_study(n_seeds=n_seeds)
    return tabulate_metrics(gather_findings(make_notebook_result(study)))[-1].note


@pytest.mark.parametrize(("n_seeds", "is_said"), [(5, True), (19, True), (20, False)])
def test_intervals_that_suppose_no_skew_say_so_below_20_seeds(n_seeds, is_said):
    assert ("without strong skew" in note_of(n_seeds)) == is_said


def test_the_share_that_is_said_is_the_one_that_was_measured():
    record = json.loads(CALIBRATION.read_text())
    shares = record["simulated"]["coverage"]["configs"]["skewed, raw"]

    for n_seeds in ("5", "6", "10"):
        assert f"in {100 * shares[n_seeds]:.0f}% of studies" in note_of(int(n_seeds))


def test_metrics_are_divided_by_kind_and_a_share_of_zero_is_named_only():
    result = make_notebook_result()
    share = np.full_like(result.curves["test_accuracy"], 0.25)
    curves = {"train_dead_share": share, "train_always_on_share": 0 * share}
    more = replace(result, curves={**result.curves, **curves})

    tables = {t.caption.split()[0]: t for t in tabulate_metrics(gather_findings(more))}

    assert tables["Other"].columns == ("config", "share of dead ReLU units")
    assert tables["Other"].note.endswith(
        "0 in every run: share of ReLU units that are always on."
    )
    assert "test accuracy" in tables["Accuracies"].columns
    assert all("loss" in name for name in tables["Losses"].columns[1:])
    assert not tables["Losses"].note
