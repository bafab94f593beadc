"""The plan of a study that adds seeds until its claims are decided."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_facts, make_result, make_study

import paribus as pb
from paribus.analysis.cautions import EndedEarly, find_cautions
from paribus.analysis.looks import looks_of
from paribus.claims import claims_digest
from paribus.console.forecast import forecast_text
from paribus.errors import StudyError
from paribus.looks import first_seeds, fixed_looks, stopping_problems
from paribus.problems import Problem
from paribus.report.cautions import say_caution
from paribus.report.making import tabulate_making
from paribus.results.asked import only_asked
from paribus.results.forecast import Forecast
from paribus.stopping import at_look_of, at_next_look, with_all_seeds
from paribus.store import StudyWriter, read_study
from paribus.study import Study
from paribus.study_file import read_study as read_file


PLAN = [
    *("study.stop_when_decided=true", "study.looks=3"),
    "study.seeds=[3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 97, 93, 23, 84, 62, 64]",
]


def planned(n_seeds: int = 20, looks: int = 3) -> Study:
    first = -(-n_seeds // looks)
    seeds = tuple(range(n_seeds))
    return replace(make_study(), seeds=seeds[:first], planned_seeds=seeds, looks=looks)


def test_a_study_goes_from_look_to_look_and_then_no_further():
    study, sizes = planned(), []

    grown = study
    while grown is not None:
        sizes.append((grown.n_looks, grown.seeds))
        grown = at_next_look(grown)

    assert [(n, len(seeds)) for n, seeds in sizes] == [(1, 7), (2, 14), (3, 20)]
    assert all(seeds == study.planned_seeds[: len(seeds)] for _, seeds in sizes)
    assert at_next_look(make_study()) is None


def test_what_is_asked_comes_as_far_as_the_folder():
    asked, stored = planned(), with_all_seeds(planned())

    assert at_look_of(asked, stored) == stored
    assert at_look_of(asked, with_all_seeds(planned(looks=2))) != asked
    assert at_look_of(asked, with_all_seeds(planned(30))) == asked  # another plan
    assert at_look_of(make_study(), stored) == make_study()
    assert at_look_of(make_study(n_seeds=2), make_study()) == make_study(n_seeds=2)
    result = make_result(stored)
    assert only_asked(result, asked) is result


def test_it_is_read_with_the_seeds_of_its_first_look():
    study = read_file("notebook", overrides=PLAN).study

    assert study.seeds == (3, 1, 4, 15, 9, 2)
    assert len(study.planned_seeds) == 16
    assert Study.from_dict(study.to_dict()) == study
    assert "planned_seeds" not in make_study().to_dict()["study"]


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (["study.looks=1"], r"from 2 to 10 `study.looks`, got 1 \(--set study.looks\)"),
        (["study.looks=11"], "from 2 to 10 `study.looks`, got 11"),
        (["study.seeds=12"], "needs 5 seeds at the first look, got 4 of 12"),
        (["study.seeds=[1, 1]"], "each seed once"),
        (["study.stop_when_decided=1"], "must be true or false"),
    ],
)
def test_what_makes_no_plan_is_refused_at_its_place(overrides, complaint):
    sound = {"seeds": "20", "looks": "3", "stop_when_decided": "true"}
    said = [f"study.{name}={value}" for name, value in sound.items()]
    name = overrides[0].partition("=")[0]
    kept = [text for text in said if not text.startswith(name)]

    with pytest.raises(StudyError, match=complaint):
        read_file("notebook", overrides=[*kept, *overrides])


def test_seeds_and_looks_that_make_no_plan_have_no_first_seeds():
    assert first_seeds(tuple(range(20)), 3) == tuple(range(7))
    assert first_seeds(tuple(range(50)), 10) == tuple(range(5))
    with pytest.raises(StudyError, match="needs 5 seeds at the first look, got 4"):
        first_seeds(tuple(range(12)), 3)


@pytest.mark.parametrize(
    ("n_seeds", "looks", "problem"),
    [
        *((20, looks, None) for looks in (2, 4)),
        (50, 10, None),
        *(
            (
                100,
                looks,
                Problem(
                    ("looks",),
                    "`study.stop_when_decided` needs from 2 to 10 `study.looks`, "
                    f"got {looks}",
                    "`looks = 3` with `seeds = 30` looks at 10, 20 and 30 seeds",
                ),
            )
            for looks in (1, 11)
        ),
        (
            16,
            4,
            Problem(
                ("seeds",),
                "`study.stop_when_decided` needs 5 seeds at the first look, "
                "got 4 of 16 in 4 looks",
                "`study.seeds` are the most that there may be: at least 20 for 4 looks",
            ),
        ),
    ],
)
def test_what_keeps_a_plan_from_being_made_is_said_with_what_to_do(
    n_seeds: int, looks: int, problem: Problem | None
):
    expected = [] if problem is None else [problem]

    assert list(stopping_problems(range(n_seeds), looks)) == expected


def test_a_plan_is_fixed_by_all_its_seeds():
    plan = {"study.stop_when_decided": True, "study.seeds": [3, 1]}

    assert fixed_looks((3, 1)) == plan
    assert fixed_looks(()) == {}


def test_python_makes_the_same_plan():
    study = pb.Study(
        name="plan",
        data=pb.data.mnist(),
        model=pb.models.mlp(),
        optimizer=pb.optimizers.adam(),
        space={"learning_rate": [0.1, 0.01], "batch_size": [32]},
        epochs=1,
        seeds=20,
        looks=3,
        stop_when_decided=True,
    )

    assert (study.seeds, study.planned_seeds) == (tuple(range(7)), tuple(range(20)))
    assert study._record().planned_seeds == study.planned_seeds


def test_the_plan_is_hashed_with_the_claims_and_cannot_change(tmp_path: Path):
    assert claims_digest(planned()) == claims_digest(with_all_seeds(planned()))
    digests = {claims_digest(s) for s in (planned(), planned(30), planned(looks=2))}
    assert len(digests | {claims_digest(make_study())}) == 4
    StudyWriter.create(tmp_path / "study", planned(), make_facts()).close()

    with StudyWriter.open(tmp_path / "study") as writer:
        with pytest.raises(StudyError, match=r"`study.seeds` must stay as it was"):
            writer.grow(planned(30))
        with pytest.raises(StudyError, match="got no such setting, was true"):
            writer.grow(replace(planned(), planned_seeds=()))
        writer.grow(with_all_seeds(planned()))
        writer.grow(planned())  # as its file has it: nothing is taken back

    assert read_study(tmp_path / "study").study == with_all_seeds(planned())


def test_an_early_look_is_stricter_than_the_last():
    first, last = (looks_of(s).error_rate(0.05) for s in (planned(), _last()))

    # As published for three looks at a third, two thirds and all (z 3.71 and 1.99); at
    # 7, 14 and 20 of 20 the first look has a little more.
    assert 0.0002 < first < 0.0004
    assert 0.045 < last < 0.0465
    assert looks_of(make_study()).error_rate(0.05) == 0.05


def _last() -> Study:
    return with_all_seeds(planned())


def test_the_report_says_that_it_ended_early_and_by_which_plan():
    result = make_result(planned())
    (caution,) = [c for c in find_cautions(result) if isinstance(c, EndedEarly)]
    said = say_caution(caution, result.study, {})
    (row,) = [r for r in tabulate_making(result).rows if r[0] == "planned looks"]

    assert "7 of at most 20 seeds, look 1" in said
    assert "farther from 0 than the truth" in said
    assert row[1].startswith("3, at 7, 14, 20 seeds until")
    last = find_cautions(make_result(_last()))
    assert not [c for c in last if isinstance(c, EndedEarly)]


def test_a_dry_run_says_where_training_may_end_and_what_that_saves():
    forecast = Forecast(
        study=planned(),
        n_runs=14,
        groups=(),
        memory_bytes=0,
        device="1 × cpu",
        n_most=40,
    )

    said = forecast_text(forecast, folder=Path("x"), width=None)

    assert "Training ends at 7, 14 or 20 seeds" in said
    assert "saves 26 of at most 40 runs" in said
