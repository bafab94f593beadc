"""Which full part of a grid is left without the values at which training collapses?"""

import itertools
import math

import numpy as np
from jaxtyping import Bool


_MAX_TRIED = 16


def largest_full_part(
    is_kept: Bool[np.ndarray, "*values"],
) -> tuple[Bool[np.ndarray, " _"], ...]:
    """Find a large full grid of kept configs by leaving out whole values.

    The largest, by trying every choice of values of all hyperparameters but the one
    with most, where they have at most 16 together. Otherwise values are left out one by
    one, always the one with the largest share of configs that may not stay. Grids with
    two values of each or more come before larger ones without, which have no
    interactions to analyse.

    Args:
        is_kept: Configs that may stay.

    Returns:
        Which values of each hyperparameter stay. Of equally large grids the one with
        more values of the longest, then the first.

    Example:
        >>> first, second = largest_full_part(np.array([[True, True], [True, False]]))
        >>> first.tolist(), second.tolist()
        ([True, True], [True, False])
    """
    longest = int(np.argmax(is_kept.shape))
    sizes = [size for i, size in enumerate(is_kept.shape) if i != longest]
    if sum(sizes) > _MAX_TRIED:
        return _full_part_by_steps(is_kept)
    front = np.moveaxis(is_kept, longest, 0)
    best_key: tuple[bool, int, int] = (False, 0, 0)
    best = [np.zeros(size, dtype=bool) for size in front.shape]
    ends = np.cumsum(sizes)[:-1]
    for chosen in itertools.product([True, False], repeat=sum(sizes)):
        others = np.split(np.array(chosen), ends)
        counts = [int(one.sum()) for one in others]
        if not all(counts):
            continue
        everything = np.ones(len(front), dtype=bool)
        part = front[np.ix_(everything, *others)]
        rows = np.asarray(part.all(axis=tuple(range(1, part.ndim))))
        n_rows = int(rows.sum())
        key = (min(n_rows, *counts) >= 2, n_rows * math.prod(counts), n_rows)
        if key > best_key:
            best_key, best = key, [rows, *others]
    first, *others = best
    return (*others[:longest], first, *others[longest:])


def _full_part_by_steps(
    is_kept: Bool[np.ndarray, "*values"],
) -> tuple[Bool[np.ndarray, " _"], ...]:
    kept = [np.ones(size, dtype=bool) for size in is_kept.shape]
    while not (part := is_kept[np.ix_(*kept)]).all():
        shares = [
            (float(1 - np.moveaxis(part, axis, 0)[i].mean()), -axis, -i)
            for axis, size in enumerate(part.shape)
            for i in range(size)
        ]
        _, axis, i = max(shares)
        kept[-axis][np.flatnonzero(kept[-axis])[-i]] = False
    return tuple(kept)
