"""The Python face: make a study, train it, look at what it found. One call each."""

from paribus.api.declaring import claim, tune
from paribus.api.importing import import_curves
from paribus.api.result import Result, load
from paribus.api.running import run_study
from paribus.api.spaces import grid
from paribus.api.study import Study
from paribus.api.writing import write_charts, write_export, write_report


__all__ = [
    "Result",
    "Study",
    "claim",
    "grid",
    "import_curves",
    "load",
    "run_study",
    "tune",
    "write_charts",
    "write_export",
    "write_report",
]
