"""Flip shares against the normal distribution and against every study written out."""

import itertools

import numpy as np
import pytest
from builders import all_counted
from scipy import stats

from paribus.stats.flips import FlipMode, flip_curve


PAIR = np.array([1.0, -1.0])


def exactly_normal(n: int, centre: float, rng: np.random.Generator) -> np.ndarray:
    """A bank with exactly the quantiles of a normal distribution, in random order."""
    return centre + rng.permutation(stats.norm.ppf((np.arange(n) + 0.5) / n))


@pytest.mark.parametrize("delta", [0.3, 1.0])
def test_independent_flips_of_normal_banks_follow_the_normal_distribution(
    delta: float,
):
    rng = np.random.default_rng(0)
    scores = np.stack([exactly_normal(400, delta, rng), exactly_normal(400, 0.0, rng)])

    curve = flip_curve(scores, PAIR, all_counted(scores), rng=rng)

    expected = stats.norm.cdf(-delta * np.sqrt(np.array(curve.n_seeds) / 2))
    # Monte-Carlo error .005, 3.3 of them; 400 quantiles stand for the normal to .002.
    np.testing.assert_allclose(curve.shares, expected, atol=0.0185)
    assert curve.shares[0] == pytest.approx(expected[0], abs=0.002)


def test_common_flips_follow_the_spread_of_the_differences():
    rng = np.random.default_rng(1)
    shift = 3 * rng.normal(size=400)
    scores = np.stack([exactly_normal(400, 0.4, rng), np.zeros(400)]) + shift

    common = flip_curve(scores, PAIR, all_counted(scores), mode="common", rng=rng)
    independent = flip_curve(scores, PAIR, all_counted(scores), rng=rng)

    expected = stats.norm.cdf(-0.4 * np.sqrt(np.array(common.n_seeds)))
    np.testing.assert_allclose(common.shares, expected, atol=0.0185)
    # What a seed does to both cancels only if it is the same seed.
    assert (independent.shares > common.shares).all()


@pytest.mark.parametrize("mode", ["independent", "common"])
def test_a_contrast_of_three_equals_every_study_written_out(mode: FlipMode):
    scores = np.random.default_rng(2).integers(6, size=(3, 4)).astype(float)
    weights = np.array([1.0, -0.5, -0.5])
    means = scores.mean(axis=1)
    sign = np.sign(weights @ means)

    def share(totals: np.ndarray) -> float:
        return float(np.mean((totals * sign < 0) + 0.5 * (totals == 0)))

    exact = {}
    for k in (1, 2):
        draws = np.array(list(itertools.product(range(4), repeat=k)))
        averaged = scores[:, draws].mean(axis=2)
        if mode == "common":
            exact[k] = share(weights @ averaged)
        else:
            a, b, c = (w * row for w, row in zip(weights, averaged, strict=True))
            exact[k] = share(a[:, None, None] + b[:, None] + c)

    curve = flip_curve(
        scores, weights, all_counted(scores), mode=mode, rng=np.random.default_rng(0)
    )

    assert sign != 0
    # 10,000 draws: 3.3 standard deviations of a share.
    for k, found in zip((1, 2), curve.shares, strict=False):
        assert found == pytest.approx(exact[k], abs=3.3 * 0.005)


@pytest.mark.long
def test_intervals_cover_the_share_of_the_population():
    rng = np.random.default_rng(3)
    delta, n_banks, n_covered = 0.8, 120, np.zeros(2)
    expected = stats.norm.cdf(-delta * np.sqrt(np.array([1, 3]) / 2))
    for _ in range(n_banks):
        scores = rng.normal(size=(2, 40)) + np.array([[delta], [0.0]])
        curve = flip_curve(
            scores, PAIR, all_counted(scores), seeds_averaged=(1, 3), rng=rng
        )
        n_covered += (curve.lower <= expected) & (expected <= curve.upper)

    # Nominal .95; percentiles of 40 runs cover a little less. 120 banks: error .02.
    assert (n_covered / n_banks >= 0.93 - 3.3 * 0.02).all()
