"""Do a search space, a model and an optimizer fit together, and all of its values?"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from paribus.choices import ELSEWHERE, ModelChoice, OptimizerChoice
from paribus.errors import SpaceError, StudyError, unknown_name
from paribus.hyperparameters import (
    BATCH_SIZE,
    Hyperparameter,
    Value,
    as_trained,
)
from paribus.optimizer_catalogue import (
    COMMON,
    OPTIMIZER,
    OPTIMIZERS,
    SCHEDULE,
    shared_hyperparameters,
)
from paribus.space import SearchSpace, check_distinct


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
