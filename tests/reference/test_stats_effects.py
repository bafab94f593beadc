"""Sums of squares by least squares on dummy variables; planted shares recovered."""

import itertools

import numpy as np
import pytest

from paribus.stats.effects import effect_versions, variance_shares
from paribus.stats.full_part import largest_full_part


def residual_squares(y: np.ndarray, *factors: np.ndarray) -> float:
    """Residual sum of squares after fitting a mean for each level of each factor."""
    columns = [np.ones(len(y))]
    for factor in factors:
        columns += [(factor == level).astype(float) for level in np.unique(factor)]
    design = np.stack(columns, axis=1)
    fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(((y - fitted) ** 2).sum())


def brute_force_shares(scores: np.ndarray) -> np.ndarray:
    """Omega squared from models fitted one after the other, as any package would."""
    a, b, n = scores.shape
    first, second, seed = (index.ravel() for index in np.indices(scores.shape))
    y, cell = scores.ravel(), first * b + second
    nothing = residual_squares(y)
    squares = [
        nothing - residual_squares(y, first),
        nothing - residual_squares(y, second),
        residual_squares(y, first, second) - residual_squares(y, cell),
        nothing - residual_squares(y, seed),
    ]
    residual = residual_squares(y, cell, seed) / ((a * b - 1) * (n - 1))
    df = [a - 1, b - 1, (a - 1) * (b - 1), n - 1]
    shares = [
        (ss - k * residual) / (nothing + residual)
        for ss, k in zip(squares, df, strict=True)
    ]
    return np.maximum(shares, 0)


def planted(
    rng: np.random.Generator, n_seeds: int, shape: tuple[int, int] = (4, 3)
) -> tuple[np.ndarray, np.ndarray]:
    """Scores with known shares, and the shares."""
    a, b = shape
    x, y = np.linspace(-1, 1, a), np.linspace(-1, 1, b)
    parts = [x[:, None] + 0 * y, 0 * x[:, None] + y, np.outer(x, y)]
    sizes = (1.0, 0.6, 0.3)
    centre = sum(
        size * part / np.sqrt((part**2).mean())
        for size, part in zip(sizes, parts, strict=True)
    )
    by_seed, noise = 0.4, 0.8
    scores = np.asarray(centre)[:, :, None] + by_seed * rng.normal(size=n_seeds)
    scores = scores + noise * rng.normal(size=(a, b, n_seeds))
    variances = np.array([1, 0.36, 0.09, 0.16 * (n_seeds - 1) / n_seeds])
    return scores, variances / (variances.sum() + noise**2)


@pytest.mark.parametrize("seed", range(5))
def test_shares_equal_those_of_fitted_models(seed: int):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(4, 3, 5)) + rng.normal(size=(4, 1, 1)) + 100

    ours = variance_shares(scores, rng=rng).shares

    np.testing.assert_allclose(ours, brute_force_shares(scores), atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_shares_of_three_hyperparameters_equal_those_of_fitted_models(seed: int):
    rng = np.random.default_rng(seed)
    shape = (2, 3, 4, 5)
    scores = rng.normal(size=shape) + rng.normal(size=(2, 1, 4, 1)) + 100
    a, b, c, block = (index.ravel() for index in np.indices(shape))
    y, ab, ac, bc = scores.ravel(), 3 * a + b, 4 * a + c, 4 * b + c
    cell = 12 * a + bc

    def explained(*factors: np.ndarray) -> float:
        return residual_squares(y) - residual_squares(y, *factors)

    squares = [explained(a), explained(b), explained(c)]
    squares += [
        explained(ab) - explained(a, b),
        explained(ac) - explained(a, c),
        explained(bc) - explained(b, c),
    ]
    squares += [explained(cell) - sum(squares), explained(block)]
    df = np.array([1, 2, 3, 2, 3, 6, 6, 4])
    residual = residual_squares(y, cell, block) / (23 * 4)
    expected = (np.array(squares) - df * residual) / (residual_squares(y) + residual)

    ours = variance_shares(scores, rng=rng).shares

    np.testing.assert_allclose(ours, np.maximum(expected, 0), atol=1e-9)


def test_planted_shares_are_recovered_without_bias():
    rng = np.random.default_rng(0)
    n_studies = 400
    found = np.zeros((n_studies, 4))
    expected = np.zeros(4)
    for study in range(n_studies):
        scores, expected = planted(rng, n_seeds=10)
        found[study] = variance_shares(scores, rng=rng).shares

    # 3.3 errors, and what the floor at 0 and the ratio add: below .003 here.
    error = 3.3 * found.std(axis=0) / np.sqrt(n_studies)
    np.testing.assert_array_less(np.abs(found.mean(axis=0) - expected), error + 0.003)


def test_intervals_cover_planted_shares_as_documented():
    rng = np.random.default_rng(1)
    n_studies = 300
    n_covered = np.zeros(4)
    for _ in range(n_studies):
        scores, expected = planted(rng, n_seeds=20)
        found = variance_shares(scores, n_resamples=399, rng=rng)
        assert found.lower is not None
        assert found.upper is not None
        n_covered += (found.lower <= expected) & (expected <= found.upper)

    # Nominal .95. Documented: .91-.95, and .84-.91 for the seed; 300 studies have an
    # error of .015.
    np.testing.assert_array_less([0.88, 0.88, 0.88, 0.80], n_covered / n_studies)


def test_a_collapsed_value_takes_all_variance_but_not_in_the_version_without_it():
    rng = np.random.default_rng(2)
    scores, expected = planted(rng, n_seeds=30)
    scores = 0.9 + 0.01 * scores
    collapsed = np.concatenate([scores, np.full((1, 3, 30), 0.1)])
    is_bad = np.zeros(collapsed.shape, dtype=bool)
    is_bad[-1] = True

    versions = effect_versions(
        collapsed, is_bad, chance=0.1, rng=np.random.default_rng(0)
    )

    assert versions.everything.shares[0] > 0.99
    assert versions.clipped.shares[0] > 0.99
    assert versions.without_collapsed is not None
    alone = variance_shares(scores, rng=np.random.default_rng(0))
    np.testing.assert_allclose(
        versions.without_collapsed.shares, alone.shares, rtol=1e-9
    )
    # One study; 30 seeds leave an error of about .02 in each share.
    np.testing.assert_allclose(alone.shares, expected, atol=0.07)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("shape", [(3, 4), (5, 3)])
def test_the_largest_part_equals_trying_every_choice_of_both(
    seed: int, shape: tuple[int, int]
):
    is_kept = np.random.default_rng(seed).random(shape) < 0.7
    best = 0
    for rows in itertools.product([0, 1], repeat=shape[0]):
        for columns in itertools.product([0, 1], repeat=shape[1]):
            part = is_kept[np.ix_(np.flatnonzero(rows), np.flatnonzero(columns))]
            if part.all() and min(part.shape) >= 2:
                best = max(best, part.size)

    first, second = largest_full_part(is_kept)

    assert is_kept[np.ix_(first, second)].all()
    assert first.sum() * second.sum() == best or best == 0
