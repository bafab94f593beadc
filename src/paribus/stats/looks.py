"""How much of the error rate may a look at the data spend, if more looks may follow?"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float
from scipy import special


# Of the error rate, what each look has at least: at the first of five looks at one
# contrast the spending function asks for 2e-5, at one of eight contrasts for 1e-10,
# which no number of seeds that people have could reach.
_LEAST_SHARE = 1e-5
# Nodes of the quadrature: the density of the statistic is smooth on the scale of one
# look's increment, of which the region that goes on is at most 46 wide for 10 looks.
# With more, error rates change by less than 1e-6 of themselves.
_N_NODES = 64
_N_HALVINGS = 48
# Farther than any boundary: the statistic has standard deviation 1 at the last look.
_FAR = 40.0
# Rates between which p-values are translated: 20 a decade, a line between their
# logarithms, which is within 1 %.
_RATES = np.geomspace(1e-10, 1.0, 201)


@dataclass(frozen=True, kw_only=True)
class Looks:
    """The planned looks at the data, and which of them this is.

    Attributes:
        sizes: Seeds at each look, ascending. The last is the most that there may be.
        look: Which look this is, from 1.
        is_spent: Whether the error rate is spent as seeds arrive, little at first; if
            not, all looks have equal shares, whatever their sizes.
    """

    sizes: tuple[int, ...] = (1,)
    look: int = 1
    is_spent: bool = False

    def error_rate(self, rate: float) -> float:
        """Give the error rate of this look, so that all looks together have `rate`.

        Args:
            rate: What all looks together may err.

        Returns:
            1 - the confidence level of an interval at this look.

        Assumes:
            As `spent_error_rates`. For equal shares only that sizes are planned.

        Example:
            >>> Looks(sizes=(10, 20), look=1).error_rate(0.05)
            0.025
            >>> last = Looks(sizes=(10, 20), look=2, is_spent=True)
            >>> round(last.error_rate(0.05), 4)
            0.049
        """
        if not self.is_spent:
            return rate / len(self.sizes)
        found = spent_error_rates(np.array([rate]), self._fractions())
        return float(found[0, self.look - 1])

    def over_all(
        self, p_values: Float[np.ndarray, " test"]
    ) -> Float[np.ndarray, " test"]:
        """Adjust p-values of this look for the looks: what all of them have together.

        Args:
            p_values: As if there were this look alone.

        Returns:
            The smallest rate of all looks together at which this look would reject: k
            times as large for k equal shares; at most 1.

        Example:
            >>> Looks(sizes=(10, 20)).over_all(np.array([0.01, 0.8]))
            array([0.02, 1.  ])

        References:
            Jennison and Turnbull, Group Sequential Methods, 2000, section 9.4: repeated
            p-values.
        """
        if not self.is_spent:
            return np.minimum(len(self.sizes) * p_values, 1.0)
        if len(self.sizes) == 1:
            return p_values
        here = np.array(_rates_at(self._fractions(), self.look))
        known = np.clip(p_values, here[0], here[-1])
        found = np.exp(np.interp(np.log(known), np.log(here), np.log(_RATES)))
        # A p-value beyond the table keeps its place among the others.
        far = np.where(p_values < here[0], p_values * _RATES[0] / here[0], found)
        return np.where(p_values > here[-1], 1.0, np.minimum(far, 1.0))

    def _fractions(self) -> tuple[float, ...]:
        return tuple(size / self.sizes[-1] for size in self.sizes)


# For studies that plan one look.
ONE_LOOK = Looks()


def spent_error_rates(
    rates: Float[np.ndarray, " rate"], fractions: tuple[float, ...]
) -> Float[np.ndarray, "rate look"]:
    """Give the error rate of each look, as the O'Brien-Fleming-type spending has it.

    Little is spent on early looks, so the last has nearly all: a study that goes to its
    end loses next to nothing, and one that stops early has strong evidence. At a share
    t of the seeds, 4 - 4 Phi(z / sqrt(t)) has been spent in all, z the quantile of
    1 - rate/4: two sides of the one-sided form. What each look may add follows from
    the joint distribution of the looks, by numerical integration from look to look.

    Args:
        rates: What all looks together may err, two-sided, in (0, 1].
        fractions: Seeds at each look, as shares of those at the last, ascending to 1.

    Returns:
        For each rate and look, 1 - the level of an interval at that look. All intervals
        of a row hold together with 1 - rate, so whoever stops at any look, for any
        reason, may report that look's interval (repeated confidence intervals).

    Assumes:
        Seeds are independent; how many each look has does not depend on what earlier
        ones showed. The looks' statistics are jointly normal with independent
        increments; Student's t is used at the levels that this gives, which errs with
        the rate 0.05 within 0.008 from 5 seeds at the first look on
        (`tests/reference/test_looks.py`).

    Example:
        >>> spent_error_rates(np.array([0.05]), (0.5, 1.0)).round(4)
        array([[0.0031, 0.049 ]])

    References:
        Lan and DeMets, Discrete Sequential Boundaries for Clinical Trials, 1983.
        O'Brien and Fleming, A Multiple Testing Procedure for Clinical Trials, 1979.
        Armitage, McPherson and Rowe, Repeated Significance Tests on Accumulating Data,
        1969 (the integration). Jennison and Turnbull, Group Sequential Methods, 2000,
        chapters 7 and 9. Where it would spend less than 1e-5 of the rate on a look,
        we spend that.
    """
    least = _LEAST_SHARE * rates
    z = -special.ndtri(rates / 4)
    spent, before = np.zeros_like(rates), 0.0
    nodes, weights = np.zeros((len(rates), 1)), np.ones((len(rates), 1))
    found: list[np.ndarray] = []
    for fraction in fractions:
        planned = rates if fraction == 1 else 4 * special.ndtr(-z / np.sqrt(fraction))
        increment = np.maximum(planned - spent, least)
        spread = float(np.sqrt(fraction - before))
        edge = _edge(nodes, weights, spread, increment)
        found.append(2 * special.ndtr(-edge / np.sqrt(fraction)))
        nodes, weights = _carried_on(nodes, weights, spread, edge)
        spent, before = spent + increment, fraction
    return np.stack(found, axis=1)


def _edge(
    nodes: Float[np.ndarray, "rate node"],
    weights: Float[np.ndarray, "rate node"],
    spread: float,
    increment: Float[np.ndarray, " rate"],
) -> Float[np.ndarray, " rate"]:
    """How far from 0 the statistic ends up with probability `increment`, by halving."""
    low, high = np.zeros_like(increment), np.full_like(increment, _FAR)
    for _ in range(_N_HALVINGS):
        middle = (low + high) / 2
        above = special.ndtr((nodes - middle[:, None]) / spread)
        below = special.ndtr((-nodes - middle[:, None]) / spread)
        is_beyond = (weights * (above + below)).sum(axis=1) > increment
        low, high = np.where(is_beyond, middle, low), np.where(is_beyond, high, middle)
    return (low + high) / 2


def _carried_on(
    nodes: Float[np.ndarray, "rate node"],
    weights: Float[np.ndarray, "rate node"],
    spread: float,
    edge: Float[np.ndarray, " rate"],
) -> tuple[Float[np.ndarray, "rate after"], Float[np.ndarray, "rate after"]]:
    """Where the statistic is after one more look, among studies that go on."""
    places, parts = np.polynomial.legendre.leggauss(_N_NODES)
    after = edge[:, None] * places
    steps = (after[:, :, None] - nodes[:, None, :]) / spread
    density = np.exp(-(steps**2) / 2) / (spread * np.sqrt(2 * np.pi))
    mass = np.einsum("rij,rj->ri", density, weights)
    return after, mass * edge[:, None] * parts


@cache
def _rates_at(fractions: tuple[float, ...], look: int) -> tuple[float, ...]:
    """The error rates of a look for all of `_RATES`."""
    found = spent_error_rates(_RATES, fractions[:look])
    return tuple(found[:, -1].tolist())
