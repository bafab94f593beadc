from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import make_finished, make_result, make_study
from report_builders import FULL_GRID, make_notebook_result, make_notebook_study
from tuning_builders import make_tuned_result, make_tuned_study, trained

from paribus.analysis.cautions import (
    EdgeOfGrid,
    FewSeeds,
    LateClaims,
    MissingRuns,
    NothingLearned,
    Unconverged,
    detectable_effect,
    find_cautions,
)
from paribus.analysis.ends import BestAtEnd
from paribus.analysis.solo_times import NoisyTiming
from paribus.analysis.starts import BrokenStarts
from paribus.choices import ELSEWHERE
from paribus.declared import DeclaredClaim
from paribus.report.cautions import say_caution, say_gist
from paribus.report.document import Bullets, Callout
from paribus.report.findings import gather_findings
from paribus.report.summary import arrange_summary, count_intervals
from paribus.results import Attempt, StudyResult, Timing
from paribus.results.timings import SoloTime
from paribus.space import Config, SearchSpace
from paribus.stats.power import seeds_needed
from paribus.status import RunStatus
from paribus.study import ModelChoice, OptimizerChoice


HIGH, LOW = (0.97,) * 10, (0.95,) * 10
LABELS = {i: f"config {i}" for i in range(9)}


def found(result: StudyResult, kind: type) -> list[Any]:
    return [c for c in find_cautions(result) if isinstance(c, kind)]


def say(result: StudyResult, kind: type) -> str:
    (caution,) = found(result, kind)
    return say_caution(caution, result.study, LABELS)


def test_cautions_are_one_line_that_names_each_kind_once():
    edge = find_cautions(make_finished(HIGH, LOW, LOW))
    few = find_cautions(make_finished(LOW[:6], HIGH[:6], LOW[:6]))

    assert say_gist([*edge, *edge, *few]) == (
        "3 cautions: a best value at the edge of its grid; few seeds."
    )


def test_a_study_in_which_nothing_learned_says_so_before_its_numbers():
    status = {(i, j): RunStatus.COLLAPSED for i in range(2) for j in range(10)}
    result = make_finished((0.1,) * 10, (0.11,) * 10, status=status)

    assert say(result, NothingLearned).startswith("Of 20 finished runs none learned")
    grave, *_ = arrange_summary(gather_findings(result)).blocks
    assert isinstance(grave, Callout)
    assert not grave.is_folded


def test_a_sound_study_gives_no_reason_for_caution():
    assert find_cautions(make_finished(LOW, HIGH, LOW)) == ()


def test_runs_without_an_outcome_are_counted_apart_from_failed_ones():
    result = make_finished(
        LOW,
        HIGH,
        LOW,
        status={
            (0, 0): RunStatus.PENDING,
            (0, 1): RunStatus.INTERRUPTED,
            (1, 0): RunStatus.FAILED,
            (2, 0): RunStatus.ABSENT,
        },
    )

    assert found(result, MissingRuns) == [
        MissingRuns(n_missing=2, n_failed=1, n_runs=29)
    ]
    assert say(result, MissingRuns) == (
        "2 of 29 runs have no outcome yet. Every number is about the runs that have; "
        "the same `paribus run` trains the rest. 1 of 29 runs raised an error and are "
        "in no number."
    )


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            (HIGH, LOW, LOW),
            "is 0.001, the lowest that was tried: a lower one may be better still. "
            "Adding 0.0001 would tell.",
        ),
        (
            (LOW, LOW, HIGH),
            "is 0.1, the highest that was tried: a higher one may be better still. "
            "Adding 1 would tell.",
        ),
    ],
)
def test_a_best_value_at_an_end_of_the_grid_is_named_with_one_to_add(rows, words):
    assert say(make_finished(*rows), EdgeOfGrid) == f"The best learning rate {words}"


def test_the_edge_is_said_with_the_place_where_not_all_places_have_it():
    rows = (HIGH, LOW, LOW, HIGH, LOW, LOW)  # rate by rate, two batch sizes each
    result = make_finished(*rows, batch_size=(32, 64))

    assert say(result, EdgeOfGrid).startswith(
        "The best learning rate at batch size 32 is 0.001, the lowest"
    )


def test_two_values_have_no_edge():
    assert found(make_finished(HIGH, LOW), EdgeOfGrid) == []


def test_the_best_of_two_values_is_said_to_be_the_first_or_the_last():
    assert say(make_finished(HIGH, LOW), BestAtEnd) == (
        "Of the 2 values of learning rate that were tried the lowest, 0.001, has the "
        "best mean: no lower one was tried, and it may be better still."
    )


def test_a_value_at_which_half_of_the_runs_ended_badly_is_not_the_best():
    bad = {(2, seed): RunStatus.COLLAPSED for seed in range(5)}

    assert found(make_finished(LOW, HIGH, (0.98,) * 10, status=bad), EdgeOfGrid) == []


def test_a_fifth_of_unconverged_runs_is_not_yet_many():
    status = {(1, seed): RunStatus.UNCONVERGED for seed in range(3)}
    status |= {(0, seed): RunStatus.UNCONVERGED for seed in range(2)}
    result = make_finished(LOW, HIGH, LOW, status=status)

    assert found(result, Unconverged) == [
        Unconverged(configs=(1,), n_configs=3, has_best=True)
    ]
    assert say(result, Unconverged).startswith(
        "1 of 3 configs (config 1) had more than a fifth of the runs still improving"
    )


@pytest.mark.parametrize("n", [3, 5, 6, 9, 12])
def test_the_detectable_effect_is_the_smallest_that_so_many_seeds_find(n):
    effect = detectable_effect(n)

    assert effect is not None
    needed, of_less = seeds_needed(effect), seeds_needed(effect - 0.1)
    assert needed is not None
    assert needed <= n
    assert of_less is None or of_less > n


def test_a_comparison_that_shares_the_error_rate_finds_less():
    shared = detectable_effect(6, n_intervals=8)

    assert shared is not None
    assert shared > (detectable_effect(6) or 0)
    needed = seeds_needed(shared, n_comparisons=8)
    of_less = seeds_needed(shared - 0.1, n_comparisons=8)
    assert needed is not None
    assert needed <= 6
    assert of_less is None or of_less > 6


def test_one_lucky_run_is_no_best_value_at_the_edge_of_a_grid():
    pending = {(2, seed): RunStatus.PENDING for seed in range(1, 10)}

    assert found(make_finished(LOW, HIGH, (0.98,) * 10), EdgeOfGrid) != []
    assert (
        found(make_finished(LOW, HIGH, (0.98,) * 10, status=pending), EdgeOfGrid) == []
    )


def test_one_lucky_run_is_not_the_best_of_those_still_improving():
    pending = {(2, seed): RunStatus.PENDING for seed in range(1, 10)}
    improving = {(2, 0): RunStatus.UNCONVERGED}
    result = make_finished(LOW, HIGH, (0.98,) * 10, status={**pending, **improving})

    assert found(result, Unconverged) == [
        Unconverged(configs=(2,), n_configs=3, has_best=False)
    ]


def test_few_seeds_are_said_at_the_level_of_the_verdicts():
    study = replace(make_study(n_seeds=6), looks=5)
    findings = gather_findings(make_result(study))
    n = count_intervals(findings)

    levels = {c.confidence_level for c in findings.comparisons}
    assert levels == {1 - 0.05 / 5}
    assert n == 5
    *_, found, warning = arrange_summary(findings).blocks
    assert isinstance(found, Bullets)
    assert isinstance(warning, Callout)
    assert warning.is_folded
    assert warning.text.endswith("few seeds.")
    assert warning.items[-1] == (
        "6 seeds a config show large effects only: a comparison whose interval is one "
        "of 5 that share the error rate finds a difference that lies "
        f"{detectable_effect(6, n_intervals=5):g} standard deviations of one run "
        "beyond 0, or beyond the smallest effect where a claim has one, and misses one "
        "in five of those."
    )


def test_seeds_too_few_for_the_family_say_so():
    result = make_result(make_study(n_seeds=5))
    (caution,) = [
        c for c in find_cautions(result, n_intervals=10**6) if isinstance(c, FewSeeds)
    ]

    assert caution.detectable is None
    assert "misses even a difference of 16 standard deviations" in say_caution(
        caution, result.study, LABELS
    )


def test_few_seeds_are_said_with_what_they_find():
    six = make_result(make_study(n_seeds=6))
    three = make_result(make_study(n_seeds=3))

    assert say(six, FewSeeds).startswith(
        "6 seeds a config show large effects only: a single comparison finds a "
        f"difference that lies {detectable_effect(6):g} standard deviations"
    )
    assert "no verdict rests on them" in say(three, FewSeeds)


def in_rounds(batch_size: int, seconds: list[float]) -> Timing:
    config = Config({"learning_rate": 0.01, "batch_size": batch_size})
    return Timing.of_rounds(
        {
            number: SoloTime(config=config, seconds_per_epoch=value, load_before=1.5)
            for number, value in enumerate(seconds, start=1)
        }
    )


def test_two_programs_whose_ratio_varied_are_named_and_the_others_counted():
    result = make_notebook_result(make_notebook_study(grids=FULL_GRID))
    timings = (
        in_rounds(32, [2.0, 2.0, 4.0, 2.0, 2.0]),
        in_rounds(64, [1.0, 1.0, 1.0, 1.0, 1.0]),
        in_rounds(128, [1.0, 1.0, 1.0, 1.0, 1.02]),
    )

    # The logarithm of a ratio is log 2 higher in one of five rounds.
    assert say(replace(result, timings=timings), NoisyTiming) == (
        "Timings were noisy: from round to round the ratio of the seconds of two "
        "programs (batch size 32; batch size 128) varied by 31% at a load of 1.5. Of 3 "
        "pairs of programs 2 varied by more than 10%, and are not compared in "
        "seconds."
    )


def test_a_machine_that_slowed_all_programs_together_is_said_to_be_in_no_ratio():
    result = make_notebook_result(make_notebook_study(grids=FULL_GRID))
    seconds = [1.0, 1.0, 2.0, 2.0, 1.0]
    timings = tuple(
        in_rounds(size, [value * 32 / size for value in seconds]) for size in (32, 64)
    )

    said = say(replace(result, timings=timings), NoisyTiming)

    assert said.startswith("The machine was not left alone while programs were timed")
    assert "varied by up to 39%" in said
    assert "ratios are free of it" in said


def test_a_timing_that_varied_is_named_with_its_program():
    study = make_notebook_study(grids=FULL_GRID)
    result = make_notebook_result(study)
    noisy = Timing(
        config=Config({"learning_rate": 0.01, "batch_size": 64}),
        seconds_per_epoch=0.4,
        variation=0.23,
        n_repeats=5,
        load_before=1.8,
    )
    # Two configs of one program, which is named once.
    again = replace(noisy, config=Config({"learning_rate": 0.1, "batch_size": 64}))
    result = replace(result, timings=(*result.timings, noisy, again))

    assert len(found(result, NoisyTiming)) == 1
    assert say(result, NoisyTiming) == (
        "Timings were noisy (batch size 64): repeats varied by up to 23% at a load of "
        "1.8, so what is said in seconds is not to be trusted."
    )


def test_a_load_of_others_is_said_with_the_cores_that_there_were():
    result = make_notebook_result(make_notebook_study(grids=FULL_GRID))
    attempt = Attempt(
        number=1, started="", environment={"cores": "2"}, n_runs=1, seconds=1.0
    )
    timings = tuple(
        replace(in_rounds(size, [1.0] * 5), load_before=load)
        for size, load in ((32, 15.2), (64, 1.0))
    )

    result = replace(result, timings=timings, attempts=(attempt,))
    assert say(result, NoisyTiming) == (
        "Programs were timed (batch size 32) under a load of 15.2 on 2 cores, more "
        "than training itself makes: seconds are those of that hour, and are not "
        "compared."
    )


def test_programs_that_were_timed_on_other_days_are_said_to_be_apart():
    result = make_notebook_result(make_notebook_study(grids=FULL_GRID))
    first, second = (in_rounds(size, [1.0] * 5) for size in (32, 64))
    later = replace(second, by_round={n + 5: s for n, s in second.by_round.items()})

    said = say(replace(result, timings=(first, later)), NoisyTiming)

    assert said.startswith("Programs were not all timed in the same 5 rounds")
    assert "seconds are not compared" in said


def test_claims_that_came_late_are_quoted():
    result = make_finished(LOW, HIGH, LOW)
    claim = DeclaredClaim(
        text="0.01 wins",
        measure="test_accuracy",
        a={"learning_rate": 0.01},
        b={"learning_rate": 0.1},
        relation="greater",
        is_late=True,
    )
    result = replace(result, study=replace(result.study, claims=(claim,)))

    assert say(result, LateClaims).startswith(
        "1 claim was declared or changed after the first run: “0.01 wins”."
    )


def test_a_study_without_any_value_has_cautions():
    result = make_result(make_study(n_seeds=4))
    curves = {name: np.full_like(c, np.nan) for name, c in result.curves.items()}
    status = np.full_like(result.status, RunStatus.PENDING)

    (only,) = find_cautions(replace(result, status=status, curves=curves))

    assert only == MissingRuns(n_missing=8, n_failed=0, n_runs=8)


def test_in_a_tuned_study_the_seeds_that_choose_tell_where_the_edge_is():
    rates = {(0.001, 32): 0.90, (0.01, 32): 0.95, (0.1, 32): 0.93}
    interior = make_tuned_result(make_tuned_study(batch_size=(32,)), rates)
    everywhere = np.full(interior.status.shape, False)
    everywhere[2, :3] = True
    # The seeds that judge would have it otherwise.
    misled = trained(interior, everywhere, accuracy=0.999)
    at_edge = make_tuned_result(
        make_tuned_study(batch_size=(32,)), {**rates, (0.1, 32): 0.97}
    )

    assert found(misled, EdgeOfGrid) == []
    assert "is 0.1, the highest that was tried" in say(at_edge, EdgeOfGrid)
    assert "Adding 1 would tell" in say(at_edge, EdgeOfGrid)


def test_runs_that_are_no_number_from_their_first_step_on_are_no_matter_of_a_rate():
    result = make_finished(
        LOW, HIGH, LOW, status={(2, j): RunStatus.DIVERGED for j in range(10)}
    )
    diverged_at = np.zeros((3, 10), int)
    diverged_at[2] = 40  # a rate that is too high
    later = replace(result, diverged_at=diverged_at)
    diverged_at = diverged_at.copy()
    diverged_at[2, :4] = 1
    broken = replace(result, diverged_at=diverged_at)

    assert found(later, BrokenStarts) == []
    assert found(broken, BrokenStarts) == [
        BrokenStarts(configs=(2,), n_broken=4, n_runs=30)
    ]
    absurd = make_study(learning_rate=(0.001, 0.01, 1e30), n_seeds=10)
    fixed = replace(
        make_study(batch_size=(16, 32, 64), n_seeds=10),
        optimizer=OptimizerChoice(name="sgd", settings={"learning_rate": 1e30}),
        space=SearchSpace(grids=({"batch_size": (16, 32, 64)},)),
    )
    imported = replace(broken.study, model=ModelChoice(name=ELSEWHERE, settings={}))
    for study in (absurd, fixed, imported):
        assert found(replace(broken, study=study), BrokenStarts) == []
    assert say(broken, BrokenStarts).startswith(
        "4 of 30 finished runs (config 2) diverged at the first step: the loss, its "
    )
