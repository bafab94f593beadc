"""Which hyperparameters there are, which values they take, and which are traced.

Reading a study must not load JAX, so what may be set is written here, and the functions
that use it are looked up when a block is built; a test holds the two together.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from paribus.errors import SpaceError, as_toml


Value = bool | int | float | str | tuple[int, ...]

MAX_WIDTH = 65_536
MAX_BATCH_SIZE = 2**31 - 1

# What programs train with: other numbers would be zero or infinite there.
SMALLEST, LARGEST = 2.0**-126, (2 - 2.0**-23) * 2.0**127


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """What one hyperparameter may be.

    Attributes:
        name: As in the study file, optax's name where optax has one.
        kind: `number` is a finite float, `count` a whole number of at least 1,
            `widths` a list of layer widths, `switch` true or false, `choice` one of
            `choices`; `any` of a user's own model any of these, whatever the number.
        is_static: Whether it changes shapes or control flow, so that each of its values
            needs a compiled program of its own. All others are traced.
        default: Its value where a study does not say; None if it must be said.
        above: A number must be greater than this.
        at_least: A number must be this or greater.
        below: A number must be less than this.
        upper: A count or a width must be this or less.
        choices: The words of a `choice`.
        is_required: Whether a study must say it where it has no default.
        is_optional: Whether its default means going without, so that the program of a
            study that neither varies it nor sets it to anything else does without too.
        schedules: The schedules that use it; empty if it is no part of a schedule.
    """

    name: str
    kind: Literal["number", "count", "widths", "switch", "choice", "any"]
    is_static: bool = False
    default: Value | None = None
    above: float = -math.inf
    at_least: float = -math.inf
    below: float = math.inf
    upper: int = MAX_WIDTH
    choices: tuple[str, ...] = ()
    is_required: bool = True
    is_optional: bool = False
    schedules: tuple[str, ...] = ()

    def checked(self, value: Any) -> Value:
        """Return `value` in its one canonical form.

        Raises:
            SpaceError: If it has the wrong type or is out of range. The message is the
                broken rule and the value, without the name and the place.
        """
        return _CHECKS[self.kind](self, value)

    def _checked_number(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SpaceError(f"must be a number, got {as_toml(value)}")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise SpaceError(f"must be finite, got {as_toml(value)}")
        for holds, rule in (
            (number > self.above, f"above {self.above:g}"),
            (number >= self.at_least, f"at least {self.at_least:g}"),
            (number < self.below, f"below {self.below:g}"),
        ):
            if not holds:
                raise SpaceError(f"must be {rule}, got {as_toml(value)}")
        if number and not SMALLEST <= abs(number) <= LARGEST:
            raise SpaceError(
                f"must be a number that float32 holds, {SMALLEST:.2g} to "
                f"{LARGEST:.2g}, got {as_toml(value)}"
            )
        return number + 0.0  # −0.0 becomes 0.0: equal values, equal configs

    def _checked_count(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise SpaceError(f"must be an integer, got {as_toml(value)}")
        if not 1 <= value <= self.upper:
            raise SpaceError(f"must be from 1 to {self.upper}, got {value}")
        return value

    def _checked_widths(self, value: Any) -> tuple[int, ...]:
        if not isinstance(value, list | tuple):
            raise SpaceError(f"must be a list of layer widths, got {as_toml(value)}")
        return tuple(self._checked_count(width) for width in value)

    def _checked_switch(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise SpaceError(f"must be true or false, got {as_toml(value)}")
        return value

    def _checked_choice(self, value: Any) -> str:
        if value not in self.choices:
            known = ", ".join(f'"{choice}"' for choice in self.choices)
            raise SpaceError(f"must be one of {known}, got {as_toml(value)}")
        return value

    def _checked_any(self, value: Any) -> Value:
        if isinstance(value, float):
            return self._checked_number(value)
        if isinstance(value, bool | int | str):
            return value
        if isinstance(value, list | tuple) and all(type(v) is int for v in value):
            return tuple(value)
        raise SpaceError(
            "must be a number, a text, true or false, or a list of integers, "
            f"got {as_toml(value)}"
        )


_CHECKS = {
    "number": Hyperparameter._checked_number,
    "count": Hyperparameter._checked_count,
    "widths": Hyperparameter._checked_widths,
    "switch": Hyperparameter._checked_switch,
    "choice": Hyperparameter._checked_choice,
    "any": Hyperparameter._checked_any,
}


def is_number(value: Any) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def plain(value: Value | None) -> Any:
    """A value as JSON writes it."""
    return list(value) if isinstance(value, tuple) else value


def frozen(value: Any) -> Any:
    """A value as `plain` wrote it."""
    return tuple(value) if isinstance(value, list) else value


def plain_values(values: Mapping[str, Value]) -> dict[str, Any]:
    """Values by name as JSON writes them."""
    return {name: plain(value) for name, value in values.items()}


def frozen_values(written: Mapping[str, Any]) -> dict[str, Value]:
    """Values by name as `plain_values` wrote them, and as a config holds them."""
    return {name: frozen(value) for name, value in written.items()}


def as_trained(value: Value) -> Value:
    """A value as a compiled program is given it: numbers in single precision."""
    if not isinstance(value, float):
        return value
    (single,) = struct.unpack("f", struct.pack("f", value))
    return single


def by_name(*hyperparameters: Hyperparameter) -> dict[str, Hyperparameter]:
    """Key hyperparameters by their names."""
    return {hyperparameter.name: hyperparameter for hyperparameter in hyperparameters}


def every_hyperparameter(
    catalogue: Mapping[str, Mapping[str, Hyperparameter]],
) -> dict[str, Hyperparameter]:
    """The hyperparameters that any entry has; one name has one range everywhere."""
    return {n: h for known in catalogue.values() for n, h in known.items()}


BATCH_SIZE = Hyperparameter(
    name="batch_size", kind="count", is_static=True, upper=MAX_BATCH_SIZE
)


def merged(
    known: Mapping[str, Hyperparameter],
    fixed: Mapping[str, Value],
    config: Mapping[str, Value],
) -> dict[str, Value]:
    """Each known hyperparameter: its value in the config, else fixed, else its own."""
    defaults = {n: h.default for n, h in known.items() if h.default is not None}
    said = {**fixed, **config}
    return {**defaults, **{name: said[name] for name in known if name in said}}


_ACTIVATION = Hyperparameter(
    name="activation",
    kind="choice",
    is_static=True,
    default="relu",
    choices=("relu", "tanh", "sigmoid", "gelu", "elu", "silu"),
)
_DROPOUT = Hyperparameter(
    name="dropout", kind="number", at_least=0.0, below=1.0, default=0.0
)

MODELS: Mapping[str, Mapping[str, Hyperparameter]] = {
    "mlp": by_name(
        Hyperparameter(name="hidden", kind="widths", is_static=True, default=(128,)),
        _ACTIVATION,
        _DROPOUT,
    ),
    "cnn": by_name(
        Hyperparameter(
            name="channels", kind="widths", is_static=True, default=(32, 64)
        ),
        Hyperparameter(name="kernel_size", kind="count", is_static=True, default=3),
        Hyperparameter(
            name="padding",
            kind="choice",
            is_static=True,
            default="valid",
            choices=("valid", "same"),
        ),
        Hyperparameter(name="hidden", kind="widths", is_static=True, default=()),
        _ACTIVATION,
        _DROPOUT,
    ),
    "softmax": {},
}
