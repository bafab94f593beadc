"""What holds for any scores: order of seeds, scale, shift, monotony, sums."""

import numpy as np
from builders import all_counted
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.stats.compare import (
    compare_paired,
    hedges_g_av,
    holm_adjusted,
    share_above,
    sign_flip_p_value,
    smallest_p_value,
)
from paribus.stats.intervals import (
    bootstrap_interval,
    geometric_mean_interval,
    mean_interval,
    share_interval,
    t_interval,
)
from paribus.stats.one_seed import (
    expected_regret,
    flip_probabilities,
    named_best_probabilities,
    reversal_share,
)
from paribus.stats.outcomes import mann_kendall_p_value, theil_sen_slope
from paribus.stats.power import seeds_needed
from paribus.stats.ties import best_mean, tied_with_best


# Accuracies of a split of 1,000 examples: ties are common, as they are in life.
accuracies = st.integers(0, 1000).map(lambda n: n / 1000)
quick = settings(max_examples=60)


def scores(*, n_configs: tuple[int, int] = (1, 5), n_seeds: tuple[int, int] = (2, 12)):
    """Arrays [config, seed] of accuracies."""
    shapes = st.tuples(st.integers(*n_configs), st.integers(*n_seeds))
    return shapes.flatmap(lambda shape: hnp.arrays(float, shape, elements=accuracies))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@quick
@given(scores(n_seeds=(2, 24)), st.randoms(use_true_random=False))
def test_the_order_of_the_seeds_changes_no_interval(x: np.ndarray, random):
    order = random.sample(range(x.shape[1]), x.shape[1])

    before = mean_interval(x, all_counted(x), rng=rng())
    after = mean_interval(x[:, order], all_counted(x), rng=rng())

    np.testing.assert_allclose(after.lower, before.lower, atol=1e-9)
    np.testing.assert_allclose(after.upper, before.upper, atol=1e-9)


@quick
@given(scores(n_seeds=(2, 24)), st.floats(0.1, 100), st.floats(-10, 10))
def test_scaling_and_shifting_scores_scales_and_shifts_the_interval(
    x: np.ndarray, factor: float, shift: float
):
    before = t_interval(x, all_counted(x))
    after = t_interval(factor * x + shift, all_counted(x))

    for name in ("estimate", "lower", "upper"):
        expected = factor * getattr(before, name) + shift
        np.testing.assert_allclose(getattr(after, name), expected, atol=1e-8)


@quick
@given(
    hnp.arrays(float, (2, 21), elements=st.floats(0.1, 1), unique=True),
    st.integers(-3, 6),
)
def test_scaling_scores_scales_the_bootstrap_interval(x: np.ndarray, power: int):
    factor = 2.0**power  # exact in floating point, so the same resamples win

    before = bootstrap_interval(x, all_counted(x), n_resamples=199, rng=rng())
    after = bootstrap_interval(factor * x, all_counted(x), n_resamples=199, rng=rng())

    np.testing.assert_allclose(after.lower, factor * before.lower, rtol=1e-12)
    np.testing.assert_allclose(after.upper, factor * before.upper, rtol=1e-12)


@quick
@given(
    hnp.arrays(float, (3, 6), elements=st.floats(1e-4, 10)),
    st.floats(0.01, 100),
)
def test_scaling_losses_scales_the_geometric_interval(x: np.ndarray, factor: float):
    before = geometric_mean_interval(x, all_counted(x), rng=rng())
    after = geometric_mean_interval(factor * x, all_counted(x), rng=rng())

    for name in ("estimate", "lower", "upper"):
        expected = factor * getattr(before, name)
        np.testing.assert_allclose(getattr(after, name), expected, rtol=1e-9)


@quick
@given(scores())
def test_more_confidence_is_a_wider_interval_around_the_estimate(x: np.ndarray):
    narrow = t_interval(x, all_counted(x), confidence_level=0.8)
    wide = t_interval(x, all_counted(x), confidence_level=0.99)

    assert (wide.lower <= narrow.lower).all()
    assert (narrow.lower <= narrow.estimate).all()
    assert (narrow.estimate <= narrow.upper).all()
    assert (narrow.upper <= wide.upper).all()


@quick
@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_hits_and_misses_have_mirrored_intervals(counts: tuple[int, int]):
    hits, n = counts

    interval = share_interval(np.array([hits, n - hits]), np.array([n, n]))

    assert 0 <= interval.lower[0] <= interval.estimate[0] <= interval.upper[0] <= 1
    np.testing.assert_allclose(interval.lower[0], 1 - interval.upper[1], atol=1e-9)


pairs = st.integers(2, 20).flatmap(
    lambda n: hnp.arrays(float, (2, n), elements=accuracies)
)


@quick
@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_the_seeds_changes_no_comparison(x: np.ndarray, random):
    order = random.sample(range(x.shape[1]), x.shape[1])

    before = compare_paired(x[0], x[1], rng=rng())
    after = compare_paired(x[0, order], x[1, order], rng=rng())

    assert after.p_value == before.p_value
    assert after.share_above == before.share_above
    np.testing.assert_allclose(
        [after.estimate, after.lower, after.upper],
        [before.estimate, before.lower, before.upper],
        atol=1e-9,
    )


@quick
@given(pairs)
def test_exchanging_the_sides_mirrors_a_comparison(x: np.ndarray):
    if x.shape[1] >= 20:  # the bootstrap's resamples are not mirrored
        x = x[:, :19]

    there = compare_paired(x[0], x[1], rng=rng())
    back = compare_paired(x[1], x[0], rng=rng())

    assert back.p_value == there.p_value
    assert np.isclose(back.share_above, 1 - there.share_above)
    np.testing.assert_allclose(back.estimate, -there.estimate, atol=1e-12)
    np.testing.assert_allclose(back.lower, -there.upper, atol=1e-12)


@quick
@given(pairs)
def test_a_p_value_lies_between_the_smallest_possible_and_1(x: np.ndarray):
    p_value = compare_paired(x[0], x[1], rng=rng()).p_value

    assert smallest_p_value(x.shape[1]) <= p_value <= 1


@quick
@given(pairs, st.integers(-8, 8), st.floats(-5, 5))
def test_scale_and_common_shift_change_no_p_value(
    x: np.ndarray, power: int, shift: float
):
    before = sign_flip_p_value(x[0] - x[1], rng=rng())
    scaled = sign_flip_p_value((x[0] - x[1]) * 2.0**power, rng=rng())
    shifted = compare_paired(x[0] + shift, x[1] + shift, rng=rng()).p_value

    assert scaled == before
    assert shifted == compare_paired(x[0], x[1], rng=rng()).p_value


@quick
@given(hnp.arrays(float, st.integers(1, 12), elements=st.floats(0, 1)))
def test_holm_is_never_below_the_raw_value_and_keeps_the_order(p_values: np.ndarray):
    adjusted = holm_adjusted(p_values)

    assert (adjusted >= p_values).all()
    assert (adjusted <= np.minimum(p_values * len(p_values), 1)).all()
    assert (np.diff(adjusted[np.argsort(p_values, kind="stable")]) >= 0).all()


@quick
@given(hnp.arrays(float, st.integers(2, 8), elements=st.floats(0, 1)), st.data())
def test_holm_does_not_rise_when_the_family_shrinks(p_values: np.ndarray, data):
    dropped = data.draw(st.integers(0, len(p_values) - 1))
    kept = np.arange(len(p_values)) != dropped

    assert (holm_adjusted(p_values[kept]) <= holm_adjusted(p_values)[kept]).all()


@quick
@given(pairs, st.integers(-8, 8))
def test_an_effect_size_has_no_unit(x: np.ndarray, power: int):
    factor = 2.0**power
    before = hedges_g_av(x[0], x[1])
    after = hedges_g_av(factor * x[0], factor * x[1])

    assert (before is None) == (after is None)
    if before is not None and after is not None:
        np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-12)


@quick
@given(scores(n_configs=(1, 6)), st.randoms(use_true_random=False))
def test_the_tied_set_holds_the_best_mean_and_ignores_the_order_of_seeds(
    x: np.ndarray, random
):
    order = random.sample(range(x.shape[1]), x.shape[1])

    is_tied = tied_with_best(x, all_counted(x))

    assert is_tied[best_mean(x, all_counted(x))]
    np.testing.assert_array_equal(tied_with_best(x[:, order], all_counted(x)), is_tied)


@quick
@given(scores(n_configs=(2, 6)), st.data())
def test_a_diverged_seed_never_helps_its_config(x: np.ndarray, data):
    i = data.draw(st.integers(0, len(x) - 1))
    seed = data.draw(st.integers(0, x.shape[1] - 1))
    chance = float(x.min())
    worse = x.copy()
    worse[i, seed] = chance

    def named(scores: np.ndarray) -> float:
        return float(named_best_probabilities(scores, all_counted(scores))[i])

    assert named(worse) <= named(x) + 1e-12
    if best_mean(worse, all_counted(x)) == i:
        means = x.mean(axis=1)
        assert means[i] >= np.delete(means, i).max() - 1e-12


@quick
@given(scores(n_configs=(1, 6)))
def test_probabilities_to_be_named_sum_to_1_and_regret_is_bounded(x: np.ndarray):
    named = named_best_probabilities(x, all_counted(x))
    regret = expected_regret(x, all_counted(x))
    means = x.mean(axis=1)

    assert (named >= 0).all()
    np.testing.assert_allclose(named.sum(), 1, rtol=1e-12)
    assert -1e-12 <= regret <= means.max() - means.min() + 1e-12


@quick
@given(scores(n_configs=(2, 5)), st.floats(0.5, 4), st.floats(-3, 3))
def test_only_the_order_of_scores_decides_who_is_named(
    x: np.ndarray, factor: float, shift: float
):
    before = named_best_probabilities(x, all_counted(x))
    after = named_best_probabilities(np.exp(factor * x + shift), all_counted(x))

    np.testing.assert_allclose(after, before, atol=1e-12)


@quick
@given(pairs)
def test_a_reversal_is_the_same_seen_from_either_side(x: np.ndarray):
    share = reversal_share(x[0], x[1])

    assert 0 <= share <= 1
    assert np.isclose(share, reversal_share(x[1], x[0]))
    above = share_above(x[0], x[1])
    assert any(np.isclose(share, known) for known in (above, 1 - above, 0.5))


@settings(max_examples=20)
@given(scores(n_configs=(2, 4)))
def test_flips_are_probabilities(x: np.ndarray):
    flips = flip_probabilities(x, all_counted(x), n_studies=200, rng=rng())

    assert all(0 <= share <= 1 for share in flips.values())
    assert set(flips) == {k for k in (1, 2, 3, 5, 10) if k <= x.shape[1]}


curves = st.integers(3, 12).flatmap(
    lambda n: hnp.arrays(float, (4, n), elements=accuracies)
)


@quick
@given(curves, st.integers(-4, 4))
def test_a_trend_depends_on_order_alone_and_a_slope_on_scale(x: np.ndarray, power: int):
    factor = 2.0**power
    at = np.arange(float(x.shape[1]))

    np.testing.assert_array_equal(
        mann_kendall_p_value(factor * x), mann_kendall_p_value(x)
    )
    np.testing.assert_allclose(
        theil_sen_slope(at, factor * x), factor * theil_sen_slope(at, x), rtol=1e-12
    )


@quick
@given(curves)
def test_a_curve_does_not_rise_and_fall_at_once(x: np.ndarray):
    rising = mann_kendall_p_value(x)
    falling = mann_kendall_p_value(-x)

    assert ((rising < 0.05) & (falling < 0.05)).sum() == 0
    assert ((rising > 0) & (rising <= 1)).all()


@quick
@given(st.floats(0.3, 6), st.integers(1, 20))
def test_a_larger_effect_needs_no_more_seeds(effect: float, n_comparisons: int):
    small = seeds_needed(effect, n_comparisons=n_comparisons)
    large = seeds_needed(1.3 * effect, n_comparisons=n_comparisons)

    assert small is not None
    assert large is not None
    assert 2 <= large <= small
