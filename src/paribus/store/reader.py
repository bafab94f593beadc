"""From a study folder to its result: every number verified on the way."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from paribus.errors import StoreError
from paribus.results import Attempt, Replays, StudyResult, Timing
from paribus.results.timings import SoloTime
from paribus.space import Config
from paribus.status import RunStatus
from paribus.store.attempts import facts_of, read_attempts
from paribus.store.contents import Contents, read_contents
from paribus.store.failures import damaged, translated
from paribus.store.folder import DATABASE, check_folder, study_exists
from paribus.store.ledger import Ledger
from paribus.store.lock import is_held
from paribus.store.rows import RoundRow, TimingRow
from paribus.store.schema import BASELINE, REPLAY, ROUND, TIMING
from paribus.store.seconds import seconds_problem
from paribus.store.snapshot import read_snapshot
from paribus.store.starts import ORDER, WEIGHTS, other_seeds, take_up


def read_study(folder: Path) -> StudyResult:
    """Read everything a study has found so far, without changing a byte of it.

    A study that is being trained can be read; what is seen is the state after some
    commit. Runs that are marked as running are shown as interrupted when no process
    holds the writer's lock.

    Args:
        folder: The study folder, e.g. `studies/notebook`.

    Returns:
        The result: configs and seeds in the order in which they were first stored.
        Curves hold the stored 32-bit numbers exactly.

    Raises:
        StoreError: If there is no study, if it does not verify, or if a newer program
            wrote it.
        ResourceError: If the disk fails.
    """
    try:
        with translated(folder / DATABASE, "read"):
            result = read_snapshot(folder, read_result)
            if _n_running(result) and is_held(folder) is False:
                # The writer may have ended since: look again at what it left.
                result = read_snapshot(folder, read_result)
                if _n_running(result) and is_held(folder) is False:
                    is_running = result.status == RunStatus.RUNNING
                    result.status[is_running] = RunStatus.INTERRUPTED
            return result
    except StoreError:
        with translated(folder / DATABASE, "read"):
            check_folder(folder)  # it may be that there is no study any more
        raise


def read_if_any(folder: Path) -> StudyResult | None:
    """Read a study as `read_study`; None if there is none, or it is just taken back."""
    if not study_exists(folder):
        return None
    try:
        return read_study(folder)
    except StoreError:
        if study_exists(folder):
            raise
        return None


def read_result(ledger: Ledger) -> StudyResult:
    """Read and verify all tables of an open store.

    Raises:
        StoreError: If a row does not verify, or rows contradict one another.
    """
    contents = read_contents(ledger)
    ledger.check_references()
    status = contents.grid(contents.status)
    if contents.study.is_imported:  # what the file left out was never asked for
        status[status == RunStatus.PENDING] = RunStatus.ABSENT
    return StudyResult(
        study=contents.study,
        data=contents.data,
        status=status,
        diverged_at=contents.grid(contents.diverged_at),
        epochs=np.array(contents.epochs),
        curves=contents.curves,
        messages=_messages(contents),
        timings=_timings(ledger, contents),
        attempts=tuple(_attempts(ledger)),
        measures=contents.measures,
        correct=contents.correct,
        baseline_loss=_baseline_loss(ledger),
        replays=_replays(ledger),
    )


def _n_running(result: StudyResult) -> int:
    return int((result.status == RunStatus.RUNNING).sum())


def _messages(contents: Contents) -> dict[tuple[int, int], str]:
    (failed,) = np.nonzero(contents.status == RunStatus.FAILED)
    return {
        (int(contents.config_of[run]), int(contents.seed_of[run])): contents.blocks[
            int(contents.block_of[run])
        ].message
        for run in failed
    }


def _timings(ledger: Ledger, contents: Contents) -> tuple[Timing, ...]:
    configs = contents.study.configs()

    def config_of(row: RoundRow | TimingRow, key: str) -> Config:
        problem = seconds_problem(row)
        if problem is not None:
            raise damaged(ledger.database, f"{key}: {problem}")
        # References are those of the table; this may be of an index, forged alone.
        if not 0 <= row.config < len(configs):
            raise damaged(ledger.database, f"{key}: no config of the study")
        return configs[row.config]

    by_config: dict[Config, dict[int, SoloTime]] = {}
    for row in ledger.read(ROUND):
        time = SoloTime(
            config=config_of(row, f"table `round`, key {ROUND.key_of(row)}"),
            seconds_per_epoch=row.seconds_per_epoch,
            load_before=row.load_before,
        )
        by_config.setdefault(time.config, {})[row.round] = time
    in_rounds = [Timing.of_rounds(times) for times in by_config.values()]
    static_part = contents.study.static_part
    timed = {static_part(timing.config) for timing in in_rounds}
    older = [
        Timing(
            config=config_of(row, f"table `timing`, key {row.config}"),
            seconds_per_epoch=row.seconds_per_epoch,
            variation=row.variation,
            n_repeats=row.n_repeats,
            load_before=row.load_before,
        )
        for row in ledger.read(TIMING)
    ]
    return (*in_rounds, *(o for o in older if static_part(o.config) not in timed))


def _replays(ledger: Ledger) -> Replays:
    rows = ledger.read(REPLAY)
    return Replays(
        n_values=sum(row.n_values for row in rows),
        n_different=sum(row.n_different for row in rows),
        largest=max((row.largest for row in rows), default=0.0),
    )


def _baseline_loss(ledger: Ledger) -> float | None:
    rows = ledger.read(BASELINE)
    return rows[0].train_loss if rows else None


def _attempts(ledger: Ledger) -> Iterator[Attempt]:
    known: dict[str, dict[int, str]] = {}
    for row in read_attempts(ledger):
        environment, starts = facts_of(row, ledger.database)
        other = other_seeds(known, starts)
        take_up(starts, known)
        yield Attempt(
            number=row.number,
            started=row.started,
            environment=environment,
            n_runs=row.n_runs,
            seconds=row.seconds,
            other_orders=other.get(ORDER, ()),
            other_weights=other.get(WEIGHTS, ()),
        )
