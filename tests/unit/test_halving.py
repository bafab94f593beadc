"""When values are compared on the way, and what does not fit."""

from dataclasses import replace

import pytest

import paribus as pb
from paribus.budget import Budget
from paribus.errors import StudyError, UnknownNameError
from paribus.halving import Halving, rung_evaluations
from paribus.results.forecast import forecast_halving
from paribus.space import SearchSpace
from paribus.store.growth import grown
from paribus.study import OptimizerChoice, Study
from paribus.study_file import read_study


@pytest.mark.parametrize(
    ("halving", "epochs", "rungs"),
    [
        (Halving(), 9, (1, 3)),
        (Halving(), 10, (1, 3, 9)),
        (Halving(factor=2, min_epochs=3), 24, (3, 6, 12)),
        (Halving(min_epochs=5), 5, ()),
    ],
)
def test_rungs_lie_before_the_end(halving, epochs, rungs):
    assert halving.rungs(epochs) == rungs


def test_a_share_of_the_values_goes_on_rounded_up():
    assert Halving(factor=3).n_at_rungs(7, epochs=27) == (7, 3, 1, 1)
    assert Halving(factor=2).n_at_rungs(5, epochs=4) == (5, 3, 2)


def test_an_evaluation_belongs_to_its_rung():
    assert rung_evaluations((1, 3), (0.0, 0.5, 1.0, 2.0, 3.0, 4.0)) == (3, 5)
    # Thirty times 0.1 is not 3 exactly.
    assert rung_evaluations((3,), tuple(0.1 * k for k in range(41))) == (31,)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"factor": 1}, "`tuning.halving.factor` must be from 2 to 100, got 1"),
        ({"min_epochs": 0}, "`tuning.halving.min_epochs` must be at least 1, got 0"),
        ({"min_epochs": True}, "`tuning.halving.min_epochs` must be an integer"),
    ],
)
def test_what_is_out_of_range_is_refused(settings, words):
    with pytest.raises(StudyError, match=words):
        Halving(**settings)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(epochs=1), "must be less than the 1 epochs of the study, got 1"),
        (Budget(epochs=9, evaluate_every=2.0), "there is none after 1 epochs"),
    ],
)
def test_a_budget_without_a_rung_is_a_problem(budget, words):
    (problem,) = Halving().problems(budget)

    assert words in problem.text


@pytest.mark.parametrize("every", ["auto", 0.25, 1.0, 0.1])
def test_rungs_that_are_evaluated_are_none(every):
    assert [*Halving().problems(Budget(epochs=28, evaluate_every=every))] == []


TABLE = ["tuning.seeds=2", "tuning.halving={}", "study.epochs=9", "data.validation=500"]


def test_a_study_file_and_python_say_the_same():
    study = read_study("notebook-grid", overrides=TABLE).study
    options = [*TABLE[:1], "tuning.halving.factor=2", "tuning.halving.min_epochs=3"]
    other = read_study("notebook-grid", overrides=[*options, *TABLE[2:]]).study

    assert study.halving == pb.tune(seeds=2, halving=True).halving == Halving()
    said = {"factor": 2, "min_epochs": 3}
    assert other.halving == pb.tune(seeds=2, halving=said).halving
    for one in (study, other):
        assert Study.from_dict(one.to_dict()) == one
    assert other.fixed_settings()["tuning.halving.min_epochs"] == 3


def test_a_study_without_it_is_written_as_before():
    study = read_study("notebook-grid", overrides=[*TABLE[:1], *TABLE[2:]]).study

    assert study.halving is None
    assert "halving" not in study.to_dict()["tuning"]
    assert not [name for name in study.fixed_settings() if "halving" in name]


def test_a_setting_that_python_does_not_know_is_refused():
    with pytest.raises(UnknownNameError, match="called `eta`") as caught:
        pb.tune(seeds=2, halving={"eta": 3})

    assert "`factor`" in (caught.value.hint or "")


def test_other_rungs_are_refused_in_the_same_folder():
    study = read_study("notebook-grid", overrides=TABLE).study
    assert study.tuning is not None
    other = replace(study, tuning=replace(study.tuning, halving=Halving(factor=2)))
    without = replace(study, tuning=replace(study.tuning, halving=None))

    with pytest.raises(
        StudyError, match=r"`tuning.halving.factor` must stay as it was"
    ):
        grown(study, other)
    with pytest.raises(StudyError, match=r"halving.factor.*got no such setting, was 3"):
        grown(study, without)


def test_a_dry_run_counts_what_it_saves_for_each_number_of_values():
    study = read_study("notebook-grid", overrides=TABLE).study
    grids = (
        {"learning_rate": (0.001, 0.003, 0.01, 0.03), "batch_size": (32, 64)},
        {"learning_rate": (0.01, 0.1), "batch_size": (128,)},
    )
    adam = OptimizerChoice(name="adam")
    study = replace(study, space=SearchSpace(grids=grids), optimizer=adam)

    found = forecast_halving(study)

    assert found is not None
    assert found.n_values == ((4, 2, 1), (2, 1, 1))
    # Of a seed: twice 4 x 1 + 2 x 2 + 1 x 6, and 2 x 1 + 1 x 8.
    assert found.n_epochs == 2 * (2 * 14 + 10)
    assert found.n_whole == 2 * 9 * 10
