"""What one-seed studies would have concluded, from a result."""

from dataclasses import replace

import numpy as np
import pytest
from builders import CHANCE, make_finished
from scipy import stats

from paribus.analysis import one_seed_analysis
from paribus.status import RunStatus


DIVERGED, FAILED, PENDING = RunStatus.DIVERGED, RunStatus.FAILED, RunStatus.PENDING
SIX = (0.97, 0.98, 0.975, 0.972, 0.978, 0.971)


def test_a_clear_winner_is_always_named():
    worse = tuple(x - 0.5 for x in SIX)

    found = one_seed_analysis(make_finished(worse, SIX), metric="test_accuracy")

    assert found is not None
    assert found.best == {"learning_rate": 0.01, "batch_size": 32}
    assert found.named_best == (0.0, 1.0)
    assert found.outside_tied == found.expected_regret == 0.0
    assert found.reversals == {(0, 1): 0.0}
    assert set(found.flips_by_n_seeds) == {1, 2, 3, 5}
    assert found.bank_is_small


def test_a_lower_loss_is_the_better_one():
    result = make_finished(tuple(x - 0.5 for x in SIX), SIX)

    found = one_seed_analysis(result, metric="test_loss")

    assert found is not None
    assert found.named_best == (0.0, 1.0)


def test_divergence_costs_a_config_its_name():
    gone = {(0, 0): DIVERGED, (0, 1): DIVERGED}
    better = tuple(x + 0.01 for x in SIX)

    found = one_seed_analysis(
        make_finished(better, SIX, status=gone), metric="test_accuracy"
    )

    assert found is not None
    assert found.best == {"learning_rate": 0.01, "batch_size": 32}
    assert found.named_best[1] >= 2 / 6
    # Mean lost by naming the config that sometimes diverges.
    lost = np.mean(SIX) - np.mean([CHANCE, CHANCE, *better[2:]])
    assert found.expected_regret == pytest.approx(found.named_best[0] * lost)


def test_twenty_seeds_are_no_small_bank():
    found = one_seed_analysis(
        make_finished(tuple(np.linspace(0.9, 0.99, 20))), metric="test_accuracy"
    )

    assert found is not None
    assert not found.bank_is_small
    assert found.n_seeds == 20


def test_fewer_than_two_seeds_say_nothing():
    one = {(0, seed): PENDING for seed in range(1, 6)}
    nothing = {(0, seed): FAILED for seed in range(6)}

    assert one_seed_analysis(make_finished(SIX, status=one), metric="test_loss") is None
    assert (
        one_seed_analysis(make_finished(SIX, status=nothing), metric="test_loss")
        is None
    )


def test_a_config_that_only_failed_is_left_out():
    gone = {(0, seed): FAILED for seed in range(6)}

    found = one_seed_analysis(
        make_finished(SIX, SIX, SIX[::-1], status=gone), metric="test_accuracy"
    )

    assert found is not None
    assert found.named_best[0] == 0.0
    assert list(found.reversals) == [(1, 2)]


def test_a_config_that_one_look_beats_is_tied_where_more_are_planned():
    apart = (0.01, 0.02, -0.005, 0.015, 0.002, 0.005)
    # One test at .05 leaves it out, at a quarter of that it does not.
    p_value = stats.t.sf(np.mean(apart) / stats.sem(apart), 5)
    assert 0.05 / 4 < p_value < 0.05
    once = make_finished(SIX, tuple(x - d for x, d in zip(SIX, apart, strict=True)))
    four = replace(once, study=replace(once.study, looks=4))

    found_once = one_seed_analysis(once, metric="test_accuracy")
    found_four = one_seed_analysis(four, metric="test_accuracy")

    assert found_once is not None
    assert found_four is not None
    assert found_once.outside_tied == found_once.named_best[1] > 0
    assert found_four.outside_tied == 0
