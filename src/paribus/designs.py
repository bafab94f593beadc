"""Random and quasi-random designs: configs drawn from ranges, the same ones each time.

Only the raw bits of PCG64 and the direction numbers of Joe and Kuo go into a design:
NumPy and SciPy keep both as they are, so a study file means the same configs for good.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
from jaxtyping import Float, UInt64

from paribus.errors import SpaceError, as_toml
from paribus.hyperparameters import Value
from paribus.ranges import Range
from paribus.space import MAX_CONFIGS


Method = Literal["sobol", "random"]

# What a hyperparameter is drawn from: a range, or a list of which each value is as
# likely as the others.
Dimension = Range | tuple[Value, ...]

MAX_SEED = 2**63 - 1

_SOBOL_BITS = 30
_MAX_POINTS = 2**20


def draw_configs(
    dimensions: Mapping[str, Dimension], *, n: int, method: Method, seed: int = 0
) -> tuple[dict[str, Value], ...]:
    """Draw configs, each once; the first of them are the same for every larger `n`.

    A config that comes up again, as it may where all values are listed, is passed over.

    Args:
        dimensions: Hyperparameter -> what it is drawn from. Their order matters.
        n: How many.
        method: `"sobol"` for a sequence that fills the ranges evenly, moved by a
            digital shift, `"random"` for independent draws.
        seed: Other seeds give other configs.

    Raises:
        SpaceError: If `n` or `seed` is out of range, nothing is drawn from, or there
            are fewer than `n` configs to draw.

    References:
        Bousquet et al., Critical Hyper-Parameters: No Random, No Cry, 2017. Joe and
        Kuo, Constructing Sobol Sequences with Better Two-Dimensional Projections, 2008.

    Example:
        >>> wide = Range(scale="log", lower=1e-4, upper=0.1)
        >>> len(draw_configs({"learning_rate": wide}, n=8, method="sobol"))
        8
    """
    _check(dimensions, n, seed)
    n_possible = math.prod(_n_values(dimension) for dimension in dimensions.values())
    if n > n_possible:
        raise _too_many(n, f"there are {n_possible:,}")
    found: dict[tuple[Value, ...], None] = {}
    for shares in _points(method, len(dimensions), n, seed):
        for row in shares:
            drawn = (
                _drawn(d, u) for d, u in zip(dimensions.values(), row, strict=True)
            )
            found[tuple(drawn)] = None
            if len(found) == n:
                return tuple(dict(zip(dimensions, each, strict=True)) for each in found)
    raise _too_many(n, f"{len(found):,} came up")


def _n_values(dimension: Dimension) -> int | float:
    if isinstance(dimension, tuple):
        return len(set(dimension))
    return dimension.n_drawn()


def _too_many(n: int, there_are: str) -> SpaceError:
    return SpaceError(
        f"a design must have as many configs as can be drawn, got n = {n:,}; "
        f"{there_are}",
        hint="a grid has all of them, or choose a smaller `n`",
    )


def _check(dimensions: Mapping[str, Dimension], n: int, seed: int) -> None:
    for name, value, lowest, highest in (
        ("n", n, 1, MAX_CONFIGS),
        ("seed", seed, 0, MAX_SEED),
    ):
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not lowest <= value <= highest:
            raise SpaceError(
                f"`{name}` of a design must be a whole number from {lowest} to "
                f"{highest:,}, got {as_toml(value)}"
            )
    if not dimensions:
        raise SpaceError("a design must draw at least one hyperparameter")
    for name, dimension in dimensions.items():
        if isinstance(dimension, tuple) and not dimension:
            raise SpaceError(f"`{name}` must have at least one value")


def _drawn(dimension: Dimension, share: float) -> Value:
    if isinstance(dimension, Range):
        return dimension.at(share)
    return dimension[int(share * len(dimension))]


def _points(
    method: Method, n_dimensions: int, n: int, seed: int
) -> Iterator[Float[np.ndarray, "point dimension"]]:
    """Points of the unit cube in parts, the first of at least `n`."""
    raw = np.random.PCG64(seed)
    parts = _sobol if method == "sobol" else _random
    n_first = 1 << max(n - 1, 0).bit_length()
    yield from parts(raw, n_dimensions, n_first)


def _random(
    raw: np.random.PCG64, n_dimensions: int, n_part: int
) -> Iterator[Float[np.ndarray, "point dimension"]]:
    for _ in range(max(_MAX_POINTS // n_part, 1)):
        bits: UInt64[np.ndarray, " draw"] = raw.random_raw(n_part * n_dimensions)
        yield ((bits >> 11) * 2.0**-53).reshape(n_part, n_dimensions)


def _sobol(
    raw: np.random.PCG64, n_dimensions: int, n_first: int
) -> Iterator[Float[np.ndarray, "point dimension"]]:
    from scipy.stats import qmc  # slow to load: only for a study that draws

    shift = raw.random_raw(n_dimensions) >> (64 - _SOBOL_BITS)
    sequence = qmc.Sobol(n_dimensions, scramble=False, bits=_SOBOL_BITS)
    n_part = n_first
    while sequence.num_generated < _MAX_POINTS:
        points = sequence.random(n_part)  # powers of 2, of which it does not complain
        digits = np.rint(points * 2.0**_SOBOL_BITS).astype(np.uint64) ^ shift
        yield digits * 2.0**-_SOBOL_BITS
        n_part = sequence.num_generated
