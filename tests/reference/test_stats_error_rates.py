"""How often would verdicts be false, and how often right? Simulated studies.

A verdict compares the simultaneous interval with the smallest effect: supported above
it, refuted below minus it, negligible within. The rules are written out here once more,
so that the rates are those of the intervals and not of one implementation of the rules.
Bounds are the nominal rate plus 3.3 Monte-Carlo standard deviations of 1,000 studies.
"""

from typing import NamedTuple

import numpy as np
import pytest
from builders import all_counted

from paribus.stats.contrasts import difference_interval
from paribus.stats.families import simultaneous_level
from paribus.stats.ties import best_mean


N_STUDIES = 1000
CHUNK = 500


class Bounds(NamedTuple):
    lower: np.ndarray
    upper: np.ndarray

    def supported(self, smallest_effect: float) -> np.ndarray:
        return self.lower > smallest_effect

    def refuted(self, smallest_effect: float) -> np.ndarray:
        return self.upper < -smallest_effect

    def negligible(self, smallest_effect: float) -> np.ndarray:
        return (self.lower > -smallest_effect) & (self.upper < smallest_effect)


def simulate(
    n_seeds: int, m: int, *, effect: float = 0.0, scores: str = "normal", seed: int = 0
) -> Bounds:
    """Bounds [study, contrast] of m paired contrasts; a run's standard deviation is 1.

    `effect` is the true difference, for log-normal scores that of their logarithms.
    """
    rng = np.random.default_rng([seed, n_seeds, m])
    a, b = rng.normal(size=(2, N_STUDIES * m, n_seeds))
    a = a + effect
    if scores == "log-normal":
        # As losses and times are compared: through the logarithm.
        a, b = np.log(np.exp(a)), np.log(np.exp(b))
    if scores == "skewed":
        # As a skewed accuracy would be: on its own scale, standardised.
        a, b = ((np.exp(0.8 * x) - np.exp(0.32)) / 1.302 for x in (a, b))
    level = simultaneous_level(m)
    parts = [
        difference_interval(part, all_counted(part), confidence_level=level, rng=rng)
        for part in np.split(a - b, range(CHUNK, len(a), CHUNK))
    ]
    shape = (N_STUDIES, m)
    return Bounds(
        np.concatenate([part.lower for part in parts]).reshape(shape),
        np.concatenate([part.upper for part in parts]).reshape(shape),
    )


def allowance(rate: float) -> float:
    return 3.3 * (rate * (1 - rate) / N_STUDIES) ** 0.5


FAMILIES = [
    pytest.param(6, 1, id="6 seeds"),
    pytest.param(6, 8, id="6 seeds, 8 contrasts"),
    pytest.param(10, 1, id="10 seeds"),
    pytest.param(10, 8, id="10 seeds, 8 contrasts"),
    pytest.param(30, 1, id="30 seeds"),
    pytest.param(30, 8, id="30 seeds, 8 contrasts", marks=pytest.mark.long),
]


@pytest.mark.parametrize("scores", ["normal", "log-normal", "skewed"])
@pytest.mark.parametrize(("n_seeds", "m"), FAMILIES)
def test_equal_configs_get_a_false_verdict_in_at_most_5_percent_of_studies(
    n_seeds: int, m: int, scores: str
):
    bounds = simulate(n_seeds, m, scores=scores)

    # A smallest effect of 0 is the hardest case: any decided direction is false.
    strict = bounds.supported(0.0) | bounds.refuted(0.0)
    usual = bounds.supported(0.5) | bounds.refuted(0.5)
    assert strict.any(axis=1).mean() <= 0.05 + allowance(0.05)
    assert usual.any(axis=1).mean() <= 0.02


def test_the_rate_without_a_smallest_effect_is_the_nominal_one():
    bounds = simulate(10, 1)

    rate = (bounds.supported(0.0) | bounds.refuted(0.0)).mean()

    assert 0.027 <= rate <= 0.073  # not merely at most: the interval has teeth


@pytest.mark.parametrize("smallest_effect", [0.5, 2.0])
@pytest.mark.parametrize(("n_seeds", "m"), FAMILIES)
def test_an_effect_of_exactly_the_smallest_one_is_seldom_decided(
    n_seeds: int, m: int, smallest_effect: float
):
    bounds = simulate(n_seeds, m, effect=smallest_effect, seed=1)

    n_contrasts = N_STUDIES * m
    rate = 0.025 / m
    most = rate + 3.3 * (rate * (1 - rate) / n_contrasts) ** 0.5
    assert bounds.supported(smallest_effect).mean() <= most
    assert bounds.negligible(smallest_effect).mean() <= most


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("distance", "n_seeds", "m"),
    [(0.8, 27, 1), (1.0, 18, 1), (1.5, 10, 1), (2.0, 7, 1), (1.5, 16, 8), (3.0, 7, 8)],
)
def test_a_planted_effect_is_covered_and_found_with_the_tabled_power(
    distance: float, n_seeds: int, m: int, seed: int
):
    smallest_effect = 0.5
    effect = smallest_effect + distance

    bounds = simulate(n_seeds, m, effect=effect, seed=2 + seed)

    # The table of the specification, section 3.4: 80 % power or just above.
    power = bounds.supported(smallest_effect).mean()
    assert 0.8 - 0.05 <= power <= 0.9 + 0.05
    covers = ((bounds.lower <= effect) & (effect <= bounds.upper)).mean()
    assert covers == pytest.approx(simultaneous_level(m), abs=0.02)
    assert not bounds.refuted(smallest_effect).any()


@pytest.mark.parametrize(
    ("smallest_effect", "n_seeds", "m"),
    [(0.75, 40, 1), (1.0, 24, 1), (1.5, 12, 1), (2.0, 8, 1), (1.5, 19, 8), (3.0, 8, 8)],
)
def test_no_effect_is_called_negligible_with_the_tabled_power(
    smallest_effect: float, n_seeds: int, m: int
):
    bounds = simulate(n_seeds, m, seed=5)

    assert bounds.negligible(smallest_effect).mean() >= 0.8 - 0.05


def test_the_score_that_chose_a_config_is_not_its_score():
    rng = np.random.default_rng(6)
    tuning = rng.normal(size=(N_STUDIES, 20, 5))
    evaluation = rng.normal(size=(N_STUDIES, 20, 10))

    chosen = [best_mean(study, all_counted(study)) for study in tuning]

    studies = np.arange(N_STUDIES)
    error = 1 / (10 * N_STUDIES) ** 0.5
    # All are equal, with mean 0: fresh seeds say so, the seeds that chose do not.
    assert abs(evaluation[studies, chosen].mean()) <= 3.3 * error
    # The mean of the largest of 20 normal means of 5 is 1.867 / sqrt(5).
    bias = tuning[studies, chosen].mean()
    assert bias == pytest.approx(1.867 / 5**0.5, abs=0.03)
