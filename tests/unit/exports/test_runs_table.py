"""What verdicts rest on stands in `runs.csv`: each can be worked out again from it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from claims_builders import Runs, make_rates
from report_builders import make_notebook_result

from paribus.claims.arms import learning_rate_arms
from paribus.claims.catalogue.learning_rate import faster, more_stable
from paribus.claims.evidence import Evidence
from paribus.exports import export, runs_table
from paribus.results import StudyResult
from paribus.results.tables import runs
from paribus.status import RunStatus


LARGE = 6  # 0.1 among the half decades


@pytest.fixture(scope="module")
def result() -> StudyResult:
    made = make_rates(
        small=Runs(bumps=0.05, speed=1, accuracy=0.95),
        medium=Runs(bumps=0.2, speed=2, accuracy=0.95),
        large=Runs(accuracy=0.95, n_bad=4, speed=4),
        n_seeds=10,
    )
    is_bad = made.status == RunStatus.COLLAPSED
    rescued = np.where(is_bad, np.arange(is_bad.shape[1]) < 3, np.nan)
    return replace(made, measures={"rescued": rescued})


@pytest.fixture(scope="module")
def exported(result, tmp_path_factory) -> pd.DataFrame:
    """The rows of `runs.csv` whose seeds judge."""
    folder = tmp_path_factory.mktemp("export")
    # Statuses are those of the builder here, where exporting would tell them anew.
    (folder / "runs.csv").write_text(runs_table(result).to_csv(index=False))
    table = pd.read_csv(folder / "runs.csv")
    return table.loc[table["seed"].isin(result.study.seeds)]


def of_rate(table: pd.DataFrame, rate: float) -> pd.DataFrame:
    return table.loc[np.isclose(table["learning_rate"], rate)].sort_values(by="seed")


def test_the_ratio_of_upward_variations_is_that_of_the_column(result, exported):
    arms, *_ = learning_rate_arms(Evidence.of(result), "adam")
    part = more_stable(Evidence.of(result), arms).parts[0]
    rival, small = (of_rate(exported, rate)["tuv"] + 0.01 for rate in (0.01, 0.001))

    by_hand = np.exp(np.log(rival.to_numpy() / small.to_numpy()).mean())

    assert (part.measure, part.n_seeds) == ("tuv", 10)
    assert part.estimate == pytest.approx(by_hand, rel=1e-9)


def test_the_ratio_of_steps_is_that_of_the_column_at_the_target(result, exported):
    arms, *_ = learning_rate_arms(Evidence.of(result), "adam")
    atom = faster(Evidence.of(result), arms)
    medium, large = (of_rate(exported, rate) for rate in (0.01, 0.1))
    times = [side["steps_to_target_at_0.9"].to_numpy() for side in (medium, large)]

    target = medium["target_at_0.9"].iloc[0]
    assert f"Target: {target:.4f}" in atom.notes[0]
    assert np.isinf(times[1]).sum() == 4  # those that collapsed
    # They count as the end of the budget: 5 epochs of 60,000 - 5,000 in steps of 64.
    times[1] = np.minimum(times[1], 5 * 860)
    by_hand = np.exp(np.log(times[0] / times[1]).mean())
    assert atom.estimate == pytest.approx(by_hand, rel=1e-9)


def test_steps_and_epochs_to_a_target_are_of_the_same_evaluations(exported):
    reached = exported[np.isfinite(exported["steps_to_target_at_0.97"])]

    ratio = reached["steps_to_target_at_0.97"] / reached["epochs_to_target_at_0.97"]

    # 859.375 batches of 64 make an epoch, in 860 steps, and evaluations are made after
    # the nearest step: half a step of the 107 between two of them.
    assert len(reached) > 0
    np.testing.assert_allclose(ratio, 859.375, rtol=0.5 / 107)


def test_bad_and_damaged_runs_are_marked_as_their_shares_count_them(exported):
    large = of_rate(exported, 0.1)

    assert large["bad_share"].tolist() == [1] * 4 + [0] * 6
    assert large["damaged_share"].tolist()[:4] == [0, 0, 0, 1]
    assert large["damaged_share"].isna().tolist().count(True) == 6
    # Among learners alone.
    assert large["tuv"].isna().tolist() == [True] * 4 + [False] * 6


def test_early_scores_are_the_mean_under_the_curve(result, exported):
    curve = result.curves["validation_accuracy"][2, 0]
    n = int(np.searchsorted(result.epochs, 0.5 + 1e-9))  # a tenth of 5 epochs
    under = np.trapezoid(curve[:n], result.epochs[:n]) / 0.5

    assert of_rate(exported, 1e-3)["aulc_10"].iloc[0] == pytest.approx(under, rel=1e-9)


def test_every_recorded_column_is_there_as_it_was(result):
    recorded = runs(result)

    pd.testing.assert_frame_equal(runs_table(result).loc[:, recorded.columns], recorded)


def test_a_study_without_tuning_has_no_targets_and_one_without_runs_no_measures():
    made = make_notebook_result()
    pending = replace(
        made,
        curves={n: np.full_like(c, np.nan) for n, c in made.curves.items()},
        status=np.zeros_like(made.status),
    )

    assert not [name for name in runs_table(made).columns if "target" in name]
    assert list(runs_table(pending).columns) == list(runs(pending).columns)


def test_the_measures_are_in_both_forms_of_the_export(tmp_path):
    made = make_notebook_result()

    export(made, format="csv", out=tmp_path / "runs.csv")
    export(made, format="json", out=tmp_path / "study.json")

    assert "tuv" in pd.read_csv(tmp_path / "runs.csv").columns
    assert '"tuv"' in (tmp_path / "study.json").read_text()
