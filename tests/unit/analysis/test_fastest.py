"""Which value tuning chooses where speed is asked about, and which runs follow."""

from dataclasses import replace

import numpy as np
import pytest
from claims_builders import Runs, make_runs, make_tuned_study

from paribus.analysis import choose_tuned, plan_runs
from paribus.analysis.fastest import choose_fastest, chooses_by_time
from paribus.analysis.targets import find_target, steps_to_target
from paribus.results import StudyResult
from paribus.status import RunStatus
from paribus.study import DeclaredClaim, Study


RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
# The best ends highest; three times its rate gets there sooner, and ends lower.
BEST, FAST = Runs(accuracy=0.98, speed=2), Runs(accuracy=0.97, speed=8)
WEAK = Runs(accuracy=0.6)


def make_study(*, batch_size: tuple[int, ...] = (32, 128)) -> Study:
    return make_tuned_study(
        learning_rate=RATES, batch_size=batch_size, n_seeds=3, compare="tuned"
    )


def make_result(
    small: dict[float, Runs] | None = None, large: dict[float, Runs] | None = None
) -> StudyResult:
    """Batch sizes 32 and 128; weak where nothing else is said."""
    usual = {0.01: BEST, 0.03: FAST}
    plans = {32: usual if small is None else small, 128: usual | (large or {})}
    study = make_study()
    runs = [
        plans[config["batch_size"]].get(config["learning_rate"], WEAK)  # pyright: ignore[reportArgumentType, reportCallIssue]
        for config in study.configs()
    ]
    return make_runs(study, runs)


def values(result: StudyResult) -> dict[object, tuple[float | None, str]]:
    return {
        c.others["batch_size"]: (c.best_value, c.by) for c in choose_fastest(result)
    }


def test_the_smallest_mean_log_of_steps_is_chosen_by_the_seeds_that_choose():
    """Beside the plain minimum over the grid, which knows no rule but the mean."""
    result = make_result()
    target = find_target(result, "adam")
    assert target is not None
    assert result.study.tuning is not None
    choosing = result.of_seeds(result.study.tuning.seeds[:3])

    for choice in choose_fastest(result):
        logs = {
            config["learning_rate"]: np.log(
                steps_to_target(choosing, i, target.score)
            ).mean()
            for i, config in enumerate(result.configs)
            if config.without("learning_rate") == choice.others
        }
        assert choice.best_value == min(logs, key=lambda rate: logs[rate]) == 0.03
        assert choice.edge is None
    assert [choice.best_value for choice in choose_tuned(result)] == [0.01, 0.01]


def test_what_half_the_choosing_runs_do_not_reach_is_left_out():
    late = Runs(accuracy=0.8, speed=20)
    result = make_result(large={0.03: late, 0.1: late})

    assert values(result) == {32: (0.03, "time"), 128: (0.01, "time")}


def test_where_nothing_gets_there_in_time_the_final_score_chooses():
    slow = {rate: Runs(accuracy=0.5 + rate, speed=1) for rate in RATES[:4]}
    result = make_result(small={**slow, 0.1: WEAK})

    # Whether on the edge or not: it is the choice of `choose_tuned`.
    by_score = {c.others["batch_size"]: c.best_value for c in choose_tuned(result)}
    assert values(result) == {32: (by_score[32], "score"), 128: (0.03, "time")}


def test_a_fastest_value_at_the_end_of_its_grid_names_what_to_add():
    result = make_result(large={0.1: Runs(accuracy=0.97, speed=20)})

    small, large = choose_fastest(result)

    assert small.is_settled
    assert (large.best_value, large.edge) == (0.1, "upper")
    assert large.value_to_add == pytest.approx(0.333)


def test_runs_that_judge_do_not_move_the_choice():
    result = make_result()
    seeds = len(result.study.seeds)
    curves = {name: curve.copy() for name, curve in result.curves.items()}
    for name in curves:
        curves[name][:, :seeds] = 0.99
    spoilt = replace(result, curves=curves)

    assert choose_fastest(spoilt) == choose_fastest(result)


def test_without_seeds_for_targets_nothing_is_chosen_by_time():
    result = make_result()
    tuning = result.study.tuning
    assert tuning is not None
    few = replace(tuning, n_choosing=len(tuning.seeds))
    study = replace(result.study, tuning=few)
    claim = DeclaredClaim(
        text="32 is faster",
        measure="steps_to_target",
        a={"batch_size": 32, "learning_rate": "tuned"},
        b={"batch_size": 128, "learning_rate": "tuned"},
        relation="less",
    )

    assert not chooses_by_time(study)
    assert {c.by for c in choose_fastest(replace(result, study=study))} == {"score"}
    # All tuning seeds both choose and set the target where a claim asks for a time.
    assert chooses_by_time(replace(study, claims=(claim,)))
    # Four seeds set no target.
    four = replace(tuning, seeds=tuning.seeds[:4])
    assert not chooses_by_time(replace(study, tuning=four, claims=(claim,)))


def untrained(result: StudyResult, *, n_targets: int) -> StudyResult:
    """Nothing has been judged, and so many of the runs that set targets have ended."""
    status = result.status.copy()
    n_seeds = len(result.study.seeds)
    status[:, :n_seeds] = RunStatus.PENDING
    is_best = np.array([c["learning_rate"] == 0.01 for c in result.configs])
    status[~is_best, n_seeds + 3 :] = RunStatus.PENDING
    status[:, n_seeds + 3 + n_targets :] = RunStatus.PENDING
    return replace(result, status=status)


def test_the_fastest_values_are_judged_once_the_targets_are_set():
    before = plan_runs(untrained(make_result(), n_targets=4))
    after = plan_runs(untrained(make_result(), n_targets=10))

    rates = np.array([c["learning_rate"] for c in make_study().configs()])
    judged_before = before.is_planned[:, :3].any(axis=1)
    judged_after = after.is_planned[:, :3].all(axis=1)
    assert set(rates[judged_before]) == {0.01}
    assert set(rates[judged_after]) == {0.01, 0.03}
    assert before.is_open.any()
    assert not after.is_open.any()
    # Two batch sizes, three seeds each.
    assert before.n_expected == before.is_planned.sum() + 6
    assert after.n_expected == after.is_planned.sum() == before.n_expected
