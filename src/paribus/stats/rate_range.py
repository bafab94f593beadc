"""Learning-rate range tests: where does the loss fall, and where does it blow up?"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


# Shares of the seeds below the lines of a band.
BAND = (0.1, 0.5, 0.9)
# Stairs over which a median is taken, since a stair is a few batches only.
WINDOW = 5
# Of its whole fall, how much the loss has fallen where learning begins.
BEGINNING = 0.1
# A fall by less than this share of the first loss is no learning.
SMALLEST_FALL = 0.05
# Values of a grid per decade, and the fewest of which the best may be interior.
PER_DECADE = 2
MIN_VALUES = 5


class LossBand(NamedTuple):
    """Quantiles of the loss over seeds at each learning rate; infinite if diverged."""

    lower: Float[np.ndarray, " rate"]
    median: Float[np.ndarray, " rate"]
    upper: Float[np.ndarray, " rate"]


class RateRange(NamedTuple):
    """Where a grid of learning rates should lie.

    Attributes:
        begins: At which the median loss has fallen by a tenth of its whole fall.
        lowest: At which the median loss is smallest; the best rate for a whole training
            is lower as a rule.
        ends: At which the loss of one seed in ten is again above that of the untrained
            model; the highest that was tried if it is there nowhere.
        is_open: Whether it is there nowhere, so that the range ends too early.
    """

    begins: float
    lowest: float
    ends: float
    is_open: bool


def loss_band(losses: Float[np.ndarray, "rate seed"]) -> LossBand:
    """The band of the losses: for few seeds from the smallest to the largest.

    Args:
        losses: NaN from where a run has diverged; that is worse than any loss.
    """
    filled = np.where(np.isnan(losses), np.inf, losses)
    # Without interpolation: between a loss and infinity there is nothing.
    return LossBand(*np.quantile(filled, BAND, axis=1, method="inverted_cdf"))


def find_range(
    rates: Float[np.ndarray, " rate"], losses: Float[np.ndarray, "rate seed"]
) -> RateRange | None:
    """Find where the loss falls and where it blows up.

    Args:
        rates: Ascending, at least as many as a window has.
        losses: At each rate, after all lower ones; NaN from where a run has diverged.

    Returns:
        The range; None if the loss falls nowhere by a twentieth.

    References:
        Smith, Cyclical Learning Rates for Training Neural Networks, 2017 (one run, read
        by eye; here several seeds, by rule).
    """
    band = loss_band(losses)
    median, upper = smooth(band.median), smooth(band.upper)
    first = median[0]
    best = int(np.argmin(median))
    if not np.isfinite(first) or not first - median[best] > SMALLEST_FALL * first:
        return None
    fall = first - median[best]
    begins = int(np.argmax(median <= first - BEGINNING * fall))
    is_above = (upper > first) & (np.arange(len(rates)) > best)
    is_open = not is_above.any()
    ends = len(rates) - 1 if is_open else int(np.argmax(is_above))
    return RateRange(
        begins=float(rates[begins]),
        lowest=float(rates[best]),
        ends=float(rates[ends]),
        is_open=is_open,
    )


def smooth(values: Float[np.ndarray, " rate"]) -> Float[np.ndarray, " rate"]:
    """The median of each value and its two neighbours on either side; ends repeat."""
    padded = np.pad(values, WINDOW // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)
    return np.sort(windows, axis=1)[:, WINDOW // 2]


def grid_ends(begins: float, ends: float) -> tuple[float, float, int]:
    """The ends of a grid of half decades around a range, and its number of values.

    Args:
        begins: The lowest rate that it must reach.
        ends: The highest; a grid of fewer than five values goes on below.
    """
    tiny = 1e-9  # rates that are half decades but for rounding
    low = math.floor(PER_DECADE * math.log10(begins) + tiny)
    high = math.ceil(PER_DECADE * math.log10(ends) - tiny)
    low = min(low, high - MIN_VALUES + 1)
    lower, upper = (float(f"{10 ** (k / PER_DECADE):.6g}") for k in (low, high))
    return lower, upper, high - low + 1
