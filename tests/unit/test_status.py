import pytest

from paribus.status import ENDED_EARLY, READY, WAITING, RunStatus


UNFINISHED = ("pruned", "absent", "pending", "running", "interrupted", "failed")
LEARNERS = ("unconverged", "converged")


def test_numbers_never_change_since_stores_hold_them():
    assert {status.word: int(status) for status in RunStatus} == {
        "pruned": -2,
        "absent": -1,
        "pending": 0,
        "running": 1,
        "interrupted": 2,
        "failed": 3,
        "diverged": 4,
        "late_collapse": 5,
        "collapsed": 6,
        "unconverged": 7,
        "sublinear": 8,
        "converged": 9,
    }


@pytest.mark.parametrize("status", RunStatus, ids=lambda status: status.word)
def test_run_is_a_result_once_its_training_ended(status):
    assert status.has_outcome == (status.word not in UNFINISHED)


@pytest.mark.parametrize("status", RunStatus, ids=lambda status: status.word)
def test_run_is_a_learner_if_it_kept_what_it_learned(status):
    assert status.is_learner == (status.word in LEARNERS)


def test_whoever_waits_has_no_result_and_a_block_takes_what_no_other_trains():
    assert [status.word for status in WAITING] == ["pending", "running", "interrupted"]
    assert set(READY) == set(WAITING) - {RunStatus.RUNNING}
    assert not any(status.has_outcome for status in WAITING)


def test_what_ends_early_waits_no_longer():
    assert {status.word for status in ENDED_EARLY} == {"pruned", "diverged"}
    assert not set(ENDED_EARLY) & set(WAITING)
