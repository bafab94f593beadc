"""Search spaces in Python: grids by name, and all that [[space]] can say, as dicts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from paribus.api.arguments import check_values
from paribus.hyperparameters import (
    BATCH_SIZE,
    MODELS,
    Hyperparameter,
    Value,
    every_hyperparameter,
)
from paribus.optimizer_catalogue import OPTIMIZERS
from paribus.space import SearchSpace
from paribus.study import ModelChoice, OptimizerChoice


# What a study takes as its space: what `grid` makes, or a [[space]] as a dict.
Space = SearchSpace | Mapping[str, Any]


def grid(**values: Iterable[Any]) -> SearchSpace:
    """Make a search space: every value of each hyperparameter with those of the others.

    Args:
        values: Hyperparameter -> its values, or a range as a study file writes it.
            NumPy arrays are fine.

    Raises:
        StudyError: If one value stands in place of a list, or a range has mistakes.

    Example:
        >>> len(grid(learning_rate=[0.001, 0.01], batch_size=[32, 64, 128]).configs())
        6
        >>> rates = {"log": [0.001, 0.1], "n": 3}
        >>> [c["learning_rate"] for c in grid(learning_rate=rates).configs()]
        [0.001, 0.01, 0.1]
    """
    return SearchSpace(
        grids=({name: _values(name, each) for name, each in values.items()},)
    )


def as_space(
    parts: Space | Sequence[Space],
    *,
    model: ModelChoice,
    optimizer: OptimizerChoice | None,
) -> SearchSpace:
    """Unite what a study is given as its space.

    Args:
        parts: One or several; a dict is a [[space]] of a study file, e.g.
            `{"sobol": {"n": 16}, "learning_rate": {"log": [1e-4, 0.1]}}`.
        model: What the space may name hyperparameters of.
        optimizer: Likewise; None if it is still to be found out.

    Raises:
        StudyError: If a dict has mistakes: all of them, each with its place.
    """
    from paribus.study_file.choices import varied_optimizers
    from paribus.study_file.grids import read_grids
    from paribus.study_file.known import Known
    from paribus.study_file.mistakes import Mistakes

    several = [parts] if isinstance(parts, SearchSpace | Mapping) else list(parts)
    tables = [plain(part) for part in several if not isinstance(part, SearchSpace)]
    varied = varied_optimizers({"space": tables})
    known = Known(model=model, optimizer=optimizer, optimizers=varied or ())
    grids: list[Mapping[str, tuple[Value, ...]]] = []
    for part in several:
        if isinstance(part, SearchSpace):
            grids += part.grids
            continue
        mistakes = Mistakes(file="space")
        grids += read_grids({"space": [plain(part)]}, known, mistakes)
        mistakes.raise_any()
    return SearchSpace(grids=tuple(grids))


def plain(value: Any) -> Any:
    """Python numbers, lists and dicts for NumPy's, tuples and other mappings."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if hasattr(value, "tolist"):
        return value.tolist()
    return value


def _values(name: str, values: Any) -> tuple[Value, ...]:
    if not isinstance(values, Mapping):
        check_values(name, values)
        return tuple(_item(value) for value in values)
    from paribus.study_file.mistakes import Mistakes
    from paribus.study_file.ranges import listed, read_range

    mistakes = Mistakes(file="grid")
    key = ("space", 0, name)
    found = read_range(_hyperparameter(name), plain(values), key, mistakes)
    numbers = [] if found is None else listed(found, key, mistakes)
    mistakes.raise_any()
    return tuple(numbers)


def _item(value: Any) -> Any:
    """A Python number for a NumPy one; what else stands in a list stays as it is."""
    return value.item() if hasattr(value, "item") else value


def _hyperparameter(name: str) -> Hyperparameter:
    known = {
        **every_hyperparameter(MODELS),
        **every_hyperparameter(OPTIMIZERS),
        BATCH_SIZE.name: BATCH_SIZE,
    }
    return known.get(name, Hyperparameter(name=name, kind="number"))
