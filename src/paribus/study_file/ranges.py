"""Ranges of values in [[space]], such as `{ log = [1e-4, 1e-1], n = 7 }`."""

from collections.abc import Mapping
from typing import Any

from paribus.errors import SpaceError, as_toml
from paribus.hyperparameters import Hyperparameter
from paribus.ranges import Number, Range, Scale, bounds_problems, n_problems
from paribus.study_file.mistakes import Key, Mistakes


# How a scale may be written.
_SCALES: Mapping[str, Scale] = {
    "log": "log",
    "linear": "linear",
    "lin": "linear",
    "int": "int",
}
_KEYS = (*_SCALES, "n")


def is_range(written: Any) -> bool:
    """Whether a value stands for several: it is a table."""
    return isinstance(written, dict)


def read_range(
    hyperparameter: Hyperparameter,
    written: dict[str, Any],
    key: Key,
    mistakes: Mistakes,
) -> Range | None:
    """Read a range; None where it has a mistake."""
    name = hyperparameter.name
    before = len(mistakes.found)
    for part in written:
        if part not in _KEYS:
            mistakes.add_unknown((*key, part), list(_KEYS))
    if hyperparameter.kind not in ("number", "count", "any"):
        mistakes.add(key, f"`{name}` must be a list of values, got a range")
    scales = [scale for scale in _SCALES if scale in written]
    if len(scales) != 1:
        got = " and ".join(f"`{scale}`" for scale in scales) or "none"
        mistakes.add(
            key, f"`{name}` must have one of `log`, `linear` and `int`, got {got}"
        )
    problems = [
        problem
        for scale in scales
        for problem in bounds_problems(
            _SCALES[scale], written[scale], as_toml, name=scale
        )
    ]
    if "n" in written:
        problems += n_problems(written["n"], as_toml)
    for problem in problems:
        mistakes.add((*key, *problem.key), problem.text)
    if len(mistakes.found) > before:
        return None
    lower, upper = written[scales[0]]
    return Range(
        scale=_SCALES[scales[0]],
        lower=lower,
        upper=upper,
        n=written.get("n"),
        is_whole=hyperparameter.kind == "count",
    )


def listed(values: Range, key: Key, mistakes: Mistakes) -> list[Number]:
    """The values of a range in a grid; none where it does not say how many."""
    if values.n is None and values.scale != "int":
        mistakes.add(
            key,
            f"`n` is missing in the range of `{key[-1]}`",
            "`n` is how many values; a design, `sobol = { n = 16 }`, needs none",
        )
        return []
    try:
        return list(values.values())
    except SpaceError as error:
        mistakes.add(key, f"`{key[-1]}`: {error}")
        return []
