"""Study files: TOML in, a Study out, every mistake named at once."""

from paribus.study_file.reader import StudyFile, read_study
from paribus.study_file.sources import built_in_names, built_in_text


__all__ = ["StudyFile", "built_in_names", "built_in_text", "read_study"]
