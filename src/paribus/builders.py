"""A user's own model as data: its name, what it takes, and a digest of its source.

Reading a study never imports the module that the model comes from, so whatever has to
be known of it without its code is written down here.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paribus.code_digests import reference_of, source_digest
from paribus.errors import StudyError
from paribus.hyperparameters import Hyperparameter, Value, frozen, plain


# What a builder may ask for that is no hyperparameter: the engine gives it.
SUPPLIED = ("key", "rngs", "example_shape", "n_classes")

_FRAMEWORKS = ("keras", "tf_keras", "flax", "equinox", "torch", "haiku")

_KINDS_BY_NAME = (
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Python code that makes a model, as a study records it.

    Attributes:
        reference: `package.module:function`.
        hyperparameters: What it takes, by name; one without a default must be said.
        supplied: Which of `SUPPLIED` it takes beside them.
        source: A digest of its source, as `paribus.code_digests` makes it; empty where
            the source cannot be had, as in an interactive session.
        function: The code, where it has been imported; no part of the record.
    """

    reference: str
    hyperparameters: Mapping[str, Hyperparameter] = field(default_factory=dict)
    supplied: tuple[str, ...] = ()
    source: str = ""
    function: Any = field(default=None, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Write the record as plain JSON values; `from_dict` reads it back."""
        return {
            "reference": self.reference,
            "hyperparameters": {
                name: {
                    "default": plain(h.default),
                    "is_static": h.is_static,
                    "is_required": h.is_required,
                }
                for name, h in self.hyperparameters.items()
            },
            "supplied": list(self.supplied),
            "source": self.source,
        }

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Builder":
        """Read what `to_dict` wrote; the code itself stays where it is.

        Raises:
            KeyError: If a part is missing.
        """
        return Builder(
            reference=written["reference"],
            hyperparameters={
                name: _hyperparameter(
                    name,
                    default=frozen(known["default"]),
                    is_static=known["is_static"],
                    is_required=known["is_required"],
                )
                for name, known in written["hyperparameters"].items()
            },
            supplied=tuple(written["supplied"]),
            source=written["source"],
        )


def describe_builder(function: Any, *, reference: str | None = None) -> Builder:
    """Describe a function or class that makes a model, without calling it.

    Args:
        function: Its parameters are the model's hyperparameters, but for those that
            the engine supplies. All are static: each value has a program of its own.
        reference: Its `package.module:function`; that of its definition if not said.

    Raises:
        StudyError: If it is no function or class, or takes parameters without names.
    """
    name = reference or reference_of(function)
    if not callable(function) or _is_model(function):
        raise StudyError(
            "`model` must be a function that makes a model, or a class, got "
            f"{_say_kind(function)}",
            hint="pass the function itself, `model=build`, not what it returns, "
            "`model=build()`",
        )
    try:
        parameters = _parameters(function)
    except (TypeError, ValueError):
        raise StudyError(
            f"`{name}` must have a signature that can be read",
            hint="wrap it in a function that names its hyperparameters",
        ) from None
    hyperparameters: dict[str, Hyperparameter] = {}
    supplied: list[str] = []
    for parameter in parameters:
        if parameter.kind not in _KINDS_BY_NAME:
            raise StudyError(
                f"`{name}` must name each of its parameters, got `{parameter}`",
                hint="hyperparameters are passed by name",
            )
        if parameter.name in SUPPLIED:
            supplied.append(parameter.name)
            continue
        has_default = parameter.default is not inspect.Parameter.empty
        hyperparameters[parameter.name] = _hyperparameter(
            parameter.name,
            default=_plain_default(parameter.default) if has_default else None,
            is_required=not has_default,
        )
    return Builder(
        reference=name,
        hyperparameters=hyperparameters,
        supplied=tuple(supplied),
        source=source_digest(function),
        function=function,
    )


def _is_model(made: Any) -> bool:
    """Whether it is a model that a framework made already: many can be called too."""
    modules = (kind.__module__.partition(".")[0] for kind in type(made).__mro__)
    is_code = inspect.isclass(made) or inspect.isroutine(made)
    return not is_code and any(module in _FRAMEWORKS for module in modules)


def _say_kind(made: Any) -> str:
    if isinstance(made, str | int | float | None):
        return repr(made)
    return f"an object of class `{type(made).__qualname__}`"


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """What is passed to a function, or to the initialiser of a class."""
    if not inspect.isclass(function):
        return list(inspect.signature(function).parameters.values())
    # A class's own signature may be that of its metaclass.
    return list(inspect.signature(function.__init__).parameters.values())[1:]


def describe_functions(
    init: Callable[..., Any],
    apply: Callable[..., Any],
    defaults: Mapping[str, Value],
) -> Builder:
    """Describe a pair of functions, `init` and `apply`.

    Args:
        init: Takes a key and the hyperparameters, by name.
        apply: Takes weights, state, inputs, train and key.
        defaults: The hyperparameters with their defaults; a float is traced, any other
            value static.

    Raises:
        StudyError: If one of them cannot be called.
        SpaceError: If a default cannot be recorded.
    """
    for role, function in (("init", init), ("apply", apply)):
        if not callable(function):
            raise StudyError(f"`{role}` must be a function, got {function!r}")
    hyperparameters = {
        name: _hyperparameter(
            name,
            default=_any(name).checked(value),
            is_static=type(value) is not float,
            is_required=False,
        )
        for name, value in defaults.items()
    }
    return Builder(
        reference=f"{reference_of(init)}+{reference_of(apply)}",
        hyperparameters=hyperparameters,
        source=source_digest(init, apply),
        function=(init, apply),
    )


def _plain_default(value: Any) -> Value | None:
    """A default that can be recorded; None where it is the function's own affair."""
    value = frozen(value)
    if isinstance(value, tuple):
        return value if all(type(item) is int for item in value) else None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str) else None


def _any(name: str) -> Hyperparameter:
    return Hyperparameter(name=name, kind="any", is_static=True)


def _hyperparameter(
    name: str,
    *,
    default: Value | None,
    is_required: bool,
    is_static: bool = True,
) -> Hyperparameter:
    return Hyperparameter(
        name=name,
        kind="any" if is_static else "number",
        is_static=is_static,
        default=default,
        is_required=is_required,
    )
