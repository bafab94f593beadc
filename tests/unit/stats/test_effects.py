"""Variance shares: extreme grids, and what is refused."""

import numpy as np
import pytest

from paribus.errors import SpaceError, TooFewSeedsError
from paribus.stats.effects import (
    effect_versions,
    variance_shares,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def additive(n_seeds: int = 3) -> np.ndarray:
    """Rows differ by 1, columns by .1, seeds and the rest not at all."""
    centre = np.arange(3.0)[:, None] + 0.1 * np.arange(4.0)
    return np.repeat(centre[:, :, None], n_seeds, axis=2)


def test_without_noise_the_shares_are_those_of_the_means():
    found = variance_shares(additive(), rng=rng())

    rows, columns = np.var(np.arange(3.0)), np.var(0.1 * np.arange(4.0))
    total = rows + columns
    expected = np.array([rows / total, columns / total, 0.0, 0.0])
    np.testing.assert_allclose(found.shares, expected)
    assert found.interacting == ()


def test_scores_that_do_not_vary_have_no_shares():
    found = variance_shares(np.full((2, 2, 3), 0.97), rng=rng())

    assert found.shares.tolist() == [0, 0, 0, 0]


def test_opposite_effects_interact():
    scores = np.array([[1.0, -1.0], [-1.0, 1.0]])[:, :, None] + np.zeros(3)
    scores = scores + 0.01 * rng().normal(size=scores.shape)

    found = variance_shares(scores, rng=rng())

    assert found.shares[2] > 0.99
    assert found.interacting == ((0, 1),)


def test_of_three_hyperparameters_only_those_that_interact_are_named():
    """The first and the third together, and each of the three by itself."""
    a, b, c, _ = np.meshgrid([-1, 1], [-1, 0, 1], [-1, 1], range(4), indexing="ij")
    scores = a + b + c + 0.8 * a * c + 0.01 * rng().normal(size=a.shape)

    found = variance_shares(scores, rng=rng())

    assert found.interacting == ((0, 2),)
    variances = np.array(
        [1, 2 / 3, 1, 0, 0.64, 0, 0, 0]
    )  # pairs in order, higher, seed
    np.testing.assert_allclose(found.shares, variances / variances.sum(), atol=1e-3)


def test_what_three_do_only_together_is_a_higher_interaction():
    a, b, c, _ = np.meshgrid([-1, 1], [-1, 1], [-1, 1], range(3), indexing="ij")

    found = variance_shares((a * b * c).astype(float), rng=rng())

    np.testing.assert_allclose(found.shares, [0, 0, 0, 0, 0, 0, 1, 0], atol=1e-12)


def test_intervals_come_with_20_seeds():
    scores = additive(20) + rng().normal(size=(3, 4, 20))

    few = variance_shares(scores[:, :, :19], rng=rng())
    many = variance_shares(scores, rng=rng())

    assert few.lower is few.upper is None
    assert many.lower is not None
    assert many.upper is not None
    assert (many.lower <= many.shares).all()
    assert (many.shares <= many.upper).all()


@pytest.mark.parametrize("is_kept", [np.zeros((3, 3)), np.eye(3)])
def test_without_a_grid_of_learners_there_is_no_second_version(is_kept: np.ndarray):
    scores = rng().normal(size=(3, 3, 4))
    is_bad = np.repeat(is_kept[:, :, None] == 0, 4, axis=2)

    versions = effect_versions(scores, is_bad, chance=0.1, rng=rng())

    assert versions.without_collapsed is None


def test_clipping_hides_what_lies_below_guessing():
    scores = 0.9 + 0.01 * rng().normal(size=(2, 2, 4))
    low = scores.copy()
    low[0, 0, 0] = 0.12
    lower = low.copy()
    lower[0, 0, 0] = 0.05
    nobody = np.zeros(scores.shape, dtype=bool)

    def clipped(some: np.ndarray) -> np.ndarray:
        return effect_versions(some, nobody, chance=0.1, rng=rng()).clipped.shares

    np.testing.assert_array_equal(clipped(low), clipped(lower))
    assert (clipped(low) != clipped(scores)).any()


def test_one_value_or_one_seed_is_refused():
    with pytest.raises(SpaceError, match="2 values of each hyperparameter, got 1 x 3"):
        variance_shares(np.zeros((1, 3, 4)), rng=rng())
    with pytest.raises(TooFewSeedsError, match="need 2 seeds, got 1"):
        variance_shares(np.zeros((2, 3, 1)), rng=rng())
