"""Train what a study lacks, without loading JAX where it lacks nothing."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from paribus import study as records
from paribus.errors import DataError, ParibusWarning, UserCodeError
from paribus.refinement import with_added
from paribus.results import Progress, StudyResult
from paribus.results.asked import only_asked_progress
from paribus.results.failures import check_failures
from paribus.signals import ENDING
from paribus.status import WAITING, RunStatus
from paribus.stopping import at_look_of


def run_study(
    study: records.Study,
    folder: Path,
    *,
    data_folder: Path,
    device: str = "auto",
    on_progress: Callable[[Progress], None] | None = None,
    max_failed: int = 0,
    retry_failed: bool = False,
    allow_env_change: bool = False,
) -> StudyResult:
    """Train the runs of a study that are missing in its folder.

    A study that is finished is only read, or given the claims that are new: JAX is not
    loaded for it. Its data are compared with those it was trained on, where they are
    still there.

    Args:
        study: What to train; it may have grown since the folder was made.
        folder: Where results are, or will be.
        data_folder: What a relative `data.path` is relative to.
        device: `"cpu"`, `"gpu"`, or `"auto"` for a GPU where there is one.
        on_progress: Called after each commit and whenever the activity changes.
        max_failed: Failed runs to put up with.
        retry_failed: Whether to train failed runs again.
        allow_env_change: Whether an exact study may go on in another environment.

    Returns:
        Everything in the folder, statuses told apart by the training curves.

    Raises:
        ParibusError: Whatever keeps the study from being trained; its kind says what.
    """
    from paribus.analysis import classify_runs, mark_absent
    from paribus.store import read_if_any

    stored = _finished(study, folder, data_folder, retry_failed=retry_failed)
    if stored is None:
        with ENDING.deferred():  # JAX does not survive being stopped while it loads
            from paribus.engine.train import train_study

        if on_progress is not None and not study.planned_seeds:
            before = read_if_any(folder)
            if before is not None:
                on_progress = _counting(on_progress, study, before.seeds)
        stored = train_study(
            study,
            folder,
            data_folder=data_folder,
            device=device,
            on_progress=on_progress,
            max_failed=max_failed,
            retry_failed=retry_failed,
            allow_env_change=allow_env_change,
        )
    else:
        check_failures(stored, study, max_failed=max_failed)
    return mark_absent(classify_runs(stored))


def _counting(
    on_progress: Callable[[Progress], None],
    study: records.Study,
    stored_seeds: tuple[int, ...],
) -> Callable[[Progress], None]:
    """Hand on progress that counts the runs of `study`, not all that are stored."""
    # As the store does when it grows: what is there keeps its place, the new follows.
    seeds = tuple(dict.fromkeys((*stored_seeds, *study.all_seeds)))
    return lambda progress: on_progress(
        only_asked_progress(progress, study, seeds=seeds)
    )


def _finished(
    study: records.Study, folder: Path, data_folder: Path, *, retry_failed: bool
) -> StudyResult | None:
    """What is stored, if there is nothing left to train; else None."""
    from paribus.analysis import plan_runs
    from paribus.analysis.solo_times import missing_rounds
    from paribus.claims.stopping import next_look
    from paribus.store import StudyWriter, read_if_any, read_study
    from paribus.store.growth import check_fixed_settings, grown
    from paribus.store.lock import is_held
    from paribus.store.snapshot import has_unfinished_write

    # What another process is writing just now is no unfinished write.
    if has_unfinished_write(folder) and not is_held(folder):
        repaired = StudyWriter.open_if_any(folder)
        if repaired is not None:
            repaired.close()
    stored = read_if_any(folder)
    if stored is None:
        return None
    check_fixed_settings(stored.study, study)
    study = at_look_of(study, stored.study)
    has_all = set(study.configs()) <= set(stored.configs)
    has_all = has_all and set(study.seeds) <= set(stored.seeds)
    if not has_all:
        return None
    waiting = (*WAITING, RunStatus.FAILED) if retry_failed else WAITING
    place = {config: i for i, config in enumerate(stored.configs)}
    asked = with_added(study, stored.configs)
    configs = [place[config] for config in asked.configs()]
    seeds = [stored.seeds.index(seed) for seed in study.all_seeds]
    plan = plan_runs(stored)
    is_waiting = plan.is_planned & np.isin(stored.status, waiting)
    lacks_baseline = study.has_baseline and stored.baseline_loss is None
    lacks_timings = missing_rounds(stored, asked.configs()) > 0
    is_waiting_for_more = bool(plan.missing) or lacks_baseline or lacks_timings
    if is_waiting[np.ix_(configs, seeds)].any() or is_waiting_for_more:
        return None
    if study.planned_seeds and next_look(stored) is not None:
        return None
    _check_data(study, stored, folder, data_folder=data_folder)
    if grown(stored.study, study) is stored.study:
        return stored
    with StudyWriter.open(folder) as writer:
        writer.grow(study)
    return read_study(folder)


def _check_data(
    study: records.Study, stored: StudyResult, folder: Path, *, data_folder: Path
) -> None:
    """Refuse results of other data than those that are there now.

    Data that paribus knows by name are always the same. Of others, those that cannot be
    read any more are warned of: what was trained on them stands.

    Raises:
        DataError: If their content differs.
    """
    from paribus.data import load_dataset
    from paribus.store.growth import check_same_data

    choice = study.data
    if choice.name is not None and choice.given is None:
        return
    try:
        dataset = load_dataset(choice, folder=data_folder, kind=study.task.kind)
    except (DataError, UserCodeError) as error:
        warnings.warn(
            f"the results in `{folder}` are not compared with their data: {error}",
            ParibusWarning,
            stacklevel=2,
        )
        return
    check_same_data(stored.data, dataset.content_hash(), folder=folder)
