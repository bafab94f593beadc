"""Ranges of values, such as seven learning rates from 1e-4 to 0.1 on a log scale."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from paribus.errors import SpaceError
from paribus.problems import Problem


MAX_N = 10_000

Number = int | float
Scale = Literal["log", "linear", "int"]

_MIN_N = 2
_N_BOUNDS = 2


@dataclass(frozen=True, kw_only=True)
class Range:
    """Numbers from a lower to an upper bound.

    Attributes:
        scale: `log` and `linear` are even on their scale, `int` is every whole number.
        lower: The lowest value; above 0 on a log scale.
        upper: The highest value.
        n: How many values stand for the range in a grid. None where a design draws
            from it, and for all whole numbers of `int`.
        is_whole: Whether values are whole numbers, as of a count.

    Raises:
        SpaceError: If a field is out of range.
    """

    scale: Scale
    lower: Number
    upper: Number
    n: int | None = None
    is_whole: bool = False

    def __post_init__(self) -> None:
        for problem in bounds_problems(self.scale, [self.lower, self.upper], str):
            raise SpaceError(problem.text)
        for problem in n_problems(2 if self.n is None else self.n, str):
            raise SpaceError(problem.text)

    def values(self) -> tuple[Number, ...]:
        """The values that stand for the range in a grid.

        The first and the last are the bounds as given. Those between are rounded to six
        digits (more where six would make two equal), or to whole numbers.

        Raises:
            SpaceError: If `n` is missing, or there are too many whole numbers.
        """
        if self.n is not None:
            spaced = self._spaced(self.n)
            is_count = self.is_whole or self.scale == "int"
            if not is_count or not self._has_whole_bounds():
                return tuple(spaced)
            return tuple(round(value) for value in spaced)
        if self.scale != "int":
            raise SpaceError(
                f"`n` is missing: how many values from {self.lower:g} to {self.upper:g}"
            )
        if (n := round(self.upper) - round(self.lower) + 1) > MAX_N:
            raise SpaceError(f"`int` must have at most {MAX_N:,} values, got {n:,}")
        return tuple(range(round(self.lower), round(self.upper) + 1))

    def at(self, share: float) -> Number:
        """The value below which `share` of the range lies, as a design draws it.

        Args:
            share: From 0 to below 1.
        """
        if self.scale == "int" or self.is_whole:
            return self._whole_at(share)
        lower, upper = self.lower, self.upper
        if self.scale == "log":
            exact = math.exp((1 - share) * math.log(lower) + share * math.log(upper))
        else:
            exact = (1 - share) * lower + share * upper
        return min(max(float(f"{exact:.6g}"), lower), upper)

    def n_drawn(self) -> int | float:
        """How many values a design can draw: infinitely many but of whole numbers."""
        if self.scale == "int" or self.is_whole:
            return math.floor(self.upper) - math.ceil(self.lower) + 1
        return math.inf

    def _whole_at(self, share: float) -> int:
        """Whole numbers: each is as wide as the step to the next, on any scale."""
        lower, upper = math.ceil(self.lower), math.floor(self.upper)
        if self.scale == "log":
            value = math.exp(
                (1 - share) * math.log(lower) + share * math.log(upper + 1)
            )
        else:
            value = lower + share * (upper + 1 - lower)
        return min(max(math.floor(value), lower), upper)

    def _has_whole_bounds(self) -> bool:
        """Others stay as they are, to be refused by what they are values of."""
        return isinstance(self.lower, int) and isinstance(self.upper, int)

    def _spaced(self, n: int) -> list[Number]:
        first, last = self.lower, self.upper

        def value(k: int) -> float:
            share = k / (n - 1)
            if self.scale == "log":
                return math.exp((1 - share) * math.log(first) + share * math.log(last))
            return (1 - share) * first + share * last

        exact = [value(k) for k in range(1, n - 1)]
        rounded: list[Number] = []
        for digits in (6, 9, 12, 17):
            rounded = [first, *(float(f"{item:.{digits}g}") for item in exact), last]
            if len(set(rounded)) == n:
                return rounded
        return rounded


def bounds_problems(
    scale: Scale, bounds: Any, show: Callable[[Any], str], *, name: str = ""
) -> Iterator[Problem]:
    """What is wrong with the bounds of a range.

    Args:
        scale: What they are bounds on.
        bounds: Two of them, as they were written.
        show: How a value is shown.
        name: What the scale was called; its own name if empty.
    """
    name = name or scale
    if not isinstance(bounds, list) or len(bounds) != _N_BOUNDS:
        yield Problem((name,), f"`{name}` must be [lower, upper], got {show(bounds)}")
        return
    for position, bound in enumerate(bounds):
        if rule := _broken_rule(scale, bound):
            yield Problem(
                (name, position),
                f"`{name}` bounds must be {rule}, got {show(bound)}",
            )
            return
    if not bounds[0] < bounds[1]:
        yield Problem(
            (name,), f"`{name}` must have the lower bound first, got {show(bounds)}"
        )


def n_problems(n: Any, show: Callable[[Any], str]) -> Iterator[Problem]:
    """What is wrong with the number of values of a range, as it was written."""
    if isinstance(n, bool) or not isinstance(n, int):
        yield Problem(("n",), f"`n` must be an integer, got {show(n)}")
    elif n < _MIN_N:
        yield Problem(("n",), f"`n` must be at least {_MIN_N}, got {n}")
    elif n > MAX_N:
        yield Problem(("n",), f"`n` must be at most {MAX_N:,}, got {n}")


def _broken_rule(scale: str, bound: Any) -> str:
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        return "a number"
    if not _is_finite(bound):
        return "finite"
    if scale == "log" and bound <= 0:
        return "above 0"
    return "whole numbers" if scale == "int" and not isinstance(bound, int) else ""


def _is_finite(number: Number) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False
