"""From a study's name or file to a Study: read, parse, override, check, build."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from paribus.builders import Builder
from paribus.errors import ParibusError, StudyError
from paribus.space import SearchSpace, n_points
from paribus.study import (
    MAX_RUNS,
    DataChoice,
    ModelChoice,
    OptimizerChoice,
    Study,
    TaskChoice,
)
from paribus.study_file.choices import (
    asks_model,
    read_model,
    read_optimizer,
    varied_optimizers,
)
from paribus.study_file.declarations import Declarations, read_declarations
from paribus.study_file.file import StudyFile
from paribus.study_file.grids import Grid, read_grids
from paribus.study_file.known import Known
from paribus.study_file.mistakes import (
    Key,
    Mistake,
    Mistakes,
    dotted_key,
    size_place,
)
from paribus.study_file.modules import read_builder, read_function
from paribus.study_file.overrides import apply_overrides, options_of, parse_overrides
from paribus.study_file.sizes import STANDARD, size_names, size_overrides
from paribus.study_file.sources import Source, read_source
from paribus.study_file.syntax import parse
from paribus.study_file.tables import Parts, read_tables
from paribus.study_file.tasks import read_task


PartT = TypeVar("PartT")

# A model of the user's own, and the grids of its space, to its optimizer and task.
AskModel = Callable[
    [ModelChoice, Sequence[Mapping[str, Sequence[Any]]]],
    tuple[OptimizerChoice, TaskChoice],
]


class Code(NamedTuple):
    """How far a study file's own code may be used.

    Attributes:
        allowed: Top-level modules that may be imported.
        ask_model: As `read_study`.
    """

    allowed: tuple[str, ...]
    ask_model: AskModel | None


def read_study(
    source: str | Path,
    *,
    overrides: Sequence[str] = (),
    seeds: int | None = None,
    size: str = STANDARD,
    allow_modules: Sequence[str] = (),
    ask_model: AskModel | None = None,
) -> StudyFile:
    """Read a study by a built-in name or from a TOML file.

    Args:
        source: A text that names a built-in study means that; anything else is a path.
        overrides: `KEY=VALUE` texts that replace single settings.
        seeds: A count that replaces `study.seeds`.
        size: A table of the file's [sizes]; its settings replace those of the file
            before `overrides` do.
        allow_modules: Top-level modules that `model.builder` may be imported from.
        ask_model: Finds the optimizer and the loss that a model of the user's own is
            compiled with, where the file has none.

    Raises:
        CommandError: If an override is not one assignment, or one is given twice, or
            the study has no such size.
        UserCodeError: If a module that is imported raises.
        StudyError: If there is no such study, or it has mistakes: all of them, each
            with its place.
    """
    assignments = parse_overrides(overrides)
    options = options_of(assignments, seeds)
    found = read_source(source)
    code = Code(tuple(allow_modules), ask_model)
    written = parse(found)
    mistakes = Mistakes(file=found.name, options=options)
    document = _sized(written, size, mistakes)
    document = apply_overrides(document, assignments, mistakes)
    if seeds is not None and isinstance(document.get("study"), dict):
        document["study"] = {**document["study"], "seeds": seeds}
    read = _read(document, found, mistakes, code)
    for other in size_names(written):
        if other not in (STANDARD, size):
            mistakes.found += _mistakes_of(other, written, found, code)
    mistakes.raise_any()
    return _build(document, found, read, mistakes, code)


def _sized(document: dict[str, Any], size: str, mistakes: Mistakes) -> dict[str, Any]:
    """The document with what a size replaces; mistakes in that are placed there."""
    sized = size_overrides(document, size, mistakes)
    places = {
        override.key: f"{size_place(mistakes.file, size)}, {dotted_key(override.key)}"
        for override in sized
    }
    mistakes.options = {**places, **mistakes.options}
    return apply_overrides(document, sized, mistakes)


def _mistakes_of(
    size: str, document: dict[str, Any], source: Source, code: Code
) -> list[Mistake]:
    """The mistakes in the table of a size that nobody has chosen."""
    mistakes = Mistakes(file=source.name)
    with suppress(ParibusError):  # code that this size alone names is not allowed yet
        _read(_sized(document, size, mistakes), source, mistakes, code)
    place = size_place(source.name, size)
    return [
        # What is misspelt here is missing nowhere else.
        replace(mistake, meant=(), missing=())
        for mistake in mistakes.found
        if mistake.place.startswith(place)
    ]


class _Read(NamedTuple):
    """What the tables of a file say; None where one has a mistake."""

    parts: Parts
    model: ModelChoice | None
    optimizer: OptimizerChoice | None
    grids: tuple[Grid, ...]
    declared: Declarations


def _read(
    document: dict[str, Any], source: Source, mistakes: Mistakes, code: Code
) -> _Read:
    """Read every table, and note every mistake."""
    parts = read_tables(document, mistakes)

    def load(reference: str) -> Builder:
        return read_builder(
            reference,
            allowed=code.allowed,
            folder=source.folder,
            place=mistakes.place(("model", "builder")),
        )

    def load_part(reference: str, setting: str) -> Callable[..., Any]:
        return read_function(
            reference,
            setting=f"task.{setting}",
            allowed=code.allowed,
            folder=source.folder,
            place=mistakes.place(("task", setting)),
        )

    task = read_task(document, mistakes, load_part)
    model = read_model(document, mistakes, load)
    optimizer = read_optimizer(document, mistakes)
    known = Known(
        model=model,
        optimizer=optimizer,
        optimizers=varied_optimizers(document) or (),
    )
    grids = read_grids(document, known, mistakes)
    n_validation = None if parts.data is None else parts.data.validation
    # What a model is compiled for is known later: `Study` looks at claims again.
    asked = None if asks_model(document) and "task" not in document else task
    declared = read_declarations(
        document, grids, n_validation, mistakes, asked, parts.budget
    )
    if parts.seeds is not None:
        n_tuning = len(declared.tuning.seeds) if declared.tuning else 0
        n_seeds = max(len(parts.seeds), len(parts.planned_seeds))
        _check_size(grids, n_seeds + n_tuning, mistakes)
    return _Read(parts, model, optimizer, grids, declared)


def _build(
    document: dict[str, Any],
    source: Source,
    read: _Read,
    mistakes: Mistakes,
    code: Code,
) -> StudyFile:
    parts, model, optimizer, grids, declared = read
    if asks_model(document):
        optimizer, compiled = _asked(model, grids, code, mistakes)
        if "task" not in document:
            declared = declared._replace(task=compiled)
    parts = parts._replace(data=_with_loader(parts.data, source, mistakes, code))
    study = _study(parts, (model, optimizer), grids, declared, mistakes)
    n_united = n_points(grids) - len(study.configs())
    return StudyFile(
        study=study,
        folder=source.folder,
        text=source.text,
        place=_placing(document, grids, study, mistakes),
        n_united=n_united,
    )


def _placing(
    document: dict[str, Any],
    grids: tuple[Grid, ...],
    study: Study,
    mistakes: Mistakes,
) -> Callable[[Key], str]:
    """How to say where a key stands; of a grid that no table of its own says, alone."""
    is_written = len(document["space"]) == len(grids)

    def place(key: Key) -> str:
        if key[0] != "space":
            return mistakes.place(key)
        return mistakes.place(_written(key, grids, study)) if is_written else file

    file = mistakes.file
    return place


def _written(key: Key, grids: tuple[Grid, ...], study: Study) -> Key:
    """Where a value of the study's space stands: a grid may have become several."""
    _, position, name, at, *_ = key
    grid = study.space.grids[int(position)]
    value = grid[str(name)][int(at)]
    for i, written in enumerate(grids):
        is_from_there = all(set(grid[n]) <= set(v) for n, v in written.items())
        if is_from_there and value in written.get(str(name), ()):
            return ("space", i, name, list(written[str(name)]).index(value))
    return key


def _with_loader(
    data: DataChoice | None, source: Source, mistakes: Mistakes, code: Code
) -> DataChoice | None:
    if data is None or data.loader is None:
        return data
    function = read_function(
        data.loader,
        setting="data.loader",
        allowed=code.allowed,
        folder=source.folder,
        place=mistakes.place(("data", "loader")),
    )
    return replace(data, given=function)


def _asked(
    model: ModelChoice | None,
    grids: tuple[Grid, ...],
    code: Code,
    mistakes: Mistakes,
) -> tuple[OptimizerChoice, TaskChoice]:
    if code.ask_model is None:
        raise StudyError(
            f"`optimizer` is missing ({mistakes.file})", hint="add a table [optimizer]"
        )
    return code.ask_model(_there(model), grids)


def _there(part: PartT | None) -> PartT:
    assert part is not None
    return part


def _check_size(grids: tuple[Grid, ...], n_seeds: int, mistakes: Mistakes) -> None:
    n_runs = n_points(grids) * n_seeds
    if n_runs > MAX_RUNS:
        mistakes.add(
            ("space", 0), f"the study has {n_runs:,} runs, the limit is {MAX_RUNS:,}"
        )


def _study(
    parts: Parts,
    choices: tuple[ModelChoice | None, OptimizerChoice | None],
    grids: tuple[Grid, ...],
    declared: Declarations,
    mistakes: Mistakes,
) -> Study:
    # A part that is missing was a mistake, and mistakes have been raised before.
    try:
        return Study(
            name=_there(parts.name),
            seeds=_there(parts.seeds),
            budget=_there(parts.budget),
            data=_there(parts.data),
            model=_there(choices[0]),
            optimizer=_there(choices[1]),
            space=SearchSpace(grids=grids),
            looks=parts.looks,
            exact=parts.exact,
            planned_seeds=parts.planned_seeds,
            **declared._asdict(),
        )
    except StudyError as error:  # a rule between the parts that only the records know
        raise type(error)(f"{error} ({mistakes.file})", hint=error.hint) from None
