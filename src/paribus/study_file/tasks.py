"""[task]: what is predicted, by which loss, and what is measured."""

from collections.abc import Callable
from typing import Any

from pydantic import Field

from paribus.errors import StudyError, as_toml
from paribus.study import TaskChoice
from paribus.study_file.mistakes import Mistakes
from paribus.study_file.tables import Table, validated
from paribus.tasks import digest_of, is_own


class _TaskTable(Table):
    kind: str = "classification"
    loss: str | None = Field(default=None, min_length=1)
    delta: float = 1.0
    label_smoothing: float = 0.0
    class_weights: Any = None
    standardise: bool = False
    metrics: list[str] = Field(default_factory=list)


def read_task(
    document: dict[str, Any],
    mistakes: Mistakes,
    load: Callable[[str, str], Callable[..., Any]],
) -> TaskChoice:
    """Read [task]; classification where it is left out or has a mistake.

    Args:
        document: The study file.
        mistakes: Where mistakes go.
        load: Imports the function of a reference for a setting, or refuses to.
    """
    if "task" not in document:
        return TaskChoice()
    table = validated(_TaskTable, document["task"], ("task",), mistakes)
    if table is None:
        return TaskChoice()
    settings = table.model_dump()
    weights = settings["class_weights"]
    if weights is not None and not isinstance(weights, str):
        settings["class_weights"] = _read_weights(weights, mistakes)
    settings["metrics"] = tuple(table.metrics)
    try:
        checked = TaskChoice(**settings)
    except StudyError as error:
        mistakes.add(("task",), str(error), error.hint)
        return TaskChoice()
    own = [("loss", checked.loss_name), *(("metrics", m) for m in checked.metrics)]
    functions = {name: load(name, where) for where, name in own if is_own(name)}
    return TaskChoice(**settings, source=digest_of(functions), functions=functions)


def _read_weights(written: Any, mistakes: Mistakes) -> tuple[float, ...] | None:
    """A list of numbers; None with a mistake."""
    is_list = isinstance(written, list)
    if is_list and all(type(weight) in (int, float) for weight in written):
        return tuple(map(float, written))
    mistakes.add(
        ("task", "class_weights"),
        '`task.class_weights` must be "balanced" or a list of numbers, got '
        f"{as_toml(written)}",
    )
    return None
