"""Times to a target on the clock of steps: as evaluations lie on it, or not at all."""

from dataclasses import replace

import numpy as np
import pytest
from claims_builders import Runs, make_batches, make_timing
from scipy import stats

from paribus.analysis.scaling import find_target
from paribus.analysis.targets import steps_to_target
from paribus.claims.evidence import Evidence, Question
from paribus.claims.findings import MORE_THAN_MAX, Found
from paribus.claims.refusals import Refusal
from paribus.claims.times import find_time_ratio
from paribus.results import StudyResult, Timing


@pytest.fixture(scope="module")
def batches() -> StudyResult:
    """Its 55,000 examples are 1,718.75 batches of 32, 429.6875 of 128, 9 1/6 of 6,000.

    No evaluation of an eighth of an epoch takes place after a whole number of those.
    """
    return make_batches(
        small=Runs(accuracy=0.98, speed=5), largest=Runs(accuracy=0.98, speed=2)
    )


def timed(result: StudyResult, variation: float) -> tuple[Timing, ...]:
    return tuple(make_timing(c, variation=variation) for c in result.configs)


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
    """By hand: half-widths of seeds and of t over rounds add in squares."""
    question = replace(
        about(batches, 128, 32), measure="seconds_to_target", clock="seconds"
    )

    alone, found = (
        find_time_ratio(
            Evidence.of(replace(batches, timings=timed(batches, variation))), question
        )
        for variation in (0.0, 0.05)
    )

    assert isinstance(alone, Found)
    assert isinstance(found, Found)
    noisy = replace(batches, timings=timed(batches, 0.05))
    timings = [noisy.timing(batches.configs[config]) for config in question.configs]
    large, small = (np.log(list(t.by_round.values())) for t in timings if t is not None)
    rounds = stats.ttest_rel(large, small).confidence_interval(0.95)
    of_seeds = alone.contrast.upper - alone.contrast.estimate
    # All medians are one second: the ratio within rounds is what timings add.
    assert found.contrast.estimate == pytest.approx(
        alone.contrast.estimate + np.mean(large - small), rel=1e-12
    )
    assert found.contrast.upper - found.contrast.estimate == pytest.approx(
        np.hypot(of_seeds, (rounds.high - rounds.low) / 2)
    )
    assert "The error of the timings is part of the interval." in found.notes


def test_seconds_need_no_seeds_that_would_not_narrow_them(batches):
    """With the timings exact a count of seeds decides; noisy, none may."""
    question = replace(
        about(batches, 128, 32), measure="seconds_to_target", clock="seconds"
    )
    alone = find_time_ratio(
        Evidence.of(replace(batches, timings=timed(batches, 0.0))), question
    )
    assert isinstance(alone, Found)
    # A claim whose boundary lies a hundredth below what is seen.
    close = replace(question, smallest_effect=np.exp(alone.contrast.estimate - 0.01))

    exact, noisy = (
        find_time_ratio(
            Evidence.of(replace(batches, timings=timed(batches, variation))), close
        )
        for variation in (0.0, 0.09)
    )

    assert isinstance(exact, Found)
    assert isinstance(noisy, Found)
    assert exact.more_seeds is not None
    assert exact.more_seeds <= 1000
    assert noisy.more_seeds == MORE_THAN_MAX
    said = "It alone keeps this open: more seeds would not decide it."
    assert said in noisy.notes
    assert said not in exact.notes
