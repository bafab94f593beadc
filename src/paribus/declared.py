"""What a study declares before its first run: claims to judge, things to measure."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from paribus.errors import StudyError, unknown_name
from paribus.hyperparameters import Value


Relation = Literal["greater", "less", "at_least", "equivalent"]

DIAGNOSTICS = (
    "noise_scale",
    "curvature",
    "sharpness",
    "calibration",
    "weight_distance",
    "anneal",
    "rescue",
)


@dataclass(frozen=True, kw_only=True)
class DeclaredClaim:
    """A claim of the user's own: a sentence and the comparison that would decide it.

    Attributes:
        text: The sentence.
        measure: What is compared: a metric, e.g. `test_accuracy`, or a measure.
        a: Values that define one side, e.g. `{"learning_rate": 0.01}`. The word
            `"tuned"` as the value of the tuned hyperparameter means the chosen one.
        b: Values that define the other side.
        relation: `greater`: a is above b by more than the smallest effect; `less`: the
            reverse; `at_least`: a is not below b by more than the smallest effect;
            `equivalent`: they differ by less than it.
        smallest_effect: The smallest difference that would matter, above 0, in the
            measure's unit; for losses, times and other ratios a factor above 1. None
            for the measure's default.
        is_late: Whether it was declared after the first run.

    Raises:
        StudyError: If a field is out of range.
    """

    text: str
    measure: str
    a: Mapping[str, Value]
    b: Mapping[str, Value]
    relation: Relation
    smallest_effect: float | None = None
    is_late: bool = False

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise StudyError("`text` must not be empty")
        if self.relation not in get_args(Relation):
            raise unknown_name("relation", self.relation, get_args(Relation))
        effect = self.smallest_effect
        if effect is not None and not 0 < effect < math.inf:
            raise StudyError(f"`smallest_effect` must be above 0, got {effect}")

    def to_dict(self) -> dict[str, Any]:
        """Write it as plain JSON values; `from_dict` reads it back."""
        return {**asdict(self), "a": dict(self.a), "b": dict(self.b)}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "DeclaredClaim":
        """Read what `to_dict` wrote."""
        sides = {side: _side(written[side]) for side in ("a", "b")}
        return cls(**{**written, **sides})


def _side(values: Mapping[str, Any]) -> dict[str, Value]:
    return {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}


def check_diagnostics(names: tuple[str, ...]) -> None:
    """Refuse a diagnostic that there is not.

    Raises:
        UnknownNameError: If a name is not in `DIAGNOSTICS`.
    """
    for name in names:
        if name not in DIAGNOSTICS:
            raise unknown_name("diagnostic", name, DIAGNOSTICS, where="[diagnostics]")
