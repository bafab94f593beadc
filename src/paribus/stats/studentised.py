"""How far do means of resamples lie from the mean, in their own standard errors?"""

import math

import numpy as np
from jaxtyping import Float


# At one time; each takes 8 bytes, five times over.
MAX_PIVOTS = 2_000_000
# Of so many pivots one is looked at first.
_THINNED = 16
# Resamples, so that what is counted stays in the cache.
_DRAWN_AT_ONCE = 4096


def studentised_quantiles(
    sample: Float[np.ndarray, "config seed"],
    n_resamples: int,
    rank: int,
    rng: np.random.Generator,
) -> tuple[Float[np.ndarray, " config"], Float[np.ndarray, " config"]]:
    """Give the rank-th lowest and the rank-th highest of each config's pivots.

    A pivot is (mean* - mean) / standard error*, where * is a resample of the seeds.

    Args:
        sample: The scores of each config, at least 2.
        n_resamples: How many; all configs share them.
        rank: 1 for the lowest and the highest.
        rng: Source of the resampling. The same state gives the same quantiles.

    Returns:
        Both, by config; infinite where resamples without any spread reach so far.

    References:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 12.5.
    """
    counts = _draw_counts(sample.shape[1], n_resamples, rng)
    low, high = np.empty((2, len(sample)))
    # Few at a time: the pivots of 200 configs at their surest level are 320 MB.
    n_rows = max(MAX_PIVOTS // n_resamples, 1)
    for first in range(0, len(sample), n_rows):
        pivots = _studentised_pivots(sample[first : first + n_rows], counts)
        for i, row in enumerate(pivots, start=first):
            low[i], high[i] = _order_statistics(row, rank)
    return low, high


def _draw_counts(
    n: int, n_resamples: int, rng: np.random.Generator
) -> Float[np.ndarray, "seed resample"]:
    """How often each of `n` seeds is in each resample."""
    counts = np.empty((n, n_resamples))
    for first in range(0, n_resamples, _DRAWN_AT_ONCE):
        n_drawn = min(_DRAWN_AT_ONCE, n_resamples - first)
        places = rng.integers(n, size=(n_drawn, n))
        places += np.arange(n_drawn)[:, None] * n
        drawn = np.bincount(places.ravel(), minlength=n_drawn * n)
        counts[:, first : first + n_drawn] = drawn.reshape(n_drawn, n).T
    return counts


def _order_statistics(
    values: Float[np.ndarray, " resample"], rank: int
) -> tuple[float, float]:
    """The rank-th lowest and the rank-th highest of many values.

    To sort all of them for two near the ends costs more than to make them. One in 16
    tells about where the ends lie, and only what lies beyond is sorted.
    """
    thinned = np.sort(values[::_THINNED])
    beyond = 2 * math.ceil(rank / _THINNED) + 2
    low = high = values
    if beyond <= len(thinned):
        low = values[values <= thinned[beyond - 1]]
        high = values[values >= thinned[-beyond]]
    # Rarely there are fewer than were asked for.
    low, high = (part if len(part) >= rank else values for part in (low, high))
    return float(np.sort(low)[rank - 1]), float(np.sort(high)[-rank])


def _studentised_pivots(
    sample: Float[np.ndarray, "config seed"],
    counts: Float[np.ndarray, "seed resample"],
) -> Float[np.ndarray, "config resample"]:
    """(mean* - mean) / standard error*, where * is a resample of the seeds."""
    n_configs, n = sample.shape
    deviation = sample - sample.mean(axis=1, keepdims=True)
    sums = np.concatenate([deviation, deviation**2]) @ counts
    sums /= n
    shift, squares = sums[:n_configs], sums[n_configs:]
    squares -= shift**2
    # What is left of a spread of exactly 0 after rounding is no spread.
    has_none = squares <= 1e-15 * (deviation**2).mean(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        squares /= n - 1
        pivots = shift / np.sqrt(squares, out=squares)
    if has_none.any():
        far = np.where(shift == 0, 0.0, np.copysign(np.inf, shift))
        pivots[has_none] = far[has_none]
    return pivots
