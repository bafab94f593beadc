"""`curves.csv` as `paribus export` writes it can be imported again."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from report_builders import make_notebook_result

import paribus as pb
from paribus import RunStatus
from paribus.exports import export
from paribus.results import StudyResult


def imported_again(result: StudyResult, folder, **known: Any) -> pb.Result:
    export(result, format="csv", out=folder / "exported")
    return pb.import_curves(
        folder / "exported" / "curves.csv",
        folder / "imported",
        hyperparameters=list(result.study.space.hyperparameters()),
        **known,
    )


def places(ours: StudyResult, again: StudyResult) -> list[int]:
    """Where the configs of a study are among those that were read, which are sorted."""
    return [again.configs.index(config) for config in ours.configs]


@pytest.fixture(scope="module")
def ours() -> StudyResult:
    return make_notebook_result(diverged={(2, 4): 312})


def test_curves_come_back_as_they_were(ours, tmp_path):
    again = imported_again(ours, tmp_path).record

    place = places(ours, again)
    assert len(again.configs) == len(ours.configs)
    assert again.seeds == ours.seeds
    np.testing.assert_allclose(again.epochs, ours.epochs)
    for name in ("train_loss", "test_accuracy"):
        np.testing.assert_allclose(
            again.curve(name)[place], ours.curve(name).astype(np.float32), rtol=1e-6
        )
    assert again.data.n_train == ours.data.n_train


def test_a_diverged_run_comes_back_as_one(ours, tmp_path):
    """Its file has no value that is not finite: the evaluations are not there."""
    again = imported_again(ours, tmp_path).record

    assert (again.status == RunStatus.DIVERGED).sum() == 1
    run = places(ours, again)[2], 4
    assert again.status[run] == RunStatus.DIVERGED
    # After those at epochs 0 and 1, counted from 1.
    assert again.diverged_at[run] == 3


def test_the_number_of_training_examples_may_still_be_named(ours, tmp_path):
    assert imported_again(ours, tmp_path, n_train=7).record.data.n_train == 7


def test_configs_that_go_on_for_equal_steps_are_cut_to_what_all_have(ours, tmp_path):
    """Without the cut every config that ends before the longest would be left out."""
    n = len(ours.epochs)
    more = np.concatenate([ours.epochs, ours.epochs[-1] + np.array([0.5, 1.5])])
    curves = {}
    for name, curve in ours.curves.items():
        longer = np.concatenate([curve, curve[..., -1:], curve[..., -1:]], axis=-1)
        longer[1:, :, n:] = np.nan  # only the first config takes more epochs
        longer[1, :, n] = curve[1, :, -1]  # and the second half of one
        curves[name] = longer
    longest = replace(ours, epochs=more, curves=curves)

    again = imported_again(longest, tmp_path).record

    np.testing.assert_allclose(again.epochs, ours.epochs)
    assert again.has_outcome().all()
    np.testing.assert_allclose(
        again.final("test_accuracy")[places(ours, again)[:2]],
        ours.final("test_accuracy")[:2].astype(np.float32),
    )
    assert not [note for note in again.data.notes if "left out" in note]


def test_runs_still_to_be_trained_are_absent(ours, tmp_path):
    status = ours.status.copy()
    status[0, 3:] = RunStatus.PENDING
    gone = (status == RunStatus.PENDING)[..., None]
    curves = {name: np.where(gone, np.nan, c) for name, c in ours.curves.items()}

    again = imported_again(replace(ours, status=status, curves=curves), tmp_path).record

    first = places(ours, again)[0]
    assert (again.status[first, 3:] == RunStatus.ABSENT).all()
    assert again.has_outcome()[first, :3].all()


def test_a_status_column_of_another_tool_means_nothing(tmp_path):
    rows = "rate,seed,epoch,status,test_accuracy\n0.1,0,0,diverged,0.1\n"
    (tmp_path / "runs.csv").write_text(rows + "0.1,0,1,diverged,0.9\n")

    again = pb.import_curves(
        tmp_path / "runs.csv", tmp_path / "study", hyperparameters=["rate"]
    ).record

    assert again.status.tolist() != [[RunStatus.DIVERGED]]
    assert "Columns not read: status" in again.data.notes


def test_an_empty_cell_is_a_hyperparameter_that_a_config_does_not_have(tmp_path):
    """As in a space in which one optimizer has a momentum and another has none."""
    rows = ["optimizer,learning_rate,momentum,seed,epoch,test_accuracy"]
    for optimizer, rate, momentum in (
        ("sgd", 0.1, "0.9"),
        ("sgd", 0.1, "0"),
        ("adam", 0.001, ""),
    ):
        rows += [f"{optimizer},{rate},{momentum},0,{e},0.{1 + e}" for e in (0, 1)]
    (tmp_path / "runs.csv").write_text("\n".join(rows) + "\n")

    again = pb.import_curves(
        tmp_path / "runs.csv",
        tmp_path / "study",
        hyperparameters=["optimizer", "learning_rate", "momentum"],
    )

    assert [dict(config) for config in again.record.configs] == [
        {"optimizer": "adam", "learning_rate": 0.001},
        {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.0},
        {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9},
    ]
    assert again.record.has_outcome().all()
    assert again.report().read_text()
