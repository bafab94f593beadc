"""What `benchmarks/calibration.py` measured, read again."""

import json

import numpy as np
import pytest
from blocks import DOCS, read_block
from calibration import RESULTS, SCRIPT
from calibration_tables import HIGHEST, INSTEAD, LOWEST, describe_calibration
from scipy import stats


RECORD = json.loads(RESULTS.read_text())
REAL = RECORD["real"]
ROWS = REAL["rows"]


def test_the_docs_hold_what_was_measured():
    assert read_block(DOCS / "calibration.md", SCRIPT) == describe_calibration(RECORD)


@pytest.mark.parametrize("kind", ["contrasts", "configs"])
def test_whatever_covers_otherwise_than_it_says_has_something_done_instead(kind):
    outside = {
        scores
        for scores, shares in RECORD["simulated"]["coverage"][kind].items()
        for n_seeds, share in shares.items()
        if int(n_seeds) >= RECORD["least_seeds_of_a_contrast"]
        and not LOWEST <= share <= HIGHEST
    }

    assert outside
    assert outside <= set(INSTEAD)


def test_simulated_studies_without_an_effect_seldom_have_a_false_verdict():
    # Nominal 5 %, and 3.3 Monte Carlo standard deviations of 1,000 studies.
    most = 0.05 + 3.3 * (0.05 * 0.95 / RECORD["n_families"]) ** 0.5

    assert max(row["rate"] for row in RECORD["simulated"]["false_verdicts"]) <= most


def test_planted_effects_are_found_with_the_tabled_power():
    for row in RECORD["simulated"]["power"]:
        assert row["power"] >= 0.8 - 0.05  # as the specification of the tests allows
        assert row["wrong_sign"] == 0


@pytest.mark.parametrize("method", ["unpaired", "paired"])
def test_equal_arms_of_real_runs_seldom_have_a_false_verdict(method):
    for row in ROWS:
        splits = 0.05 * 0.95 / REAL["n_splits"]
        most = 0.05 + 3.3 * (splits + row["finite_bank_error"] ** 2) ** 0.5
        assert row[method] <= most
        assert row[f"{method}_default"] <= row[method]


def test_there_are_the_arms_and_the_runs_that_were_asked_for():
    assert {row["seeds"] for row in ROWS} == {6, 10, 20}
    assert REAL["n_splits"] == 1000
    for scores in REAL["bank"].values():
        assert len(scores) == REAL["n_runs"] == 200
        assert len(set(scores)) > 50  # real runs: they differ


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['scores']}-{row['seeds']}")
def test_scipy_finds_the_same_rates_in_the_same_runs(row):
    scores, n = np.array(REAL["bank"][row["scores"]]), row["seeds"]
    rng = np.random.default_rng(99)
    order = rng.permuted(np.tile(scores, (20_000, 1)), axis=1)
    a, b = order[:, :n], order[:, n : 2 * n]

    _, p_welch = stats.ttest_ind(a, b, axis=1, equal_var=False)
    _, p_paired = stats.ttest_rel(a, b, axis=1)
    welch, paired = (np.mean(np.asarray(p) < 0.05) for p in (p_welch, p_paired))

    # Monte Carlo error of 1,000 splits: four standard deviations of .0069.
    assert row["unpaired"] == pytest.approx(welch, abs=0.028)
    # From 20 runs on the interval holds what the bootstrap holds too: fewer verdicts.
    assert row["paired"] <= paired + 0.028
    assert row["paired"] >= paired - (0.028 if n < 20 else 0.05)
