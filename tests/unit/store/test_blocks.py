"""What is taken for the results of a block."""

from typing import Any

import numpy as np
import pytest

from paribus.status import RunStatus
from paribus.store.blocks import check_rows, check_shapes, with_outcomes
from paribus.store.rows import RunRow


def curve(n_evaluations: int, n_runs: int = 2) -> dict[str, np.ndarray]:
    return {"test_loss": np.zeros((n_evaluations, n_runs), np.float32)}


STEPS = np.array([0, 7])
NEEDS = "a block of 2 runs needs curves and steps of each"


@pytest.mark.parametrize(
    ("curves", "diverged_at", "words"),
    [
        (curve(3), STEPS, None),
        ({}, STEPS, NEEDS),
        (curve(3, n_runs=3), np.array([0, 7, 7]), NEEDS),
        (curve(3, n_runs=1), np.array([7]), NEEDS),
        (curve(3), np.array([7, -1]), NEEDS),
        (
            curve(2),
            STEPS,
            "test_loss must be float32 of shape (3, 2), got float32 of shape (2, 2)",
        ),
    ],
    ids=["sound", "no curve", "another run", "one less", "below zero", "too short"],
)
def test_a_block_is_finished_by_all_of_its_evaluations_and_steps(
    curves: dict[str, np.ndarray], diverged_at: np.ndarray, words: str | None
):
    assert refusal(check_shapes, curves, diverged_at, (3, 2)) == words


@pytest.mark.parametrize(
    ("curves", "options", "words"),
    [
        *((curve(n), {}, None) for n in (1, 3)),
        (curve(0), {"at_least": 0}, None),
        (curve(2), {"at_least": 2}, None),
        ({}, {}, "a block has 1 to 3 evaluations more, got 0"),
        ({}, {"at_least": 0}, "a block has 0 to 3 evaluations more, got 0"),
        (curve(0), {}, "a block has 1 to 3 evaluations more, got 0"),
        (curve(4), {}, "a block has 1 to 3 evaluations more, got 4"),
        (curve(1), {"at_least": 2}, "a block has 2 to 3 evaluations more, got 1"),
        (
            curve(2, n_runs=3),
            {},
            "test_loss must be float32 of shape (2, 2), got float32 of shape (2, 3)",
        ),
    ],
)
def test_a_part_of_a_block_has_at_most_the_evaluations_that_are_left(
    curves: dict[str, np.ndarray], options: dict[str, int], words: str | None
):
    assert refusal(check_rows, curves, 3, 2, **options) == words
    if words is None:
        assert check_rows(curves, 3, 2, **options) == len(curves["test_loss"])


def refusal(check: Any, *arguments: object, **options: int) -> str | None:
    try:
        check(*arguments, **options)
    except ValueError as error:
        return str(error)
    return None


def test_each_run_gets_the_outcome_of_its_own_step():
    runs = [
        RunRow(id, f"{id:016}", config=0, seed=id, status=2, diverged_at=0, block=1)
        for id in (5, 6)
    ]

    converged, diverged = with_outcomes(runs, STEPS)

    assert converged == runs[0]._replace(status=RunStatus.CONVERGED)
    assert diverged == runs[1]._replace(status=RunStatus.DIVERGED, diverged_at=7)
    with pytest.raises(ValueError, match="shorter"):
        with_outcomes(runs, STEPS[:1])
