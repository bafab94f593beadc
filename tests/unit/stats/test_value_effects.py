"""Each value against the best one: which are compared, where, and how surely."""

import numpy as np
import pytest
from scipy import stats

from paribus.errors import SpaceError
from paribus.stats.value_effects import ValueEffect, value_effects


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def scores(n_seeds: int = 6) -> np.ndarray:
    """The second of 2 is better by 1; of 3 others the first by .1 and .3."""
    centre = np.arange(2.0)[:, None] - np.array([0.0, 0.1, 0.3])
    noise = 0.05 * rng().normal(size=(2, 3, n_seeds))
    return centre[:, :, None] + noise


def find(effects: tuple[ValueEffect, ...], one: int, value: int, at=None):
    return next(
        e for e in effects if (e.hyperparameter, e.value, e.at) == (one, value, at)
    )


def test_each_value_is_compared_with_the_best_over_the_mean_of_the_others():
    some = scores()

    effects = value_effects(some, rng=rng())

    assert [(e.hyperparameter, e.value, e.best) for e in effects] == [
        (0, 0, 1),
        (1, 1, 0),
        (1, 2, 0),
    ]
    by_seed = some.mean(axis=1)[0] - some.mean(axis=1)[1]
    # 1 pair of values and 3: four intervals share 5 %.
    t = stats.ttest_1samp(by_seed, 0).confidence_interval(1 - 0.05 / 4)
    found = effects[0].contrast
    assert (found.lower, found.upper) == pytest.approx((t.low, t.high))
    assert effects[0].means == pytest.approx(tuple(some.mean(axis=(1, 2))))


def test_those_that_interact_are_compared_at_each_value_of_the_other():
    some = scores()
    some[0, :, :] = some[0, ::-1, :]

    effects = value_effects(some, interacting=[(0, 1)], rng=rng())

    there = find(effects, 1, 0, at=(0, 0))
    assert (there.best, find(effects, 1, 2, at=(0, 1)).best) == (2, 0)
    assert there.contrast.estimate == pytest.approx((some[0, 0] - some[0, 2]).mean())
    # 1 + 3 pairs over the means, 3 x 1 at the values of the second, 2 x 3 of the first.
    assert there.contrast.confidence_level == pytest.approx(1 - 0.05 / 13)


def test_all_intervals_of_equal_values_hold_together():
    """Of 400 studies without any effect at most 5 % may see one, 3.3 errors beside."""
    rng_ = np.random.default_rng(1)
    n_wrong = 0
    for _ in range(400):
        noise = rng_.normal(size=(2, 3, 2, 6)) + rng_.normal(size=6)
        effects = value_effects(noise, rng=rng_)
        n_wrong += any(e.contrast.lower > 0 or e.contrast.upper < 0 for e in effects)

    assert n_wrong / 400 <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 400)


def test_a_single_value_has_no_effect():
    with pytest.raises(SpaceError, match="got 1 x 3"):
        value_effects(np.zeros((1, 3, 4)), rng=rng())
