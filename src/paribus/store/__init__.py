"""The study folder: what was acknowledged is there, and damage is seen, not shown."""

from paribus.store.check import CheckReport, check_study
from paribus.store.folder import study_exists
from paribus.store.reader import read_study
from paribus.store.writer import StudyWriter


__all__ = ["CheckReport", "StudyWriter", "check_study", "read_study", "study_exists"]
