"""What a growing study may not change, in words; and who comes second to a new one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_facts, make_study
from store_builders import make_store
from tuning_builders import make_tuned_study

from paribus.builders import Builder
from paribus.errors import StudyError
from paribus.halving import Halving
from paribus.space import SearchSpace
from paribus.status import RunStatus
from paribus.store import StudyWriter, creation
from paribus.store.growth import grown
from paribus.study import Budget, DataChoice, ModelChoice, Study, TaskChoice


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"budget": Budget(epochs=2, evaluate_every=1.0, steps=9)},
            "`study.steps` must stay as it was, got 9, was none",
        ),
        ({"exact": True}, "`study.exact` must stay as it was, got true, was false"),
        (
            {"name": "other"},
            '`study.name` must stay as it was, got "other", was "tiny"',
        ),
        (
            {"data": DataChoice(name="mnist", validation=5)},
            "`data.validation` must stay as it was, got 5, was 0",
        ),
    ],
)
def test_a_setting_that_differs_is_told_as_a_study_file_writes_it(
    change: dict[str, Any], line: str
):
    with pytest.raises(StudyError) as caught:
        grown(make_study(), replace(make_study(), **change))

    assert str(caught.value) == line
    assert caught.value.hint == (
        "train the changed study in another folder: give it another name, or use "
        "`--out`"
    )


def test_who_comes_second_opens_what_the_first_has_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write = creation._write_database

    def written(*arguments: Any) -> None:
        monkeypatch.undo()
        write(*arguments)
        make_store(tmp_path / "tiny")  # another process, at this moment

    monkeypatch.setattr(creation, "_write_database", written)
    with StudyWriter.create(tmp_path / "tiny", make_study(), make_facts()) as writer:
        statuses = set(writer.runs().values())

    assert statuses == {RunStatus.DIVERGED, RunStatus.CONVERGED}
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def with_code(source: str, **changes: Any) -> Study:
    builder = Builder(
        reference="mymodels:build", hyperparameters={}, supplied=(), source=source
    )
    model = ModelChoice(name="mymodels:build", builder=builder)
    return replace(make_study(), model=model, **changes)


def test_code_that_has_changed_is_told_by_its_name():
    with pytest.raises(StudyError) as caught:
        grown(with_code("0123456789ab"), with_code("ba9876543210"))

    assert str(caught.value) == (
        "the code of `mymodels:build` must stay as it was, but it has been changed"
    )


def test_code_whose_file_has_changed_beside_it_is_told_so():
    with pytest.raises(StudyError) as caught:
        grown(with_code("0123456789ab/0123"), with_code("0123456789ab/3210"))

    assert str(caught.value) == (
        "the code of `mymodels:build`, or what its module has or imports beside it, "
        "must stay as it was, but it has been changed"
    )


def test_own_losses_and_metrics_that_have_changed_are_told_by_their_names():
    was, got = (
        TaskChoice(
            kind="classification",
            loss="mymodels:loss",
            metrics=("mymodels:hits", "nll"),
            source=source,
        )
        for source in ("0123456789ab", "ba9876543210")
    )

    with pytest.raises(StudyError) as caught:
        grown(replace(make_study(), task=was), replace(make_study(), task=got))

    assert str(caught.value) == (
        "the code of `mymodels:loss` and `mymodels:hits` must stay as it was, but it "
        "has been changed"
    )


def test_code_that_an_earlier_program_recorded_is_compared_as_it_was_then():
    stored = with_code("0123456789ab")

    assert grown(stored, with_code("0123456789ab/0123")) is stored
    with pytest.raises(StudyError, match="the code of `mymodels:build` must stay"):
        grown(stored, with_code("ba9876543210/0123"))


@pytest.mark.parametrize(
    ("was", "got"), [("", "0123456789ab"), ("0123456789ab", ""), ("", "")]
)
def test_code_whose_source_is_unknown_is_taken_for_the_same(was: str, got: str):
    stored = with_code(was)

    assert grown(stored, with_code(got)) is stored


def with_rates(study: Study, *rates: float) -> Study:
    (grid,) = study.space.grids
    return replace(study, space=SearchSpace(grids=({**grid, "learning_rate": rates},)))


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        ((0.001, 0.01), "without learning_rate=0.1, batch_size=32"),
        ((0.001, 0.01, 0.3), "without learning_rate=0.1, batch_size=32"),
        ((0.001, 0.01, 0.1, 0.3, 1.0), "with learning_rate=0.3, batch_size=32"),
    ],
)
def test_values_of_which_some_were_stopped_stay(rates: tuple[float, ...], words: str):
    study = make_tuned_study(batch_size=(32,), halving=Halving(factor=2))

    with pytest.raises(StudyError) as caught:
        grown(study, with_rates(study, *rates))

    assert str(caught.value) == (
        "[[space]] must stay as it was in a study with `tuning.halving`, since other "
        f"values would have changed which ones were stopped, got it {words}"
    )
    assert caught.value.hint == (
        "train the larger study in another folder: give it another name, or use `--out`"
    )
    assert grown(study, study) is study


def test_batch_sizes_that_would_move_evaluations_are_refused():
    budget = Budget(epochs=2, evaluate_every=1.0, steps=5000)
    stored = replace(make_study(), budget=budget)
    wanted = replace(make_study(batch_size=(16, 32, 64)), budget=budget)

    with pytest.raises(StudyError) as caught:
        grown(stored, wanted)

    assert str(caught.value) == (
        "`batch_size` must stay as it was in a study with `study.steps`, since all "
        "runs are evaluated when each batch size has taken them, got 16 too"
    )
    assert caught.value.hint == (
        "train the changed study in another folder: give it another name, or use "
        "`--out`"
    )


DECLARED = {"learning_rate": (0.001, 0.01), "batch_size": (32,)}
HIGHER = {"learning_rate": (0.1,), "batch_size": (32,)}
BETWEEN = {"learning_rate": (0.005,), "batch_size": (32,)}


def with_grids(*grids: dict[str, Any], refined: tuple[int, ...] = ()) -> Study:
    return replace(make_study(), space=SearchSpace(grids=grids, refined=refined))


@pytest.mark.parametrize(
    ("stored", "wanted", "grids", "refined"),
    [
        (
            with_grids(DECLARED, BETWEEN, refined=(1,)),
            with_grids(DECLARED, BETWEEN, refined=(1,)),
            (DECLARED, BETWEEN),
            (1,),
        ),
        (
            with_grids(DECLARED),
            with_grids(DECLARED, HIGHER, HIGHER, refined=(2,)),
            (DECLARED, HIGHER),
            (),
        ),
        (
            with_grids(DECLARED),
            with_grids(DECLARED, BETWEEN, BETWEEN, refined=(1, 2)),
            (DECLARED, BETWEEN),
            (1,),
        ),
        (
            with_grids(DECLARED, BETWEEN, refined=(1,)),
            with_grids(DECLARED, BETWEEN),
            (DECLARED, BETWEEN, BETWEEN),
            (1,),
        ),
    ],
    ids=["refined again", "declared with it", "refined twice", "declared since"],
)
def test_a_grid_is_added_once(
    stored: Study,
    wanted: Study,
    grids: tuple[dict[str, Any], ...],
    refined: tuple[int, ...],
):
    space = grown(stored, wanted).space

    assert space.grids == grids
    assert space.refined == refined


def test_what_is_new_is_late_unless_it_is_said_that_nothing_has_begun():
    study = make_study(n_seeds=2)

    assert grown(study, make_study(n_seeds=3)).late_seeds == (2,)
    assert grown(study, make_study(n_seeds=3), has_begun=False).late_seeds == ()
