"""The critical batch size: exact hyperbolas, missed targets, short ranges."""

import numpy as np
import pytest
from scipy import stats

from paribus.errors import TooFewSeedsError
from paribus.stats.critical_batch import LocalSlopes, critical_batch, local_slopes


BATCH_SIZES = np.array([8.0, 32.0, 128.0, 512.0, 2048.0, 6000.0])


def hyperbola(critical: float, *, n_seeds: int = 5, noise: float = 0.0) -> np.ndarray:
    steps = 1000 * (1 + critical / BATCH_SIZES)[:, None]
    rng = np.random.default_rng(0)
    return steps * np.exp(noise * rng.normal(size=(len(BATCH_SIZES), n_seeds)))


def test_an_exact_hyperbola_is_found():
    found = critical_batch(BATCH_SIZES, hyperbola(200.0))

    assert found.verdict == "inside"
    assert found.critical == pytest.approx(200, rel=1e-6)
    assert found.min_steps == pytest.approx(1000, rel=1e-6)
    assert (found.lower, found.upper) == pytest.approx((200, 200), rel=1e-6)


@pytest.mark.parametrize(("critical", "verdict"), [(1.0, "below"), (1e6, "above")])
def test_outside_the_batch_sizes_there_is_one_bound(critical: float, verdict: str):
    found = critical_batch(BATCH_SIZES, hyperbola(critical, noise=0.05))

    assert found.verdict == verdict
    bounds = {"below": (found.upper, found.lower), "above": (found.lower, found.upper)}
    known, unknown = bounds[verdict]
    assert np.isnan(unknown)
    assert min(known / critical, critical / known) < 1
    assert np.isfinite(known)


def test_a_bound_above_is_weaker_with_more_noise():
    little = critical_batch(BATCH_SIZES, hyperbola(1e5, noise=0.02))
    much = critical_batch(BATCH_SIZES, hyperbola(1e5, noise=0.2))

    assert much.lower < little.lower <= 1e5


def test_a_batch_size_that_missed_the_target_once_is_left_out():
    steps = hyperbola(200.0)
    steps[5, 0] = np.inf

    found = critical_batch(BATCH_SIZES, steps)

    assert found.is_used.tolist() == [True] * 5 + [False]
    assert found.critical == pytest.approx(200, rel=1e-6)
    assert len(found.slopes.estimate) == 4


def test_fewer_than_5_batch_sizes_are_untested_but_have_slopes():
    steps = hyperbola(200.0)
    steps[4:] = np.nan

    found = critical_batch(BATCH_SIZES, steps)

    assert found.verdict == "untested"
    assert np.isnan([found.critical, found.lower, found.upper, found.min_steps]).all()
    assert len(found.slopes.estimate) == 3


def test_steps_that_rise_again_do_not_fit():
    steps = hyperbola(200.0, noise=0.02)
    steps[5] *= 1.5

    found = critical_batch(BATCH_SIZES, steps)

    assert found.verdict == "no fit"
    assert found.lack_of_fit_p < 0.001


def test_a_shift_of_a_seed_at_all_batch_sizes_changes_nothing():
    steps = hyperbola(200.0, noise=0.05)
    shift = np.array([1.0, 2.0, 0.5, 3.0, 1.5])

    before, after = (critical_batch(BATCH_SIZES, s) for s in (steps, steps * shift))

    assert after.critical == pytest.approx(before.critical, rel=1e-6)
    assert after.lower == pytest.approx(before.lower, rel=1e-6)
    assert after.lack_of_fit_p == pytest.approx(before.lack_of_fit_p, rel=1e-6)


def test_slopes_go_from_perfect_scaling_to_a_plateau():
    sizes = np.array([1.0, 10.0, 100.0])
    log_steps = np.log(np.array([[1000.0, 2000], [100, 200], [100, 150]]))

    slopes = local_slopes(sizes, log_steps)

    np.testing.assert_allclose(slopes.estimate, [-1, np.log10(0.75) / 2], atol=1e-12)
    np.testing.assert_allclose([slopes.lower[0], slopes.upper[0]], -1, atol=1e-12)


def test_where_perfect_scaling_ends_is_said():
    found = critical_batch(BATCH_SIZES, hyperbola(200.0, noise=0.01))
    perfect = critical_batch(BATCH_SIZES, hyperbola(1e9, noise=0.01))

    assert found.slopes.leaves_perfect_scaling() == 8.0
    assert perfect.slopes.leaves_perfect_scaling() is None


def test_where_it_ends_holds_for_all_larger_batches():
    def slopes(*lower: float) -> LocalSlopes:
        first = 2.0 ** np.arange(len(lower))
        nothing = np.zeros(len(lower))
        return LocalSlopes(
            first=first,
            last=2 * first,
            estimate=nothing,
            lower=np.array(lower),
            upper=nothing,
        )

    assert slopes(-0.9, -1.1, -0.8, -0.2).leaves_perfect_scaling() == 4.0
    assert slopes(-0.9, -0.8).leaves_perfect_scaling() == 1.0
    assert slopes(-0.9, -1.1).leaves_perfect_scaling() is None


def test_slopes_share_the_error_rate():
    sizes = np.array([1.0, 2.0, 4.0, 8.0])
    log_steps = np.random.default_rng(0).normal(size=(4, 6))

    found = local_slopes(sizes, log_steps)

    by_seed = np.diff(log_steps, axis=0) / np.log(2)
    half = stats.t.ppf(1 - 0.025 / 3, 5) * by_seed.std(axis=1, ddof=1) / np.sqrt(6)
    np.testing.assert_allclose(found.upper - found.estimate, half)


def test_one_seed_is_refused():
    with pytest.raises(TooFewSeedsError, match="needs 2 seeds, got 1"):
        critical_batch(BATCH_SIZES, hyperbola(200.0, n_seeds=1))
