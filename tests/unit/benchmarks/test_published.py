"""What `benchmarks/published.py` found, judged again."""

import json

import numpy as np
import pytest
from acceptance import Band, acceptance_band, judge_check
from blocks import DOCS, read_block
from published_tables import SOURCES, describe_checks
from scipy import stats


RESULTS = DOCS.parent / "benchmarks" / "results" / "published.json"
FOUND = json.loads(RESULTS.read_text())
BANDS = {
    "gallery-accuracy": acceptance_band(0.953061, n_test=49_000),
    "old-gallery-accuracy": acceptance_band(0.97, n_test=10_000),
    "quickstart": Band(lower=0.975, upper=0.985),
    "keras-example": acceptance_band(0.984, n_test=10_000),
}


def test_the_checks_are_those_that_are_known():
    assert [name for name in SOURCES if name in FOUND] == list(FOUND)


def test_the_docs_hold_what_was_found():
    block = read_block(DOCS / "published.md", "benchmarks/published.py")

    assert block == describe_checks(FOUND)


@pytest.mark.parametrize("name", [name for name in BANDS if name in FOUND])
def test_outcome_follows_from_the_runs_by_scipy_s_interval(name):
    accuracies = np.array(FOUND[name]["accuracies"])
    lower, upper = stats.t.interval(
        0.95, len(accuracies) - 1, accuracies.mean(), stats.sem(accuracies)
    )

    outcome = judge_check(
        float(lower),
        float(upper),
        BANDS[name],
        n_runs=len(accuracies),
        is_expensive=name == "keras-example",
    )

    assert FOUND[name]["outcome"] == outcome


@pytest.mark.skipif("gallery-equivalence" not in FOUND, reason="not measured yet")
def test_equivalence_follows_from_the_runs_by_scipy_s_interval():
    check = FOUND["gallery-equivalence"]
    interval = stats.ttest_ind(
        check["accuracies"], check["accuracies_of_theirs"], equal_var=False
    ).confidence_interval(0.95)

    is_within = interval.low > -0.002 and interval.high < 0.002
    assert (check["outcome"] == "met") == is_within
    assert len(check["accuracies"]) >= 10
    assert len(check["accuracies_of_theirs"]) >= 10


def test_scikit_learn_printed_its_gallery_s_losses():
    assert FOUND["gallery-digits"]["found"]["losses"] == [
        "0.44139186",
        "0.19174891",
        "0.13983521",
        "0.11378556",
        "0.09443967",
        "0.07846529",
        "0.06506307",
        "0.05534985",
    ]
    assert FOUND["gallery-digits"]["outcome"] == "met"
