"""Training beside the budget, for a measure: taken leg by leg, so that it can go on."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from paribus.engine.run import RunState


Found = Mapping[str, np.ndarray]


class Detour(NamedTuple):
    """How far runs are on their way beside the budget.

    Attributes:
        states: The runs there; those of the budget stay as they are.
        n_legs: Legs that are done.
        step: Steps done, those of the budget included.
        found: What was seen on the way, by name and place.
    """

    states: RunState
    n_legs: int
    step: int
    found: Found


class Leg(NamedTuple):
    """A part of a detour.

    Attributes:
        traced: The traced hyperparameters that it is trained with, on the devices.
        to_step: Steps done at its end.
    """

    traced: Mapping[str, Any]
    to_step: int


# The states, the traced hyperparameters, the steps done and to be done, and what is
# called after each compiled call with the states and the steps done: new states.
Advance = Callable[
    [RunState, Mapping[str, Any], int, int, Callable[[RunState, int], None]], RunState
]


@runtime_checkable
class Course(Protocol):
    """A measure that takes training: from where, by which legs, and what it tells.

    Attributes:
        names: What it tells, by name.
    """

    names: tuple[str, ...]

    def begin(self) -> Detour:
        """Where the detour begins."""
        ...

    def legs(self, detour: Detour) -> Sequence[Leg]:
        """All legs of the detour, those that are done included."""
        ...

    def look(self, states: RunState, found: Found) -> tuple[RunState, Found]:
        """What is seen after a leg, and the states to go on with."""
        ...

    def tell(self, detour: Detour) -> dict[str, np.ndarray]:
        """What came of it, by name and place."""
        ...


def take(
    course: Course,
    advance: Advance,
    *,
    begun: Detour | None,
    keep: Callable[[Detour], None],
) -> dict[str, np.ndarray]:
    """Take a detour to its end, from where it was left.

    Args:
        course: Which one.
        advance: Trains the runs.
        begun: Where it was left; None to begin.
        keep: Called after each compiled call.

    Returns:
        What came of it, by name and place.
    """
    here = course.begin() if begun is None else begun
    for leg in course.legs(here)[here.n_legs :]:
        states = here.states
        if here.step < leg.to_step:
            on_the_way = partial(_tell_way, keep, here)
            states = advance(states, leg.traced, here.step, leg.to_step, on_the_way)
        states, found = course.look(states, here.found)
        here = Detour(states, here.n_legs + 1, leg.to_step, found)
    return course.tell(here)


def _tell_way(
    keep: Callable[[Detour], None], before: Detour, states: RunState, step: int
) -> None:
    keep(before._replace(states=states, step=step))
