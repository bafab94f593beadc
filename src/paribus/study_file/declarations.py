"""[tuning], [[claims]] and [diagnostics]: what a study declares before it runs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import Field, field_validator

from paribus.budget import MAX_EPOCHS, Budget
from paribus.declared import DeclaredClaim, check_diagnostics, claim_problems
from paribus.errors import StudyError, as_toml, first_twice
from paribus.halving import MAX_FACTOR, MIN_FACTOR, Halving
from paribus.hyperparameters import Value, frozen_values
from paribus.problems import Problem
from paribus.study import TaskChoice
from paribus.study_file.grids import Grid
from paribus.study_file.mistakes import Key, Mistakes, one_of, quoted
from paribus.study_file.tables import Table, validated
from paribus.tasks import ALL_METRICS
from paribus.tuning import Tuning, count_tuning_seeds


MAX_TUNING_SEEDS = 10_000

# What of [tuning] is about values of the space.
_OF_THE_SPACE = (("hyperparameter",), ("held",), ("where",))


class Declarations(NamedTuple):
    """What a study file declares beside its space."""

    tuning: Tuning | None
    claims: tuple[DeclaredClaim, ...]
    diagnostics: tuple[str, ...]
    task: TaskChoice


def _read_values(written: Any, what: str, example: str) -> dict[str, Value]:
    if not isinstance(written, dict):
        raise StudyError(
            f"{what} must be a table such as {example}, got {as_toml(written)}"
        )
    return frozen_values(written)


class _HalvingTable(Table):
    factor: int = Field(default=3, ge=MIN_FACTOR, le=MAX_FACTOR)
    min_epochs: int = Field(default=1, ge=1, le=MAX_EPOCHS)


class _TuningTable(Table):
    hyperparameter: str = "learning_rate"
    seeds: int = Field(ge=1, le=MAX_TUNING_SEEDS)
    target_seeds: int = Field(default=0, ge=0, le=MAX_TUNING_SEEDS)
    held: Any = ()
    compare: Any = "tuned"
    where: Any = Field(default_factory=dict)
    refine: bool = Field(default=False, strict=True)
    halving: Any = None

    @field_validator("held")
    @classmethod
    def _check_held(cls, held: Any) -> tuple[float, ...]:
        if not isinstance(held, list):
            raise StudyError(
                f"`tuning.held` must be a list of values, got {as_toml(held)}"
            )
        for value in held:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise StudyError(f"`tuning.held` must be numbers, got {as_toml(value)}")
        if len(set(held)) < len(held):
            raise StudyError(
                f"`tuning.held` must have each value once, got {as_toml(held)}"
            )
        return tuple(map(float, held))

    @field_validator("compare")
    @classmethod
    def _check_compare(cls, compare: Any) -> str:
        return one_of("tuning.compare", compare, ("tuned", "all"))

    @field_validator("where")
    @classmethod
    def _check_where(cls, where: Any) -> dict[str, Value]:
        return _read_values(where, "`tuning.where`", '{ schedule = "constant" }')


class _ClaimTable(Table):
    text: str = Field(min_length=1)
    measure: str = Field(min_length=1)
    a: Any
    b: Any
    relation: Any
    smallest_effect: float | None = None

    @field_validator("relation")
    @classmethod
    def _check_relation(cls, relation: Any) -> str:
        known = ("at_least", "greater", "less", "equivalent")
        return one_of("relation", relation, known)

    @field_validator("a", "b")
    @classmethod
    def _read_side(cls, side: Any) -> dict[str, Value]:
        return _read_values(side, "a side of a claim", "{ learning_rate = 0.01 }")

    @field_validator("smallest_effect")
    @classmethod
    def _check_effect(cls, effect: float | None) -> float | None:
        if effect is not None and not 0 < effect < float("inf"):
            raise StudyError(
                f"`smallest_effect` must be above 0 and finite, got {as_toml(effect)}"
            )
        return effect


class _DiagnosticsTable(Table):
    measure: list[str] = Field(min_length=1)

    @field_validator("measure")
    @classmethod
    def _check_names(cls, names: list[str]) -> list[str]:
        check_diagnostics(tuple(names))
        if (twice := first_twice(names)) is not None:
            raise StudyError(
                f"`diagnostics.measure` must name each once, got `{twice}` twice"
            )
        return names


def read_declarations(
    document: dict[str, Any],
    grids: tuple[Grid, ...],
    n_validation: int | None,
    mistakes: Mistakes,
    task: TaskChoice | None = None,
    budget: Budget | None = None,
) -> Declarations:
    """Read what a study declares, and note every mistake in it.

    Args:
        document: The whole file.
        grids: The search space, as far as it could be read.
        n_validation: Examples held out of training; None where [data] has a mistake.
        mistakes: Where mistakes go.
        task: What is predicted; None where the model is to be asked for it.
        budget: What each run may spend; None where [study] has a mistake.
    """
    metrics = ALL_METRICS if task is None else task.metric_names()
    task = task or TaskChoice()
    tuning = _read_tuning(document, grids, (n_validation, budget), mistakes)
    tuned = _tuned_name(document, tuning)
    claims = _read_claims(document, grids, tuned, mistakes, metrics)
    table = None
    if "diagnostics" in document:
        written = document["diagnostics"]
        table = validated(_DiagnosticsTable, written, ("diagnostics",), mistakes)
    diagnostics = () if table is None else tuple(table.measure)
    try:
        check_diagnostics(diagnostics, kind=task.kind)
    except StudyError as error:
        mistakes.add(("diagnostics", "measure"), str(error), error.hint)
    return Declarations(tuning, claims, diagnostics, task)


def _read_tuning(
    document: dict[str, Any],
    grids: tuple[Grid, ...],
    given: tuple[int | None, Budget | None],
    mistakes: Mistakes,
) -> Tuning | None:
    if "tuning" not in document:
        return None
    table = validated(_TuningTable, document["tuning"], ("tuning",), mistakes)
    if table is None:
        return None
    n_validation, budget = given
    tuning = Tuning(
        hyperparameter=table.hyperparameter,
        seeds=count_tuning_seeds(max(table.seeds, table.target_seeds)),
        n_choosing=table.seeds,
        held=table.held,
        compare=table.compare,
        where=table.where,
        refine=table.refine,
        halving=_read_halving(table.halving, mistakes),
    )
    is_space_known = not mistakes.has_any_in("space")
    # Where [data] has a mistake, how much it holds out is not known.
    n_choosing = 1 if n_validation is None else n_validation
    for problem in tuning.problems(grids, n_choosing, budget):
        if not is_space_known and problem.key[:1] in _OF_THE_SPACE:
            continue
        mistakes.add(("tuning", *problem.key), problem.text, problem.hint)
    return tuning


def _read_halving(written: Any, mistakes: Mistakes) -> Halving | None:
    if written is None:
        return None
    table = validated(_HalvingTable, written, ("tuning", "halving"), mistakes)
    return None if table is None else Halving(**table.model_dump())


def _tuned_name(document: dict[str, Any], tuning: Tuning | None) -> str | None:
    """What is tuned, also where [tuning] has a mistake in something else."""
    if tuning is not None:
        return tuning.hyperparameter
    written = document.get("tuning")
    if not isinstance(written, dict):
        return None
    return written.get("hyperparameter", "learning_rate")


def _read_claims(
    document: dict[str, Any],
    grids: tuple[Grid, ...],
    tuned: str | None,
    mistakes: Mistakes,
    metrics: Sequence[str],
) -> tuple[DeclaredClaim, ...]:
    written = document.get("claims", [])
    is_list = isinstance(written, list)
    if not is_list or not all(isinstance(claim, dict) for claim in written):
        hint = "write [[claims]]" if isinstance(written, dict) else ""
        text = f"`claims` must be a list of tables, got {as_toml(written)}"
        mistakes.add(("claims",), text, hint)
        return ()
    claims = []
    are_sides_checked = not mistakes.has_any_in("space", "tuning")
    for position, item in enumerate(written):
        key: Key = ("claims", position)
        table = validated(_ClaimTable, item, key, mistakes)
        claim = _readable(item) if table is None else _declared(table)
        if claim is None:
            continue
        if claim in claims:
            first = claims.index(claim) + 1
            text = "each claim must stand once, this one stands twice"
            mistakes.add(key, text, f"it is [[claims]] {first} already")
        if table is not None:
            claims.append(claim)
        for problem in claim_problems(claim, grids, tuned, metrics):
            is_of_side = problem.key[:1] in (("a",), ("b",))
            is_read = table is not None or is_of_side or problem.key == ("measure",)
            if is_read and (are_sides_checked or not is_of_side):
                text, hint = _in_words(problem, claim, is_of_side, mistakes)
                mistakes.add((*key, *problem.key), text, hint)
    return tuple(claims)


def _declared(table: _ClaimTable) -> DeclaredClaim:
    return DeclaredClaim(**table.model_dump())


def _readable(written: dict[str, Any]) -> DeclaredClaim | None:
    """A claim with a mistake, where its measure and its sides can still be asked."""
    stand_in = {"text": "?", "relation": "less"}
    known = {name: written.get(name) for name in ("measure", "a", "b")}
    try:
        return _declared(_ClaimTable.model_validate(known | stand_in))
    except ValueError:
        return None


def _in_words(
    problem: Problem, claim: DeclaredClaim, is_of_side: bool, mistakes: Mistakes
) -> tuple[str, str]:
    """What is wrong and what to do, where an option took from a claim what it names."""
    is_by_option = any(key[0] == "space" for key in mistakes.options)
    if not is_of_side or not is_by_option:
        return problem.text, problem.hint
    hint = f"{problem.hint}; --set 'claims=[]' drops all claims"
    return f"{problem.text}, in the claim {quoted(claim.text)}", hint.removeprefix("; ")
