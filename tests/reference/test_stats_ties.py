"""The tied set in simulated studies whose best config is known."""

import numpy as np
from builders import all_counted

from paribus.stats.ties import tied_with_best


def test_nine_equal_configs_keep_the_best_one_in_95_percent_of_studies():
    rng = np.random.default_rng(0)
    n_studies = 1000
    n_kept = 0
    for _ in range(n_studies):
        scores = rng.normal(size=(9, 10))
        n_kept += tied_with_best(scores, all_counted(scores)).sum()

    # All are equally good, so each in turn stands for the true best.
    assert n_kept / (9 * n_studies) >= 0.95


def test_a_config_that_is_far_worse_is_nearly_always_left_out():
    rng = np.random.default_rng(1)
    centre = np.array([0.0, 0.0, 0.0, -4.0])[:, None]
    n_left_out = 0
    for _ in range(300):
        scores = centre + rng.normal(size=(4, 10))
        n_left_out += not tied_with_best(scores, all_counted(scores))[3]

    assert n_left_out >= 295
