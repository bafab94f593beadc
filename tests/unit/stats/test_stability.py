"""How smoothly runs trained: by hand on short curves, and what is refused."""

import numpy as np
import pytest

from paribus.stats.stability import (
    DEAD_UNITS_ALARM,
    OVERSHOOT_ALARM,
    TUV_ALARM,
    area_under_curve,
    jitter,
    log_tuv,
    share_of_increases,
    total_upward_variation,
)


LEARNER = np.array([True])


def test_a_loss_that_only_falls_has_no_upward_variation():
    loss = np.array([[2.3, 1.0, 0.5, 0.5]])

    assert total_upward_variation(loss, LEARNER).tolist() == [0.0]
    assert log_tuv(np.array([0.0]))[0] == pytest.approx(np.log(0.01))


def test_rises_add_up_and_are_measured_in_the_whole_descent():
    loss = np.array([[2.0, 0.5, 0.7, 0.6, 1.0, 0.8]])

    # .2 + .4 up, from 2 down to .5.
    assert total_upward_variation(loss, LEARNER)[0] == pytest.approx(0.6 / 1.5)


@pytest.mark.parametrize(
    ("loss", "is_learner"),
    [
        pytest.param([2.35, 2.303, 2.303, 2.303], False, id="dead and still"),
        pytest.param([2.35, 2.303, 2.31, 2.302], False, id="dead and restless"),
        pytest.param([2.3, 2.3, 2.3, 2.3], True, id="never below its start"),
        pytest.param([2.3, 2.5, 2.4, 2.6], True, id="always above its start"),
        pytest.param([2.3, 1.0, np.nan, 0.5], True, id="a missing evaluation"),
        pytest.param([2.3, 1.0, np.inf, 0.5], True, id="an infinite loss"),
    ],
)
def test_a_run_without_a_descent_is_never_called_stable(
    loss: list[float], is_learner: bool
):
    tuv = total_upward_variation(np.array([loss]), np.array([is_learner]))

    assert np.isnan(tuv[0])


def test_a_study_without_a_learner_has_no_stability():
    loss = np.random.default_rng(0).uniform(1, 3, size=(3, 4, 9))
    nobody = np.zeros((3, 4), dtype=bool)

    assert np.isnan(total_upward_variation(loss, nobody)).all()
    assert np.isnan(jitter(np.arange(9.0), loss, nobody)).all()


def test_runs_come_by_config_and_seed_or_in_a_row():
    loss = np.random.default_rng(0).uniform(1, 3, size=(3, 4, 9))
    everyone = np.ones((3, 4), dtype=bool)

    by_config = total_upward_variation(loss, everyone)
    in_a_row = total_upward_variation(loss.reshape(12, 9), everyone.ravel())

    np.testing.assert_array_equal(by_config.ravel(), in_a_row)


def test_increases_are_counted_over_intervals():
    assert share_of_increases(np.array([[3.0, 1.0, 2.0, 1.0, 1.0]])).tolist() == [0.25]
    assert np.isnan(share_of_increases(np.array([[3.0, np.nan, 2.0]])))


def test_a_straight_line_has_no_jitter():
    at = np.linspace(0, 10, 41)
    score = 0.5 + 0.03 * at[None, :]

    assert jitter(at, score, LEARNER)[0] == pytest.approx(0, abs=1e-15)


def test_only_the_last_fifth_counts():
    at = np.linspace(0, 10, 41)
    score = np.random.default_rng(0).normal(size=(1, 41))
    other = score.copy()
    other[0, at < 8] = 7.0

    np.testing.assert_array_equal(
        jitter(at, score, LEARNER), jitter(at, other, LEARNER)
    )


def test_too_few_late_evaluations_give_no_jitter():
    five = np.linspace(0, 20, 21)
    score = np.random.default_rng(0).normal(size=(1, 21))

    assert np.isfinite(jitter(five, score, LEARNER))
    assert np.isnan(jitter(five, score, LEARNER, late_share=0.15))


def test_a_learner_with_a_missing_score_has_no_jitter():
    at = np.linspace(0, 10, 41)
    score = np.full((1, 41), np.nan)

    assert np.isnan(jitter(at, score, LEARNER))


def test_the_area_is_cut_between_evaluations():
    at = np.array([0.0, 4.0, 8.0])
    score = np.array([[0.0, 0.4, 0.8], [0.1, 0.1, np.nan]])

    # A straight line through 0: half of its value where the part ends.
    np.testing.assert_allclose(
        area_under_curve(at, score, share=0.25), [0.1, 0.1], rtol=1e-12
    )
    assert area_under_curve(at, score)[0] == pytest.approx(0.4)
    assert np.isnan(area_under_curve(at, score)[1])


def test_colours_follow_the_levels():
    assert [TUV_ALARM.colour(x) for x in (0.3, 0.31, 0.61, np.nan)] == [
        "none",
        "amber",
        "red",
        "none",
    ]
    assert OVERSHOOT_ALARM.colour(0.4) == "none"
    assert DEAD_UNITS_ALARM.colour(0.6) == "red"
