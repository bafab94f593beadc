"""What searches of fewer configs would have found."""

from itertools import combinations

import numpy as np
import pytest
from builders import make_result, make_study
from search_builders import RATES, SCORES, make_search, make_tuned_search

from paribus.analysis.search import search_curves
from paribus.status import RunStatus


def best_of_subsets(scores: list[float], k: int) -> float:
    return float(np.mean([max(subset) for subset in combinations(scores, k)]))


def test_a_tuned_study_has_a_curve_for_each_combination_of_the_others():
    curves = search_curves(make_tuned_search())

    assert [dict(curve.others) for curve in curves] == [
        {"batch_size": 32},
        {"batch_size": 64},
    ]
    # Both seeds that chose, the second a little higher.
    scores = [score + 0.0005 for score in SCORES.values()]
    expected = [best_of_subsets(scores, k) for k in (1, 2)]
    assert curves[0].expected == pytest.approx(expected, abs=1e-6)
    assert curves[0].best == pytest.approx(0.9505, abs=1e-6)
    assert (curves[0].n_configs, curves[0].n_seeds) == (5, 2)


def test_values_added_around_the_best_are_no_tries():
    curves = search_curves(make_tuned_search(refine=True))

    assert [curve.n_configs for curve in curves] == [5, 5]
    assert max(curve.best for curve in curves) < 0.96


def test_a_random_search_has_one_curve_of_its_means():
    accuracy = np.random.default_rng(0).uniform(0.5, 0.9, size=(8, 3))

    (curve,) = search_curves(make_search(accuracy))

    means = accuracy.mean(axis=1).tolist()
    expected = [best_of_subsets(means, k) for k in (1, 2, 3, 4)]
    assert dict(curve.others) == {}
    assert curve.expected == pytest.approx(expected, abs=1e-6)
    assert (curve.n_configs, curve.n_seeds) == (8, 3)


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.PENDING])
def test_configs_without_a_score_are_no_tries(status: RunStatus):
    accuracy = np.random.default_rng(0).uniform(0.5, 0.9, size=(9, 2))
    result = make_search(accuracy)
    result.status[0] = status

    (curve,) = search_curves(result)

    assert curve.n_configs == 8
    assert curve.best == pytest.approx(accuracy[1:].mean(axis=1).max(), abs=1e-6)


def test_few_configs_and_grids_of_one_optimizer_have_no_curve():
    few = make_search(np.full((7, 2), 0.9))
    grid = make_study(learning_rate=RATES, batch_size=(32, 64), n_seeds=2)

    assert search_curves(few) == ()
    assert search_curves(make_result(grid)) == ()
