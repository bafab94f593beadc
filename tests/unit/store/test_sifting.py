"""Of rows whose digests are right, those that no writer has written are left out."""

from typing import Any

import numpy as np
import pytest
from builders import make_study
from tuning_builders import make_tuned_study

from paribus.halving import Halving
from paribus.status import RunStatus
from paribus.store.documents import write_environment
from paribus.store.rows import (
    AttemptRow,
    BaselineRow,
    BlockRow,
    ChunkRow,
    RoundRow,
    RunRow,
    TimingRow,
)
from paribus.store.sifting import MAX_ATTEMPTS, sifted
from paribus.study import Study


def ids(*runs: int) -> bytes:
    return np.array(runs, dtype="<i8").tobytes()


# A study of two configs and the seeds 0 to 3, and a sound row of each table.
STUDY = make_study()
WITH_RUNGS = make_tuned_study(halving=Halving())
ROWS: dict[str, Any] = {
    "run": RunRow(1, "a", 0, 0, RunStatus.CONVERGED, 0, 1),
    "attempt": AttemptRow(1, 2, "", "", "", write_environment({}), 0, 0.0, 0),
    "chunk": ChunkRow(1, "test", "loss", 0, 1, 1, 1, 0, 0, bytes(4)),
    "block": BlockRow(1, 1, "", "finished", "", ids(1, 2)),
    "baseline": BaselineRow(1, 0.5, 0.1, 1),
    "timing": TimingRow(0, 1.0, 0.1, 3, 0.0, 1),
    "round": RoundRow(1, 0, 1.0, 0.0, 1),
}


def is_kept(name: str, *, study: Study = STUDY, **changes: Any) -> bool:
    """Whether the row is kept, and whatever is beside it as well."""
    row = ROWS[name]._replace(**changes)
    kept = sifted({other: [ROWS[other]] for other in ROWS} | {name: [row]}, study)
    assert all(kept[other] == [ROWS[other]] for other in ROWS if other != name)
    return kept[name] == [row]


@pytest.mark.parametrize("name", ROWS)
def test_what_a_writer_has_written_is_kept(name: str):
    assert is_kept(name)


@pytest.mark.parametrize("name", ["run", "timing", "round"])
@pytest.mark.parametrize(
    ("config", "is_there"), [(-1, False), (0, True), (1, True), (2, False)]
)
def test_a_config_is_one_of_the_study(name: str, config: int, is_there: bool):
    assert is_kept(name, config=config) == is_there


@pytest.mark.parametrize(
    ("changes", "can_be"),
    [
        ({"seed": 4}, False),
        ({"diverged_at": -1}, False),
        ({"diverged_at": 1}, False),
        ({"status": RunStatus.DIVERGED}, False),
        ({"status": RunStatus.DIVERGED, "diverged_at": 1}, True),
        ({"status": RunStatus.DIVERGED, "diverged_at": -1}, False),
        ({"status": RunStatus.PRUNED}, False),
    ],
)
def test_a_run_has_become_what_it_can_be(changes: dict[str, Any], can_be: bool):
    assert is_kept("run", **changes) == can_be


def test_where_values_are_halved_runs_are_pruned():
    assert is_kept("run", study=WITH_RUNGS, status=RunStatus.PRUNED)


@pytest.mark.parametrize(
    ("number", "can_be"),
    [(0, False), (1, True), (MAX_ATTEMPTS, True), (MAX_ATTEMPTS + 1, False)],
)
def test_what_names_an_attempt_names_one_that_can_have_been(number: int, can_be: bool):
    assert is_kept("attempt", number=number) == can_be
    for name in ("block", "baseline", "timing", "round"):
        assert is_kept(name, attempt=number) == can_be


@pytest.mark.parametrize(
    "changes", [{"environment": "3"}, {"seconds": -1.0}, {"seconds": 1e9}]
)
def test_an_attempt_can_be_understood(changes: dict[str, Any]):
    assert not is_kept("attempt", **changes)


@pytest.mark.parametrize("name", ["timing", "round"])
@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e9])
def test_an_epoch_takes_time(name: str, seconds: float):
    assert not is_kept(name, seconds_per_epoch=seconds)


@pytest.mark.parametrize(
    ("runs", "can_be"),
    [
        (b"", False),
        (ids(1), True),
        (ids(1, 1), False),
        (ids(2, 1), True),
        (b"\0" * 7, False),
    ],
)
def test_a_block_names_runs_each_once(runs: bytes, can_be: bool):
    assert is_kept("block", runs=runs) == can_be
