"""What a growing study may not change, in words; and who comes second to a new one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_facts, make_study
from store_builders import make_store

from paribus.builders import Builder
from paribus.errors import StudyError
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
