"""Trend tests against SciPy."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats

from paribus.stats.outcomes import (
    OutcomeThresholds,
    TrainingCurves,
    has_collapsed_late,
    mann_kendall_p_value,
    theil_sen_slope,
)


def exact_p_value(curve: np.ndarray) -> float:
    result: Any = stats.kendalltau(
        np.arange(len(curve)), curve, alternative="greater", method="exact"
    )
    return result.pvalue


def asymptotic_p_value(curve: np.ndarray) -> float:
    result: Any = stats.kendalltau(
        np.arange(len(curve)), curve, alternative="greater", method="asymptotic"
    )
    return result.pvalue


def kendall_sum(curve: np.ndarray) -> int:
    """Rising pairs minus falling pairs."""
    pairs = itertools.combinations(curve, 2)
    return sum(int(np.sign(later - earlier)) for earlier, later in pairs)


@pytest.mark.parametrize("n", [4, 5, 6, 7, 8])
def test_mann_kendall_decides_as_kendalls_exact_test(n: int):
    # One order for each value the statistic can take: swap neighbours one at a time.
    order = list(range(n))
    orders = [order.copy()]
    for last in range(n - 1, 0, -1):
        for i in range(last):
            order[i], order[i + 1] = order[i + 1], order[i]
            orders.append(order.copy())
    curves = np.array(orders, dtype=float)

    ours = mann_kendall_p_value(curves)

    assert len({kendall_sum(curve) for curve in curves}) == n * (n - 1) // 2 + 1
    for curve, p_value in zip(curves, ours, strict=True):
        assert (p_value < 0.05) == (exact_p_value(curve) < 0.05)


def test_mann_kendall_is_close_to_the_exact_p_value_for_longer_curves():
    curves = np.random.default_rng(0).normal(size=(40, 25)) + 0.03 * np.arange(25)

    ours = mann_kendall_p_value(curves)

    theirs = np.array([exact_p_value(curve) for curve in curves])
    is_rising = theirs < 0.5
    # The normal approximation with continuity correction, at 25 values.
    np.testing.assert_allclose(ours[is_rising], theirs[is_rising], atol=0.002)


def test_mann_kendall_corrects_for_ties_as_scipy_does():
    curves = np.random.default_rng(1).integers(0, 4, size=(30, 20)).astype(float)
    curves += np.arange(20) // 8

    ours = mann_kendall_p_value(curves)

    # SciPy's asymptotic test has the same variance and no continuity correction.
    for curve, p_value in zip(curves, ours, strict=True):
        s = kendall_sum(curve)
        z = stats.norm.isf(asymptotic_p_value(curve))
        assert s > 0
        assert p_value == pytest.approx(stats.norm.sf(z * (s - 1) / s), rel=1e-6)


def test_theil_sen_agrees_with_scipy():
    at = np.array([0.0, 0.5, 1.0, 2.0, 4.0, 5.0])
    curves = np.random.default_rng(2).normal(size=(20, 6))

    ours = theil_sen_slope(at, curves)

    for curve, slope in zip(curves, ours, strict=True):
        theirs: Any = stats.theilslopes(curve, at)
        assert slope == pytest.approx(theirs.slope, rel=1e-12)


def steady_accuracies(
    rng: np.random.Generator, *, n_examples: int, error: float, same_examples: bool
) -> np.ndarray:
    """2,000 runs that have stopped changing, evaluated 40 times on a small split."""
    if not same_examples:
        return 1 - rng.binomial(n_examples, error, size=(2000, 40)) / n_examples
    # Calibrated: an example is right with its own probability, and two evaluations
    # disagree on a share `error` of the examples.
    ratio = 1 / (2 * (1 - error))
    total = ratio / (1 - ratio)
    shape = (2000, n_examples)
    p = rng.beta(total * (1 - error), total * error, size=shape)
    return np.stack([(rng.random(shape) < p).mean(axis=1) for _ in range(40)], axis=1)


@pytest.mark.parametrize(
    ("same_examples", "most"), [(True, 0.01), (False, 0.05)], ids=["usual", "worst"]
)
@pytest.mark.parametrize("n_examples", [100, 200])
def test_a_steady_run_on_a_small_split_is_no_late_collapse(
    n_examples: int, same_examples: bool, most: float
):
    score = steady_accuracies(
        np.random.default_rng(0),
        n_examples=n_examples,
        error=0.1,
        same_examples=same_examples,
    )
    everything: Any = {
        "epochs": np.arange(1.0, 41.0),
        "score": score,
        "train_accuracy": score,
        "train_loss": np.ones(score.shape),
        "chance": 0.1,
        "label_entropy": 2.303,
        "n_train_evaluated": 10_000,
    }

    def share(n_scored: int | None) -> float:
        curves = TrainingCurves(n_scored=n_scored, **everything)
        return float(has_collapsed_late(curves, OutcomeThresholds()).mean())

    # 5 points alone call a sixth or more of them so.
    assert share(None) > 0.15
    assert share(n_examples) <= most
