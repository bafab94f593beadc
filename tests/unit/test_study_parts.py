"""Which parts make a study together, and which do not, whoever puts them together."""

from dataclasses import replace
from typing import Any

import pytest
from builders import make_study
from tuning_builders import make_tuned_study

from paribus.declared import DeclaredClaim
from paribus.errors import StudyError
from paribus.halving import Halving
from paribus.study import DataChoice, Study, TaskChoice, Tuning


def claim(
    measure: str = "test_accuracy", *, a: float | str = 0.01, b: float | str = 0.01
) -> DeclaredClaim:
    """That a batch of 32 is better than one of 64, at a learning rate for each."""
    return DeclaredClaim(
        text="Small batches are better",
        measure=measure,
        a={"batch_size": 32, "learning_rate": a},
        b={"batch_size": 64, "learning_rate": b},
        relation="greater",
    )


def tuned(**changes: Any) -> Tuning:
    tuning = TUNED.tuning
    assert tuning is not None
    return replace(tuning, **changes)


PLAIN = make_study(batch_size=(32, 64))
TUNED = make_tuned_study()
REGRESSION = {"task": TaskChoice(kind="regression")}


@pytest.mark.parametrize(
    ("study", "change", "words"),
    [
        (PLAIN, {"name": "a b"}, "letters, digits"),
        (PLAIN, {"seeds": (1, 1)}, "`study.seeds` must have each seed once"),
        (PLAIN, {"looks": 0}, "^`study.looks` must be from 1 to 100, got 0$"),
        (PLAIN, {"looks": 101}, "^`study.looks` must be from 1 to 100, got 101$"),
        (PLAIN, {"planned_seeds": (0, 1)}, "from 2 to 10 `study.looks`, got 1"),
        (PLAIN, {"diagnostics": ("luck",)}, "no diagnostic is called `luck`"),
        (
            PLAIN,
            {"diagnostics": ("calibration",), **REGRESSION},
            "`calibration` of .* needs classification, got a study of regression",
        ),
        (PLAIN, {"diagnostics": ("rescue",)}, "needs a study that tunes"),
        (PLAIN, {"claims": (claim(a=7.0),)}, "must be a value of the space, got 7"),
        (PLAIN, {"claims": (claim(a="tuned"),)}, "must be tuned to be"),
        (PLAIN, {"claims": (claim("test_rmse"),)}, "no measure is called `test_rmse`"),
        (TUNED, {"seeds": (5, 1_000_000)}, "got 1000000 in both"),
        (
            TUNED,
            {"looks": 2, "planned_seeds": (*range(19), 1_000_001)},
            "got 1000001 in both",
        ),
        (TUNED, {"data": DataChoice(name="mnist")}, "got `data.validation` = 0"),
        (
            TUNED,
            {"tuning": tuned(held=(7.0,))},
            "`held` must be values of `learning_rate` in the space, got 7",
        ),
        (
            TUNED,
            {"tuning": tuned(halving=Halving(min_epochs=4))},
            "must be less than the 4 epochs of the study, got 4",
        ),
    ],
)
def test_parts_that_do_not_fit_make_no_study(
    study: Study, change: dict[str, Any], words: str
):
    with pytest.raises(StudyError, match=words):
        replace(study, **change)


@pytest.mark.parametrize(
    ("study", "change"),
    [
        (PLAIN, {"looks": 100}),
        (PLAIN, {"claims": (claim(),)}),
        (PLAIN, {"claims": (claim("test_rmse"),), **REGRESSION}),
        (TUNED, {"claims": (claim(a="tuned", b="tuned"),)}),
        (TUNED, {"diagnostics": ("calibration", "rescue")}),
        (TUNED, {"tuning": tuned(halving=Halving(min_epochs=3))}),
    ],
)
def test_parts_that_fit_make_one(study: Study, change: dict[str, Any]):
    made = replace(study, **change)

    assert {name: getattr(made, name) for name in change} == change


@pytest.mark.parametrize(
    "change",
    [{}, {"looks": 2, "planned_seeds": tuple(range(10))}],
    ids=["of its seeds", "planned"],
)
def test_a_study_has_no_more_runs_than_its_limit(
    change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    study = make_study(n_seeds=10)  # two configs
    monkeypatch.setattr("paribus.study.MAX_RUNS", 20)
    seeds = study.seeds[:5] if change else study.seeds
    assert replace(study, seeds=seeds, **change).n_runs() <= 20

    monkeypatch.setattr("paribus.study.MAX_RUNS", 19)
    with pytest.raises(StudyError, match=r"^the study has 20 runs, the limit is 19$"):
        replace(study, seeds=seeds, **change)


def test_a_whole_number_is_the_same_learning_rate():
    (config,) = make_study(learning_rate=(1,)).configs()

    assert config.to_json() == '{"batch_size":32,"learning_rate":1.0}'
