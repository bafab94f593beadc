"""A block while it is running, and what becomes of its runs."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float32, Int

from paribus.status import RunStatus
from paribus.store.chunks import read_runs
from paribus.store.ledger import Ledger
from paribus.store.rows import BlockRow, BlockStatus, RunRow


def read_running(ledger: Ledger, block: int) -> tuple[BlockRow, list[RunRow]]:
    """Read a block and its runs, in its order.

    Raises:
        ValueError: If it is not running.
    """
    row = ledger.read_block(block)
    if row.status != BlockStatus.RUNNING:
        raise ValueError(f"block {block} must be running, it is {row.status}")
    return row, [ledger.read_run(key) for key in read_runs(row.runs).tolist()]


def trained_columns(runs: Sequence[RunRow]) -> Int[np.ndarray, " trained"]:
    """Which runs of a running block are being trained: all but those that were stopped.

    A run that diverged before a rung, or was stopped there, stays in its block.
    """
    return np.flatnonzero([run.status == RunStatus.RUNNING for run in runs])


def widened(
    curves: Mapping[str, Float32[np.ndarray, "*rows trained"]],
    columns: Int[np.ndarray, " trained"],
    n_runs: int,
) -> dict[str, Float32[np.ndarray, "*rows run"]]:
    """Give the runs of a block that are not trained a column each, of NaN.

    Args:
        curves: Values of the runs that are trained, or measures of them.
        columns: Which runs of the block these are.
        n_runs: How many the block has.
    """
    found: dict[str, np.ndarray] = {}
    for name, values in curves.items():
        found[name] = np.full((*values.shape[:-1], n_runs), np.nan, values.dtype)
        found[name][..., columns] = values
    return found


def check_shapes(
    curves: Mapping[str, Float32[np.ndarray, "evaluation run"]],
    diverged_at: Int[np.ndarray, " run"],
    expected: tuple[int, int],
) -> None:
    """Refuse arrays that are not of all evaluations and all runs of a block.

    Raises:
        ValueError: If there is no curve, one has another shape or type, or the steps do
            not belong to the runs.
    """
    if not curves or diverged_at.shape != expected[1:] or diverged_at.min() < 0:
        raise ValueError(
            f"a block of {expected[1]} runs needs curves and steps of each"
        )
    for name, values in curves.items():
        if values.shape != expected or values.dtype != np.float32:
            raise ValueError(
                f"{name} must be float32 of shape {expected}, got {values.dtype} of "
                f"shape {values.shape}"
            )


def check_rows(
    curves: Mapping[str, Float32[np.ndarray, "evaluation run"]],
    n_left: int,
    n_runs: int,
    *,
    at_least: int = 1,
) -> int:
    """Refuse arrays that are not of some evaluations and all runs; how many those are.

    Raises:
        ValueError: If there is no curve, or one has another shape or type.
    """
    n_new = len(next(iter(curves.values()))) if curves else 0
    if not curves or not at_least <= n_new <= n_left:
        raise ValueError(
            f"a block has {at_least} to {n_left} evaluations more, got {n_new}"
        )
    for name, values in curves.items():
        if values.shape != (n_new, n_runs) or values.dtype != np.float32:
            raise ValueError(
                f"{name} must be float32 of shape {(n_new, n_runs)}, got "
                f"{values.dtype} of shape {values.shape}"
            )
    return n_new


def with_outcomes(
    runs: Sequence[RunRow], diverged_at: Int[np.ndarray, " run"]
) -> list[RunRow]:
    """Give runs the outcome that their steps say."""
    return [
        run._replace(
            status=int(RunStatus.DIVERGED if step else RunStatus.CONVERGED),
            diverged_at=step,
        )
        for run, step in zip(runs, diverged_at.tolist(), strict=True)
    ]
