"""Seconds of a step are compared within rounds, whatever the machine did meanwhile."""

from dataclasses import replace

import numpy as np
import pytest
from claims_builders import make_batches
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from paribus.claims.answering import ask, ask_throughput
from paribus.claims.evidence import Evidence, Question
from paribus.claims.records import AtomVerdict, Verdict
from paribus.claims.throughput import timing_contrast
from paribus.results import StudyResult, Timing
from paribus.results.timings import SoloTime


RESULT = make_batches(seconds={32: 1.3, 128: 1.0}, variation=0.03)
SMALL, LARGE = (
    next(i for i, c in enumerate(RESULT.configs) if c["batch_size"] == size)
    for size in (32, 128)
)
QUESTION = Question(
    measure="seconds_per_epoch", higher=(SMALL,), lower=(LARGE,), clock="seconds"
)


def seconds(result: StudyResult, config: int) -> np.ndarray:
    timing = result.timing(result.configs[config])
    assert timing is not None
    return np.array(list(timing.by_round.values()))


def slowed(timing: Timing, factors: list[float]) -> Timing:
    return Timing.of_rounds(
        {
            number: SoloTime(
                config=timing.config, seconds_per_epoch=value * factor, load_before=0.0
            )
            for factor, (number, value) in zip(
                factors, timing.by_round.items(), strict=True
            )
        }
    )


def test_the_interval_is_that_of_a_paired_t_test_of_log_seconds():
    found = timing_contrast(Evidence.of(RESULT), QUESTION, 0.99)

    small, large = (np.log(seconds(RESULT, config)) for config in (SMALL, LARGE))
    truth = stats.ttest_rel(small, large).confidence_interval(0.99)
    assert found.estimate == pytest.approx(np.mean(small - large))
    assert (found.lower, found.upper) == pytest.approx((truth.low, truth.high))


@given(st.lists(st.floats(0.2, 5.0), min_size=5, max_size=5))
def test_what_slows_a_whole_round_changes_nothing(factors):
    timings = tuple(slowed(timing, factors) for timing in RESULT.timings)
    disturbed = Evidence.of(replace(RESULT, timings=timings))

    before = timing_contrast(Evidence.of(RESULT), QUESTION, 0.95)
    after = timing_contrast(disturbed, QUESTION, 0.95)

    # Logarithms are rounded anew.
    assert after.estimate == pytest.approx(before.estimate, abs=1e-12)
    assert after.upper == pytest.approx(before.upper, abs=1e-11)


def test_configs_of_one_program_take_the_same_time_without_an_error():
    one = RESULT.timings[SMALL]
    alike = [i for i, c in enumerate(RESULT.configs) if c["batch_size"] == 32]
    others = tuple(t for i, t in enumerate(RESULT.timings) if i not in alike)
    evidence = Evidence.of(replace(RESULT, timings=(one, *others)))
    question = replace(QUESTION, higher=(alike[0],), lower=(alike[1],))

    found = timing_contrast(evidence, question, 0.95)

    assert (found.lower, found.estimate, found.upper) == (0.0, 0.0, 0.0)


def answers(result: StudyResult) -> tuple[AtomVerdict, AtomVerdict]:
    """That 128 goes through more examples; that its epoch takes longer."""
    evidence = Evidence.of(result)
    other = replace(QUESTION, higher=(LARGE,), lower=(SMALL,))
    return ask_throughput(evidence, other), ask(evidence, other)


def test_examples_a_second_and_seconds_an_epoch_say_the_same_from_two_ends():
    faster, slower = answers(make_batches(seconds={32: 2.0, 128: 1.0}))

    assert (faster.verdict, slower.verdict) == (Verdict.SUPPORTED, Verdict.REFUTED)
    assert faster.estimate is not None
    assert slower.estimate is not None
    assert faster.estimate * slower.estimate == pytest.approx(1)
    assert (faster.measure, faster.n_seeds) == ("examples_per_s", 0)
    assert "5 rounds in which each side was timed alone" in faster.notes[0]
    assert "5 rounds of timings of one run alone" in faster.scope


def test_a_ratio_at_the_boundary_says_how_many_rounds_would_decide():
    open_one, _ = answers(make_batches(seconds={32: 1.3, 128: 1.0}, variation=0.05))
    decided, _ = answers(make_batches(seconds={32: 2.0, 128: 1.0}, variation=0.05))

    assert open_one.verdict is Verdict.UNDECIDED
    assert any("rounds would decide it." in note for note in open_one.notes)
    assert not any("would decide" in note for note in decided.notes)
