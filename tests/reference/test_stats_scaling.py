"""Scaling analyses in simulated studies, and against SciPy's own fits."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from paribus.stats.critical_batch import critical_batch
from paribus.stats.scaling import best_values, scale_learning_rate


BATCH_SIZES = np.array([8.0, 32.0, 64.0, 128.0, 512.0, 2048.0, 6000.0])
GRID = np.logspace(-4, 0.5, 10)


def simulated_scores(
    rng: np.random.Generator, slope: float, *, n_seeds: int, noise: float
) -> np.ndarray:
    """A lopsided response, the same for all batch sizes but for where its top lies."""
    top = -2.2 + slope * np.log10(BATCH_SIZES / 200)
    distance = np.log10(GRID) - top[:, None]
    scores = 0.97 - 0.02 * distance**2 - 0.002 * distance**3
    return scores[:, :, None] + noise * rng.normal(
        size=(len(BATCH_SIZES), len(GRID), n_seeds)
    )


@pytest.mark.slow
@pytest.mark.parametrize(("slope", "verdict"), [(1.0, "linear"), (0.5, "square root")])
@pytest.mark.parametrize(("n_seeds", "noise"), [(3, 0.002), (6, 0.004)])
def test_planted_slopes_are_covered_and_named(
    slope: float, verdict: str, n_seeds: int, noise: float
):
    rng = np.random.default_rng(0)
    n_studies, n_covered, n_named = 150, 0, 0
    for _ in range(n_studies):
        scores = simulated_scores(rng, slope, n_seeds=n_seeds, noise=noise)
        found = scale_learning_rate(
            BATCH_SIZES, GRID, scores, np.zeros(scores.shape, dtype=bool)
        )
        n_covered += found.slope.contains(slope)
        n_named += found.verdict == verdict

    # Nominal .95, more where the wider of the two intervals is too wide; 150 studies
    # have an error of .018.
    assert n_covered / n_studies >= 0.95 - 3.3 * 0.018
    assert n_named / n_studies >= 0.9


def test_an_optimum_planted_beyond_the_grid_is_untested():
    rng = np.random.default_rng(1)
    scores = simulated_scores(rng, 2.0, n_seeds=5, noise=0.001)

    found = scale_learning_rate(
        BATCH_SIZES, GRID, scores, np.zeros(scores.shape, dtype=bool)
    )

    assert found.verdict == "untested"
    edges = [s.edge for s in found.best.selections if s.edge]
    assert set(edges) == {"lowest", "highest"}


def test_tops_errors_and_slope_equal_numpys_polyfit_and_a_plain_jackknife():
    rng = np.random.default_rng(2)
    n_seeds = 5
    scores = simulated_scores(rng, 0.7, n_seeds=n_seeds, noise=0.01)
    log_grid = np.log(GRID)

    def top(means: np.ndarray) -> float:
        best = int(means.argmax())
        some = slice(max(best - 2, 0), best + 3)
        a, b, _ = np.polyfit(log_grid[some], means[some], 2)
        if a >= 0:
            return log_grid[best]
        return float(np.clip(-b / (2 * a), log_grid[some][0], log_grid[some][-1]))

    def tops(some: np.ndarray) -> np.ndarray:
        return np.array([top(row.mean(axis=1)) for row in some])

    def spread(values: list[Any]) -> Any:
        return np.sqrt(
            (n_seeds - 1) / n_seeds * ((values - np.mean(values, 0)) ** 2).sum(0)
        )

    without = [tops(np.delete(scores, seed, axis=2)) for seed in range(n_seeds)]
    errors = np.maximum(spread(without), 0.5 * np.log(10) / np.sqrt(12))
    x = np.log(BATCH_SIZES)
    (slope, _), covariance = np.polyfit(x, tops(scores), 1, w=1 / errors, cov=True)
    _, known = np.polyfit(x, tops(scores), 1, w=1 / errors, cov="unscaled")
    slopes = [np.polyfit(x, row, 1, w=1 / errors)[0] for row in without]
    margin = max(
        stats.t.ppf(0.975, len(x) - 2) * np.sqrt(covariance[0, 0]),
        stats.t.ppf(0.975, n_seeds - 1) * spread(slopes),
        stats.norm.ppf(0.975) * np.sqrt(known[0, 0]),
    )

    is_bad = np.zeros(scores.shape, dtype=bool)
    best = best_values(BATCH_SIZES, GRID, scores, is_bad)
    found = scale_learning_rate(BATCH_SIZES, GRID, scores, is_bad)

    assert best.is_used.all()
    np.testing.assert_allclose(best.log_values, tops(scores), atol=1e-8)
    np.testing.assert_allclose(best.errors, errors, rtol=1e-6)
    assert found.slope.estimate == pytest.approx(slope, rel=1e-6)
    assert found.slope.upper - found.slope.estimate == pytest.approx(margin, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("n_seeds", "shared"), [(5, 0.0), (10, 0.0), (5, 0.2)])
def test_the_critical_batch_is_covered_in_93_to_98_percent(n_seeds: int, shared: float):
    rng = np.random.default_rng(0)
    n_studies, n_covered, n_no_fit = 500, 0, 0
    centre = np.log(1000 * (1 + 200 / BATCH_SIZES))[:, None]
    for _ in range(n_studies):
        noise = 0.1 * rng.normal(size=(len(BATCH_SIZES), n_seeds))
        noise += shared * rng.normal(size=n_seeds)
        found = critical_batch(BATCH_SIZES, np.exp(centre + noise))
        n_covered += found.lower <= 200 <= found.upper
        n_no_fit += found.verdict == "no fit"

    assert 0.93 <= n_covered / n_studies <= 0.98
    # The level is .01; 500 studies have an error of .0045.
    assert n_no_fit / n_studies <= 0.01 + 3.3 * 0.0045


@pytest.mark.parametrize("critical", [2.0, 1e5])
def test_one_sided_bounds_are_rarely_wrong(critical: float):
    rng = np.random.default_rng(3)
    centre = np.log(1000 * (1 + critical / BATCH_SIZES))[:, None]
    n_wrong = 0
    for _ in range(150):
        noise = 0.1 * rng.normal(size=(len(BATCH_SIZES), 5))
        found = critical_batch(BATCH_SIZES, np.exp(centre + noise))
        n_wrong += found.lower > critical or found.upper < critical

    # Nominal .05; 150 studies have an error of .018.
    assert n_wrong / 150 <= 0.05 + 3.3 * 0.018


@pytest.mark.parametrize("seed", range(4))
def test_the_fit_equals_scipys_curve_fit(seed: int):
    rng = np.random.default_rng(seed)
    log_steps = np.log(500 * (1 + 300 / BATCH_SIZES))[:, None]
    log_steps = log_steps + 0.1 * rng.normal(size=(len(BATCH_SIZES), 6))

    found = critical_batch(BATCH_SIZES, np.exp(log_steps))

    theirs: Any = optimize.curve_fit(
        lambda b, log_s, log_c: log_s + np.log1p(np.exp(log_c) / b),
        BATCH_SIZES,
        log_steps.mean(axis=1),
        p0=(6.0, 5.0),
    )
    np.testing.assert_allclose(
        np.log([found.min_steps, found.critical]), theirs[0], atol=1e-5
    )
