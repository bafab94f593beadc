"""Where a verdict holds: what the scope sentence says of shared learning rates."""

from dataclasses import replace

import numpy as np
import pytest
from claims_builders import HELD_RATE, make_batches

from paribus.claims.evidence import Evidence, Question
from paribus.claims.scope import scope_sentence
from paribus.results import StudyResult
from paribus.status import RunStatus


@pytest.fixture(scope="module")
def result() -> StudyResult:
    """Tuned at 0.01 everywhere, and 0.003 held for all batch sizes."""
    return make_batches()


def scope(result: StudyResult, rates: tuple[float, float]) -> str:
    sides = tuple(
        next(
            i
            for i, config in enumerate(result.configs)
            if (config["batch_size"], config["learning_rate"]) == (size, rate)
        )
        for size, rate in zip((32, 128), rates, strict=True)
    )
    question = Question(
        measure="validation_accuracy",
        higher=sides[:1],
        lower=sides[1:],
        sides=("batch size 32", "batch size 128"),
        mode="untuned",
    )
    return scope_sentence(Evidence.of(result), question, n_seeds=10)


def test_a_shared_rate_is_set_against_the_best_of_each_side(result):
    found = scope(result, (HELD_RATE, HELD_RATE))

    assert (
        "one learning rate for both sides, a learning rate 0.3 times the best of batch "
        "size 32 and 0.3 times the best of batch size 128, 10 seeds;" in found
    )


def test_runs_that_were_still_improving_are_counted_by_side(result):
    status = result.status.copy()
    rows = [
        i
        for i, config in enumerate(result.configs)
        if config["batch_size"] == 32 and config["learning_rate"] == HELD_RATE
    ]
    status[np.ix_(rows, range(3))] = RunStatus.UNCONVERGED

    found = scope(replace(result, status=status), (HELD_RATE, HELD_RATE))

    assert "3 and 0 of 10 runs still improving at the end" in found


def test_sides_with_rates_of_their_own_say_nothing_of_a_shared_one(result):
    found = scope(result, (HELD_RATE, 0.01))

    assert "times the best" not in found


def test_without_tuning_the_best_is_not_known(result):
    plain = replace(result, study=replace(result.study, tuning=None))

    assert "times the best" not in scope(plain, (HELD_RATE, HELD_RATE))
