"""What a study found, as labelled arrays and as tables: the waist of the house."""

from paribus.results.progress import Progress
from paribus.results.result import Attempt, DataFacts, Replays, StudyResult
from paribus.results.timings import Timing


__all__ = ["Attempt", "DataFacts", "Progress", "Replays", "StudyResult", "Timing"]
