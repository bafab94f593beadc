"""The winner's curse, measured; sensitivity against SciPy's integral."""

import numpy as np
import pytest
from scipy import integrate

from paribus.stats.regret import learning_rate_sensitivity
from paribus.stats.selection import select_value


def test_the_winner_of_20_equal_values_is_judged_fairly_by_fresh_seeds_only():
    rng = np.random.default_rng(0)
    values = np.logspace(-4, 0, 20)
    n_studies, n_tuning, n_evaluation = 2000, 3, 6
    on_tuning, on_evaluation = np.zeros(n_studies), np.zeros(n_studies)
    for study in range(n_studies):
        scores = rng.normal(size=(20, n_tuning))
        selection = select_value(values, scores, np.zeros(scores.shape, dtype=bool))
        assert selection.best is not None
        on_tuning[study] = selection.mean_scores[selection.best]
        on_evaluation[study] = rng.normal(size=n_evaluation).mean()

    # The expected maximum of 20 standard normals is 1.867 (Harter, 1961).
    expected = 1.867 / np.sqrt(n_tuning)
    errors = 3.3 / np.sqrt(n_studies)
    assert on_tuning.mean() == pytest.approx(expected, abs=errors * on_tuning.std())
    assert abs(on_evaluation.mean()) < errors * on_evaluation.std()
    assert on_tuning.mean() > 50 * on_tuning.std() / np.sqrt(n_studies)


@pytest.mark.parametrize("seed", range(5))
def test_sensitivity_equals_scipys_integral(seed: int):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(-4, 0, size=15))
    losses, initial = rng.exponential(size=15), 1.2
    best = int(np.abs(x + 2).argmin())

    ours = learning_rate_sensitivity(10**x, losses, initial, best)

    capped = np.minimum(losses, initial)
    low, high = x[best] - 1, x[best] + 1
    integral, _ = integrate.quad(
        lambda at: np.interp(at, x, capped - capped.min()),
        low,
        high,
        points=x[(x > low) & (x < high)],
        limit=200,
    )
    # quad's own tolerance.
    assert ours == pytest.approx(integral / 2, abs=1e-7)
