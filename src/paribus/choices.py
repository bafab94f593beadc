"""What a study has chosen: data, model and optimizer, and what may be set of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from paribus.builders import Builder
from paribus.errors import SpaceError, StudyError, as_toml, unknown_name
from paribus.hyperparameters import (
    BATCH_SIZE,
    MODELS,
    Hyperparameter,
    Value,
    as_trained,
    every_hyperparameter,
    frozen_values,
    plain_values,
)
from paribus.optimizer_catalogue import (
    COMMON,
    OPTIMIZER,
    OPTIMIZERS,
    SCHEDULE,
    shared_hyperparameters,
)
from paribus.space import SearchSpace, check_distinct


# The model and the optimizer of runs that another tool trained: nothing is known of
# them, and their search space may vary anything.
ELSEWHERE = "elsewhere"

# How columns of texts become inputs.
CODINGS = ("one_hot", "codes")


@dataclass(frozen=True, kw_only=True)
class DataChoice:
    """Which data set a study uses: by `name`, `path` or `loader`.

    Attributes:
        name: A data set by name, e.g. `"mnist"`; None if it has none.
        path: A file or folder, as written in the study file; None if there is none.
        loader: `package.module:function`, which returns the data; None if none does.
        target: The column of a table to predict, or the file of labels.
        categorical: How columns of texts become inputs: `"one_hot"` or `"codes"`.
        standardise: Whether inputs are given mean 0 and deviation 1 in training.
        validation: Examples held out of training, 0 for none.
        train: Examples to train on, drawn from what is left by a fixed seed; None for
            all of them.
        given: The data that were handed in, or the function called `loader`; it is not
            recorded.
    """

    name: str | None = None
    path: str | None = None
    validation: int = 0
    train: int | None = None
    loader: str | None = None
    target: str | None = None
    categorical: Literal["one_hot", "codes"] = "one_hot"
    standardise: bool = False
    given: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        n_said = sum(each is not None for each in (self.name, self.path, self.loader))
        if n_said != 1:
            got = "none" if not n_said else f"{n_said}"
            raise StudyError(
                "`data` must have exactly one of `name`, `path` and `loader`, got "
                f"{got}"
            )
        if self.path is None and self.target is not None:
            raise StudyError(
                f"`data.target` must stand beside `path`, got {as_toml(self.target)}"
            )
        if self.categorical not in CODINGS:
            raise StudyError(
                f'`data.categorical` must be "one_hot" or "codes", got '
                f"{as_toml(self.categorical)}"
            )
        if not isinstance(self.standardise, bool):
            raise StudyError(
                f"`data.standardise` must be true or false, got {self.standardise!r}"
            )
        got = as_toml(self.validation)
        if isinstance(self.validation, bool) or not isinstance(self.validation, int):
            raise StudyError(f"`data.validation` must be an integer, got {got}")
        if self.validation < 0:
            raise StudyError(f"`data.validation` must be at least 0, got {got}")
        if self.train is None:
            return
        if isinstance(self.train, bool) or not isinstance(self.train, int):
            raise StudyError(
                f"`data.train` must be an integer, got {as_toml(self.train)}"
            )
        if self.train < 1:
            raise StudyError(f"`data.train` must be at least 1, got {self.train}")

    def to_dict(self) -> dict[str, Any]:
        """Write the choice as plain JSON values; `DataChoice(**written)` reads it."""
        return {
            f.name: getattr(self, f.name) for f in fields(self) if f.name != "given"
        }


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """Which model a study trains.

    Attributes:
        name: A built-in model, e.g. `"mlp"` or `"cnn"`, or `package.module:function`.
        settings: Its fixed hyperparameters; those left out have their defaults.
        builder: What makes the user's own model, which then is called by its
            reference; None for a built-in one.
    """

    name: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    builder: Builder | None = None

    def __post_init__(self) -> None:
        known = MODELS
        if self.builder is not None:
            known = {self.name: self.builder.hyperparameters}
        settings = _checked_settings("model", self.name, self.settings, known)
        object.__setattr__(self, "settings", settings)

    def hyperparameters(self) -> Mapping[str, Hyperparameter]:
        """What may be set of it, or varied."""
        if self.builder is not None:
            return self.builder.hyperparameters
        return MODELS[self.name]

    def to_dict(self) -> dict[str, Any]:
        """Write the choice as plain JSON values; `from_dict` reads it back."""
        written = {"name": self.name, "settings": plain_values(self.settings)}
        if self.builder is not None:
            written["builder"] = self.builder.to_dict()
        return written

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "ModelChoice":
        """Read what `to_dict` wrote; of a user's model only what is known of it."""
        builder = written.get("builder")
        return ModelChoice(
            name=written["name"],
            settings=frozen_values(written["settings"]),
            builder=None if builder is None else Builder.from_dict(builder),
        )


@dataclass(frozen=True, kw_only=True)
class OptimizerChoice:
    """Which optimizer a study trains with, or how all optimizers of its space are set.

    Attributes:
        name: A built-in optimizer, e.g. `"adam"`, as in `docs/reference/optimizers.md`;
            None if the space varies `optimizer`.
        settings: Fixed hyperparameters; those left out have their defaults. Without a
            name each is for every optimizer of the space that has it.
    """

    name: str | None = None
    settings: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = _checked_settings("optimizer", self.name, self.settings, OPTIMIZERS)
        object.__setattr__(self, "settings", settings)

    def to_dict(self) -> dict[str, Any]:
        """Write the choice as plain JSON values; `from_dict` reads it back."""
        return {"name": self.name, "settings": plain_values(self.settings)}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "OptimizerChoice":
        """Read what `to_dict` wrote."""
        return OptimizerChoice(
            name=written["name"], settings=frozen_values(written["settings"])
        )


def checked_space(
    space: SearchSpace, *, model: ModelChoice, optimizer: OptimizerChoice
) -> SearchSpace:
    """Return the space with every value in its canonical form.

    What a grid leaves out and others vary has its default in the configs whose model or
    optimizer has it, so that equal settings are one config.

    Raises:
        UnknownNameError: If the space varies what the model or an optimizer lacks.
        StudyError: If a hyperparameter is both fixed and varied, or no optimizer has
            what is fixed.
        SpaceError: If one is missing, or a value is out of range.
    """
    if model.name == ELSEWHERE:
        return space
    if optimizer.name is None:
        _check_settings_apply(optimizer.settings, _optimizers(space, optimizer))
    names = space.hyperparameters()
    _check_not_fixed(names, model, optimizer)
    check_schedule(space.grids, optimizer.settings)
    grids: list[Mapping[str, tuple[Value, ...]]] = []
    refined: list[int] = []
    for position, grid in enumerate(space.grids, start=1):
        n_before = len(grids)
        where = f"[[space]] {position}"
        own = _optimizers_of(grid, optimizer, where)
        known = _known(model, own, optimizer)
        _check_names(grid, known, model=model, optimizer=optimizer)
        checked = {
            name: _checked_values(known[name], values, where)
            for name, values in grid.items()
        }
        left_out = [name for name in names if name not in grid]
        for part in _by_optimizer(checked) if left_out else [checked]:
            has = _known(model, _optimizers_of(part, optimizer, where), optimizer)
            defaults = {name: has[name].default for name in left_out if name in has}
            filled = {n: (value,) for n, value in defaults.items() if value is not None}
            grids.append({**part, **filled})
        if position - 1 in space.refined:
            refined += range(n_before, len(grids))
    return SearchSpace(grids=tuple(grids), refined=tuple(refined))


def _known(
    model: ModelChoice, optimizers: Sequence[str], optimizer: OptimizerChoice
) -> dict[str, Hyperparameter]:
    """The hyperparameters that configs of these optimizers may have."""
    return {
        **model.hyperparameters(),
        BATCH_SIZE.name: BATCH_SIZE,
        **shared_hyperparameters(optimizers),
        **({OPTIMIZER.name: OPTIMIZER} if optimizer.name is None else {}),
    }


def _by_optimizer(
    grid: Mapping[str, tuple[Value, ...]],
) -> list[dict[str, tuple[Value, ...]]]:
    """The grid, divided where its optimizers may have other hyperparameters."""
    names = grid.get(OPTIMIZER.name)
    if names is None:
        return [dict(grid)]
    return [{**grid, OPTIMIZER.name: (name,)} for name in names]


def check_schedule(
    grids: Sequence[Mapping[str, tuple[Any, ...]]], settings: Mapping[str, Value]
) -> None:
    """Refuse numbers that no schedule of the study uses, and two warm-ups at once.

    Args:
        grids: The space's.
        settings: The fixed hyperparameters of the optimizer.

    Raises:
        StudyError: If there is such a number.
    """
    said = {**dict.fromkeys(name for grid in grids for name in grid), **settings}
    if "warmup_steps" in said and "warmup_epochs" in said:
        raise StudyError(
            "a study must have one of `warmup_steps` and `warmup_epochs`, got both"
        )
    varied = [v for grid in grids for v in grid.get(SCHEDULE.name, ())]
    used = dict.fromkeys(varied or [settings.get(SCHEDULE.name, SCHEDULE.default)])
    for name in said:
        needed = COMMON[name].schedules if name in COMMON else ()
        if needed and not any(schedule in needed for schedule in used):
            known = ", ".join(f'"{schedule}"' for schedule in needed)
            got = " and ".join(f'"{schedule}"' for schedule in used)
            raise StudyError(f"`{name}` needs a `schedule` of {known}, got {got}")


def _optimizers(space: SearchSpace, optimizer: OptimizerChoice) -> tuple[str, ...]:
    """The optimizers that are trained with, each once."""
    return tuple(
        dict.fromkeys(
            name
            for position, grid in enumerate(space.grids, start=1)
            for name in _optimizers_of(grid, optimizer, f"[[space]] {position}")
        )
    )


def _optimizers_of(
    grid: Mapping[str, tuple[Value, ...]], optimizer: OptimizerChoice, where: str
) -> tuple[str, ...]:
    """The optimizers of one grid's configs."""
    if OPTIMIZER.name not in grid:
        if optimizer.name is None:
            raise StudyError("`optimizer.name` is missing")
        return (optimizer.name,)
    if optimizer.name is not None:
        raise StudyError(
            "`optimizer` must stand in one of [optimizer] and [[space]], got both",
            hint="leave `name` out of [optimizer]",
        )
    _checked_values(OPTIMIZER, grid[OPTIMIZER.name], where)
    return tuple(str(name) for name in grid[OPTIMIZER.name])


def _check_settings_apply(
    settings: Mapping[str, Value], optimizers: Sequence[str]
) -> None:
    for name in settings:
        if not any(name in OPTIMIZERS[optimizer] for optimizer in optimizers):
            raise StudyError(
                f"`optimizer.{name}` must be a hyperparameter of an optimizer of the "
                f"space, got {' and '.join(optimizers)}"
            )


def _check_not_fixed(
    names: Collection[str], model: ModelChoice, optimizer: OptimizerChoice
) -> None:
    for table, choice in (("model", model), ("optimizer", optimizer)):
        for name in choice.settings:
            if name in names:
                raise StudyError(
                    f"`{name}` must stand in one of [{table}] and [[space]], got both"
                )


def _check_names(
    names: Collection[str],
    known: Mapping[str, Hyperparameter],
    *,
    model: ModelChoice,
    optimizer: OptimizerChoice,
) -> None:
    for name in names:
        if name not in known:
            optimizers = f"`{optimizer.name}`" if optimizer.name else "all optimizers"
            raise unknown_name(
                f"hyperparameter of `{model.name}` or {optimizers}",
                name,
                known,
                where="[[space]]",
                likely=model.builder.hyperparameters if model.builder else (),
            )
    for name, hyperparameter in known.items():
        is_fixed = name in model.settings or name in optimizer.settings
        is_missing = hyperparameter.default is None and hyperparameter.is_required
        is_missing = is_missing and name != OPTIMIZER.name
        if is_missing and name not in names and not is_fixed:
            raise SpaceError(
                f"`{name}` is missing", hint=f"add `{name} = [...]` to [[space]]"
            )


def _checked_settings(
    kind: str,
    name: str | None,
    settings: Mapping[str, Any],
    catalogue: Mapping[str, Mapping[str, Hyperparameter]],
) -> dict[str, Value]:
    if name == ELSEWHERE and not settings:
        return {}
    if name is not None and name not in catalogue:
        raise unknown_name(kind, name, catalogue, where=f"[{kind}] name")
    known = every_hyperparameter(catalogue) if name is None else catalogue[name]
    checked: dict[str, Value] = {}
    for setting, value in settings.items():
        if setting not in known:
            raise unknown_name(
                f"hyperparameter of `{name or kind}`",
                setting,
                known,
                where=f"[{kind}]",
            )
        try:
            checked[setting] = known[setting].checked(value)
        except SpaceError as error:
            raise StudyError(f"`{kind}.{setting}` {error}") from None
    return checked


def _checked_values(
    hyperparameter: Hyperparameter, values: tuple[Any, ...], where: str
) -> tuple[Value, ...]:
    checked: list[Value] = []
    for position, value in enumerate(values, start=1):
        try:
            checked.append(hyperparameter.checked(value))
        except SpaceError as error:
            place = f"(value {position} of {len(values)}): {where}"
            raise SpaceError(f"`{hyperparameter.name}` {error} {place}") from None
    check_distinct(hyperparameter.name, [as_trained(v) for v in checked], where)
    return tuple(checked)
