"""What do the two sides of a comparison name?"""

from collections.abc import Mapping
from typing import NamedTuple

from paribus.declared import TUNED
from paribus.errors import StudyError
from paribus.hyperparameters import Value
from paribus.space import Config, show_value
from paribus.tuning import Tuning


class Sides(NamedTuple):
    """Two sides of a comparison.

    Attributes:
        a: Values that define side a.
        b: Values that define side b.
        is_tuned: Whether each stands at what was chosen for it, and nowhere else.
    """

    a: Mapping[str, Value]
    b: Mapping[str, Value]
    is_tuned: bool


def without_tuned(
    tuning: Tuning | None, a: Mapping[str, Value], b: Mapping[str, Value]
) -> Sides:
    """Take the word for the chosen value, as claims have it, out of both sides.

    Args:
        tuning: The study's; None if it tunes nothing.
        a: Values of one side, e.g. `{"dropout": 0.2, "learning_rate": "tuned"}`.
        b: Values of the other.

    Raises:
        StudyError: If it stands for what is not tuned, or beside a value of the other
            side.
    """
    words = {name for side in (a, b) for name in side if side[name] == TUNED}
    for name in sorted(words):
        if tuning is None or name != tuning.hyperparameter:
            tuned = f"tunes `{tuning.hyperparameter}`" if tuning else "tunes nothing"
            raise StudyError(
                f'`{name}` must be tuned to be "{TUNED}", but the study {tuned}'
            )
        held = [side[name] for side in (a, b) if side.get(name, TUNED) != TUNED]
        if held:
            raise StudyError(
                f'`{name}` must be "{TUNED}" in both sides or in none, got '
                f"{show_value(held[0])} in one",
                hint="a claim may compare these; or name the value that was chosen",
            )
    left = [
        {name: value for name, value in side.items() if value != TUNED}
        for side in (a, b)
    ]
    if words and left[0] == left[1]:
        raise StudyError(f"`a` and `b` must differ, got `{Config(a).label()}` for both")
    return Sides(*left, is_tuned=bool(words))
