"""Stability and ranges of 135 real runs: the published table must come out.

Training curves from DeepOBS_Baselines, commit 3da285a, Fashion-MNIST 2c2d (see
tests/data/README.md). The numbers of the table were computed from the same raw files
before this code was written.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paribus.stats.outcomes import TrainingCurves, classify_outcomes
from paribus.stats.regret import cliff_ratio, safe_range
from paribus.stats.selection import is_bad_run, select_value, tuning_scores
from paribus.stats.stability import (
    TUV_ALARM,
    log_tuv,
    share_of_increases,
    total_upward_variation,
)
from paribus.status import RunStatus


CURVES = Path(__file__).parents[1] / "data" / "deepobs_fmnist_2c2d.csv.gz"


@cache
def one_seed(optimizer: str) -> tuple[np.ndarray, TrainingCurves, np.ndarray]:
    """Learning rates, curves and statuses of the runs that all rates have: seed 42."""
    table = pd.read_csv(CURVES)
    table = table[(table["optimizer"] == optimizer) & (table["seed"] == 42)]

    def curves(metric: str) -> pd.DataFrame:
        return table.pivot_table(
            index="learning_rate", columns="epoch", values=metric, dropna=False
        )

    score = curves("test_accuracy")
    found = TrainingCurves(
        epochs=score.columns.to_numpy(float),
        score=score.to_numpy(float),
        train_accuracy=curves("train_accuracy").to_numpy(float),
        train_loss=curves("train_loss").to_numpy(float),
        chance=0.1,
        label_entropy=float(np.log(10)),
        n_train_evaluated=9_984,
        n_scored=9_984,
    )
    return score.index.to_numpy(float), found, classify_outcomes(found)


def tuv_of(optimizer: str) -> dict[float, float]:
    rates, curves, status = one_seed(optimizer)
    is_learner = np.isin(status, [RunStatus.CONVERGED, RunStatus.UNCONVERGED])
    tuv = total_upward_variation(curves.train_loss, is_learner)
    return dict(zip(rates.tolist(), tuv.tolist(), strict=True))


@pytest.mark.parametrize(
    ("optimizer", "published"),
    [
        ("sgd", {0.001: 0.000, 0.01: 0.002, 0.1: 0.115, 0.398107: 0.081}),
        ("adam", {0.001: 0.181, 0.00251189: 0.257, 0.01: 0.748}),
        ("momentum", {0.001: 0.082, 0.00631: 0.188}),
    ],
)
def test_upward_variation_of_learners_is_that_of_the_table(
    optimizer: str, published: dict[float, float]
):
    found = tuv_of(optimizer)
    rates = np.array(list(found))

    for rate, expected in published.items():
        nearest = float(rates[np.abs(np.log(rates / rate)).argmin()])
        # Published with three decimals.
        assert found[nearest] == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize(
    ("optimizer", "dead"),
    [("sgd", 0.630957), ("adam", 0.1), ("momentum", 0.0630957)],
)
def test_dead_networks_are_refused_although_their_loss_hardly_moves(
    optimizer: str, dead: float
):
    assert np.isnan(tuv_of(optimizer)[dead])


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "momentum"])
def test_a_small_learning_rate_is_more_stable_among_learners(optimizer: str):
    found = tuv_of(optimizer)

    small, *rivals = log_tuv(np.array([found[rate] for rate in (0.001, 0.01, 0.1)]))
    learned = [rival for rival in rivals if np.isfinite(rival)]
    # Direction only: one seed decides nothing. A rival that did not learn has no TUV.
    assert small < min(learned)
    assert len(learned) == {"sgd": 2, "adam": 1, "momentum": 1}[optimizer]


def test_adam_is_amber_before_it_is_red_and_red_before_it_breaks():
    found = {rate: x for rate, x in tuv_of("adam").items() if np.isfinite(x)}

    colours = [TUV_ALARM.colour(found[rate]) for rate in sorted(found)]

    assert [c for i, c in enumerate(colours) if c != colours[i - 1] or i == 0] == [
        "none",
        "amber",
        "red",
    ]


def test_the_share_of_increases_is_that_of_the_table():
    rates, curves, _ = one_seed("adam")
    shares = dict(
        zip(rates.tolist(), share_of_increases(curves.train_loss), strict=True)
    )

    # Published with two decimals.
    assert shares[0.001] == pytest.approx(0.40, abs=6e-3)
    assert shares[0.01] == pytest.approx(0.46, abs=6e-3)


@pytest.mark.parametrize(
    ("optimizer", "best", "mean", "cliff", "ratio"),
    [
        ("sgd", 0.158489, 0.9227, 4, 40),
        ("adam", 0.000251189, 0.9234, 159, 16),
    ],
)
def test_cliff_and_safe_range_are_those_of_the_readings(
    optimizer: str, best: float, mean: float, cliff: float, ratio: float
):
    rates, curves, status = one_seed(optimizer)
    scores = tuning_scores(curves.score[:, -1:], status[:, None], chance=0.1)
    at = int(np.flatnonzero(rates == best)[0])
    # The regret against the mean of the ten seeds that the best rate has.
    lost = mean - scores[:, 0]

    selection = select_value(rates, scores, is_bad_run(status)[:, None])
    found_cliff = cliff_ratio(rates, selection.bad_shares, at)
    found_range = safe_range(rates, lost, at)

    assert found_cliff == pytest.approx(cliff, rel=0.01)
    assert found_range.ratio == pytest.approx(ratio, rel=0.01)
    assert selection.edge is None
