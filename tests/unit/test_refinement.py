"""Which configs refinement may add, and a study that has some of them."""

from dataclasses import replace

import pytest
from tuning_builders import make_tuned_study

from paribus.refinement import may_be_added, with_added
from paribus.space import Config, SearchSpace
from paribus.store.growth import grown
from paribus.study import Study


STUDY = make_tuned_study(refine=True)
# Of .001, .01 and .1 only .01 has a neighbour on each side.
ADDED = tuple(
    Config({"learning_rate": rate, "batch_size": size})
    for size in (32, 64)
    for rate in (0.005, 0.02)
)


def with_rates(study: Study, *rates: float) -> Study:
    (grid,) = study.space.grids
    space = SearchSpace(grids=({**grid, "learning_rate": rates},))
    return replace(study, space=space)


def test_half_and_twice_each_interior_value_may_be_added():
    assert may_be_added(STUDY) == ADDED
    assert may_be_added(with_added(STUDY, ADDED)) == ADDED
    assert may_be_added(make_tuned_study()) == ()


def test_neighbours_are_those_beside_the_same_other_hyperparameters():
    grids = (
        {"learning_rate": (0.001, 0.01, 0.1), "batch_size": (32,)},
        {"learning_rate": (0.01, 0.1, 1.0), "batch_size": (64,)},
    )
    study = replace(STUDY, space=SearchSpace(grids=grids))

    added = [(c["batch_size"], c["learning_rate"]) for c in may_be_added(study)]

    assert added == [(32, 0.005), (32, 0.02), (64, 0.05), (64, 0.2)]


def test_copies_are_not_refined():
    assert STUDY.tuning is not None
    tuning = replace(STUDY.tuning, where={"batch_size": 64})

    assert may_be_added(replace(STUDY, tuning=tuning)) == ADDED[2:]


def test_added_configs_follow_the_declared_and_are_told_from_them():
    study = with_added(STUDY, (ADDED[2], *STUDY.configs(), ADDED[1]))

    assert study.configs() == (*STUDY.configs(), ADDED[2], ADDED[1])
    assert [study.space.is_declared(c) for c in study.configs()] == [True] * 6 + [
        False
    ] * 2
    assert study.space.declared() == STUDY.space
    assert study.space.is_full_grid()  # what was asked for is
    assert with_added(study, study.configs()) is study


def test_what_refinement_cannot_add_is_left_out():
    assert (
        with_added(STUDY, [Config({"learning_rate": 0.3, "batch_size": 32})]) is STUDY
    )


def test_a_study_with_added_configs_survives_being_written():
    study = with_added(STUDY, ADDED[:2])

    again = Study.from_dict(study.to_dict())

    assert again == study
    assert again.space.refined == (1, 2)


def test_a_stored_study_grows_by_what_was_added_and_keeps_it():
    stored = with_added(STUDY, ADDED[:2])

    more = grown(stored, with_added(stored, ADDED[2:]))

    assert more.configs() == (*STUDY.configs(), *ADDED)
    assert more.space.declared() == STUDY.space
    assert grown(more, STUDY) is more  # the study file names none of them


def test_a_value_that_was_added_can_be_declared():
    stored = with_added(STUDY, ADDED)
    wanted = with_rates(STUDY, 0.001, 0.005, 0.01, 0.1)

    more = grown(stored, wanted)

    assert more.configs() == stored.configs()  # no run changes its place
    declared = {c["learning_rate"] for c in more.configs() if more.space.is_declared(c)}
    assert declared == {0.001, 0.005, 0.01, 0.1}


def test_a_larger_grid_keeps_every_place():
    stored = with_added(STUDY, ADDED)

    more = grown(stored, with_rates(STUDY, 0.001, 0.01, 0.1, 1.0))

    n = len(stored.configs())
    assert more.configs()[:n] == stored.configs()
    assert {c["learning_rate"] for c in more.configs()[n:]} == {1.0}


def test_a_grid_within_another_new_one_adds_nothing():
    (grid,) = STUDY.space.grids
    larger = {**grid, "learning_rate": (0.001, 0.01, 0.1, 1.0)}
    part = {**grid, "learning_rate": (0.1, 1.0)}

    wanted = replace(STUDY, space=SearchSpace(grids=(larger, part)))

    assert grown(STUDY, wanted).space.grids == (grid, larger)


@pytest.mark.parametrize("refine", [True, False])
def test_refinement_is_a_fixed_setting(refine):
    fixed = make_tuned_study(refine=refine).fixed_settings()

    assert fixed.get("tuning.refine", False) is refine
