"""Times to a target on the clock of steps: as evaluations lie on it, or not at all."""

from dataclasses import replace

import numpy as np
import pytest
from claims_builders import Runs, make_batches
from scipy import stats

from paribus.analysis.scaling import find_target
from paribus.analysis.targets import steps_to_target
from paribus.claims.evidence import Evidence, Question
from paribus.claims.findings import Found
from paribus.claims.refusals import Refusal
from paribus.claims.times import find_time_ratio
from paribus.results import StudyResult


@pytest.fixture(scope="module")
def batches() -> StudyResult:
    """Its 55,000 examples are 1,718.75 batches of 32, 429.6875 of 128, 9 1/6 of 6,000.

    No evaluation of an eighth of an epoch takes place after a whole number of those.
    """
    return make_batches(
        small=Runs(accuracy=0.98, speed=5), largest=Runs(accuracy=0.98, speed=2)
    )


def about(result: StudyResult, higher: int, lower: int) -> Question:
    by_size = {
        config["batch_size"]: i
        for i, config in enumerate(result.configs)
        if config["learning_rate"] == 0.01
    }
    return Question(
        measure="steps_to_target",
        higher=(by_size[higher],),
        lower=(by_size[lower],),
        budget="target",
        clock="steps",
        rung=-1,
    )


@pytest.mark.parametrize(("higher", "lower"), [(128, 32), (6000, 32), (64, 6000)])
def test_the_ratio_is_one_of_steps_at_which_runs_were_evaluated(batches, higher, lower):
    question = about(batches, higher, lower)
    target = find_target(batches, "adam")
    assert target is not None
    judged = batches.of_seeds(batches.study.seeds)
    a, b = (
        steps_to_target(judged, side[0], target.score)
        for side in (question.higher, question.lower)
    )

    found = find_time_ratio(Evidence.of(batches), question)

    assert isinstance(found, Found)
    by_hand = np.log(a).mean() - np.log(b).mean()
    # Sums in another order.
    assert found.contrast.estimate == pytest.approx(by_hand, rel=1e-9)


def test_steps_of_two_batch_sizes_are_not_compared_without_the_number_of_examples(
    batches,
):
    unknown = replace(batches, data=replace(batches.data, n_train=0))

    found = find_time_ratio(Evidence.of(unknown), about(batches, 128, 32))

    assert isinstance(found, Refusal)
    assert found.reason == (
        "steps cannot be counted without the number of training examples"
    )
    assert "--train-examples" in found.remedy


def test_steps_of_one_batch_size_are_in_the_ratio_of_epochs_without_it(batches):
    question = about(batches, 32, 32)
    unknown = replace(batches, data=replace(batches.data, n_train=0))

    found = find_time_ratio(Evidence.of(unknown), question)

    assert isinstance(found, Found)
    assert found.contrast.estimate == 0
    assert "Steps cannot be counted: they are in the ratio of epochs." in found.notes


def test_seconds_have_the_error_of_the_timings_in_their_interval(batches):
    """By hand: half-widths of seeds and of Welch's t of the timings add in squares."""
    question = replace(
        about(batches, 128, 32), measure="seconds_to_target", clock="seconds"
    )
    exact = tuple(replace(timing, variation=0.0) for timing in batches.timings)
    noisy = tuple(replace(timing, variation=0.05) for timing in batches.timings)

    alone, found = (
        find_time_ratio(Evidence.of(replace(batches, timings=timings)), question)
        for timings in (exact, noisy)
    )

    assert isinstance(alone, Found)
    assert isinstance(found, Found)
    n = batches.timings[0].n_repeats
    variance = 2 * (np.pi / 2) * 0.05**2 / n
    margin = stats.t.ppf(0.975, 2 * (n - 1)) * np.sqrt(variance)
    of_seeds = alone.contrast.upper - alone.contrast.estimate
    assert found.contrast.estimate == alone.contrast.estimate
    assert found.contrast.upper - found.contrast.estimate == pytest.approx(
        np.hypot(of_seeds, margin)
    )
    assert "The error of the timings is part of the interval." in found.notes
