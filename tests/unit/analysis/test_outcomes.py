"""Statuses told apart by curves, from a result."""

from dataclasses import replace

import numpy as np
from builders import make_finished

from paribus.analysis import classify_runs
from paribus.stats.outcomes import OutcomeThresholds
from paribus.status import RunStatus


DIVERGED, FAILED, PENDING = RunStatus.DIVERGED, RunStatus.FAILED, RunStatus.PENDING
SIX = (0.97, 0.98, 0.975, 0.972, 0.978, 0.971)


def test_what_the_program_said_is_kept():
    words = {(0, 0): PENDING, (0, 1): FAILED, (0, 2): DIVERGED}

    result = classify_runs(make_finished(SIX, status=words))

    assert result.status[0, :3].tolist() == list(words.values())
    assert (result.status[0, 3:] > DIVERGED).all()


def test_a_run_that_ends_at_chance_is_collapsed():
    result = classify_runs(make_finished((0.9, 0.1)))

    assert result.status[0, 1] == RunStatus.COLLAPSED
    assert result.status[0, 0] != RunStatus.COLLAPSED


def test_classifying_twice_changes_nothing_and_the_input_stays():
    given = make_finished(SIX, (0.1,) * 6)
    before = given.status.copy()

    once = classify_runs(given)

    np.testing.assert_array_equal(classify_runs(once).status, once.status)
    np.testing.assert_array_equal(given.status, before)
    assert (once.status != before).any()


def test_thresholds_and_a_baseline_are_settings():
    lenient = OutcomeThresholds(smallest_effect=1.0)
    result = make_finished(SIX)

    assert (
        classify_runs(result, thresholds=lenient).status == RunStatus.CONVERGED
    ).all()
    below = classify_runs(result, thresholds=lenient, baseline_loss=1e-3)
    assert (below.status == RunStatus.SUBLINEAR).all()


def test_a_result_without_training_curves_is_returned_as_it_is():
    result = make_finished(SIX)
    bare = replace(result, curves={"test_accuracy": result.curve("test_accuracy")})

    assert classify_runs(bare) is bare


def test_minibatch_losses_that_were_measured_decide_on_divergence():
    result = make_finished(SIX)
    share, at_end = np.zeros((1, 6)), np.zeros((1, 6))
    share[0, 1:3], at_end[0, 2] = 0.5, 1.0
    measured = replace(result, measures={"high_loss_share": share, "ends_high": at_end})

    found = classify_runs(measured).status == DIVERGED

    assert found.tolist() == [[False, False, True, False, False, False]]
