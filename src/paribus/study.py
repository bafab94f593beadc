"""A study as data: everything needed to repeat it, and nothing that needs JAX."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

from paribus.errors import SpaceError, StudyError, unknown_name
from paribus.hyperparameters import (
    BATCH_SIZE,
    MODELS,
    OPTIMIZERS,
    Hyperparameter,
    Value,
)
from paribus.space import Config, SearchSpace


MAX_EPOCHS = 1_000_000
MAX_RUNS = 1_000_000
MAX_EVALUATIONS = 10_000
MAX_SEED = 2**63 - 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_RESERVED_NAMES = {"con", "prn", "aux", "nul"} | {
    f"{device}{digit}" for device in ("com", "lpt") for digit in range(1, 10)
}


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What each run may spend, and when it is evaluated.

    Attributes:
        epochs: Passes over the training split, 1 to 1,000,000.
        evaluate_every: Epochs from one evaluation to the next, equal in examples for
            every batch size; `"auto"` is 8 an epoch in the first two epochs, 2 an epoch
            to the tenth, then 1 an epoch, and at least 5 in the last fifth.
    """

    epochs: int
    evaluate_every: float | Literal["auto"] = "auto"

    def __post_init__(self) -> None:
        if isinstance(self.epochs, bool) or not isinstance(self.epochs, int):
            raise StudyError(f"`study.epochs` must be an integer, got {self.epochs!r}")
        if not 1 <= self.epochs <= MAX_EPOCHS:
            raise StudyError(
                f"`study.epochs` must be from 1 to {MAX_EPOCHS:,}, got {self.epochs}"
            )
        if self.evaluate_every == "auto":
            return
        if isinstance(self.evaluate_every, bool | str):
            got = repr(self.evaluate_every).lower().replace("'", '"')
            raise StudyError(
                f'`study.evaluate_every` must be "auto" or epochs, got {got}'
            )
        if not 0 < self.evaluate_every <= self.epochs:
            raise StudyError(
                f"`study.evaluate_every` must be above 0 and at most the {self.epochs} "
                f"epochs of the study, got {self.evaluate_every}"
            )
        if self.epochs / self.evaluate_every > MAX_EVALUATIONS:
            raise StudyError(
                f"`study.evaluate_every` must give at most {MAX_EVALUATIONS:,} evaluations, "
                f"got {self.evaluate_every} for {self.epochs} epochs"
            )

    def evaluation_epochs(self) -> tuple[float, ...]:
        """When runs are evaluated: 0 (before the first step), ..., `epochs`."""
        if self.evaluate_every == "auto":
            return self._auto_epochs()
        every = float(self.evaluate_every)
        n_whole = math.floor(self.epochs / every + 1e-9)
        epochs = [every * k for k in range(n_whole + 1)]
        if self.epochs - epochs[-1] > 1e-9 * self.epochs:
            epochs.append(float(self.epochs))
        epochs[-1] = float(self.epochs)
        return tuple(epochs)

    def _auto_epochs(self) -> tuple[float, ...]:
        epochs = {0.0, float(self.epochs)}
        epochs.update(k / 8 for k in range(1, 8 * min(self.epochs, 2) + 1))
        epochs.update(k / 2 for k in range(4, 2 * min(self.epochs, 10) + 1))
        epochs.update(float(k) for k in range(10, self.epochs + 1))
        n_last = sum(epoch > 0.8 * self.epochs for epoch in epochs)
        if n_last < 5:
            epochs.update(self.epochs * (0.8 + 0.04 * k) for k in range(1, 6))
        return tuple(sorted(epochs))


@dataclass(frozen=True, kw_only=True)
class DataChoice:
    """Which data set a study uses.

    Attributes:
        name: A data set by name, e.g. `"mnist"`; None if `path` is given.
        path: An `.npz` file, as written in the study file; None if `name` is given.
        validation: Examples held out of training, 0 for none.
    """

    name: str | None = None
    path: str | None = None
    validation: int = 0

    def __post_init__(self) -> None:
        if (self.name is None) == (self.path is None):
            raise StudyError("`data` must have exactly one of `name` and `path`")
        if isinstance(self.validation, bool) or not isinstance(self.validation, int):
            raise StudyError(
                f"`data.validation` must be an integer, got {self.validation!r}"
            )
        if self.validation < 0:
            raise StudyError(
                f"`data.validation` must be at least 0, got {self.validation}"
            )


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """Which model a study trains.

    Attributes:
        name: A built-in model: `"mlp"` or `"softmax"`.
        settings: Its fixed hyperparameters; those left out have their defaults.
    """

    name: str
    settings: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = _checked_settings("model", self.name, self.settings, MODELS)
        object.__setattr__(self, "settings", settings)


@dataclass(frozen=True, kw_only=True)
class OptimizerChoice:
    """Which optimizer a study trains with.

    Attributes:
        name: A built-in optimizer: `"keras_adam"`, `"adam"` or `"sgd"`.
        settings: Its fixed hyperparameters; those left out have their defaults.
    """

    name: str
    settings: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = _checked_settings("optimizer", self.name, self.settings, OPTIMIZERS)
        object.__setattr__(self, "settings", settings)


class Run(NamedTuple):
    """One training: one config with one seed.

    Attributes:
        config: The hyperparameters.
        seed: What fixes its randomness.
    """

    config: Config
    seed: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All hyperparameters of one config: those of the space, the fixed, the defaults.

    Attributes:
        batch_size: Examples per step.
        model: Hyperparameter -> value, all static.
        optimizer: Hyperparameter -> value.
    """

    batch_size: int
    model: Mapping[str, Value]
    optimizer: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Study:
    """Configs and seeds to be trained to answer a question.

    Attributes:
        name: Letters, digits, `_`, `-` and `.`: results lie in `studies/<name>`.
        seeds: The integers, each of which fixes all randomness of a run.
        budget: What each run may spend.
        data: Which data set.
        model: Which model.
        optimizer: Which optimizer.
        space: The configs.

    Raises:
        StudyError: If a field is out of range, or the fields do not fit together.
    """

    name: str
    seeds: tuple[int, ...]
    budget: Budget
    data: DataChoice
    model: ModelChoice
    optimizer: OptimizerChoice
    space: SearchSpace

    def __post_init__(self) -> None:
        check_name(self.name)
        check_seeds(self.seeds)
        object.__setattr__(self, "space", self._checked_space())
        n_runs = len(self.seeds) * len(self.configs())
        if n_runs > MAX_RUNS:
            raise StudyError(
                f"the study has {n_runs:,} runs, the limit is {MAX_RUNS:,}"
            )

    def configs(self) -> tuple[Config, ...]:
        """The configs of the search space, each once."""
        return self._configs

    @cached_property
    def _configs(self) -> tuple[Config, ...]:
        return self.space.configs()

    def n_runs(self) -> int:
        """Runs of the finished study."""
        return len(self.configs()) * len(self.seeds)

    def settings(self, config: Config) -> Settings:
        """All hyperparameters of `config`, with the fixed ones and the defaults."""

        def merged(
            known: Mapping[str, Hyperparameter], fixed: Mapping[str, Value]
        ) -> dict[str, Value]:
            defaults = {n: h.default for n, h in known.items() if h.default is not None}
            own = {name: config[name] for name in known if name in config}
            return {**defaults, **fixed, **own}

        batch_size = config["batch_size"]
        assert isinstance(batch_size, int)
        return Settings(
            batch_size=batch_size,
            model=merged(MODELS[self.model.name], self.model.settings),
            optimizer=merged(OPTIMIZERS[self.optimizer.name], self.optimizer.settings),
        )

    def static_part(self, config: Config) -> tuple[tuple[str, Value], ...]:
        """What a compiled program is made for: configs that share it share the program.

        Every hyperparameter of `config` that changes shapes or control flow; the traced
        ones (learning rate, momentum, ...) are left out.
        """
        settings = self.settings(config)
        known = {**MODELS[self.model.name], **OPTIMIZERS[self.optimizer.name]}
        values = {**settings.model, **settings.optimizer}
        static = {
            name: value for name, value in values.items() if known[name].is_static
        }
        return (("batch_size", settings.batch_size), *sorted(static.items()))

    def fixed_settings(self) -> dict[str, Any]:
        """What may not change while a study grows, as dotted keys of the study file.

        Everything but the space and the seeds. Values are plain JSON values.
        """
        fixed: dict[str, Any] = {
            "study.name": self.name,
            "study.epochs": self.budget.epochs,
            "study.evaluate_every": self.budget.evaluate_every,
            "data.name": self.data.name,
            "data.path": self.data.path,
            "data.validation": self.data.validation,
            "model.name": self.model.name,
            "optimizer.name": self.optimizer.name,
        }
        fixed |= self._fixed_of("model", MODELS[self.model.name], self.model.settings)
        fixed |= self._fixed_of(
            "optimizer", OPTIMIZERS[self.optimizer.name], self.optimizer.settings
        )
        return fixed

    def _fixed_of(
        self,
        table: str,
        known: Mapping[str, Hyperparameter],
        settings: Mapping[str, Value],
    ) -> dict[str, Any]:
        """The fixed hyperparameters of one table, defaults spelled out."""
        in_space = self.space.hyperparameters()
        values = {
            name: settings.get(name, hyperparameter.default)
            for name, hyperparameter in known.items()
            if name not in in_space
        }
        return {
            f"{table}.{name}": list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    def to_dict(self) -> dict[str, Any]:
        """Write the study as plain JSON values; `from_dict` reads it back."""
        return {
            "study": {
                "name": self.name,
                "seeds": list(self.seeds),
                "epochs": self.budget.epochs,
                "evaluate_every": self.budget.evaluate_every,
            },
            "data": {
                "name": self.data.name,
                "path": self.data.path,
                "validation": self.data.validation,
            },
            "model": {"name": self.model.name, "settings": _plain(self.model.settings)},
            "optimizer": {
                "name": self.optimizer.name,
                "settings": _plain(self.optimizer.settings),
            },
            "space": [
                {
                    name: [_plain_value(value) for value in values]
                    for name, values in grid.items()
                }
                for grid in self.space.grids
            ],
        }

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Study":
        """Read what `to_dict` wrote.

        Raises:
            StudyError: If the values do not make a study.
            KeyError: If a part is missing.
        """
        table = written["study"]
        return Study(
            name=table["name"],
            seeds=tuple(table["seeds"]),
            budget=Budget(
                epochs=table["epochs"], evaluate_every=table["evaluate_every"]
            ),
            data=DataChoice(**written["data"]),
            model=ModelChoice(**written["model"]),
            optimizer=OptimizerChoice(**written["optimizer"]),
            space=SearchSpace(
                grids=tuple(
                    {name: tuple(map(_tupled, values)) for name, values in grid.items()}
                    for grid in written["space"]
                )
            ),
        )

    def _checked_space(self) -> SearchSpace:
        """The space with every value checked against the model and the optimizer."""
        known = {
            BATCH_SIZE.name: BATCH_SIZE,
            **MODELS[self.model.name],
            **OPTIMIZERS[self.optimizer.name],
        }
        self._check_names(known)
        return SearchSpace(
            grids=tuple(
                {
                    name: _checked_values(known[name], values, f"[[space]] {position}")
                    for name, values in grid.items()
                }
                for position, grid in enumerate(self.space.grids, start=1)
            )
        )

    def _check_names(self, known: Mapping[str, Hyperparameter]) -> None:
        names = self.space.hyperparameters()
        for name in names:
            if name not in known:
                raise unknown_name(
                    f"hyperparameter of `{self.model.name}` or `{self.optimizer.name}`",
                    name,
                    known,
                    where="[[space]]",
                )
        for table, choice in (("model", self.model), ("optimizer", self.optimizer)):
            for name in choice.settings:
                if name in names:
                    raise StudyError(
                        f"`{name}` must stand in one of [{table}] and [[space]], got both"
                    )
        for name, hyperparameter in known.items():
            is_fixed = name in self.model.settings or name in self.optimizer.settings
            if hyperparameter.default is None and name not in names and not is_fixed:
                raise SpaceError(
                    f"`{name}` is missing", hint=f"add `{name} = [...]` to [[space]]"
                )


def check_name(name: str) -> None:
    """Refuse a study name that could not be a folder's.

    Raises:
        StudyError: If it has other characters than letters, digits, `_`, `-` and `.`, is
            longer than 100, starts with a sign, or is reserved by an operating system.
    """
    if not _NAME.fullmatch(name) or name.split(".")[0].lower() in _RESERVED_NAMES:
        raise StudyError(
            "`study.name` must be at most 100 letters, digits, `_`, `-` or `.`, begin with a "
            f"letter or a digit, and be no reserved word, got {ascii(name[:120])}"
        )


def count_seeds(n_seeds: int) -> tuple[int, ...]:
    """The seeds that a count stands for: 0, 1, ...

    Raises:
        StudyError: If there are none, or more than a study may have runs.
    """
    if not 1 <= n_seeds <= MAX_RUNS:
        raise StudyError(f"`study.seeds` must be from 1 to {MAX_RUNS:,}, got {n_seeds}")
    return tuple(range(n_seeds))


def check_seeds(seeds: tuple[int, ...]) -> None:
    """Refuse seeds that are out of range or given twice.

    Raises:
        StudyError: If there are none, one is below 0 or above 2^63 - 1, or one is doubled.
    """
    if not seeds:
        raise StudyError("`study.seeds` must have at least one seed")
    for position, seed in enumerate(seeds, start=1):
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise StudyError(
                f"`study.seeds` must be integers, got {seed!r} (value {position})"
            )
        if not 0 <= seed <= MAX_SEED:
            raise StudyError(
                f"`study.seeds` must be from 0 to {MAX_SEED}, got {seed} (value {position})"
            )
    if len(set(seeds)) < len(seeds):
        twice = next(seed for seed in seeds if seeds.count(seed) > 1)
        raise StudyError(f"`study.seeds` must have each seed once, got {twice} twice")


def _checked_settings(
    kind: str,
    name: str,
    settings: Mapping[str, Any],
    catalogue: Mapping[str, Mapping[str, Hyperparameter]],
) -> dict[str, Value]:
    if name not in catalogue:
        raise unknown_name(kind, name, catalogue, where=f"[{kind}] name")
    known = catalogue[name]
    checked: dict[str, Value] = {}
    for setting, value in settings.items():
        if setting not in known:
            raise unknown_name(
                f"hyperparameter of `{name}`", setting, known, where=f"[{kind}]"
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
            raise SpaceError(
                f"`{hyperparameter.name}` {error} (value {position} of {len(values)}): {where}"
            ) from None
    return tuple(checked)


def _plain(values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _tupled(value: Any) -> Value:
    return tuple(value) if isinstance(value, list) else value
