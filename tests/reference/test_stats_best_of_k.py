"""The expected best against all subsets."""

from itertools import combinations

import numpy as np
import pytest

from paribus.stats.best_of_k import expected_best


@pytest.mark.parametrize("n", range(2, 9))
def test_the_expected_best_equals_all_subsets(n: int):
    scores = np.random.default_rng(n).normal(size=n)

    by_hand = [
        np.mean([max(subset) for subset in combinations(scores, k)])
        for k in range(1, n // 2 + 1)
    ]

    np.testing.assert_allclose(expected_best(scores), by_hand, rtol=1e-10)


def test_the_expected_best_is_unbiased():
    rng = np.random.default_rng(0)
    curves = [expected_best(rng.uniform(size=10)) for _ in range(4000)]

    # The best of k uniform scores is k / (k + 1); .2 / sqrt(4000) is a standard error.
    k = np.arange(1, 6)
    np.testing.assert_allclose(np.mean(curves, axis=0), k / (k + 1), atol=0.01)
