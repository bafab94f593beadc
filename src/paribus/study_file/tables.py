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

from paribus.errors import StudyError
from paribus.study import (
    Budget,
    DataChoice,
    check_name,
    check_seeds,
    count_seeds,
)
from paribus.study_file.choices import varied_optimizers
from paribus.study_file.mistakes import Key, Mistakes, as_toml


TOP = ("study", "data", "model", "optimizer", "space")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


TableT = TypeVar("TableT", bound=_Table)


class _StudyTable(_Table):
    name: str
    seeds: Any
    epochs: int
    evaluate_every: Any = "auto"

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        check_name(name)
        return name

    @field_validator("seeds")
    @classmethod
    def _read_seeds(cls, seeds: Any) -> tuple[int, ...]:
        if isinstance(seeds, list):
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


class _DataTable(_Table):
    name: str | None = Field(default=None, min_length=1)
    path: str | None = Field(default=None, min_length=1)
    validation: int = Field(default=0, ge=0)
    train: int | None = Field(default=None, ge=1)


class Parts(NamedTuple):
    """What [study] and [data] say; None where a table has a mistake."""

    name: str | None
    seeds: tuple[int, ...] | None
    budget: Budget | None
    data: DataChoice | None


def read_tables(document: dict[str, Any], mistakes: Mistakes) -> Parts:
    """Read the names at the top, [study] and [data], and note every mistake in them."""
    for name in document:
        if name not in TOP:
            mistakes.add_unknown((name,), list(TOP))
    for name in TOP:
        may_lack = name == "optimizer" and varied_optimizers(document) is not None
        if name not in document and not may_lack:
            written = "[[space]]" if name == "space" else f"[{name}]"
            mistakes.add_missing((name,), f"add a table {written}")
    study = _validated(_StudyTable, document, "study", mistakes)
    data = _validated(_DataTable, document, "data", mistakes)
    if study is None:
        return Parts(None, None, None, _data_choice(data, mistakes))
    return Parts(
        study.name,
        study.seeds,
        Budget(epochs=study.epochs, evaluate_every=study.evaluate_every),
        _data_choice(data, mistakes),
    )


def _data_choice(table: _DataTable | None, mistakes: Mistakes) -> DataChoice | None:
    if table is None:
        return None
    if (table.name is None) == (table.path is None):
        got = "neither" if table.name is None else "both"
        mistakes.add(
            ("data",), f"`data` must have exactly one of `name` and `path`, got {got}"
        )
        return None
    return DataChoice(
        name=table.name,
        path=table.path,
        validation=table.validation,
        train=table.train,
    )


def _validated(
    kind: type[TableT], document: dict[str, Any], name: str, mistakes: Mistakes
) -> TableT | None:
    if name not in document:
        return None
    try:
        return kind.model_validate(document[name])
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _note(detail, name, kind, mistakes)
    return None


def _note(
    detail: ErrorDetails, table: str, kind: type[_Table], mistakes: Mistakes
) -> None:
    """Say what pydantic found in our words."""
    key: Key = (table, *detail["loc"])
    got = as_toml(detail["input"])
    dotted = f"`{'.'.join(map(str, key))}`"
    bound = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            mistakes.add_missing(key)
        case "extra_forbidden":
            mistakes.add_unknown(key, list(kind.model_fields))
        case "value_error":
            ours = bound["error"]
            mistakes.add(key, str(ours), getattr(ours, "hint", ""))
        case "int_type":
            mistakes.add(key, f"{dotted} must be an integer, got {got}")
        case "string_type":
            mistakes.add(key, f"{dotted} must be text, got {got}")
        case "string_too_short":
            mistakes.add(key, f"{dotted} must not be empty, got {got}")
        case "greater_than_equal":
            mistakes.add(key, f"{dotted} must be at least {bound['ge']}, got {got}")
        case "model_type":
            mistakes.add(key, f"{dotted} must be a table, got {got}")
        case _:
            mistakes.add(key, f"{dotted} {detail['msg'].lower()}, got {got}")
