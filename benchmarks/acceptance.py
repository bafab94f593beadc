"""When is a published number reproduced? Never when it is "equal to the digit"."""

from dataclasses import dataclass
from typing import Literal


Outcome = Literal["met", "not met", "too few seeds"]

LEAST_RUNS = 10
LEAST_RUNS_IF_EXPENSIVE = 5


@dataclass(frozen=True, kw_only=True)
class Band:
    """What our mean must be compatible with.

    Attributes:
        lower: Its lower end.
        upper: Its upper end.
    """

    lower: float
    upper: float

    @property
    def half_width(self) -> float:
        """Half of its width."""
        return (self.upper - self.lower) / 2


def acceptance_band(
    accuracy: float, *, n_test: int, spread: float | None = None, n_runs: int = 1
) -> Band:
    """The band around a published accuracy.

    Two standard errors: of the published mean, and of the difference that another
    implementation may make, which is taken as large as one run's spread. Where no
    spread is printed, and never below it, a run's spread is the noise floor of the test
    set, sqrt(error rate / (2 examples)).

    Args:
        accuracy: As published, a share.
        n_test: Examples it was measured on.
        spread: Standard deviation over runs, if one was published.
        n_runs: Runs that it is the mean of.

    Example:
        >>> band = acceptance_band(0.98, n_test=10_000)
        >>> round(band.lower, 4), round(band.upper, 4)
        (0.9772, 0.9828)
    """
    floor = ((1 - accuracy) / (2 * n_test)) ** 0.5
    published = floor if spread is None else spread
    ours = max(floor, 0.0 if spread is None else spread)
    half_width = 2 * (published**2 / n_runs + ours**2) ** 0.5
    return Band(lower=accuracy - half_width, upper=accuracy + half_width)


def judge_check(
    lower: float,
    upper: float,
    band: Band,
    *,
    n_runs: int,
    is_expensive: bool = False,
) -> Outcome:
    """Say whether the interval of our mean meets the band.

    An interval that meets it only because it is wide shows nothing: with more runs it
    might miss.

    Args:
        lower: Of the 95 % t interval of our mean.
        upper: The same.
        band: Around the published number.
        n_runs: Runs of ours.
        is_expensive: Whether 5 runs are enough, not 10.

    Example:
        >>> judge_check(0.977, 0.979, Band(lower=0.9772, upper=0.9828), n_runs=10)
        'met'
    """
    if n_runs < (LEAST_RUNS_IF_EXPENSIVE if is_expensive else LEAST_RUNS):
        return "too few seeds"
    if upper < band.lower or lower > band.upper:
        return "not met"
    return "met" if (upper - lower) / 2 <= band.half_width else "too few seeds"
