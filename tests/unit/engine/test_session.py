"""How long a study will yet take, by what its runs took so far."""

from typing import Any, cast

import numpy as np
import pytest

from paribus.analysis import PlannedRuns
from paribus.engine.session import _NOTHING, Session


class Block:
    """A block of some runs of a group."""

    def __init__(self, group: str, n_runs: int) -> None:
        self.group = group
        self.runs = range(n_runs)


def remaining(*blocks: Block, n_later: int = 0, n_open: int = 0) -> float | None:
    """What a session says that has trained runs of `a` in 2 s each, of `b` in 4 s."""
    session = cast(Any, object.__new__(Session))
    planned = np.full((2, 3), True)
    session._plan = PlannedRuns(
        is_planned=planned, is_open=~planned, n_expected=6 + n_open
    )
    session._run_seconds = {"a": [2.0, 2.0, 9.0], "b": [4.0]}
    session._to_do = blocks
    session._n_later = n_later
    session._training = _NOTHING
    session._first = "new", 0.0
    session._share = lambda block: 1.0
    return session._remaining_s()


@pytest.mark.parametrize(
    ("expected", "others"),
    [
        (0.0, {}),
        # A run of no known kind takes what runs took on average: 3 s.
        (6.0, {"n_later": 2}),
        (15.0, {"n_open": 5}),
    ],
)
def test_runs_in_no_block_yet_take_what_runs_took(expected: float, others):
    assert remaining(**others) == pytest.approx(expected)


def test_blocks_take_what_their_like_took():
    blocks = Block("a", 10), Block("b", 3), Block("new", 2)

    assert remaining(*blocks) == pytest.approx(10 * 2 + 3 * 4 + 2 * 3)
    assert remaining(*blocks, n_open=1) == pytest.approx(38 + 3)
