"""A study of runs that are done already: all of it, or nothing."""

from collections.abc import Callable
from pathlib import Path

from paribus.results import DataFacts
from paribus.store.creation import build_study, must_be_new, remove_leftovers
from paribus.store.failures import NOT_BEGUN_HINT, translated
from paribus.store.folder import DATABASE, study_exists
from paribus.store.writer import StudyWriter
from paribus.study import Study


_HINT = "name another folder with `--out`"


def check_is_new(folder: Path) -> None:
    """Refuse a folder that is a study.

    Raises:
        StoreError: If it is.
    """
    if study_exists(folder):
        raise must_be_new(folder, hint=_HINT)


def create_whole_study(
    folder: Path,
    study: Study,
    data: DataFacts,
    *,
    epochs: tuple[float, ...],
    fill: Callable[[StudyWriter], None],
) -> None:
    """Make a study that has what became of its runs from the moment it is there.

    Args:
        folder: Where to.
        study: What was asked.
        data: What it was trained on.
        epochs: When runs were evaluated.
        fill: Writes what became of the runs.

    Raises:
        StoreError: If the folder holds something.
        ResourceError: If the disk is full or fails.
    """
    with translated(folder / DATABASE, when_full=NOT_BEGUN_HINT):
        remove_leftovers(folder)
        lock = build_study(
            folder, study, data, epochs, fill=lambda new: fill(StudyWriter(folder, new))
        )
        if lock is None:
            raise must_be_new(folder, hint=_HINT)
        lock.release()
