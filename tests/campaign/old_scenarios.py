"""Old and damaged studies while faults are injected: migrated, and salvaged."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from campaign.scenarios import NAME, Say, Scenario, small, train
from golden_stores import GOLDEN, expected, includes, summary, unpacked
from store_builders import edit

from paribus.results import StudyResult
from paribus.store import StudyWriter, read_study, salvage_study, study_exists
from paribus.store.folder import DATABASE
from paribus.store.migration import backup_name


OLD = GOLDEN / "schema-2" / "grown.db.gz"
BACKUP = backup_name(2)
SAVED = "saved"


def _old(folder: Path) -> None:
    unpacked(OLD, folder / NAME)


def _migrate(folder: Path, say: Say) -> None:
    with StudyWriter.open(folder / NAME) as writer:
        say("migrated")
        writer.begin_attempt({})
        writer.finish_attempt(n_runs=0, seconds=1.0)
        say("ended")


def _look(folder: Path, result: StudyResult, said: Sequence[str]) -> list[str]:
    """A store holds what it held in its time, whatever its schema is by now."""
    problems = [] if includes(_told(result), _written()) else ["something is lost"]
    if (folder / BACKUP).exists():
        with tempfile.TemporaryDirectory() as place:
            shutil.copyfile(folder / BACKUP, Path(place) / DATABASE)
            if not includes(_told(read_study(Path(place))), _written()):
                problems.append("the backup has lost something")
    return problems


def _told(result: StudyResult) -> dict[str, Any]:
    told = summary(result)
    return {**told, "attempts": told["attempts"][: len(_written()["attempts"])]}


def _written() -> dict[str, Any]:
    return expected(OLD)


def _damaged(folder: Path) -> None:
    """One run of two is damaged."""
    train(folder, small(n_seeds=2), lambda text: None)
    edit(folder / NAME, "UPDATE run SET seed = 7 WHERE id = 0")


def _salvage(folder: Path, say: Say) -> None:
    if not study_exists(folder / SAVED):
        salvage_study(folder / NAME, folder / SAVED)
    say("saved")


SCENARIOS = (
    Scenario(name="migrate an old study", prepare=_old, act=_migrate, look=_look),
    Scenario(name="salvage a study", prepare=_damaged, act=_salvage, study=SAVED),
)
