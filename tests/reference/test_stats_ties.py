"""The tied set in simulated studies whose best config is known."""

import numpy as np
import pytest
from builders import all_counted
from scipy import stats

from paribus.stats.ties import best_mean, tied_with_best


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


@pytest.mark.parametrize("seed", range(20))
def test_every_config_is_tried_against_every_other(seed: int):
    rng = np.random.default_rng(seed)
    scores = 4 * rng.normal(size=(12, 1)) + rng.normal(size=(12, 6))
    is_counted = rng.random(scores.shape) < 0.8

    def is_beaten(config: int) -> bool:
        n_rivals = (is_counted.any(axis=1)).sum() - 1
        for rival in range(len(scores)):
            both = is_counted[config] & is_counted[rival]
            if rival == config or both.sum() < 2:
                continue
            test = stats.ttest_rel(
                scores[rival][both], scores[config][both], alternative="greater"
            )
            if test.pvalue < 0.05 / n_rivals:
                return True
        return False

    expected = [
        bool(is_counted[config].any()) and not is_beaten(config)
        for config in range(len(scores))
    ]
    expected[best_mean(scores, is_counted)] = True

    assert tied_with_best(scores, is_counted).tolist() == expected
    assert not all(expected)
