"""Each guard fires on a minimal case, names its remedy, and is silent without it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from claims_builders import (
    Runs,
    ask,
    make_batches,
    make_choice,
    make_pair,
    make_runs,
    make_tuned_study,
)

from paribus.claims import horizon
from paribus.claims.guards import designs, populations, recording, timing, tuning
from paribus.claims.guards.designs import one_workload
from paribus.results import Attempt, StudyResult, Timing
from paribus.results.timings import SoloTime
from paribus.space import SearchSpace
from paribus.status import RunStatus
from paribus.study import OptimizerChoice


@pytest.mark.parametrize("measure", ["tuv", "aulc", "aulc_10"])
def test_what_begins_at_the_start_needs_an_evaluation_there(measure):
    result = make_pair()
    curves = {name: curve[..., 1:] for name, curve in result.curves.items()}
    late = replace(result, epochs=result.epochs[1:], curves=curves)

    refusal = ask(recording.unrecorded, late, measure=measure)

    assert refusal.reason.startswith("no run was evaluated before its first step, ")
    assert refusal.remedy == "record the evaluation at epoch 0 too"
    assert ask(recording.unrecorded, result, measure=measure) is None
    assert ask(recording.unrecorded, late, measure="jitter") is None


def test_what_was_not_recorded_names_the_diagnostic_that_records_it():
    refusal = ask(recording.unrecorded, make_pair(), measure="asam_sharpness")
    assert refusal.reason == "the study has not recorded the ASAM sharpness"
    assert refusal.remedy == "--set 'diagnostics.measure=[\"sharpness\"]'"
    assert ask(recording.unrecorded, make_pair(), measure="tuv") is None


def test_a_measure_without_convention_needs_a_declared_smallest_effect():
    refusal = ask(recording.no_smallest_effect, make_pair(), measure="aulc")
    assert refusal.remedy == "add `smallest_effect` to the claim"
    told = {"measure": "aulc", "smallest_effect": 0.01}
    assert ask(recording.no_smallest_effect, make_pair(), **told) is None


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        (RunStatus.FAILED, "run it again with --retry-failed"),
        (RunStatus.INTERRUPTED, "the same command trains the rest"),
        (RunStatus.PENDING, "the same command trains the rest"),
    ],
)
def test_a_broken_run_in_the_contrast_is_trained_first(word, remedy):
    result = make_pair()
    status = result.status.copy()
    status[1, 3] = word
    refusal = ask(recording.broken_runs, replace(result, status=status))
    assert "1 of its runs" in refusal.reason
    assert refusal.remedy == remedy
    elsewhere = {"higher": (0,), "lower": (0,)}
    assert (
        ask(recording.broken_runs, replace(result, status=status), **elsewhere) is None
    )
    assert ask(recording.broken_runs, result) is None


def test_sides_must_be_evaluated_equally_often():
    result = make_pair()
    curves = {name: curve.copy() for name, curve in result.curves.items()}
    for curve in curves.values():
        curve[1, :, 1::2] = np.nan
    refusal = ask(recording.unequal_cadence, replace(result, curves=curves))
    assert refusal.remedy == '--set study.evaluate_every="auto"'
    assert ask(recording.unequal_cadence, result) is None
    # A collapsed side has no evaluations to speak of.
    assert ask(recording.unequal_cadence, make_pair(Runs(n_bad=10))) is None


def test_the_last_batch_must_be_handled_alike():
    result = make_pair()
    grids = ({"learning_rate": (0.01,), "drop_last": (False, True)},)
    study = result.study
    # Runs from elsewhere may vary anything.
    elsewhere = replace(
        study,
        model=replace(study.model, name="elsewhere", settings={}),
        optimizer=replace(study.optimizer, name="elsewhere", settings={}),
        space=SearchSpace(grids=grids),
    )
    refusal = ask(recording.uneven_last_batch, replace(result, study=elsewhere))
    assert "`drop_last`" in refusal.remedy
    assert ask(recording.uneven_last_batch, result) is None


def test_stability_needs_5_learners_a_side():
    few = make_pair(Runs(n_bad=6))
    refusal = ask(populations.few_learners, few, measure="tuv")
    assert refusal.reason == "only 4 seeds learned at a, fewer than 5"
    assert (
        ask(populations.few_learners, make_pair(Runs(n_bad=5)), measure="tuv") is None
    )
    # With 4 seeds in all it is the seeds that are too few.
    small = make_pair(Runs(n_bad=1), n_seeds=4)
    assert ask(populations.few_learners, small, measure="tuv") is None
    # A side that is wholly dead has a mean accuracy: that of guessing.
    dead = make_pair(Runs(n_bad=10))
    assert ask(populations.few_learners, dead) is None
    assert ask(populations.few_learners, dead, needs_learners=True) is not None
    assert ask(populations.few_learners, few, measure="bad_share") is None


@pytest.mark.parametrize(("n", "fires"), [(2, False), (3, True)])
def test_a_fifth_of_a_side_may_still_be_improving(n, fires):
    result = make_pair()
    status = result.status.copy()
    status[0, :n] = RunStatus.UNCONVERGED
    unfinished = replace(result, status=status)
    final = {"judges_final_quality": True}
    refusal = ask(populations.unconverged, unfinished, **final)
    assert (refusal is not None) is fires
    if refusal:
        assert refusal.reason == "3 of 10 runs of a were still improving at the end"
        assert refusal.remedy == "--set study.epochs=15"
    assert ask(populations.unconverged, unfinished) is None


def test_a_large_batch_is_a_tenth_of_the_data():
    result = make_batches()
    sizes = [config["batch_size"] for config in result.configs]
    large, small = sizes.index(6000), sizes.index(128)
    asked = {"needs_large_batch": True, "lower": (small,)}
    refusal = ask(designs.small_batches, result, higher=(small,), **asked)
    assert refusal.remedy == "paribus run batch-size --size standard"
    assert ask(designs.small_batches, result, higher=(large,), **asked) is None


def test_seconds_need_steady_timings():
    noisy = make_batches(variation=0.11)
    in_a_row = tuple(replace(t, by_round={}) for t in noisy.timings)
    older = replace(noisy, timings=in_a_row)
    refusal = ask(timing.noisy_timing, older, clock="seconds")
    assert refusal.reason == "the seconds of a step vary by 11% between repeats"
    assert ask(timing.noisy_timing, older, clock="steps") is None
    assert ask(timing.noisy_timing, make_batches(), clock="seconds") is None
    untimed = replace(noisy, timings=())
    refusal = ask(timing.noisy_timing, untimed, budget="seconds")
    assert refusal.reason == "no run was timed alone on the machine"


def slow_down(result: StudyResult, factors: dict[int, float], *sizes: int):
    """Some rounds take longer: of programs of some batch sizes, or of all."""

    def slowed(one: Timing) -> Timing:
        if sizes and one.config["batch_size"] not in sizes:
            return one
        return Timing.of_rounds(
            {
                number: SoloTime(
                    config=one.config,
                    seconds_per_epoch=seconds * factors.get(number, 1.0),
                    load_before=0.1,
                )
                for number, seconds in one.by_round.items()
            }
        )

    return replace(result, timings=tuple(map(slowed, result.timings)))


def test_a_machine_that_slows_all_programs_together_leaves_seconds_comparable():
    result = make_batches(variation=0.0)
    sizes = [config["batch_size"] for config in result.configs]
    asked = {"clock": "seconds", "higher": (sizes.index(32),), "lower": (-1,)}

    both = slow_down(result, {2: 2.0, 3: 3.0})
    one = slow_down(result, {2: 2.0}, 6000)

    assert both.timings[0].variation > 0.4
    assert ask(timing.noisy_timing, both, **asked) is None
    # 6000 is the other side; what is not compared may be slowed as it likes.
    assert ask(timing.noisy_timing, one, **asked).reason == (
        "the ratio of the two sides' seconds of a step varies by 31% from round to "
        "round"
    )
    third = slow_down(result, {2: 2.0}, 64)
    assert ask(timing.noisy_timing, third, **asked) is None


def test_sides_that_were_not_timed_in_the_same_rounds_are_not_compared():
    result = make_batches()

    def refusal(**change: Any) -> Any:
        timings = tuple(
            replace(t, **change) if t.config["batch_size"] == 6000 else t
            for t in result.timings
        )
        changed = replace(result, timings=timings)
        return ask(timing.noisy_timing, changed, clock="seconds", lower=(-1,))

    by_round = result.timings[-1].by_round
    assert refusal(by_round=by_round) is None
    # Of an older version, one after the other; or on another day.
    for other in ({}, {n + 1: seconds for n, seconds in by_round.items()}):
        found = refusal(by_round=other)
        assert found.reason.startswith("the sides were not timed in the same rounds")
        assert "`paribus run` once more" in found.remedy


def test_seconds_are_not_trusted_under_a_load_that_is_not_the_studys_own():
    result = make_batches()
    attempt = Attempt(
        number=1, started="", environment={"cores": "2"}, n_runs=1, seconds=1.0
    )

    def refusal(load: float, *attempts: Attempt) -> Any:
        timings = tuple(replace(t, load_before=load) for t in result.timings)
        loaded = replace(result, timings=timings, attempts=attempts)
        return ask(timing.noisy_timing, loaded, clock="seconds")

    found = refusal(4.5, attempt)
    assert found.reason.startswith("seconds were timed under a load of 4.5 on 2 cores")
    assert found.remedy.endswith("on an idle machine")
    # Two cores and two compilers are the study's own.
    assert refusal(4.0, attempt) is None
    # Nobody knows how many cores, or what the load was.
    assert refusal(4.5) is None
    assert refusal(4.5, replace(attempt, environment={"cores": "unknown"})) is None
    assert refusal(float("nan"), attempt) is None


def test_optimizers_are_not_ranked_with_their_settings_fixed():
    study = make_tuned_study(learning_rate=(0.01,), is_tuned=False)
    grid = {**study.space.grids[0], "optimizer": ("adam", "sgd")}
    both = replace(
        study,
        optimizer=replace(study.optimizer, name=None),
        space=SearchSpace(grids=(grid,)),
    )
    refusal = ask(designs.ranked_optimizers, make_runs(both, [Runs(), Runs()]))
    assert "epsilon" in refusal.reason
    assert ask(designs.ranked_optimizers, make_pair()) is None


def test_often_needs_five_workloads():
    alone: Any = one_workload(1)
    assert alone.reason.startswith("the study has one workload")
    assert one_workload(4) is not None
    assert one_workload(5) is None


def test_no_reason_ends_in_a_stop_and_each_has_a_remedy():
    dependent = (make_choice(is_independent=False),)
    refusals: list[Any] = [
        ask(recording.unrecorded, make_pair(), measure="lambda_max"),
        ask(tuning.dependent_choice, make_pair(), choices=dependent),
        one_workload(1),
    ]
    for refusal in refusals:
        assert not refusal.reason.endswith(".")
        assert refusal.remedy


def test_evaluations_without_a_step_between_them_are_evaluations_all_the_same():
    """Minibatches have no loss there; what is judged was measured on both sides."""
    result = make_pair()
    minibatch = result.curves["train_loss"].copy()
    minibatch[0, :, 3] = np.nan
    result = replace(result, curves={"minibatch_loss": minibatch, **result.curves})

    assert ask(recording.unequal_cadence, result) is None


@pytest.mark.parametrize(
    ("schedule", "budget", "ends"),
    [
        ("constant", "steps", None),
        ("cosine", "epochs", None),
        ("cosine", "target", None),
        ("cosine", "steps", "equal steps"),
        ("step", "steps", "equal steps"),
    ],
)
def test_a_budget_that_cuts_a_schedule_short_is_not_judged(schedule, budget, ends):
    result = make_pair()
    settings = {"schedule": schedule, "warmup_steps": 10}
    choice = OptimizerChoice(name="adam", settings=settings)
    result = replace(result, study=replace(result.study, optimizer=choice))

    # Batch size 64 takes the steps of batch size 128 in half of its epochs.
    refusal = ask(horizon.cut_schedule, result, budget=budget)

    if ends is None:
        assert refusal is None
    else:
        assert refusal.reason == (
            f"a {schedule} schedule ends with its run, and {ends} do not"
        )
        assert refusal.remedy == '--set optimizer.schedule="constant"'


def test_study_epochs_that_cut_a_schedule_short_are_not_judged():
    result = make_pair()
    study = replace(
        result.study,
        budget=replace(result.study.budget, steps=10_000),
        optimizer=OptimizerChoice(name="adam", settings={"schedule": "linear"}),
    )

    refusal = ask(horizon.cut_schedule, replace(result, study=study))

    assert "the study's epochs do not" in refusal.reason
