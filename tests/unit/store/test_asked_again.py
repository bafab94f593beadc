"""A study that is created again, as it was or otherwise."""

from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import make_store, waiting

from paribus.errors import DataError, StudyError
from paribus.store import StudyWriter, read_study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "studies" / "tiny"


def test_a_study_grows_at_its_end_and_keeps_what_is_no_longer_named(folder: Path):
    make_store(folder, study=make_study(n_seeds=2))
    before = read_study(folder)

    with StudyWriter.open(folder) as writer:
        writer.grow(make_study(learning_rate=(0.1, 0.01), n_seeds=3))
        after = read_study(folder)

        assert len(waiting(writer)) == 2 + 3
    rates = [config["learning_rate"] for config in after.configs]
    assert rates == [0.001, 0.01, 0.1]
    assert after.seeds == (0, 1, 2)
    np.testing.assert_array_equal(after.status[:2, :2], before.status)
    for name, curve in before.curves.items():
        np.testing.assert_array_equal(after.curves[name][:2, :2], curve)


def test_a_study_that_names_less_changes_nothing(folder: Path):
    make_store(folder)
    content = (folder / "study.db").read_bytes()

    with StudyWriter.open(folder) as writer:
        writer.grow(make_study(learning_rate=(0.01,), n_seeds=1))

    assert (folder / "study.db").read_bytes() == content


def test_all_changed_fixed_settings_are_refused_at_once(folder: Path):
    make_store(folder)
    content = (folder / "study.db").read_bytes()

    with StudyWriter.open(folder) as writer, pytest.raises(StudyError) as caught:
        writer.grow(make_study(epochs=3, validation=16))

    assert str(caught.value).splitlines() == [
        "`study.epochs` must stay as it was, got 3, was 2",
        "`data.validation` must stay as it was, got 16, was 0",
    ]
    assert caught.value.exit_code == 3
    assert (folder / "study.db").read_bytes() == content


def test_new_runs_are_evaluated_when_the_stored_ones_were(folder: Path):
    StudyWriter.create(
        folder, make_study(), make_facts(), epochs=(0.0, 0.5, 2.0)
    ).close()
    content = (folder / "study.db").read_bytes()

    with StudyWriter.open(folder) as writer, pytest.raises(StudyError) as caught:
        writer.grow(make_study(n_seeds=6))

    assert str(caught.value) == (
        f"`{folder}` cannot grow: new runs would be evaluated at other epochs than the "
        "stored ones were"
    )
    assert caught.value.hint == "train the larger study in another folder: use `--out`"
    assert (folder / "study.db").read_bytes() == content


def test_other_data_are_refused(folder: Path):
    make_store(folder)
    facts = make_facts()
    other = type(facts)(**{**vars(facts), "content_hash": "0123456789abcdef" * 4})

    with StudyWriter.open(folder) as writer:
        writer.check_data(facts)
        with pytest.raises(DataError) as caught:
            writer.check_data(other)

    assert str(caught.value) == (
        f"`MNIST` differs from the data recorded in `{folder}`, got content "
        "0123456789abcdef, was 0000000000000000"
    )
    assert caught.value.exit_code == 4
    assert caught.value.hint == "bring the first data back, or train in another folder"
