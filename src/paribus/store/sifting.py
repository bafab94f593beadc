"""Rows that a reader would refuse, though their digests are right, left out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from paribus.status import RunStatus
from paribus.store.chunks import read_runs, split_name
from paribus.store.documents import read_attempt_facts
from paribus.store.rows import AttemptRow, BlockRow, ChunkRow, RunRow
from paribus.store.seconds import seconds_problem
from paribus.study import Study


MAX_ATTEMPTS = 100_000  # more than any study has; what names another was forged


def sifted(rows: Mapping[str, list[Any]], study: Study) -> dict[str, list[Any]]:
    """The rows of each table without those that no writer has written.

    Args:
        rows: By the name of their table.
        study: What they are part of.
    """
    n_configs, seeds = len(study.configs()), set(study.all_seeds)
    has_rungs = study.halving is not None
    kept = {name: list(found) for name, found in rows.items()}
    kept["run"] = [
        row
        for row in rows["run"]
        if 0 <= row.config < n_configs
        and row.seed in seeds
        and _can_be(row, has_rungs=has_rungs)
    ]
    kept["attempt"] = [row for row in rows["attempt"] if _is_known(row)]
    kept["chunk"] = [row for row in rows["chunk"] if _is_of_curve(row)]
    kept["block"] = [row for row in rows["block"] if _has_runs(row)]
    for name in ("block", "baseline", "timing", "round"):
        kept[name] = [r for r in kept[name] if 1 <= r.attempt <= MAX_ATTEMPTS]
    for name in ("timing", "round"):
        kept[name] = [
            row
            for row in kept[name]
            if 0 <= row.config < n_configs and seconds_problem(row) is None
        ]
    return kept


def _can_be(run: RunRow, *, has_rungs: bool) -> bool:
    """Whether what became of a run can be."""
    has_diverged = run.status == RunStatus.DIVERGED
    is_pruned = run.status == RunStatus.PRUNED
    return (
        run.diverged_at >= 0
        and has_diverged == (run.diverged_at > 0)
        and (has_rungs or not is_pruned)
    )


def _is_known(attempt: AttemptRow) -> bool:
    """Whether what an attempt says of itself can be understood."""
    try:
        read_attempt_facts(attempt.environment)
    except ValueError:
        return False
    is_number = 1 <= attempt.number <= MAX_ATTEMPTS
    return is_number and seconds_problem(attempt) is None


def _has_runs(block: BlockRow) -> bool:
    """Whether a block names runs, each once."""
    try:
        runs = read_runs(block.runs)
    except ValueError:
        return False
    return len(runs) > 0 and len(np.unique(runs)) == len(runs)


def _is_of_curve(chunk: ChunkRow) -> bool:
    """Whether a chunk is part of a curve that can be."""
    name = f"{chunk.split}_{chunk.metric}"
    try:
        return split_name(name) == (chunk.split, chunk.metric)
    except ValueError:
        return False
