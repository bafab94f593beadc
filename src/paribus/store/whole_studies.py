"""A study of runs that are done already: all of it, or nothing."""

from collections.abc import Callable
from pathlib import Path

from paribus.errors import ResourceError
from paribus.results import DataFacts
from paribus.store.creation import Opened, build_study, must_be_new, remove_leftovers
from paribus.store.failures import translated
from paribus.store.folder import DATABASE, study_exists
from paribus.store.writer import StudyWriter
from paribus.study import Study


_HINT = "name another folder with `--out`"
_NOT_MADE_HINT = (
    "make room, or name a folder elsewhere with `--out`, then run the same command "
    "again; there is no study yet, and nothing was stored"
)


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
    places: list[Path] = []

    def fill_new(new: Opened) -> None:
        # What it removes and calls by name must be its own, not what is in its place.
        places.append(new.ledger.database.parent)
        fill(StudyWriter(places[0], new))

    try:
        with translated(folder / DATABASE):
            remove_leftovers(folder)
            lock = build_study(folder, study, data, epochs, fill=fill_new)
    except ResourceError as error:
        text = str(error)
        for place in places:
            text = text.replace(str(place), str(folder))
        raise ResourceError(text, hint=_NOT_MADE_HINT) from error
    if lock is None:
        raise must_be_new(folder, hint=_HINT)
    lock.release()
