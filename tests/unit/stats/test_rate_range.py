import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.stats.rate_range import find_range, grid_ends, loss_band, smooth


RATES = np.geomspace(1e-6, 10, 71)  # ten a decade


def valley(
    begins: float, ends: float, *, n_seeds: int = 5, noise: float = 0.0
) -> np.ndarray:
    """Losses that fall from 2.3 to 0.3 from `begins` on, and blow up at `ends`."""
    x = np.log10(RATES)
    fall = np.clip((x - np.log10(begins)) / 1.0, 0, 1)
    rise = np.clip((x - np.log10(ends)) / 0.2, 0, None)
    losses = 2.3 - 2.0 * fall + 8.0 * rise
    rng = np.random.default_rng(0)
    return losses[:, None] + noise * rng.normal(size=(len(RATES), n_seeds))


def test_the_range_is_that_of_the_valley():
    found = find_range(RATES, valley(1e-4, 0.1))

    assert found is not None
    # A tenth of the fall is a tenth of its decade above its beginning; the loss is
    # above 2.3 a quarter of 0.2 decades after the end; to one stair and the window.
    assert np.log10(found.begins) == pytest.approx(-3.9, abs=0.1001)
    assert np.log10(found.ends) == pytest.approx(-0.95, abs=0.1001)
    assert 1e-3 / 1.3 < found.lowest < 0.1
    assert not found.is_open


def test_noise_of_single_stairs_does_not_move_the_range():
    quiet = find_range(RATES, valley(1e-4, 0.1))
    noisy = find_range(RATES, valley(1e-4, 0.1, noise=0.05))

    assert quiet is not None
    assert noisy is not None
    # 0.05 nats are a quarter of a tenth of the fall: two stairs at most.
    assert abs(np.log10(noisy.begins / quiet.begins)) < 0.21
    assert abs(np.log10(noisy.ends / quiet.ends)) < 0.21


def test_one_diverging_seed_of_five_ends_the_range():
    losses = valley(1e-4, 10.0)
    losses[RATES > 0.01, 2] = np.nan

    found = find_range(RATES, losses)

    assert found is not None
    assert found.ends == pytest.approx(0.01, rel=0.6)  # two stairs of the window
    assert not found.is_open


def test_a_loss_that_never_blows_up_leaves_the_range_open():
    found = find_range(RATES, valley(1e-4, 1e3))

    assert found is not None
    assert found.is_open
    assert found.ends == RATES[-1]


def test_a_loss_that_never_falls_has_no_range():
    assert find_range(RATES, np.full((71, 3), 2.3)) is None
    assert find_range(RATES, np.full((71, 3), np.nan)) is None


def test_a_band_of_many_seeds_is_that_of_numpy_and_divergence_is_worst():
    losses = np.random.default_rng(1).normal(size=(3, 101))
    band = loss_band(losses)

    for found, share in zip(band, (0.1, 0.5, 0.9), strict=True):
        np.testing.assert_array_equal(
            found, np.sort(losses, axis=1)[:, int(np.ceil(share * 101)) - 1]
        )
    losses[0, :20] = np.nan
    assert np.isinf(loss_band(losses).upper[0])
    assert np.isfinite(loss_band(losses).median[0])


def test_smoothing_is_a_running_median():
    values = np.random.default_rng(2).normal(size=30)

    by_hand = [np.median(values[k - 2 : k + 3]) for k in range(2, 28)]
    np.testing.assert_array_equal(smooth(values)[2:28], by_hand)


@given(
    low=st.floats(-7, 1), width=st.floats(0, 5)
)  # exponents of ten, as rates that people try
def test_a_grid_holds_its_range_in_half_decades(low: float, width: float):
    begins, ends = 10**low, 10 ** (low + width)

    lower, upper, n = grid_ends(begins, ends)

    # Six digits are written.
    assert lower <= begins * (1 + 1e-5)
    assert upper >= ends * (1 - 1e-5)
    assert n >= 5
    assert np.log10(upper / lower) == pytest.approx((n - 1) / 2, abs=1e-5)


def test_a_grid_of_whole_decades_adds_nothing():
    assert grid_ends(1e-4, 0.1) == (1e-4, 0.1, 7)
