"""What is to be timed, and which timings are too noisy to be compared."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from builders import make_finished
from claims_builders import make_timing
from hypothesis import given
from hypothesis import strategies as st

from paribus.analysis.solo_times import (
    incomparable_seconds,
    missing_rounds,
    run_to_time,
)
from paribus.results import StudyResult, Timing
from paribus.results.timings import MAX_TIMING_VARIATION, SoloTime
from paribus.space import Config
from paribus.status import RunStatus
from paribus.study import Run


@pytest.fixture
def result() -> StudyResult:
    """Learning rates 0.001 and 0.01 at batch sizes 32 and 64, two seeds, no timings."""
    return make_finished(*[(0.9, 0.9)] * 4, batch_size=(32, 64))


def test_all_rounds_are_missing_until_every_program_was_timed(result):
    configs = result.configs
    by_size = {config["batch_size"]: config for config in configs}
    both = tuple(make_timing(config) for config in by_size.values())

    assert missing_rounds(result, configs) == 5
    assert missing_rounds(replace(result, timings=both[:1]), configs) == 5
    assert missing_rounds(replace(result, timings=both), configs) == 0
    # What is not asked for may be without.
    asked = [config for config in configs if config["batch_size"] == 32]
    assert missing_rounds(replace(result, timings=both[:1]), asked) == 0


def test_only_rounds_of_all_programs_count(result):
    by_size = {config["batch_size"]: config for config in result.configs}
    first, second = (make_timing(config) for config in by_size.values())
    later = replace(second, by_round={n + 2: s for n, s in second.by_round.items()})

    timed = replace(result, timings=(first, later))

    assert missing_rounds(timed, result.configs) == 2


def test_programs_without_a_finished_run_are_not_waited_for(result):
    is_large = [config["batch_size"] == 64 for config in result.configs]
    status = result.status.copy()
    status[is_large] = RunStatus.FAILED
    small = result.configs[is_large.index(False)]

    timed = replace(result, status=status, timings=(make_timing(small),))

    assert missing_rounds(timed, result.configs) == 0
    status[:] = RunStatus.PENDING
    assert missing_rounds(timed, result.configs) == 0


def test_a_run_that_did_not_diverge_is_timed_if_there_is_one(result):
    status = result.status.copy()
    status[:] = RunStatus.DIVERGED
    status[2, 1] = RunStatus.COLLAPSED
    configs = result.configs

    mixed = replace(result, status=status)

    assert run_to_time(mixed, configs) == Run(configs[2], result.seeds[1])
    assert run_to_time(mixed, configs[:2]) == Run(configs[0], result.seeds[0])
    pending = replace(result, status=status * 0 + RunStatus.PENDING)
    assert run_to_time(pending, configs) is None


def in_rounds(number: int, seconds: Sequence[float]) -> Timing:
    config = Config({"batch_size": number})
    return Timing.of_rounds(
        {
            r: SoloTime(config=config, seconds_per_epoch=value, load_before=0.0)
            for r, value in enumerate(seconds, start=1)
        }
    )


turns = st.lists(st.floats(0.5, 2.0), min_size=5, max_size=5)


def whole(timings: Sequence[Timing], *, n_cores: int | None = None) -> Any:
    """What a caution or a front asks: each program against each."""
    return incomparable_seconds([[timing] for timing in timings], n_cores=n_cores)


@given(st.lists(turns, min_size=2, max_size=5), turns)
def test_noisy_pairs_are_those_whose_ratio_varies_whatever_slows_a_round(
    seconds, of_all
):
    timings = [in_rounds(i, row) for i, row in enumerate(seconds, start=1)]
    slowed = [
        in_rounds(i, np.array(row) * of_all) for i, row in enumerate(seconds, start=1)
    ]

    each = [np.log(np.array(a) / b).std(ddof=1) for a, b in combinations(seconds, 2)]
    found, after = whole(timings), whole(slowed)
    if found is None or after is None:
        # A ratio may cross the limit in the last bit, where it lies on it.
        assert max(each) < MAX_TIMING_VARIATION + 1e-9
        return
    n_noisy = sum(variation > MAX_TIMING_VARIATION for variation in each)
    assert (found.kind, found.n_noisy, found.n_pairs) == ("ratio", n_noisy, len(each))
    assert found.worst == pytest.approx(max(each))
    assert after.worst == pytest.approx(found.worst)


@given(st.lists(turns, min_size=3, max_size=3))
def test_a_side_of_two_programs_is_their_geometric_mean(seconds):
    a, b, c = (in_rounds(i, row) for i, row in enumerate(seconds, start=1))

    logs = np.log(seconds)
    spread = (logs[0] - logs[1:].mean(axis=0)).std(ddof=1)
    found = incomparable_seconds([[a], [b, c]], n_cores=None)
    if found is None:
        assert spread < MAX_TIMING_VARIATION + 1e-9
    else:
        assert (found.worst, found.n_pairs) == (pytest.approx(spread), 1)


STEADY = [1.0] * 5


def test_one_noisy_program_that_was_timed_on_another_day_is_not_compared():
    wild = in_rounds(1, [1.0, 1.0, 1.0, 1.0, 2.5])
    steady = in_rounds(2, STEADY)
    later = replace(steady, by_round={n + 5: s for n, s in steady.by_round.items()})
    older = replace(steady, by_round={})

    assert whole([wild, later]).kind == "apart"
    assert whole([wild, older]).kind == "apart"
    assert whole([in_rounds(1, STEADY), later]).kind == "apart"
    assert whole([in_rounds(1, STEADY[:4]), in_rounds(2, STEADY[:4])]).kind == "apart"
    assert whole([in_rounds(1, STEADY), steady]) is None


def test_a_load_of_others_forbids_seconds_however_quiet_the_ratio():
    timings = [
        replace(in_rounds(i, STEADY), load_before=load)
        for i, load in ((1, 4.0), (2, 15.2))
    ]

    found = whole(timings, n_cores=2)
    assert (found.kind, found.load, found.n_cores) == ("load", 15.2, 2)
    assert [config["batch_size"] for config in found.configs] == [2]
    assert whole(timings[:1], n_cores=2) is None
    assert whole(timings) is None


def test_repeats_in_a_row_count_each_for_itself():
    steady = replace(in_rounds(1, STEADY), by_round={})
    noisy = replace(in_rounds(2, [1.0, 1.0, 1.0, 1.0, 2.0]), by_round={})

    found = whole([steady, noisy])
    assert (found.kind, found.configs) == ("repeats", (noisy.config,))
    # However steady, they share no round.
    assert whole([steady, steady]).kind == "apart"
    assert whole([]) is None
