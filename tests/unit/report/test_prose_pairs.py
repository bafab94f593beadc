"""A comparison in a sentence."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_finished

from paribus.analysis import Comparison, compare
from paribus.console import comparison_text
from paribus.report.prose_pairs import say_comparison
from paribus.status import RunStatus


def test_seeds_on_which_a_side_never_learned_are_said_though_none_ended_badly():
    """Still improving, at 14 % of ten classes: not among the bad, nor the learners."""
    slow = (0.14, 0.96, 0.97, 0.96, 0.96, 0.97, 0.98)
    result = make_finished(slow, (0.9,) * 7, status={(0, 0): RunStatus.UNCONVERGED})
    found = compare(
        result,
        {"learning_rate": 0.001},
        {"learning_rate": 0.01},
        metric="test_accuracy",
    )

    text = say_comparison(result.study, found)

    assert "on 1 of 7 seeds a side never learned; learning rate 0.001 has a" in text
    assert "over the 6 seeds where both learned" in text
    assert "ended badly" not in text


def compared(metric: str, a: tuple[float, ...], b: tuple[float, ...]) -> Comparison:
    """Two learning rates by a metric of the test split that ends so."""
    result = make_finished((0.9,) * len(a), (0.9,) * len(b))
    final = np.array([a, b])[:, :, None]
    curves = {**result.curves, metric: np.repeat(final, len(result.epochs), axis=2)}
    return compare(
        replace(result, curves=curves),
        {"learning_rate": 0.001},
        {"learning_rate": 0.01},
        metric=metric,
    )


NOT_NAMED = "No smallest effect is named for it, so whether it matters is not judged."


def test_a_difference_in_a_metric_that_none_is_named_for_says_so():
    noise = (0.01, -0.01, 0.01, -0.01, 0.01, -0.01)
    c = compared("test_f1", tuple(0.6 + n for n in noise), (0.3,) * 6)

    text = say_comparison(make_finished((0.9,) * 6).study, c)

    # t of 5 degrees of freedom, 2.571, times .01 sqrt(6/5) / sqrt(6): .0115.
    assert text == (
        "Learning rate 0.001 has a higher mean test f1 than learning rate 0.01: "
        f"+0.3 [+0.289, +0.311]. {NOT_NAMED}"
    )


def test_what_is_open_in_such_a_metric_has_its_interval_and_says_so_too():
    noise = (0.4, -0.4, 0.4, -0.4, 0.4, -0.4)
    c = compared("test_f1", tuple(0.4 + n for n in noise), (0.3,) * 6)

    text = say_comparison(make_finished((0.9,) * 6).study, c)

    assert "not decided which is higher with 6 seeds, +0.1 [−0.36, +0.56]" in text
    assert text.endswith(NOT_NAMED)
    assert "point" not in text


def test_a_loss_is_said_as_a_ratio_of_geometric_means():
    noise = np.exp(0.01 * np.array([1, -1, 1, -1, 1, -1]))
    c = compared("test_loss", tuple(0.2 * noise), (0.1,) * 6)

    text = say_comparison(make_finished((0.9,) * 6).study, c)

    assert "has a higher geometric mean test loss than learning rate 0.01" in text
    assert "2 times [1.9" in text
    assert "point" not in text
    assert NOT_NAMED not in text  # a factor of 1.25 is usual


def test_rates_that_are_not_the_best_and_runs_that_were_not_done_are_said():
    noise = (0.01, -0.01, 0.01, -0.01, 0.01, -0.01)
    c = compared("test_accuracy", (0.3,) * 6, tuple(0.6 + n for n in noise))
    study = make_finished((0.9,) * 6).study

    # The higher side is said first, whichever it is.
    asked = replace(c, rates_to_best=(10.0, 0.5), n_unconverged=(2, 0))
    text = say_comparison(study, asked)
    equal = say_comparison(study, replace(c, rates_to_best=(10.0, 10.0)))
    tuned = say_comparison(study, replace(c, rates_to_best=(1.0, 1.0)))

    assert (
        "Their learning rates are 0.5 and 10 times the best one of each side." in text
    )
    assert (
        "Still improving at the end: 0 of 6 at learning rate 0.01 and 2 of 6 at "
        "learning rate 0.001." in text
    )
    assert "The learning rate is 10 times the best one of either side." in equal
    assert "times the best" not in tuned
    assert "Still improving" not in tuned


@pytest.mark.parametrize(("a", "b"), [(0.001, 0.01), (0.01, 0.001)])
def test_where_no_seed_has_learners_on_both_sides_all_runs_are_said(a, b):
    status = {(1, seed): RunStatus.SUBLINEAR for seed in range(6)}
    result = make_finished((0.9,) * 6, (0.1,) * 6, status=status)
    c = compare(
        result, {"learning_rate": a}, {"learning_rate": b}, metric="test_accuracy"
    )

    assert c.difference is None
    sign = 1 if a < b else -1
    assert c.difference_of_all == pytest.approx(sign * 0.8)
    # The side with fewer bad runs is said first, whichever was asked for first.
    assert (
        "none at learning rate 0.001 and 6 at learning rate 0.01 (6 sublinear) ended"
    ) in say_comparison(result.study, c)
    assert (
        "so test accuracy is not compared among learners; over all runs +80.00 points."
    ) in say_comparison(result.study, c)
    text = comparison_text(c)
    assert f"over all runs the difference is {sign * 0.8:+.4f}, without an" in text
    assert (
        "ended badly: 6 of 6 seeds at learning_rate=0.01 (6 sublinear: by the training "
        "loss alone)\n"
    ) in text
    assert "ended badly: 0 of 6 seeds at learning_rate=0.001\n" in text


def test_seeds_that_tell_a_difference_from_0_are_told_from_those_of_a_claim():
    wave = (0.9, 0.92, 0.9, 0.92, 0.9, 0.93)
    result = make_finished(wave, wave[::-1])
    alone = compared("test_accuracy", wave, wave[::-1])
    beside = replace(alone, p_value_holm=0.9)
    assert alone.is_undecided

    few = replace(alone, seeds_to_decide=40)
    many = replace(beside, seeds_to_decide=40)

    assert "about 40 seeds would tell, if the true" in say_comparison(result.study, few)
    assert "about 40 seeds would tell beside all other pairs, if the true" in (
        say_comparison(result.study, many)
    )
    assert "not decided which is higher: about 40 seeds would tell, if the true " in (
        comparison_text(few)
    )
