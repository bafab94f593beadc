"""The study folder: what was acknowledged is there, and damage is seen, not shown."""

from typing import TYPE_CHECKING

from paribus.first_use import on_first_use


if TYPE_CHECKING:
    from paribus.store.check import CheckReport, check_study
    from paribus.store.folder import study_exists
    from paribus.store.reader import read_if_any, read_study
    from paribus.store.salvage import SalvageReport, salvage_study
    from paribus.store.whole_studies import check_is_new, create_whole_study
    from paribus.store.writer import StudyWriter

__all__ = [
    "CheckReport",
    "SalvageReport",
    "StudyWriter",
    "check_is_new",
    "check_study",
    "create_whole_study",
    "read_if_any",
    "read_study",
    "salvage_study",
    "study_exists",
]

__getattr__ = on_first_use(
    __name__,
    {
        "CheckReport": "check",
        "SalvageReport": "salvage",
        "StudyWriter": "writer",
        "check_is_new": "whole_studies",
        "check_study": "check",
        "create_whole_study": "whole_studies",
        "read_if_any": "reader",
        "read_study": "reader",
        "salvage_study": "salvage",
        "study_exists": "folder",
    },
)
