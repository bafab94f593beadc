"""Ratios of spreads against SciPy, a plain loop and simulated studies."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from paribus.stats.spread_ratio import brown_forsythe_p_value, log_spread_ratio


RNG = np.random.default_rng


@pytest.mark.parametrize("level", [0.95, 0.99375])
def test_the_interval_equals_the_jackknife_written_out(level: float):
    a, b = RNG(0).normal(0, 2, 9), RNG(1).normal(0, 1, 9)

    def log_ratio(seeds: list[int]) -> float:
        return float(np.log(a[seeds].std(ddof=1) / b[seeds].std(ddof=1)))

    estimate = log_ratio(list(range(9)))
    without = [log_ratio([j for j in range(9) if j != i]) for i in range(9)]
    centre = sum(without) / 9
    error = (8 / 9 * sum((x - centre) ** 2 for x in without)) ** 0.5
    margin = float(stats.t.ppf((1 + level) / 2, 8)) * error

    ours = log_spread_ratio(a, b, confidence_level=level)

    np.testing.assert_allclose(
        [ours.estimate, ours.lower, ours.upper, ours.spread],
        [estimate, estimate - margin, estimate + margin, error * 3],
        rtol=1e-9,
    )


def test_the_p_value_is_scipys_brown_forsythe():
    a, b = RNG(3).normal(0, 2, 9), RNG(4).normal(0, 1, 12)

    theirs = stats.levene(a, b, center="median")

    assert brown_forsythe_p_value(a, b) == pytest.approx(theirs.pvalue, rel=1e-12)


# Scores -> the least coverage stated for a 95 % interval.
DRAWS: dict[str, tuple[Callable[[np.random.Generator, int], np.ndarray], float]] = {
    "normal": (lambda rng, n: rng.normal(size=n), 0.94),
    "exponential": (lambda rng, n: rng.exponential(size=n), 0.9),
    "log-normal": (lambda rng, n: np.exp(0.5 * rng.normal(size=n)), 0.9),
}


@pytest.mark.parametrize("n_seeds", [5, 10, 30])
@pytest.mark.parametrize("name", DRAWS)
def test_the_interval_covers_the_true_ratio(name: str, n_seeds: int):
    draw, least = DRAWS[name]
    rng, n_studies = RNG(n_seeds), 1000

    contrasts = [
        log_spread_ratio(2 * draw(rng, n_seeds), draw(rng, n_seeds))
        for _ in range(n_studies)
    ]

    covers = np.mean([one.lower <= np.log(2) <= one.upper for one in contrasts])
    error = 3.3 * (least * (1 - least) / n_studies) ** 0.5
    assert least - error <= covers <= 0.955 + error


@pytest.mark.parametrize(("n_seeds", "m"), [(50, 1), (81, 8), (91, 16)])
def test_the_specified_seeds_see_a_ratio_of_one_and_a_half(n_seeds: int, m: int):
    rng, n_studies = RNG(7), 1000

    seen = np.mean(
        [
            log_spread_ratio(
                1.5 * rng.normal(size=n_seeds),
                rng.normal(size=n_seeds),
                confidence_level=1 - 0.05 / m,
            ).lower
            > 0
            for _ in range(n_studies)
        ]
    )

    # Section 3.4 of the scientific specification: 80 % power, to 5 points.
    assert seen >= 0.75 - 3.3 * (0.8 * 0.2 / n_studies) ** 0.5
