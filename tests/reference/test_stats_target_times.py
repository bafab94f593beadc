"""Times to a target against NumPy, SciPy and simulated studies whose truth is known."""

import numpy as np
import pytest
from scipy import stats

from paribus.stats.target_times import (
    TargetTimes,
    log_time_ratio,
    restricted_mean_difference,
    summarise_times,
)
from paribus.stats.targets import first_crossing


RNG = np.random.default_rng


def test_a_crossing_is_found_as_on_a_fine_interpolation():
    at = np.array([0.0, 1.0, 3.0, 7.0, 15.0])
    scores = np.cumsum(RNG(0).normal(0.2, 0.3, (50, 5)), axis=1)

    ours = first_crossing(at, scores, 0.5)

    fine = np.linspace(0, 15, 150_001)
    for run, curve in enumerate(scores):
        above = (np.interp(fine, at, curve) >= 0.5) & (fine > 0)
        expected = fine[above.argmax()] if above.any() else np.inf
        if curve[0] < 0.5:
            assert ours[run] == pytest.approx(expected, abs=2e-4)


def censored(log_times: np.ndarray, tau: float) -> TargetTimes:
    found = np.exp(log_times)
    return TargetTimes(times=np.where(found <= tau, found, np.inf), tau=tau)


def test_the_restricted_mean_is_the_area_under_the_survival_curve():
    times = censored(RNG(1).normal(3, 1, 12), 30.0)

    ours = summarise_times(times, np.full(12, False), rng=RNG(0)).restricted_mean

    # SciPy's Kaplan-Meier curve, integrated up to tau.
    sample = stats.CensoredData.right_censored(
        times.restricted(), ~np.isfinite(times.times)
    )
    survival = stats.ecdf(sample).sf
    steps = np.concatenate([[0.0], survival.quantiles, [30.0]])
    heights = np.concatenate([[1.0], survival.probabilities])
    assert ours is not None
    assert ours.estimate[0] == pytest.approx((np.diff(steps) * heights).sum())


def test_the_restricted_mean_difference_covers_its_truth():
    rng, n_studies, n_seeds, tau = RNG(2), 1000, 10, 25.0
    # About a fifth of a and a third of b are censored.
    truth = np.minimum(np.exp(rng.normal(3.0, 0.3, 10**6)), tau).mean()
    truth -= np.minimum(np.exp(rng.normal(3.1, 0.3, 10**6)), tau).mean()

    contrasts = [
        restricted_mean_difference(
            censored(rng.normal(3.0, 0.3, n_seeds), tau),
            censored(rng.normal(3.1, 0.3, n_seeds), tau),
            rng=rng,
        )
        for _ in range(n_studies)
    ]

    covers = np.mean([one.lower <= truth <= one.upper for one in contrasts])
    assert covers == pytest.approx(0.95, abs=3.3 * (0.95 * 0.05 / n_studies) ** 0.5)


@pytest.mark.parametrize("true_ratio", [1.0, 1.25, 3.0], ids=lambda r: f"ratio {r}")
def test_a_bound_from_censored_times_lies_below_the_truth(true_ratio: float):
    rng, n_studies, n_seeds = RNG(3), 1000, 10
    smallest_effect = np.log(1.25)
    tau = float(np.exp(2 + np.log(true_ratio) + 0.2))  # a quarter of the slow is cut

    n_above, n_supported, n_refuted = 0, 0, 0
    for _ in range(n_studies):
        slow = censored(rng.normal(2 + np.log(true_ratio), 0.3, n_seeds), tau)
        fast = censored(np.minimum(rng.normal(2, 0.3, n_seeds), np.log(tau)), tau)
        ratio = log_time_ratio(slow, fast, rng=rng)
        n_above += ratio.contrast.lower > np.log(true_ratio)
        n_supported += ratio.contrast.lower > smallest_effect
        n_refuted += ratio.contrast.upper < -smallest_effect

    # The bound is one side of a 95 % interval and can only be lower for the censoring.
    assert n_above / n_studies <= 0.025 + 3.3 * (0.025 * 0.975 / n_studies) ** 0.5
    assert n_refuted == 0
    # It still has teeth: a threefold slow-down is seen though many never arrive.
    assert n_supported / n_studies >= 0.99 if true_ratio == 3 else n_supported < 50
