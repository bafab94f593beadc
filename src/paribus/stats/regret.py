"""What does another value than the chosen one cost, and where does training break?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from paribus.stats.selection import MAX_BAD_SHARE


SAFE_REGRET = 0.01
SENSITIVITY_DECADES = 1.0

_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class SafeRange:
    """The values that cost less than a percentage point against the chosen one.

    Attributes:
        lower: The lowest.
        upper: The highest.
        lower_is_open: Whether the grid ends there, so that the range may go on.
        upper_is_open: The same above.
        is_unbroken: Whether every value between them is one of these.
    """

    lower: float
    upper: float
    lower_is_open: bool
    upper_is_open: bool
    is_unbroken: bool

    @property
    def ratio(self) -> float:
        """How many times the lowest the highest is."""
        return self.upper / self.lower


def regret(
    scores: Float[np.ndarray, "config seed"], best: int
) -> Float[np.ndarray, "config seed"]:
    """Give what each run lost against the chosen config with the same seed.

    Args:
        scores: Final scores, higher is better; NaN where there is none.
        best: Position of the chosen config. Chosen on other seeds, or the regret of all
            others is too large by the winner's luck.

    Returns:
        In the unit of `scores`; below 0 where a run beat the chosen config's, NaN where
        one of the two is missing.
    """
    return scores[best] - scores


def safe_range(
    values: Float[np.ndarray, " value"],
    mean_regret: Float[np.ndarray, " value"],
    best: int,
    *,
    limit: float = SAFE_REGRET,
) -> SafeRange:
    """Find how far one can go from the chosen value before it costs something.

    Args:
        values: The grid, ascending, above 0.
        mean_regret: Mean over seeds of `regret`; NaN counts as too much.
        best: Position of the chosen value.
        limit: The regret that is too much, in the score's unit.

    Returns:
        The lowest and the highest such value, and whether all between are such, too:
        with one or few seeds a value inside may seem to cost too much by bad luck.

    Assumes:
        Its resolution is the spacing of the grid.

    Example:
        >>> values = np.array([0.001, 0.01, 0.1, 1.0])
        >>> safe_range(values, np.array([0.005, 0.0, 0.003, 0.8]), 1).ratio
        100.0
    """
    is_safe = mean_regret < limit
    is_safe[best] = True
    first, last = np.flatnonzero(is_safe)[[0, -1]].tolist()
    return SafeRange(
        lower=float(values[first]),
        upper=float(values[last]),
        lower_is_open=first == 0,
        upper_is_open=last == len(values) - 1,
        is_unbroken=bool(is_safe[first : last + 1].all()),
    )


def cliff_ratio(
    values: Float[np.ndarray, " value"],
    bad_shares: Float[np.ndarray, " value"],
    best: int,
) -> float | None:
    """Say how many times the chosen value one can take before training breaks.

    Args:
        values: The grid, ascending, above 0.
        bad_shares: Share of each value's runs that did not learn.
        best: Position of the chosen value.

    Returns:
        The smallest higher value at which at least half the runs did not learn, over
        the chosen one; None if the grid ends before.

    Example:
        >>> values = np.array([0.01, 0.1, 1.0])
        >>> cliff_ratio(values, np.array([0.0, 0.2, 0.6]), 0)
        100.0
    """
    above = np.flatnonzero(bad_shares[best + 1 :] >= MAX_BAD_SHARE)
    return float(values[best + 1 + above[0]] / values[best]) if above.size else None


def largest_stable(
    values: Float[np.ndarray, " value"], bad_shares: Float[np.ndarray, " value"]
) -> float | None:
    """Give the largest value below the first at which training breaks.

    Args:
        values: The grid, ascending.
        bad_shares: Share of each value's runs that did not learn.

    Returns:
        The value; the grid's highest if nothing breaks, None if the lowest does.
    """
    broken = np.flatnonzero(bad_shares >= MAX_BAD_SHARE)
    last = (int(broken[0]) if broken.size else len(values)) - 1
    return None if last < 0 else float(values[last])


def learning_rate_sensitivity(
    values: Float[np.ndarray, " value"],
    losses: Float[np.ndarray, " value"],
    initial_loss: float,
    best: int,
) -> float:
    """Average the loss that a wrong value costs, over a decade on each side: LRS.

    The mean over log value of min(loss, initial loss) - lowest loss, by trapezoids, in
    the window from a tenth to ten times the chosen value; the curve is cut by
    interpolation at the window's ends.

    Args:
        values: The grid, ascending, above 0.
        losses: Mean final training loss at each value; infinite or NaN counts as the
            initial loss, the worst there is.
        initial_loss: Before the first step.
        best: Position of the chosen value.

    Returns:
        In the loss's unit, at least 0; NaN if the grid does not span the window.

    Assumes:
        The same window for everything compared.

    References:
        Wortsman et al., Small-scale Proxies for Large-scale Transformer Training
        Instabilities, 2023, arXiv 2309.14322. They weigh the grid's values equally; the
        trapezoids make an uneven grid comparable.
    """
    x = np.log10(values)
    low, high = x[best] - SENSITIVITY_DECADES, x[best] + SENSITIVITY_DECADES
    if x[0] > low + _ROUNDING or x[-1] < high - _ROUNDING:
        return float("nan")
    known = np.where(np.isfinite(losses), losses, initial_loss)
    cost = np.minimum(known, initial_loss) - min(known.min(), initial_loss)
    inside = x[(x > low) & (x < high)]
    at = np.concatenate([[low], inside, [high]])
    area = np.trapezoid(np.interp(at, x, cost), at)
    return float(area / (high - low))
