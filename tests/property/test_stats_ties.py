"""What holds of the losses to the best config, whatever the scores."""

import numpy as np
from builders import all_counted
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.stats.ties import Regrets, best_mean, regrets_to_best, tied_with_best


# Accuracies of a split of 1,000 examples: equal scores are common, as they are in life.
accuracies = st.integers(0, 1000).map(lambda n: n / 1000)
quick = settings(max_examples=60)
# Bounds are sums and products of scores: equal up to the order of adding.
ROUNDING = 1e-9


def scores(*, n_configs: tuple[int, int] = (1, 6), n_seeds: tuple[int, int] = (5, 12)):
    """Arrays [config, seed] of accuracies."""
    shapes = st.tuples(st.integers(*n_configs), st.integers(*n_seeds))
    return shapes.flatmap(lambda shape: hnp.arrays(float, shape, elements=accuracies))


def find(x: np.ndarray, smallest_effect: float = 0.1) -> Regrets:
    rng = np.random.default_rng(0)
    return regrets_to_best(x, all_counted(x), smallest_effect=smallest_effect, rng=rng)


@quick
@given(scores(n_seeds=(5, 24)), st.randoms(use_true_random=False))
def test_the_order_of_the_seeds_changes_no_loss(x: np.ndarray, random):
    order = random.sample(range(x.shape[1]), x.shape[1])

    before, after = find(x), find(x[:, order])

    assert before.best == after.best
    np.testing.assert_allclose(before.estimate, after.estimate, atol=ROUNDING)
    np.testing.assert_allclose(before.upper, after.upper, atol=ROUNDING)


@quick
@given(scores())
def test_the_best_loses_nothing_and_nobody_less(x: np.ndarray):
    found = find(x)

    assert found.best == best_mean(x, all_counted(x))
    assert found.upper[found.best] == found.estimate[found.best] == 0
    assert found.is_practically_tied[found.best]
    assert (found.estimate >= -ROUNDING).all()
    assert (found.upper >= found.estimate - ROUNDING).all()


@quick
@given(scores(), hnp.arrays(float, 12, elements=accuracies))
def test_what_a_seed_does_to_all_configs_changes_no_loss(
    x: np.ndarray, of_seed: np.ndarray
):
    # Exact in binary, so that the best mean stays the best.
    shift = np.round(of_seed[: x.shape[1]] * 64)
    x = np.round(x * 1024) / 1024

    before, after = find(x), find(x + shift)

    assert before.best == after.best
    np.testing.assert_allclose(before.upper, after.upper, atol=ROUNDING)


@quick
@given(scores(), st.sampled_from([0.25, 4.0, 1024.0]))
def test_the_unit_of_the_scores_changes_no_set(x: np.ndarray, factor: float):
    before, after = find(x), find(factor * x, factor * 0.1)

    assert before.is_practically_tied.tolist() == after.is_practically_tied.tolist()
    np.testing.assert_allclose(factor * before.upper, after.upper, rtol=ROUNDING)


@quick
@given(scores(n_seeds=(5, 24)), st.floats(0.001, 0.5), st.floats(1.0, 3.0))
def test_a_larger_effect_that_matters_never_makes_the_set_smaller(
    x: np.ndarray, smallest: float, factor: float
):
    fewer = find(x, smallest).is_practically_tied
    more = find(x, factor * smallest).is_practically_tied

    assert (more | ~fewer).all()


@quick
@given(scores(n_configs=(2, 6)))
def test_another_config_that_is_not_the_best_only_widens_the_limits(x: np.ndarray):
    worse = x.min(axis=0) - 0.001

    alone, together = find(x), find(np.vstack([x, worse]))

    assert together.best == alone.best
    assert (together.upper[:-1] >= alone.upper - ROUNDING).all()


@quick
@given(scores(n_seeds=(5, 9)), st.integers(1, 900))
def test_failures_change_the_set_only_for_configs_that_have_them(x: np.ndarray, limit):
    everything, is_bad = all_counted(x), x < limit / 1000
    plain, half = (tied_with_best(x, everything, level=p) for p in (0.05, 0.025))

    tied = tied_with_best(x, everything, is_bad=is_bad, is_learner=~is_bad)

    never_fails = ~is_bad.any(axis=1)
    assert (tied == plain)[never_fails].all()
    # Beaten over all runs at half of the level, a config is out whatever its learners.
    assert (tied <= half).all()
    assert tied[best_mean(x, everything)]
