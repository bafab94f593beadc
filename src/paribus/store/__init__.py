"""The study folder: what was acknowledged is there, and damage is seen, not shown."""

from typing import TYPE_CHECKING

from paribus.first_use import on_first_use


if TYPE_CHECKING:
    from paribus.store.check import CheckReport, check_study
    from paribus.store.folder import study_exists
    from paribus.store.reader import read_study
    from paribus.store.writer import StudyWriter

__all__ = ["CheckReport", "StudyWriter", "check_study", "read_study", "study_exists"]

__getattr__ = on_first_use(
    __name__,
    {
        "CheckReport": "check",
        "StudyWriter": "writer",
        "check_study": "check",
        "read_study": "reader",
        "study_exists": "folder",
    },
)
