import pytest

from paribus.analysis import MetricSummary
from paribus.counts import count
from paribus.report.numbers import (
    difference,
    duration,
    estimate,
    join,
    p_value,
    percent,
    points,
    spread,
    with_points,
)


def summary(**changes):
    fields = {
        "metric": "test_accuracy",
        "values": (0.97, 0.98),
        "mean": 0.976,
        "lower": 0.9725,
        "upper": 0.9775,
        "confidence_level": 0.95,
        "spread": 0.007,
        "is_bimodal": False,
    }
    return MetricSummary(**{**fields, **changes})


@pytest.mark.parametrize(
    ("half_width", "text"),
    [
        (0.0025, "97.60% [97.35, 97.85]"),
        (0.02, "97.6% [95.6, 99.6]"),
        (0.2, "98% [78, 118]"),
        (0.00001, "97.600% [97.599, 97.601]"),
    ],
)
def test_a_mean_has_the_digits_its_interval_leaves(half_width, text):
    measured = summary(lower=0.976 - half_width, upper=0.976 + half_width)

    assert estimate(measured) == text


def test_a_mixture_shows_the_mean_of_its_learners():
    mixture = summary(
        values=(0.1, None, 0.6, 0.7),
        is_bimodal=True,
        n_learners=2,
        mean_of_learners=0.65,
        lower_of_learners=0.5,
        upper_of_learners=0.8,
    )

    assert estimate(mixture) == "65% [50, 80] among 2 learners"
    one = summary(is_bimodal=True, n_learners=1, mean_of_learners=0.65)
    assert estimate(one) == "65.00% among 1 learner"


def test_what_is_missing_is_a_dash():
    nothing = summary(values=(None,), mean=None, lower=None, upper=None)

    assert [estimate(nothing), estimate(None), spread(nothing)] == ["–"] * 3
    assert difference(None, None, None) == ("–", "–")
    assert p_value(None) == "–"


def test_one_seed_has_a_value_and_no_interval():
    assert estimate(summary(lower=None, upper=None)) == "97.60%"
    assert difference(0.0123, None, None) == ("+1.23", "–")


def test_a_loss_has_significant_digits():
    measured = summary(metric="train_loss", mean=0.1234, lower=0.12, upper=0.13)

    assert estimate(measured) == "0.123 [0.12, 0.13]"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0147, "+1.47"), (-0.0147, "−1.47"), (0.0, "0.00"), (-1e-9, "0.00")],
)
def test_points_have_a_sign_unless_they_round_to_zero(share, text):
    assert points(share) == text


def test_one_point_is_singular():
    sizes = ["+1", "−1", "+1.0", "+17"]
    assert [with_points(size) for size in sizes] == [
        "+1 point",
        "−1 point",
        "+1.0 points",
        "+17 points",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.42, "0.42 s"),
        (0.02, "0.020 s"),
        (9.97, "10 s"),
        (58.3, "58 s"),
        (59.7, "1 min 0 s"),
        (72.0, "1 min 12 s"),
        (7500.0, "2 h 5 min"),
    ],
)
def test_a_time_is_written_in_units_a_reader_knows(seconds, text):
    assert duration(seconds) == text


def test_counts_and_lists_read_as_words():
    assert [count(1, "run"), count(1000, "run")] == ["1 run", "1,000 runs"]
    assert join(["a"]) == "a"
    assert join(["a", "b", "c"]) == "a, b and c"
    assert percent(0.97656) == "97.66%"
    assert p_value(0.00012) == "1.2e-04"
