"""What is to be timed: a run that went well, in the rounds that are missing."""

from dataclasses import replace

import pytest
from builders import make_finished
from claims_builders import make_timing

from paribus.analysis.solo_times import missing_rounds, run_to_time
from paribus.results import StudyResult
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
