"""Two sides paired by seed: which runs enter, and as what."""

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import make_finished, make_result, make_study
from scipy import stats

from paribus.analysis import (
    compare,
    compare_all,
    one_seed_analysis,
)
from paribus.errors import StudyError, UnknownNameError
from paribus.status import RunStatus


DIVERGED, FAILED, PENDING = RunStatus.DIVERGED, RunStatus.FAILED, RunStatus.PENDING
A = {"learning_rate": 0.001}
B = {"learning_rate": 0.01}
SIX = (0.97, 0.98, 0.975, 0.972, 0.978, 0.971)


def test_a_comparison_is_paired_by_seed():
    other = (0.96, 0.975, 0.965, 0.969, 0.97, 0.96)

    found = compare(make_finished(SIX, other), A, B, metric="test_accuracy")

    d = np.subtract(SIX, other)
    low, high = stats.t.interval(0.95, 5, loc=d.mean(), scale=stats.sem(d))
    assert found.difference == pytest.approx(d.mean())
    assert (found.lower, found.upper) == pytest.approx((low, high))
    assert found.p_value == found.smallest_p_value == 2 / 2**6
    assert found.p_value_holm is None
    assert found.n_pairs == 6
    assert found.n_bad == (0, 0)
    error = 1 - (np.mean(SIX) + np.mean(other)) / 2
    assert found.noise_floor == pytest.approx(math.sqrt(error / 10_000))
    above = np.mean([x < y for x in SIX for y in other])
    ties = np.mean([x == y for x in SIX for y in other])
    assert found.reversal_share == pytest.approx(above + ties / 2)
    assert found.share_above == pytest.approx(1 - above - ties / 2)


def test_exchanging_sides_changes_the_sign():
    result = make_finished(SIX, SIX[::-1])

    there = compare(result, A, B, metric="test_accuracy")
    back = compare(result, B, A, metric="test_accuracy")

    assert there.difference is not None
    assert back.difference == pytest.approx(-there.difference)
    assert back.p_value == there.p_value


def test_a_value_is_compared_at_equal_others():
    # learning rate 0.001 at batch sizes 32 and 64, then 0.01 at both.
    rows = (SIX, tuple(x - 0.01 for x in SIX), SIX[::-1], (0.9,) * 6)
    result = make_finished(*rows, batch_size=(32, 64))

    found = compare(result, A, B, metric="test_accuracy")

    d = (np.subtract(rows[0], rows[2]) + np.subtract(rows[1], rows[3])) / 2
    assert found.difference == pytest.approx(d.mean())
    margin = stats.t.ppf(0.975, 5) * stats.sem(d)
    assert found.upper == pytest.approx(d.mean() + margin)
    assert [(x["batch_size"], y["batch_size"]) for x, y in found.pairs] == [
        (32, 32),
        (64, 64),
    ]


def test_what_only_one_side_names_holds_for_both():
    result = make_finished(*(SIX,) * 4, batch_size=(32, 64))

    found = compare(result, {**A, "batch_size": 64}, B, metric="test_accuracy")

    assert found.b == {"learning_rate": 0.01, "batch_size": 64}
    assert len(found.pairs) == 1
    mirrored = compare(result, A, {**B, "batch_size": 64}, metric="test_accuracy")
    assert mirrored.pairs == found.pairs
    assert mirrored.a == {"learning_rate": 0.001, "batch_size": 64}


def test_seeds_that_ended_badly_are_counted_by_side_and_left_out_of_the_mean():
    gone = {(0, 0): DIVERGED, (0, 3): DIVERGED, (1, 3): RunStatus.COLLAPSED}
    other = (0.96, 0.975, 0.965, 0.1, 0.97, 0.96)

    found = compare(
        make_finished(SIX, other, status=gone), A, B, metric="test_accuracy"
    )

    d = np.subtract(SIX, other)[[1, 2, 4, 5]]
    low, high = stats.t.interval(0.95, 3, loc=d.mean(), scale=stats.sem(d))
    assert found.difference == pytest.approx(d.mean())
    assert (found.lower, found.upper) == pytest.approx((low, high))
    assert found.smallest_p_value == 2 / 2**4
    assert (found.n_pairs, found.n_seeds, found.n_bad) == (4, 6, (2, 1))
    assert found.share_bad == (2 / 6, 1 / 6)
    assert found.is_among_learners


def test_a_run_that_never_learned_is_left_out_of_the_mean_and_ended_badly_nowhere():
    """Improving still, at 14 % of ten classes: 3 points above the most frequent one."""
    slow = (0.14, *SIX[1:])
    status = {(0, 0): RunStatus.UNCONVERGED}

    found = compare(
        make_finished(slow, SIX[::-1], status=status), A, B, metric="test_accuracy"
    )

    d = np.subtract(SIX, SIX[::-1])[1:]
    assert found.difference == pytest.approx(d.mean())
    assert (found.n_pairs, found.n_seeds, found.n_bad) == (5, 6, (0, 0))
    assert found.is_among_learners
    assert found.share_bad_difference is None


def test_one_seed_studies_draw_runs_that_ended_badly_too():
    # Side a is better where it learns, and fails on half of the seeds.
    gone = {(0, seed): DIVERGED for seed in range(3)}
    worse = tuple(x - 0.05 for x in SIX)

    found = compare(
        make_finished(SIX, worse, status=gone), A, B, metric="test_accuracy"
    )

    assert found.difference == pytest.approx(0.05)
    assert found.reversal_share == pytest.approx(0.5)


def test_one_seed_reverses_the_same_share_here_and_in_the_whole_study():
    """The learners' difference favours A, the means over all seeds B."""
    gone = {(0, seed): DIVERGED for seed in range(2)}
    result = make_finished(SIX, tuple(x - 0.05 for x in SIX), status=gone)

    found = compare(result, A, B, metric="test_accuracy")
    whole = one_seed_analysis(result, metric="test_accuracy")

    assert found.difference == pytest.approx(0.05)
    assert whole is not None
    # Each of the 4 runs of A that learned is above each of B: 4 in 6 pairs.
    assert found.reversal_share == pytest.approx(4 / 6)
    assert whole.reversals == {(0, 1): found.reversal_share}


def test_sides_that_never_both_learn_have_shares_and_no_difference():
    gone = {(1, seed): RunStatus.COLLAPSED for seed in range(6)}

    found = compare(
        make_finished(SIX, (0.1,) * 6, status=gone), A, B, metric="test_accuracy"
    )

    assert found.difference is found.lower is found.p_value is None
    assert (found.n_pairs, found.n_bad) == (0, (0, 6))
    assert found.share_bad == (0.0, 1.0)


def test_shares_of_bad_seeds_are_compared():
    gone = {(1, seed): RunStatus.COLLAPSED for seed in range(6)}

    found = compare(
        make_finished(SIX, (0.1,) * 6, status=gone), A, B, metric="test_accuracy"
    )

    # Newcombe's method 10 from Wilson's bounds, and six discordant seeds.
    wilson_0 = stats.binomtest(0, 6).proportion_ci(method="wilson")
    wilson_6 = stats.binomtest(6, 6).proportion_ci(method="wilson")
    below = math.hypot(0 - wilson_0.low, wilson_6.high - 1)
    above = math.hypot(wilson_0.high - 0, 1 - wilson_6.low)
    assert found.share_bad_difference == -1
    assert found.share_bad_lower == pytest.approx(-1 - below)
    assert found.share_bad_upper == pytest.approx(-1 + above)
    assert found.share_bad_p_value == pytest.approx(2 / 2**6)


def test_without_a_bad_run_a_comparison_is_among_all_seeds():
    found = compare(make_finished(SIX, SIX[::-1]), A, B, metric="test_accuracy")

    assert not found.is_among_learners
    assert found.share_bad_difference is found.share_bad_lower is None
    assert found.n_pairs == found.n_seeds == 6


def test_an_undecided_difference_says_how_many_seeds_would_decide():
    other = tuple(x - d for x, d in zip(SIX, (3, -2, 2, -1, 2, -1), strict=True))
    result = make_finished(SIX, tuple(x / 1000 + 0.97 for x in other))

    found = compare(result, A, B, metric="test_accuracy")

    assert found.is_undecided
    assert found.difference is not None
    d = result.final("test_accuracy")[0] - result.final("test_accuracy")[1]
    likely = d.std(ddof=1) * math.sqrt(5 / stats.chi2.ppf(0.2, 5))
    half = [stats.t.ppf(0.975, n - 1) * likely / math.sqrt(n) for n in range(5, 1001)]
    fits = [n for n, h in zip(range(5, 1001), half, strict=True) if h <= abs(d.mean())]
    assert found.seeds_to_decide == fits[0]


def test_a_decided_difference_needs_no_more_seeds():
    found = compare(
        make_finished(SIX, tuple(x - 0.1 for x in SIX)), A, B, metric="test_accuracy"
    )

    assert not found.is_undecided
    assert found.seeds_to_decide is None


def test_intervals_of_shares_are_in_the_family_too():
    gone = {(2, seed): DIVERGED for seed in range(3)}

    found = compare_all(
        make_finished(SIX, SIX[::-1], SIX, status=gone), metric="test_accuracy"
    )

    # Three differences, and two pairs with runs that ended badly.
    assert [c.confidence_level for c in found] == pytest.approx([1 - 0.05 / 5] * 3)


@pytest.mark.parametrize("word", [FAILED, PENDING, RunStatus.INTERRUPTED])
def test_runs_without_an_outcome_leave_their_pair_out(word: RunStatus):
    result = make_finished(SIX, SIX[::-1], status={(0, 0): word})

    found = compare(result, A, B, metric="test_accuracy")

    assert found.n_pairs == 5
    d = np.subtract(SIX, SIX[::-1])[1:]
    assert found.difference == pytest.approx(d.mean())
    assert found.smallest_p_value == 2 / 2**5


def test_a_loss_is_compared_by_its_ratio():
    result = make_finished(SIX, SIX[::-1])
    result.curves["test_loss"][0] *= (
        3 * result.curves["test_loss"][1] / (result.curves["test_loss"][0])
    )

    found = compare(result, A, B, metric="test_loss")

    assert found.is_log_scale
    assert found.difference == pytest.approx(math.log(3))
    assert found.ratio == pytest.approx((3, 3, 3))
    assert found.noise_floor is None


@pytest.mark.parametrize(("n_left", "difference"), [(1, 0.01), (0, None)])
def test_one_pair_has_no_interval_and_none_has_no_difference(
    n_left: int, difference: float | None
):
    gone = {(0, seed): PENDING for seed in range(n_left, 3)}
    result = make_finished((0.98, 0.9, 0.9), (0.97, 0.9, 0.9), status=gone)

    found = compare(result, A, B, metric="test_accuracy")

    assert found.n_pairs == n_left
    assert found.difference == (
        None if difference is None else pytest.approx(difference)
    )
    assert found.lower is found.upper is found.p_value is None
    assert found.smallest_p_value is found.reversal_share is None


def test_both_sides_the_same_are_refused():
    with pytest.raises(StudyError, match="`a` and `b` must differ"):
        compare(make_finished(SIX, SIX), A, A, metric="test_accuracy")


def test_an_unknown_name_is_refused_with_a_near_one():
    with pytest.raises(UnknownNameError, match="learning_rat"):
        compare(make_finished(SIX, SIX), {"learning_rat": 1}, B, metric="test_accuracy")
    with pytest.raises(UnknownNameError, match="no metric"):
        compare(make_finished(SIX, SIX), A, B, metric="test_acuracy")


def test_configs_without_a_partner_are_refused():
    study = make_study(n_seeds=6)
    grids = (
        {"learning_rate": (0.001,), "batch_size": (32,)},
        {"learning_rate": (0.01,), "batch_size": (64,)},
    )
    study = replace(study, space=replace(study.space, grids=grids))

    with pytest.raises(StudyError, match="has a partner") as caught:
        compare(make_result(study), A, B, metric="test_accuracy")

    assert caught.value.hint


def test_p_values_are_adjusted_over_the_family():
    rng = np.random.default_rng(2)
    rows = [tuple(0.9 + 0.01 * rng.normal(size=8)) for _ in range(4)]
    rows[3] = tuple(x - 0.03 for x in rows[3])

    found = compare_all(make_finished(*rows), metric="test_accuracy")

    raw = sorted(c.p_value or 0 for c in found)
    adjusted = sorted(c.p_value_holm or 0 for c in found)
    assert len(found) == 6
    assert adjusted[0] == pytest.approx(6 * raw[0])
    assert all(h >= p for h, p in zip(adjusted, raw, strict=True))


def test_planned_looks_are_paid_in_levels_and_p_values():
    result = make_finished(SIX, tuple(x - 0.01 for x in SIX), (0.9,) * 6)

    once = compare_all(result, metric="test_accuracy")
    four = compare_all(
        replace(result, study=replace(result.study, looks=4)), metric="test_accuracy"
    )

    assert [c.confidence_level for c in once] == pytest.approx([1 - 0.05 / 3] * 3)
    assert [c.confidence_level for c in four] == pytest.approx([1 - 0.05 / 12] * 3)
    # Three tests of 2/64 each: 6/64 when asked once.
    assert [c.p_value_holm for c in once] == pytest.approx([6 / 64] * 3)
    assert [c.p_value_holm for c in four] == pytest.approx([24 / 64] * 3)


def test_p_values_that_looks_multiply_stay_at_most_one():
    result = make_finished(SIX, SIX[::-1])
    result = replace(result, study=replace(result.study, looks=5))

    (found,) = compare_all(result, metric="test_accuracy")

    assert found.p_value_holm == 1.0


def test_chosen_configs_make_a_smaller_family():
    result = make_finished(SIX, SIX[::-1], SIX)

    found = compare_all(result, metric="test_accuracy", configs=(0, 2))

    assert len(found) == 1
    assert found[0].a == result.configs[0]
    assert found[0].b == result.configs[2]
    assert found[0].p_value_holm == found[0].p_value == 1.0


def test_comparisons_without_a_p_value_are_not_in_the_family():
    rows = (SIX, tuple(x - 0.01 for x in SIX), SIX)
    gone = {(2, seed): PENDING for seed in range(6)}

    found = compare_all(make_finished(*rows, status=gone), metric="test_accuracy")

    assert [c.p_value_holm for c in found] == [2 / 2**6, None, None]


def test_one_config_makes_no_comparison():
    assert compare_all(make_finished(SIX), metric="test_accuracy") == ()


def test_an_unfinished_run_stays_out_even_if_it_was_evaluated():
    result = make_finished(SIX, SIX[::-1])
    result.status[0, 0] = RunStatus.RUNNING

    assert compare(result, A, B, metric="test_accuracy").n_pairs == 5


def test_a_mean_of_several_differences_comes_with_each_of_them():
    """Opposite at the two batch sizes, so their mean says little of either."""
    rows = ((0.95, 0.96), (0.91, 0.92), (0.90, 0.91), (0.94, 0.95))
    result = make_finished(*rows, batch_size=(32, 64))

    found = compare(
        result,
        {"learning_rate": 0.001},
        {"learning_rate": 0.01},
        metric="test_accuracy",
    )

    by_hand = [(0.955 - 0.905), (0.915 - 0.945)]
    assert found.pair_differences == pytest.approx(by_hand)
    assert found.difference == pytest.approx(sum(by_hand) / 2)
    assert found.n_higher == 2
    assert found.n_unconverged == (0, 0)
