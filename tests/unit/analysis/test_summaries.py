"""What a config is summarised as: values, means, bounds, ties."""

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import CHANCE, ENTROPY, make_finished
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from paribus.analysis import summarise_configs
from paribus.analysis.summaries import _spreads
from paribus.analysis.ties import find_ties, is_rankable, smallest_loss
from paribus.declared import DeclaredClaim
from paribus.status import RunStatus


DIVERGED, FAILED, PENDING = RunStatus.DIVERGED, RunStatus.FAILED, RunStatus.PENDING
SIX = (0.97, 0.98, 0.975, 0.972, 0.978, 0.971)


def test_values_are_by_seed_and_the_mean_is_theirs():
    result = make_finished(SIX, SIX[::-1])

    summary = summarise_configs(result)[0]
    accuracy = summary.metrics["test_accuracy"]

    low, high = stats.t.interval(0.95, 5, loc=np.mean(SIX), scale=stats.sem(SIX))
    assert accuracy.values == pytest.approx(SIX)
    assert accuracy.mean == pytest.approx(np.mean(SIX))
    assert (accuracy.lower, accuracy.upper) == pytest.approx((low, high))
    assert accuracy.spread == pytest.approx(np.std(SIX, ddof=1))
    assert summary.n_seeds == 6
    assert summary.status == {RunStatus.CONVERGED: 6}


def test_a_loss_has_a_geometric_mean():
    result = make_finished(SIX)

    loss = summarise_configs(result)[0].metrics["test_loss"]

    assert loss.mean == pytest.approx(stats.gmean(result.final("test_loss")[0]))
    assert loss.ranking_mean == pytest.approx(loss.mean)


def test_a_loss_of_zero_does_not_make_a_mean_of_zero():
    result = make_finished(SIX)
    result.curves["test_loss"][0, 0, -1] = 0.0

    loss = summarise_configs(result)[0].metrics["test_loss"]

    assert loss.values[0] == 0.0
    assert loss.mean is not None
    assert loss.lower is not None
    assert loss.upper is not None
    assert 0 < loss.lower < loss.mean < loss.upper < math.inf


def test_bounds_of_an_accuracy_stay_between_0_and_1():
    accuracy = summarise_configs(make_finished((0.1, 0.97, 0.98)))[0].metrics

    assert accuracy["test_accuracy"].lower == 0.0
    assert accuracy["test_accuracy"].upper == 1.0


def test_one_value_has_a_mean_and_no_interval():
    result = make_finished((0.97, 0.5), status={(0, 1): PENDING})

    summary = summarise_configs(result)[0]
    accuracy = summary.metrics["test_accuracy"]

    assert accuracy.values == (pytest.approx(0.97), None)
    assert accuracy.mean == pytest.approx(0.97)
    assert accuracy.lower is accuracy.upper is accuracy.spread is None
    assert summary.n_seeds == 1
    assert summary.status == {PENDING: 1, RunStatus.CONVERGED: 1}


def test_no_value_has_no_mean():
    result = make_finished((0.9, 0.9), status={(0, 0): FAILED, (0, 1): PENDING})

    accuracy = summarise_configs(result)[0].metrics["test_accuracy"]

    assert accuracy.values == (None, None)
    assert accuracy.mean is accuracy.ranking_mean is None


def test_an_unfinished_run_has_no_value_even_if_it_was_evaluated():
    result = make_finished((0.97, 0.98))
    result.status[0, 1] = RunStatus.RUNNING

    accuracy = summarise_configs(result)[0].metrics["test_accuracy"]

    assert accuracy.values[1] is None


def test_diverged_runs_are_ranked_as_guesses_and_shown_as_missing():
    result = make_finished(SIX, status={(0, 5): DIVERGED})

    summary = summarise_configs(result)[0]
    accuracy, loss = (summary.metrics[m] for m in ("test_accuracy", "test_loss"))

    assert accuracy.values[5] is None
    assert accuracy.mean == pytest.approx(np.mean(SIX[:5]))
    assert accuracy.ranking_mean == pytest.approx(np.mean([*SIX[:5], CHANCE]))
    losses = [*result.final("test_loss")[0, :5], ENTROPY]
    assert loss.ranking_mean == pytest.approx(stats.gmean(losses))
    assert accuracy.is_bimodal
    assert loss.is_bimodal
    assert summary.n_seeds == 6


def test_a_mixture_is_described_by_its_share_bad_and_its_learners():
    gone = {(0, 1): RunStatus.COLLAPSED, (0, 4): DIVERGED}
    values = (0.97, 0.11, 0.975, 0.972, 0.5, 0.971)

    summary = summarise_configs(make_finished(values, status=gone))[0]
    accuracy = summary.metrics["test_accuracy"]

    learners = np.array(values)[[0, 2, 3, 5]]
    low, high = stats.t.interval(0.95, 3, learners.mean(), stats.sem(learners))
    assert accuracy.described == pytest.approx((learners.mean(), low, high))
    assert accuracy.n_learners == 4
    assert accuracy.mean == pytest.approx(np.mean([0.11, *learners]))
    exact = stats.binomtest(2, 6).proportion_ci(method="exact")
    assert (summary.n_bad, summary.n_learners) == (2, 4)
    assert summary.share_bad == pytest.approx(1 / 3)
    assert summary.share_bad_lower == pytest.approx(exact.low)
    assert summary.share_bad_upper == pytest.approx(exact.high)


def test_runs_that_all_learned_are_described_by_their_mean():
    accuracy = summarise_configs(make_finished(SIX))[0].metrics["test_accuracy"]

    assert accuracy.described == (accuracy.mean, accuracy.lower, accuracy.upper)
    assert accuracy.mean_of_learners == accuracy.mean


def test_only_bad_runs_are_not_bimodal():
    bad = {(0, 0): DIVERGED, (0, 1): RunStatus.COLLAPSED}

    summary = summarise_configs(make_finished((0.1, 0.1), status=bad))[0]

    assert not summary.metrics["test_accuracy"].is_bimodal


def test_four_seeds_are_too_few_to_call_a_tie():
    result = make_finished(SIX[:4], SIX[:4])

    assert [s.is_tied_with_best for s in summarise_configs(result)] == [None, None]


def test_ties_follow_the_validation_split_where_there_is_one():
    worse = tuple(x - 0.05 for x in SIX)
    result = make_finished(SIX, worse, validation=5000)
    reversed_test = result.curve("test_accuracy")[::-1]
    result = replace(result, curves={**result.curves, "test_accuracy": reversed_test})

    assert [s.is_tied_with_best for s in summarise_configs(result)] == [True, False]


def test_a_config_is_not_tied_on_the_seeds_that_survived():
    lucky = (0.99, 0.99, 0.99, 0.5, 0.5, 0.5)
    gone: dict[tuple[int, int], RunStatus] = dict.fromkeys(
        [(0, 3), (0, 4), (0, 5)], DIVERGED
    )

    summaries = summarise_configs(make_finished(lucky, SIX, status=gone))

    ranking = [s.metrics["test_accuracy"].ranking_mean or 0 for s in summaries]
    assert ranking[0] < ranking[1]
    assert summaries[1].is_tied_with_best


def test_twenty_seeds_give_the_same_numbers_every_time():
    rng = np.random.default_rng(0)
    result = make_finished(tuple(rng.uniform(0.9, 0.99, 20)))

    assert summarise_configs(result) == summarise_configs(result)


def test_a_config_that_one_look_beats_is_tied_where_more_are_planned():
    apart = (0.01, 0.02, -0.005, 0.015, 0.002, 0.005)
    # One test at .05 leaves it out, at a quarter of that it does not.
    p_value = stats.t.sf(np.mean(apart) / stats.sem(apart), 5)
    assert 0.05 / 4 < p_value < 0.05
    once = make_finished(SIX, tuple(x - d for x, d in zip(SIX, apart, strict=True)))
    four = replace(once, study=replace(once.study, looks=4))

    assert [s.is_tied_with_best for s in summarise_configs(once)] == [True, False]
    assert [s.is_tied_with_best for s in summarise_configs(four)] == [True, True]


def test_a_config_that_mostly_fails_is_not_tied_with_one_that_learns():
    """Its mean varies so much that few seeds do not show it to be worse."""
    good = (0.96, 0.97, 0.96, 0.97, 0.96, 0.97)
    mixed = (0.10, 0.10, 0.10, 0.99, 0.99, 0.99)
    status = dict.fromkeys([(1, 0), (1, 1), (1, 2)], RunStatus.COLLAPSED)

    first, second = summarise_configs(make_finished(good, mixed, status=status))

    assert (first.is_tied_with_best, second.is_tied_with_best) == (True, False)


def test_a_config_that_is_tied_need_not_be_shown_to_be_as_good():
    near = tuple(x - 0.0005 + 0.0002 * (-1) ** k for k, x in enumerate(SIX))
    wild = (0.99, 0.95, 0.98, 0.955, 0.98, 0.96)

    best, shown, tied = summarise_configs(make_finished(SIX, near, wild))

    assert [s.is_tied_with_best for s in (best, shown, tied)] == [True, False, True]
    practical = [s.is_practically_tied for s in (best, shown, tied)]
    assert practical == [True, True, False]
    below = stats.ttest_rel(SIX, near).confidence_interval(1 - 2 * 0.05 / 2)
    assert shown.regret_upper == pytest.approx(below.high)
    assert best.regret_upper == 0.0


def test_what_a_loss_matters_by_is_a_ratio():
    result = make_finished(SIX, SIX)

    assert smallest_loss(result, "test_loss") == pytest.approx(math.log(1.25))
    assert smallest_loss(result, "test_accuracy") == pytest.approx(0.003)


def claim(metric: str, effect: float | None, **changes) -> DeclaredClaim:
    return DeclaredClaim(
        text="0.001 beats 0.01",
        measure=metric,
        a={"learning_rate": 0.001},
        b={"learning_rate": 0.01},
        relation="greater",
        smallest_effect=effect,
        **changes,
    )


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([claim("test_accuracy", 0.0004)], 0.0004),
        # The smallest counts, also of a claim that came late: that is only stricter.
        ([claim("test_accuracy", 0.001), claim("test_accuracy", 0.05)], 0.001),
        ([claim("test_accuracy", 0.001, is_late=True)], 0.001),
        ([claim("test_accuracy", 0.05)], 0.003),
        ([claim("test_accuracy", None)], 0.003),
        ([claim("train_loss", 1.1)], 0.003),
    ],
)
def test_a_claim_may_name_a_smaller_loss_that_matters(claims, expected):
    result = make_finished(SIX, tuple(x - 0.0005 * (k % 3) for k, x in enumerate(SIX)))
    result = replace(result, study=replace(result.study, claims=tuple(claims)))

    assert smallest_loss(result, "test_accuracy") == pytest.approx(expected)
    assert find_ties(result).smallest_effect == pytest.approx(expected)
    # It loses 0.0005 on average: less than is usual, more than the first claim names.
    is_as_good = find_ties(result).is_practically_tied[1]
    assert is_as_good == (expected > 0.0005)


def test_a_claim_about_a_loss_names_a_ratio():
    result = make_finished(SIX, SIX)
    claims = (claim("test_loss", 1.1),)
    result = replace(result, study=replace(result.study, claims=claims))

    assert smallest_loss(result, "test_loss") == pytest.approx(math.log(1.1))


def test_four_seeds_show_nothing_to_be_as_good():
    summaries = summarise_configs(make_finished(SIX[:4], SIX[:4]))

    assert [s.is_practically_tied for s in summaries] == [None, None]
    assert [s.regret_upper for s in summaries] == [None, None]


def test_the_seeds_that_would_tell_are_those_of_the_most_open_config():
    apart = [
        (0.001, 0.003, -0.002, 0.004, 0.0, 0.001),
        (0.02, 0.0, -0.02, 0.0, 0.0, 0.0),
    ]
    rows = [tuple(x - d for x, d in zip(SIX, a, strict=True)) for a in apart]

    ties = find_ties(make_finished(SIX, *rows))

    # 80 % upper limit of the spread, one-sided level shared by two rivals.
    needed = []
    for row in apart:
        s = np.std(row, ddof=1) * math.sqrt(5 / stats.chi2.ppf(0.2, 5))
        n = np.arange(5, 1001)
        margin = stats.t.ppf(1 - 0.05 / 2, n - 1) * s / np.sqrt(n)
        enough = margin <= abs(np.mean(row) - 0.003)
        needed.append(int(n[enough.argmax()]))
    assert ties.seeds_to_tell == max(needed)


def few_seeds(n_seeds: int):
    """Three configs of six seeds, and a fourth that is ahead with fewer."""
    pending = {(3, seed): PENDING for seed in range(n_seeds, 6)}
    return make_finished(SIX, SIX[::-1], (0.5,) * 6, (0.999,) * 6, status=pending)


@pytest.mark.parametrize("n_seeds", [1, 2, 4])
def test_what_has_too_few_seeds_is_neither_best_nor_tied_nor_puts_others_out(n_seeds):
    ties = find_ties(few_seeds(n_seeds))
    alone = find_ties(make_finished(SIX, SIX[::-1], (0.5,) * 6))

    assert ties.is_tied == (*alone.is_tied, None) == (True, True, False, None)
    assert ties.best == alone.best
    assert ties.regret_upper == (*alone.regret_upper, None)
    assert ties.n_pairs == (*alone.n_pairs, 0)


def test_with_five_seeds_it_is_the_best():
    ties = find_ties(few_seeds(5))

    assert (ties.best, ties.is_tied) == (3, (False, False, False, True))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12))
def test_the_best_is_sought_among_five_seeds_or_as_many_as_there_are(n_seeds):
    found = is_rankable(np.array(n_seeds))

    most = max(n_seeds)
    assert found.tolist() == [n > 0 and (n >= 5 or n == most) for n in n_seeds]


def test_spreads_are_those_of_the_values_that_are_there():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(40, 6)) * np.logspace(-30, 30, 40)[:, None]
    is_there = rng.random((40, 6)) < 0.6
    is_there[7] = False
    values[~is_there] = rng.choice([np.nan, np.inf, 1.0], size=(~is_there).sum())

    spreads = _spreads(values, is_there)

    for row, there, spread in zip(values, is_there, spreads, strict=True):
        if there.sum() > 1:
            assert spread == pytest.approx(np.std(row[there], ddof=1), rel=1e-12)
    assert {0, 1, 2} <= set(is_there.sum(axis=1))
