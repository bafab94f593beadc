"""What a study has chosen: data, model and optimizer, and what may be set of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from paribus.builders import Builder
from paribus.errors import SpaceError, StudyError, as_toml, unknown_name
from paribus.hyperparameters import (
    MODELS,
    Hyperparameter,
    Value,
    every_hyperparameter,
    frozen_values,
    plain_values,
)
from paribus.optimizer_catalogue import (
    OPTIMIZERS,
)


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
