"""Best learning rates and steps to a target against batch sizes, by planted laws."""

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import make_result
from tuning_builders import make_tuned_result, make_tuned_study, stopped

from paribus.analysis.scaling import scale_rates, scale_steps
from paribus.analysis.targets import find_target
from paribus.analysis.tuned import refinements
from paribus.halving import Halving
from paribus.refinement import may_be_added, with_added
from paribus.report.prose_scaling import say_rates, say_steps
from paribus.status import RunStatus
from paribus.study import Budget


SIZES = (16, 32, 64, 128, 256, 512)
RATES = tuple(float(rate) for rate in np.geomspace(1e-4, 1, 13))
MIN_STEPS, CRITICAL = 200, 64


def tuned_by_law(power, *, sizes=SIZES, rates=RATES, start=0.001):
    """Scores that peak where the rate is `start` at 16 and a power of the batch."""
    study = make_tuned_study(
        learning_rate=rates, batch_size=sizes, n_choosing=3, n_targets=3
    )
    rng = np.random.default_rng(0)
    accuracy = {}
    for config in study.configs():
        rate, size = config["learning_rate"], config["batch_size"]
        assert isinstance(rate, float)
        assert isinstance(size, int)
        miss = math.log(rate) - math.log(start) - power * math.log(size / 16)
        accuracy[tuple(config.values())] = 0.9 - 0.004 * miss**2 + rng.normal(0, 2e-3)
    return make_tuned_result(study, accuracy)


def reaching(*, n_seeds=6, slow=()):
    """Runs that follow the hyperbola of steps against batch size, all seeds trained.

    Args:
        slow: Batch sizes of which the first seed never reaches anything.
    """
    study = make_tuned_study(batch_size=SIZES, n_seeds=n_seeds, n_targets=5)
    study = replace(study, budget=Budget(epochs=4, evaluate_every=0.05))
    accuracy = {tuple(c.values()): 0.9 for c in study.configs()}
    result = make_tuned_result(study, accuracy)
    rng = np.random.default_rng(1)
    spread = np.exp(0.05 * rng.normal(size=result.status.shape))
    curve = np.empty((*result.status.shape, len(result.epochs)))
    for i, config in enumerate(study.configs()):
        size, rate = config["batch_size"], config["learning_rate"]
        assert isinstance(size, int)
        steps = MIN_STEPS * (1 + CRITICAL / size) * spread[i]
        end = (steps / math.ceil(result.data.n_train / size))[:, None]
        top = 0.9 if rate == 0.01 else 0.85
        curve[i] = 0.1 + (top - 0.1) * np.minimum(result.epochs / end, 1)
        if size in slow:
            curve[i, 0] = 0.1
    return replace(
        result,
        status=np.full(result.status.shape, int(RunStatus.CONVERGED)),
        curves={**result.curves, "validation_accuracy": curve},
    )


@pytest.mark.parametrize(("power", "verdict"), [(1.0, "linear"), (0.5, "square root")])
def test_a_planted_power_is_found_by_the_seeds_that_choose(power, verdict):
    result = tuned_by_law(power)

    by_score = next(s for s in scale_rates(result) if s.objective == "score")

    assert by_score.found.verdict == verdict
    # Half a step of the grid over the range of the batch sizes is .08.
    assert by_score.found.slope.estimate == pytest.approx(power, abs=0.08)
    assert by_score.n_seeds == 3
    said = say_rates(result, by_score)
    assert f"to the power {by_score.found.slope.estimate:.2f} [" in said
    assert "Keras's Adam, by final score (3 seeds)" in said
    assert "stopped early" not in said


def test_a_slope_of_values_that_were_compared_on_the_way_says_what_it_may_lack():
    result = tuned_by_law(0.5)
    assert result.study.tuning is not None
    halved = replace(result.study.tuning, halving=Halving(factor=2))
    result = replace(result, study=replace(result.study, tuning=halved))
    ends = [i for i, c in enumerate(result.configs) if c["learning_rate"] == RATES[0]]

    by_score = scale_rates(stopped(result, ends, 2))[0]

    # Far from the best values: what they are does not rest on it.
    assert by_score.found.verdict == "square root"
    said = say_rates(result, by_score)
    assert "fell behind were stopped early, at equal epochs" in said


def test_a_slope_through_best_values_beside_stopped_ones_is_held_against_no_rule():
    result = tuned_by_law(0.5)
    assert result.study.tuning is not None
    halved = replace(result.study.tuning, halving=Halving(factor=2))
    result = replace(result, study=replace(result.study, tuning=halved))
    best = scale_rates(result)[0].found.best.selections[0]
    assert best.best is not None
    at = (SIZES[0], float(best.values[best.best + 1]))
    beside = [
        i
        for i, config in enumerate(result.configs)
        if (config["batch_size"], config["learning_rate"]) == at
    ]

    by_score = scale_rates(stopped(result, beside, 2))[0]

    assert len(beside) == 1
    assert by_score.found.verdict == "stopped early"
    assert "is not held against any rule" in say_rates(result, by_score)


def by_law(study, power):
    """The scores of `tuned_by_law` without noise, for any config."""

    def score(config):
        miss = math.log(config["learning_rate"] / 0.001)
        return 0.9 - 0.004 * (miss - power * math.log(config["batch_size"] / 16)) ** 2

    return {tuple(c.values()): score(c) for c in study.configs()}


def test_refined_choices_are_a_finer_grid_and_earlier_ones_take_no_part():
    coarse = tuple(float(f"{rate:.3g}") for rate in np.geomspace(1e-5, 1, 6))
    study = make_tuned_study(
        learning_rate=coarse, batch_size=SIZES, n_choosing=3, n_targets=3, refine=True
    )
    before = make_tuned_result(study, by_law(study, 0.5))
    wanted = with_added(study, refinements(before))
    others = with_added(wanted, may_be_added(study))
    lucky = dict.fromkeys((tuple(c.values()) for c in others.configs()), 0.99)

    unrefined = scale_rates(before)[0].found
    refined = scale_rates(make_tuned_result(wanted, by_law(wanted, 0.5)))[0].found
    again = scale_rates(make_tuned_result(others, lucky | by_law(wanted, 0.5)))[0].found

    # A parabola's top is found whatever the spacing, which the error is made of.
    assert refined.slope.estimate == pytest.approx(0.5, abs=1e-6)
    assert (refined.best.errors < 0.9 * unrefined.best.errors).all()
    width = refined.slope.upper - refined.slope.lower
    assert width < 0.9 * (unrefined.slope.upper - unrefined.slope.lower)
    assert str(again.slope) == str(refined.slope)
    np.testing.assert_array_equal(again.best.log_values, refined.best.log_values)


def test_a_best_value_at_the_end_of_its_grid_is_left_out_and_named():
    short = tuned_by_law(1.0, rates=RATES[:7])

    by_score = scale_rates(short)[0]

    assert by_score.found.verdict == "untested"
    said = say_rates(short, by_score)
    assert "5 are needed" in said
    assert "paribus run batch-size --size standard" in said
    assert "512 (add 0.0215)" in said


@pytest.mark.parametrize("sizes", [(32,), (32, 64)])
def test_fewer_than_three_batch_sizes_have_no_course(sizes):
    assert scale_rates(tuned_by_law(1.0, sizes=sizes)) == ()


def test_a_study_without_tuning_has_no_runs_to_set_a_target():
    assert scale_steps(make_result()) == ()
    assert find_target(make_result(), "keras_adam") is None


def test_steps_to_the_target_follow_the_planted_hyperbola():
    result = reaching()

    (found,) = scale_steps(result)

    # The target is passed on the straight way up, at a fixed share of it.
    share = (found.target.score - 0.1) / 0.8
    law = share * MIN_STEPS * (1 + CRITICAL / np.array(SIZES))
    means = np.exp(np.log(found.steps).mean(axis=1))
    # 6 runs with 5 % of spread, and evaluations every twentieth of an epoch.
    np.testing.assert_allclose(means, law, rtol=0.09)
    assert found.steps.shape == (6, 6)
    assert found.found is not None
    assert found.found.verdict == "inside"
    assert found.found.lower < CRITICAL < found.found.upper
    said = say_steps(result, found)
    assert f"the critical batch size is {found.found.critical:,.0f} [" in said
    assert "of the way from guessing to the best" in said
    assert "each batch size at its own fastest learning rate (6 seeds)" in said
    assert "Keras's Adam" in said


def test_a_batch_size_with_a_run_that_never_arrives_is_listed_and_left_out():
    result = reaching(slow=(512,))

    (found,) = scale_steps(result)

    assert np.isinf(found.steps[-1, 0])
    assert found.found is not None
    assert found.found.is_used.tolist() == [True] * 5 + [False]
    assert "batch size 512 (1 of 6 runs did not reach it)" in say_steps(result, found)


def test_targets_do_not_depend_on_the_runs_that_are_judged():
    result = reaching()
    curve = result.curves["validation_accuracy"].copy()
    curve[:, :6] = 0.5

    other = replace(result, curves={**result.curves, "validation_accuracy": curve})

    target = find_target(result, "keras_adam")
    assert target is not None
    again = find_target(other, "keras_adam")
    assert again is not None
    assert again.score == target.score
    assert again.n_pilots == 5
