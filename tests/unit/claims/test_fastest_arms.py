"""Claims about speed compare the rates that are fastest, others those that end best."""

from dataclasses import replace

import numpy as np
import pytest
from claims_builders import Runs, make_runs, make_tuned_study

from paribus.claims.batch_arms import batch_size_arms
from paribus.claims.catalogue.batch_size import ATOMS
from paribus.claims.evidence import Evidence
from paribus.claims.records import AtomVerdict, Verdict
from paribus.results import StudyResult
from paribus.space import Config
from paribus.status import RunStatus


RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
BEST, FAST = Runs(accuracy=0.98, speed=2), Runs(accuracy=0.97, speed=8)


def rate_of(config: Config) -> float:
    return float(str(config["learning_rate"]))


@pytest.fixture(scope="module")
def result() -> StudyResult:
    """At 32 and 64 the rate 0.03 is fastest, at 128 the one that ends best is."""
    study = make_tuned_study(
        learning_rate=RATES, batch_size=(32, 64, 128), n_seeds=6, compare="tuned"
    )
    small = {0.01: BEST, 0.03: FAST}
    runs = [
        ({0.01: BEST} if config["batch_size"] == 128 else small).get(
            rate_of(config), Runs(accuracy=0.6)
        )
        for config in study.configs()
    ]
    return make_runs(study, runs)


def atom(result: StudyResult, name: str) -> AtomVerdict:
    evidence = Evidence.of(result)
    arms, _ = batch_size_arms(evidence, "adam")
    (found,) = (a for a in ATOMS if a.id == name)
    return found.verdict(evidence, arms)


def rates(result: StudyResult, found: AtomVerdict) -> dict[object, object]:
    configs = [result.configs[i] for i, _ in found.runs]
    return {c["batch_size"]: c["learning_rate"] for c in configs}


@pytest.mark.parametrize("name", ["B1a", "B1b", "B1c", "B3b", "B3c"])
def test_times_are_compared_at_the_rates_that_are_fastest(result, name):
    found = atom(result, name)

    assert rates(result, found) == {32: 0.03, 128: 0.01}
    assert "batch size 32 (learning rate 0.03)" in found.sides
    assert (
        "learning rate tuned for each side by the time to the target of 3 seeds, "
        "a choice that no interval includes" in found.scope
    )


def test_quality_is_compared_at_the_rates_that_end_best(result):
    found = atom(result, "B2b")

    assert rates(result, found) == {32: 0.01, 64: 0.01, 128: 0.01}
    assert "tuned for each side by the final score of 3 seeds" in found.scope


def test_a_balance_has_the_rates_that_each_measure_asks_for(result):
    parts = {(part.measure, part.clock): part for part in atom(result, "B2a").parts}

    quality = parts["validation_accuracy", ""]
    steps = parts["steps_to_target", "steps"]
    assert set(rates(result, quality).values()) == {0.01}
    assert rates(result, steps)[64] == 0.03


def without_judging(result: StudyResult, rate: float) -> StudyResult:
    is_out = np.array([config["learning_rate"] == rate for config in result.configs])
    status = result.status.copy()
    status[is_out, : len(result.study.seeds)] = RunStatus.PENDING
    return replace(result, status=status)


def test_what_no_run_judges_is_untested_and_the_same_command_trains_it(result):
    """A study that was finished before values were chosen by time."""
    found = atom(without_judging(result, 0.03), "B1a")

    assert found.verdict is Verdict.UNTESTED
    assert found.reason == "6 of its runs are not finished"
    assert found.remedy == "the same command trains the rest"
    # What ends best was trained.
    assert atom(without_judging(result, 0.03), "B2b").verdict is not Verdict.UNTESTED


def test_a_fastest_rate_at_the_end_of_its_grid_is_untested():
    study = make_tuned_study(
        learning_rate=RATES, batch_size=(32, 128), n_seeds=6, compare="tuned"
    )
    runs = [
        {0.01: BEST, 0.1: Runs(accuracy=0.97, speed=20)}.get(
            rate_of(config), Runs(accuracy=0.6)
        )
        for config in study.configs()
    ]

    found = atom(make_runs(study, runs), "B1a")

    assert found.verdict is Verdict.UNTESTED
    assert found.reason.startswith("the fastest learning rate, 0.1 at batch size")
    assert "lies on the upper edge of the grid" in found.reason
    assert "0.333" in found.remedy


def test_a_side_that_no_rate_brings_there_keeps_the_best_score_and_says_so():
    study = make_tuned_study(
        learning_rate=RATES, batch_size=(32, 128), n_seeds=6, compare="tuned"
    )
    runs = [
        Runs(accuracy=0.75 if config["learning_rate"] == 0.003 else 0.7, speed=1)
        if config["batch_size"] == 128
        else {0.01: BEST}.get(rate_of(config), Runs(accuracy=0.6))
        for config in study.configs()
    ]

    found = atom(make_runs(study, runs), "B1a")

    assert rates(make_runs(study, runs), found) == {32: 0.01, 128: 0.003}
    assert any(
        note.startswith(
            "Its learning rate is the one with the best final score for batch size 128"
        )
        for note in found.notes
    )
    assert "by the final score and the time to the target of 3 seeds" in found.scope
    assert found.verdict is Verdict.SUPPORTED  # all that 128 gives is a bound
