"""The tables of fixed shape, [study] and [data], and the names at the top of a file."""

import math
from typing import Any, NamedTuple, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails

from paribus.errors import StudyError, as_toml
from paribus.looks import first_seeds, stopping_problems
from paribus.study import (
    MAX_LOOKS,
    Budget,
    DataChoice,
    check_name,
    check_seeds,
    count_seeds,
)
from paribus.study_file.choices import asks_model, varied_optimizers
from paribus.study_file.mistakes import Key, Mistakes, dotted_key


# pydantic's kinds of errors -> the broken rule.
_RULES = {
    "int_type": "be an integer",
    "float_type": "be a number",
    "string_type": "be text",
    "list_type": "be a list",
    "model_type": "be a table",
    "bool_type": "be true or false",
    "string_too_short": "not be empty",
    "too_short": "have at least one value",
    "greater_than_equal": "be at least {ge}",
    "less_than_equal": "be at most {le}",
}

REQUIRED = ("study", "data", "model", "optimizer", "space")
TOP = (*REQUIRED, "task", "tuning", "claims", "diagnostics", "sizes")


class Table(BaseModel):
    """A table of fixed shape: other keys are mistakes, types are exact."""

    model_config = ConfigDict(extra="forbid", strict=True)


TableT = TypeVar("TableT", bound=Table)


class _StudyTable(Table):
    name: str
    seeds: Any
    epochs: int
    steps: int | None = None
    looks: int = Field(default=1, ge=1, le=MAX_LOOKS)
    stop_when_decided: bool = False
    evaluate_every: Any = "auto"
    exact: bool = False

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        check_name(name)
        return name

    @field_validator("seeds")
    @classmethod
    def _read_seeds(cls, seeds: Any) -> tuple[int, ...]:
        if isinstance(seeds, list):
            for position, seed in enumerate(seeds, start=1):
                if isinstance(seed, bool) or not isinstance(seed, int):
                    raise StudyError(
                        "`study.seeds` must be integers, got "
                        f"{as_toml(seed)} (value {position})"
                    )
            check_seeds(tuple(seeds))
            return tuple(seeds)
        if isinstance(seeds, bool) or not isinstance(seeds, int):
            raise StudyError(
                "`study.seeds` must be an integer or a list of integers, "
                f"got {as_toml(seeds)}"
            )
        return count_seeds(seeds)

    @field_validator("epochs")
    @classmethod
    def _check_epochs(cls, epochs: int) -> int:
        return Budget(epochs=epochs).epochs

    @field_validator("steps")
    @classmethod
    def _check_steps(cls, steps: int | None) -> int | None:
        return Budget(epochs=1, steps=steps).steps

    @field_validator("evaluate_every")
    @classmethod
    def _read_cadence(cls, every: Any, info: Any) -> Any:
        if every == "auto":
            return every
        if isinstance(every, bool | str) or not isinstance(every, int | float):
            raise StudyError(
                '`study.evaluate_every` must be "auto" or a number of epochs, '
                f"got {as_toml(every)}"
            )
        # Where the epochs are wrong too, only the rules without them can be checked.
        epochs = info.data.get("epochs", 1 if every <= 0 else None)
        try:
            number = float(every)
        except OverflowError:
            number = math.inf if every > 0 else -math.inf
        if epochs is not None:
            Budget(epochs=epochs, evaluate_every=number)
        return number


class _DataTable(Table):
    name: str | None = Field(default=None, min_length=1)
    path: str | None = Field(default=None, min_length=1)
    loader: str | None = Field(default=None, min_length=1)
    target: str | None = Field(default=None, min_length=1)
    categorical: Any = "one_hot"
    standardise: bool = False
    validation: int = Field(default=0, ge=0)
    train: int | None = Field(default=None, ge=1)


class Parts(NamedTuple):
    """What [study] and [data] say; None where a table has a mistake."""

    name: str | None
    seeds: tuple[int, ...] | None
    budget: Budget | None
    data: DataChoice | None
    looks: int = 1
    exact: bool = False
    planned_seeds: tuple[int, ...] = ()


def read_tables(document: dict[str, Any], mistakes: Mistakes) -> Parts:
    """Read the names at the top, [study] and [data], and note every mistake in them."""
    for name in document:
        if name not in TOP:
            mistakes.add_unknown((name,), list(TOP))
    for name in REQUIRED:
        may_lack = name == "optimizer" and (
            varied_optimizers(document) is not None or asks_model(document)
        )
        if name not in document and not may_lack:
            written = "[[space]]" if name == "space" else f"[{name}]"
            mistakes.add_missing((name,), f"add a table {written}")
    study = data = None
    if "study" in document:
        study = validated(_StudyTable, document["study"], ("study",), mistakes)
    if "data" in document:
        data = validated(_DataTable, document["data"], ("data",), mistakes)
    if study is None:
        return Parts(None, None, None, _data_choice(data, mistakes))
    budget = Budget(
        epochs=study.epochs, evaluate_every=study.evaluate_every, steps=study.steps
    )
    chosen, seeds, planned = _data_choice(data, mistakes), study.seeds, ()
    if study.stop_when_decided:
        for problem in (problems := [*stopping_problems(seeds, study.looks)]):
            mistakes.add(("study", *problem.key), problem.text, problem.hint)
        planned = seeds
        seeds = seeds if problems else first_seeds(seeds, study.looks)
    return Parts(study.name, seeds, budget, chosen, study.looks, study.exact, planned)


def _data_choice(table: _DataTable | None, mistakes: Mistakes) -> DataChoice | None:
    if table is None:
        return None
    try:
        return DataChoice(**table.model_dump())
    except StudyError as error:
        mistakes.add(("data",), str(error), error.hint)
    return None


def validated(
    kind: type[TableT], written: Any, place: Key, mistakes: Mistakes
) -> TableT | None:
    """Read a table of fixed shape; None where it has a mistake, all of them noted.

    Args:
        kind: Its shape.
        written: As parsed.
        place: Its key in the document.
        mistakes: Where mistakes go.
    """
    try:
        return kind.model_validate(written)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _note(detail, place, kind, mistakes)
    return None


def _note(
    detail: ErrorDetails, table: Key, kind: type[Table], mistakes: Mistakes
) -> None:
    """Say what pydantic found in our words."""
    key: Key = (*table, *detail["loc"])
    got = as_toml(detail["input"])
    dotted = f"`{dotted_key(key)}`"
    match detail["type"]:
        case "missing":
            mistakes.add_missing(key)
        case "extra_forbidden":
            mistakes.add_unknown(key, list(kind.model_fields))
        case "value_error":
            ours = detail.get("ctx", {})["error"]
            mistakes.add(key, str(ours), getattr(ours, "hint", ""))
        case error if error in _RULES:
            rule = _RULES[error].format(**detail.get("ctx", {}))
            mistakes.add(key, f"{dotted} must {rule}, got {got}")
        case _:
            mistakes.add(key, f"{dotted} {detail['msg'].lower()}, got {got}")
