"""Times to a target on the clock of steps: as evaluations lie on it, or not at all."""

from dataclasses import replace

import numpy as np
import pytest
from claims_builders import Runs, make_batches, make_timing
from scipy import stats

from paribus.analysis.targets import find_target, steps_to_target
from paribus.claims.evidence import Choice, Evidence, Question
from paribus.claims.findings import Found
from paribus.claims.refusals import Refusal
from paribus.claims.times import find_time_ratio
from paribus.results import StudyResult, Timing
from paribus.space import Config
from paribus.stats.targets import RUNGS


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
    assert noisy.more_seeds is None
    assert "which no number of seeds narrows" in noisy.obstacle
    assert exact.obstacle == ""


def test_seconds_have_no_p_value_of_seeds_alone(batches):
    """Signs of seeds would call certain what the timings leave open."""
    steps = about(batches, 128, 32)
    seconds = replace(steps, measure="seconds_to_target", clock="seconds")
    noisy = Evidence.of(replace(batches, timings=timed(batches, 0.09)))

    of_steps, of_seconds = (find_time_ratio(noisy, one) for one in (steps, seconds))

    assert isinstance(of_steps, Found)
    assert isinstance(of_seconds, Found)
    assert of_steps.contrast.p_value is not None
    assert of_seconds.contrast.p_value is None


def test_mean_seconds_have_no_interval_that_leaves_the_timings_out():
    slow = Runs(accuracy=0.98, speed=0.4)
    batches = make_batches(small=Runs(accuracy=0.98, speed=5), largest=slow)
    judged = len(batches.study.seeds)
    curves = {name: curve.copy() for name, curve in batches.curves.items()}
    steps = about(batches, 6000, 32)
    # Half of the judging seeds never get there.
    curves["validation_accuracy"][steps.higher[0], : judged // 2] = 0.3
    batches = replace(batches, curves=curves)
    seconds = replace(steps, measure="seconds_to_target", clock="seconds")

    said = [
        next(note for note in found.notes if note.startswith("Runs that never"))
        for found in (
            find_time_ratio(Evidence.of(batches), q) for q in (steps, seconds)
        )
        if isinstance(found, Found)
    ]

    assert len(said) == 2
    assert "[" in said[0]
    assert said[1].endswith(" seconds.")
    assert "[" not in said[1]


@pytest.mark.parametrize("by", ["score", "time"])
def test_a_time_to_another_target_than_the_one_that_chose_says_which_chose(batches, by):
    question = about(batches, 128, 32)
    target = find_target(batches, "adam")
    assert target is not None
    chosen = RUNGS.index(target.rung)
    other = (chosen + 1) % len(RUNGS)
    choice = Choice(
        config=question.higher[0],
        value=0.01,
        others=Config({"batch_size": 128}),
        edge=None,
        value_to_add=None,
        spacing_decades=0.5,
        n_runs=(3, 3, 3),
        is_independent=True,
        by=by,
    )

    found = find_time_ratio(
        Evidence.of(batches), replace(question, rung=other, choices=(choice,))
    )

    assert isinstance(found, Found)
    said = f"Learning rates were chosen by the time to {target.score:.4f}."
    assert (said in found.notes) == (by == "time")
