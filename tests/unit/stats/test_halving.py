"""Which values go on from a rung."""

import numpy as np
import pytest

from paribus.stats.halving import kept_at_rung


CHANCE = 0.1


def kept(rows: list[list[float]], *, n_kept: int) -> list[int]:
    scores = np.array(rows)
    is_kept = kept_at_rung(scores, scores == CHANCE, n_kept=n_kept, by_guessing=CHANCE)
    return np.flatnonzero(is_kept).tolist()


@pytest.mark.parametrize(
    ("rows", "n_kept", "expected"),
    [
        ([[0.5], [0.9], [0.7]], 2, [1, 2]),
        ([[0.4, 0.8], [0.5, 0.5], [0.9, 0.1]], 1, [0]),
        ([[0.5], [0.7], [0.7], [0.7]], 2, [1, 2, 3]),
        ([[np.nan, 0.9], [0.8, 0.8], [np.nan, np.nan]], 1, [0]),
        ([[0.1, 0.9], [0.3, 0.3]], 2, [1]),
        ([[0.1], [0.1]], 1, []),
        ([[0.05], [0.05], [0.05], [0.3]], 2, [0, 3]),
        ([[0.05], [0.09], [0.04]], 1, [0, 1, 2]),
        ([[0.05, 0.1], [0.09, 0.1], [0.04, 0.04]], 1, [2]),
        ([[0.05, 0.05], [0.09, 0.08], [0.04, 0.11]], 1, [1]),
    ],
    ids=[
        "the best",
        "by the mean over seeds",
        "ties with the last go on",
        "runs that are not there do not count",
        "half of its runs diverged",
        "all diverged",
        "no ties at or below guessing where another is above",
        "nothing is stopped while all guess",
        "unless it diverged",
        "one run that has left chance is enough",
    ],
)
def test_values_that_go_on(rows, n_kept, expected):
    assert kept(rows, n_kept=n_kept) == expected
