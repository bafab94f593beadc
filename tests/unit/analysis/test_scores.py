"""Which runs have learned."""

from dataclasses import replace

import numpy as np
import pytest
from builders import CHANCE
from claims_builders import Runs, make_runs, make_tuned_study

from paribus.analysis.scores import Scores, is_bad, is_learner, is_unlearned
from paribus.results import StudyResult
from paribus.status import RunStatus


def make_pair(rising: float, status: RunStatus) -> StudyResult:
    """A config that learns and one that ends this far above guessing."""
    study = make_tuned_study(learning_rate=(0.001, 0.01), is_tuned=False, n_seeds=2)
    slow = Runs(accuracy=CHANCE + rising, spread=0, status=status)
    return make_runs(study, [Runs(), slow])


@pytest.mark.parametrize("status", [RunStatus.UNCONVERGED, RunStatus.CONVERGED])
@pytest.mark.parametrize(("rising", "learned"), [(0.02, False), (0.2, True)])
def test_a_run_little_above_guessing_is_no_learner_and_not_bad(
    status: RunStatus, rising: float, learned: bool
):
    result = make_pair(rising, status)

    np.testing.assert_array_equal(is_learner(result), [[True] * 2, [learned] * 2])
    np.testing.assert_array_equal(is_unlearned(result), ~is_learner(result))
    assert not is_bad(result).any()


def test_runs_that_ended_badly_are_no_learners_whatever_they_reached():
    result = make_pair(0.8, RunStatus.LATE_COLLAPSE)
    np.testing.assert_array_equal(is_learner(result)[1], [False] * 2)


def test_without_an_accuracy_the_status_decides():
    result = make_pair(0.02, RunStatus.UNCONVERGED)
    losses = {n: c for n, c in result.curves.items() if n.endswith("_loss")}
    assert is_learner(replace(result, curves=losses)).all()


def test_a_run_that_waits_has_neither_learned_nor_not():
    result = make_pair(0.2, RunStatus.CONVERGED)
    waiting = replace(result, status=np.full_like(result.status, RunStatus.PENDING))
    assert not is_learner(waiting).any()
    assert not is_unlearned(waiting).any()


def test_means_are_over_the_runs_that_count():
    scores = Scores(
        values=np.array([[0.5, 0.7, 0.0], [0.0, 0.0, 0.0]]),
        is_counted=np.array([[True, True, False], [False] * 3]),
    )

    np.testing.assert_allclose(scores.means(), [0.6, -np.inf])
