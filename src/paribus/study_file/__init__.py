"""Study files: TOML in, a Study out, every mistake named at once."""

from typing import TYPE_CHECKING

from paribus.first_use import on_first_use


if TYPE_CHECKING:
    from paribus.study_file.file import StudyFile
    from paribus.study_file.reader import read_study
    from paribus.study_file.sources import built_in_names, built_in_text

__all__ = ["StudyFile", "built_in_names", "built_in_text", "read_study"]

__getattr__ = on_first_use(
    __name__,
    {
        "StudyFile": "file",
        "built_in_names": "sources",
        "built_in_text": "sources",
        "read_study": "reader",
    },
)
