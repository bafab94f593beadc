"""What the rows of a store say together, and whether they contradict one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from paribus.results import DataFacts
from paribus.results.answers import PackedAnswers
from paribus.status import ENDED_EARLY, RunStatus
from paribus.store.chunks import read_runs
from paribus.store.curves import CurveReader, unknown_curves
from paribus.store.documents import read_row
from paribus.store.endings import EndingReader
from paribus.store.failures import damaged
from paribus.store.ledger import Ledger
from paribus.store.rows import BlockRow, BlockStatus, RunRow
from paribus.store.schema import BLOCK, CONFIG, RUN, STUDY
from paribus.study import Study


STORED_STATUSES = (
    RunStatus.PRUNED,
    RunStatus.PENDING,
    RunStatus.RUNNING,
    RunStatus.INTERRUPTED,
    RunStatus.FAILED,
    RunStatus.DIVERGED,
    RunStatus.CONVERGED,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Contents:
    """The runs of a store with their curves.

    Attributes:
        study: All that is stored.
        data: What it is trained on.
        epochs: When runs are evaluated.
        config_of: The position of each run's config.
        seed_of: The position of each run's seed.
        status: A `RunStatus` for each run.
        diverged_at: The step at which each run diverged, 0 for none.
        block_of: The last block that held each run, 0 for none.
        blocks: The blocks by id.
        curves: `<split>_<metric>` -> values; of runs that stopped at a rung those up
            to it, and what followed.
        measures: Name -> one number a run.
        correct: Split -> which examples each run classified right.
    """

    study: Study
    data: DataFacts
    epochs: tuple[float, ...]
    config_of: Int[np.ndarray, " run"]
    seed_of: Int[np.ndarray, " run"]
    status: Int[np.ndarray, " run"]
    diverged_at: Int[np.ndarray, " run"]
    block_of: Int[np.ndarray, " run"]
    blocks: Mapping[int, BlockRow]
    curves: Mapping[str, Float[np.ndarray, "config seed evaluation"]]
    measures: Mapping[str, Float[np.ndarray, "config seed"]]
    correct: PackedAnswers

    def grid(self, values: Int[np.ndarray, " run"]) -> Int[np.ndarray, "config seed"]:
        """Arrange one value a run as config by seed."""
        shape = (len(self.study.configs()), len(self.study.all_seeds))
        arranged = np.zeros(shape, dtype=np.int64)
        arranged[self.config_of, self.seed_of] = values
        return arranged


def read_contents(ledger: Ledger) -> Contents:
    """Read and verify the study, its runs and their curves.

    Raises:
        StoreError: If a row does not verify, or rows contradict one another, with
            the table and the key.
    """
    study, data, epochs = read_stored_study(ledger)
    runs = read_stored_runs(ledger, study)
    blocks, members = read_stored_blocks(ledger, study, runs)
    place = {seed: position for position, seed in enumerate(study.all_seeds)}
    config_of = np.array([run.config for run in runs], dtype=np.int64)
    seed_of = np.array([place[run.seed] for run in runs], dtype=np.int64)
    block_of = _block_of(runs)
    shape = (len(study.configs()), len(study.all_seeds), len(epochs))
    finished = {
        block.id: members[block.id]
        for block in blocks.values()
        if block.status == BlockStatus.FINISHED
    }
    curves = CurveReader(
        ledger,
        shape,
        members,
        (config_of, seed_of),
        counted=_counted(study, blocks, members, block_of),
    )
    curves.read()
    for block in finished:
        curves.check_complete(block)
    endings = EndingReader(ledger, finished, (config_of, seed_of), shape[:2])
    return Contents(
        study=study,
        data=data,
        epochs=epochs,
        config_of=config_of,
        seed_of=seed_of,
        status=np.array([run.status for run in runs], dtype=np.int64),
        diverged_at=np.array([run.diverged_at for run in runs], dtype=np.int64),
        block_of=block_of,
        blocks=blocks,
        curves=curves.in_order()
        or unknown_curves(data, study.task.metric_names(), shape),
        measures=endings.measures(),
        correct=endings.answers(data),
    )


def read_stored_study(ledger: Ledger) -> tuple[Study, DataFacts, tuple[float, ...]]:
    """Read the study, its data and its evaluations, and compare it with its configs.

    Raises:
        StoreError: If a row does not verify, or the study cannot be understood.
    """
    rows = ledger.read(STUDY)
    if len(rows) != 1:
        raise damaged(ledger.database, f"table `study` has {len(rows)} rows, not one")
    try:
        study, data, epochs = read_row(rows[0])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(
            ledger.database, f"table `study`, key 1: cannot be understood: {error}"
        ) from error
    stored = ledger.read(CONFIG)
    configs = study.configs()
    if len(stored) != len(configs):
        raise damaged(
            ledger.database,
            f"table `config` has {len(stored)} rows, the study {len(configs)} configs",
        )
    for position, (row, config) in enumerate(zip(stored, configs, strict=True)):
        if row != (position, config.id, config.to_json()):
            raise damaged(
                ledger.database,
                f"table `config`, key {row.id}: not config {position} of the study",
            )
    return study, data, epochs


def read_stored_runs(ledger: Ledger, study: Study) -> list[RunRow]:
    """Read all runs: each config with each seed, once.

    Raises:
        StoreError: If a row does not verify, or a run is missing, doubled or foreign.
    """
    rows = ledger.read(RUN)
    n_configs, seeds = len(study.configs()), set(study.all_seeds)
    seen: set[tuple[int, int]] = set()
    for position, row in enumerate(rows):
        pair = (row.config, row.seed)
        is_known = 0 <= row.config < n_configs and row.seed in seeds
        if row.id != position or not is_known or pair in seen:
            raise damaged(
                ledger.database, f"table `run`, key {row.id}: no run of the study"
            )
        seen.add(pair)
    if len(rows) != study.n_runs():
        raise damaged(
            ledger.database,
            f"table `run` has {len(rows)} rows, the study {study.n_runs()} runs",
        )
    return rows


def read_stored_blocks(
    ledger: Ledger, study: Study, runs: Sequence[RunRow]
) -> tuple[dict[int, BlockRow], dict[int, Int[np.ndarray, " _"]]]:
    """Read all blocks with the runs of each, and compare them with what runs say.

    Raises:
        StoreError: If a row does not verify, or a run and a block contradict.
    """
    block_of = _block_of(runs)
    blocks = {block.id: block for block in ledger.read(BLOCK)}
    members = {block.id: _members(ledger, block, block_of) for block in blocks.values()}
    for run in runs:
        _check_run(ledger, run, blocks, has_rungs=study.halving is not None)
    return blocks, members


def _block_of(runs: Sequence[RunRow]) -> Int[np.ndarray, " run"]:
    return np.array([run.block for run in runs], dtype=np.int64)


def _members(
    ledger: Ledger, block: BlockRow, block_of: Int[np.ndarray, " all"]
) -> Int[np.ndarray, " run"]:
    """The runs of a block, each once; all are its own if it is finished."""
    try:
        runs = read_runs(block.runs)
    except ValueError as error:
        raise damaged(ledger.database, f"table `block`, key {block.id}") from error
    is_inside = len(runs) > 0 and runs.min() >= 0 and runs.max() < len(block_of)
    if not is_inside or len(np.unique(runs)) < len(runs):
        raise damaged(
            ledger.database, f"table `block`, key {block.id}: no runs of the study"
        )
    is_own = block_of[runs] == block.id
    if block.status == BlockStatus.FINISHED and not is_own.all():
        raise damaged(
            ledger.database,
            f"table `run`, key {runs[~is_own][0]}: it is not in block {block.id}, "
            "which trained it",
        )
    return runs


def _counted(
    study: Study,
    blocks: Mapping[int, BlockRow],
    members: Mapping[int, Int[np.ndarray, " _"]],
    block_of: Int[np.ndarray, " all"],
) -> dict[int, np.ndarray]:
    """Which runs of which blocks have evaluations that are results, as positions.

    Those of finished blocks. Where values are compared at rungs also those of blocks on
    their way: what was kept of them decides.
    """
    counted: dict[int, np.ndarray] = {}
    for block in blocks.values():
        if block.status == BlockStatus.FINISHED:
            counted[block.id] = np.arange(len(members[block.id]))
        elif study.halving is not None and block.status != BlockStatus.FAILED:
            counted[block.id] = np.flatnonzero(block_of[members[block.id]] == block.id)
    return counted


def _check_run(
    ledger: Ledger, run: RunRow, blocks: Mapping[int, BlockRow], *, has_rungs: bool
) -> None:
    """Compare what a run says with what its block says."""
    block = blocks.get(run.block)
    has_outcome = run.status >= RunStatus.DIVERGED
    is_finished = block is not None and block.status == BlockStatus.FINISHED
    ends_early = run.status in ENDED_EARLY  # at a rung
    rules = (
        (run.status in STORED_STATUSES, f"status {run.status}"),
        (
            has_outcome == is_finished or (has_rungs and ends_early),
            "finished, but not its block, or the reverse",
        ),
        ((run.status == RunStatus.DIVERGED) == (run.diverged_at > 0), "diverged when?"),
        (run.diverged_at >= 0, f"diverged at step {run.diverged_at}"),
        (run.block == 0 or block is not None, f"block {run.block} is missing"),
        (run.status != RunStatus.PRUNED or has_rungs, "pruned without rungs"),
        (run.status != RunStatus.FAILED or block is not None, "failed in no block"),
    )
    for holds, problem in rules:
        if not holds:
            raise damaged(ledger.database, f"table `run`, key {run.id}: {problem}")
