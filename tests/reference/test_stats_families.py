"""Families against SciPy and their definition."""

import numpy as np
from scipy.stats import false_discovery_control

from paribus.stats.families import benjamini_hochberg


def test_benjamini_hochberg_equals_the_definition():
    p_values = np.random.default_rng(0).uniform(size=12) ** 2

    # Adjusted p: the smallest q at which the step-up rule would still name the test.
    order = np.sort(p_values)
    by_hand = [
        min(min(12 * order[k] / (k + 1) for k in range(12) if order[k] >= p), 1)
        for p in p_values
    ]

    ours = benjamini_hochberg(p_values)
    np.testing.assert_allclose(ours, by_hand, rtol=1e-12)
    np.testing.assert_allclose(ours, false_discovery_control(p_values), rtol=1e-12)
