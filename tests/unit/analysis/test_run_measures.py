from dataclasses import replace

import numpy as np
import pytest
from claims_builders import CHANCE, Runs, make_runs, make_tuned_study, without

from paribus.analysis.measure_facts import DERIVED, measure_facts, measure_names
from paribus.analysis.run_measures import run_measure
from paribus.errors import UnknownNameError
from paribus.status import RunStatus


def make_small(*plans: Runs):
    study = make_tuned_study(
        learning_rate=(0.001, 0.01)[: len(plans)], is_tuned=False, n_seeds=3
    )
    return make_runs(study, plans)


def test_every_name_has_facts_and_every_derived_one_is_made():
    made = make_small(Runs(), Runs())
    result = replace(made, measures={"rescued": np.ones((2, 3))})
    for name in measure_names():
        assert measure_facts(name).words
    for name in DERIVED:
        assert run_measure(result, name).values.shape == (2, 3)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="no measure is called `jiter`") as error:
        measure_facts("jiter")
    assert error.value.hint == "did you mean `jitter`?"


def test_a_suffix_says_when_a_recorded_measure_was_taken():
    at_loss = measure_facts("asam_sharpness_at_0.1")
    assert at_loss == measure_facts("asam_sharpness")
    assert measure_facts("noise_scale_10") == measure_facts("noise_scale")


def test_only_learners_have_measures_of_stability():
    result = make_small(Runs(n_bad=1), Runs())
    tuv = run_measure(result, "tuv")
    assert np.isnan(tuv.values[0]).tolist() == [True, False, False]
    np.testing.assert_allclose(tuv.scores(), np.log(tuv.values + 0.01))


def test_a_diverged_run_scores_as_guessing_and_a_pending_one_not_at_all():
    result = make_small(Runs(), Runs())
    status = result.status.copy()
    status[0, 0], status[1, 2] = RunStatus.DIVERGED, RunStatus.PENDING
    measure = run_measure(replace(result, status=status), "validation_accuracy")
    assert measure.values[0, 0] == CHANCE
    assert np.isnan(measure.values[1, 2])


def test_a_gap_is_training_minus_test_accuracy():
    result = make_small(Runs(), Runs())
    curves = dict(result.curves)
    curves["test_accuracy"] = curves["test_accuracy"] - 0.02
    gap = run_measure(replace(result, curves=curves), "gap")
    np.testing.assert_allclose(gap.values, 0.02)


def test_the_default_smallest_effect_of_an_accuracy_follows_the_noise_floor():
    """Twice sqrt(error / (2 n)), rounded up to a tenth of a point, at least two."""
    good, poor = make_small(Runs(accuracy=0.98)), make_small(Runs(accuracy=0.92))
    # 10,000 test images; 5,000 in the validation split.
    assert run_measure(good, "test_accuracy").smallest_effect == 0.002
    assert run_measure(poor, "test_accuracy").smallest_effect == 0.004
    assert run_measure(poor, "validation_accuracy").smallest_effect == 0.006
    assert run_measure(poor, "train_loss").smallest_effect == 1.25


def test_what_was_not_recorded_cannot_be_made():
    result = make_small(Runs())
    with pytest.raises(KeyError):
        run_measure(result, "asam_sharpness")
    with pytest.raises(KeyError):
        run_measure(without(result, "train_loss"), "tuv")
