"""The best of k: edges."""

import numpy as np
import pytest

from paribus.errors import TooFewSeedsError
from paribus.stats.best_of_k import expected_best


@pytest.mark.parametrize("n", [0, 1])
def test_one_score_is_refused(n: int):
    with pytest.raises(TooFewSeedsError, match=f"needs 2 scores, got {n}"):
        expected_best(np.zeros(n))


def test_a_thousand_scores_do_not_overflow():
    curve = expected_best(np.arange(3000.0))

    assert curve.shape == (1500,)
    # The mean of the maximum of k of 0..n-1 is k (n + 1) / (k + 1) - 1.
    k = np.arange(1, 1501)
    np.testing.assert_allclose(curve, k * 3001 / (k + 1) - 1, rtol=1e-9)
