"""Ranges of values in [[space]], such as `{ log = [1e-4, 1e-1], n = 7 }`."""

import math
from typing import Any

from paribus.hyperparameters import Hyperparameter
from paribus.study_file.mistakes import Key, Mistakes, as_toml


MAX_N = 10_000

_KEYS = ("log", "lin", "n")
_N_BOUNDS = 2

Number = int | float


def is_range(written: Any) -> bool:
    """Whether a value stands for several: it is a table."""
    return isinstance(written, dict)


def read_range(
    hyperparameter: Hyperparameter,
    written: dict[str, Any],
    key: Key,
    mistakes: Mistakes,
) -> list[Number]:
    """List the values of a range; none where it has a mistake.

    The first and the last value are the bounds as written. Those between are rounded to
    six digits (more where six would make two equal), or to whole numbers for a count.
    """
    name = hyperparameter.name
    before = len(mistakes.found)
    for part in written:
        if part not in _KEYS:
            mistakes.add_unknown((*key, part), list(_KEYS))
    if hyperparameter.kind not in ("number", "count"):
        mistakes.add(key, f"`{name}` must be a list of values, got a range")
    scales = [scale for scale in ("log", "lin") if scale in written]
    if len(scales) != 1:
        got = "both" if scales else "neither"
        mistakes.add(key, f"`{name}` must have one of `log` and `lin`, got {got}")
    for scale in scales:
        _check_bounds(scale, written[scale], key, mistakes)
    _check_n(written, key, mistakes)
    if len(mistakes.found) > before:
        return []
    first, last = written[scales[0]]
    values = _spaced(scales[0], first, last, written["n"])
    if hyperparameter.kind == "count":
        return _whole(values, [first, last])
    return values


def _check_n(written: dict[str, Any], key: Key, mistakes: Mistakes) -> None:
    name = key[-1]
    if "n" not in written:
        mistakes.add(key, f"`n` is missing in the range of `{name}`")
        return
    n = written["n"]
    if isinstance(n, bool) or not isinstance(n, int):
        mistakes.add((*key, "n"), f"`n` must be an integer, got {as_toml(n)}")
    elif n < _N_BOUNDS:
        mistakes.add((*key, "n"), f"`n` must be at least 2, got {n}")
    elif n > MAX_N:
        mistakes.add((*key, "n"), f"`n` must be at most {MAX_N:,}, got {n}")


def _check_bounds(scale: str, bounds: Any, key: Key, mistakes: Mistakes) -> None:
    place = (*key, scale)
    if not isinstance(bounds, list) or len(bounds) != _N_BOUNDS:
        mistakes.add(place, f"`{scale}` must be [lower, upper], got {as_toml(bounds)}")
        return
    for position, bound in enumerate(bounds):
        is_number = isinstance(bound, int | float) and not isinstance(bound, bool)
        if not is_number:
            rule = "a number"
        elif not _is_finite(bound):
            rule = "finite"
        elif scale == "log" and bound <= 0:
            rule = "above 0"
        else:
            continue
        mistakes.add(
            (*place, position), f"`{scale}` bounds must be {rule}, got {as_toml(bound)}"
        )
        return
    if not bounds[0] < bounds[1]:
        mistakes.add(
            place, f"`{scale}` must have the lower bound first, got {as_toml(bounds)}"
        )


def _is_finite(number: Number) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def _spaced(scale: str, first: Number, last: Number, n: int) -> list[Number]:
    def value(k: int) -> float:
        share = k / (n - 1)
        if scale == "log":
            return math.exp((1 - share) * math.log(first) + share * math.log(last))
        return (1 - share) * first + share * last

    exact = [value(k) for k in range(1, n - 1)]
    for digits in (6, 9, 12, 17):
        rounded = [first, *(float(f"{item:.{digits}g}") for item in exact), last]
        if len(set(rounded)) == n:
            return rounded
    return rounded


def _whole(values: list[Number], bounds: list[Number]) -> list[Number]:
    """Round a count's range; bounds that are no whole numbers stay, to be refused."""
    if not all(isinstance(bound, int) for bound in bounds):
        return bounds
    return [round(value) for value in values]
