"""paribus: what a training hyperparameter really does to a model, all else equal."""

from importlib import import_module
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from paribus import data, models, optimizers
    from paribus.api import Result, Study, claim, grid, import_curves, load, tune
    from paribus.errors import ParibusError, ParibusWarning
    from paribus.results import StudyResult
    from paribus.status import RunStatus
    from paribus.study_file import read_study

__version__ = "0.1.0"

# Where each public name lives. It is loaded on first use, so that `import paribus` and
# every command that only reads start at once.
_HOMES = {
    "ParibusError": "paribus.errors",
    "ParibusWarning": "paribus.errors",
    "Result": "paribus.api",
    "RunStatus": "paribus.status",
    "Study": "paribus.api",
    "StudyResult": "paribus.results",
    "claim": "paribus.api",
    "grid": "paribus.api",
    "import_curves": "paribus.api",
    "load": "paribus.api",
    "read_study": "paribus.study_file",
    "tune": "paribus.api",
}
_MODULES = ("data", "models", "optimizers")

__all__ = [
    "ParibusError",
    "ParibusWarning",
    "Result",
    "RunStatus",
    "Study",
    "StudyResult",
    "claim",
    "data",
    "grid",
    "import_curves",
    "load",
    "models",
    "optimizers",
    "read_study",
    "tune",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"paribus.{name}")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module `paribus` has no attribute `{name}`")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
