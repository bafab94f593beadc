"""Metrics by the names of other tools: refused before anything is made of them."""

from pathlib import Path

import pytest

from paribus.errors import DataError
from paribus.imports.metric_names import metric_columns, misnamed_columns
from paribus.imports.table import read_curve_table


def test_metrics_of_ours_are_no_names_of_others():
    own = ["train_loss", "validation_accuracy", "test_nll", "test_top_5_accuracy"]

    assert metric_columns([*own, "status", "seconds"]) == own
    assert misnamed_columns([*own, "status", "seconds", "epoch"]) == {}


def test_names_of_other_tools_are_known():
    heading = ["acc", "loss", "val_acc", "val_loss", "Valid_Accuracy", "test_acc"]

    assert misnamed_columns(heading) == {
        "acc": "train_accuracy",
        "loss": "train_loss",
        "val_acc": "validation_accuracy",
        "val_loss": "validation_loss",
        "Valid_Accuracy": "validation_accuracy",
        "test_acc": "test_accuracy",
    }


@pytest.mark.parametrize(
    ("heading", "hint"),
    [
        (
            "rate,seed,epoch,train_loss,val_loss,val_acc",
            "in its heading, call `val_loss` `validation_loss`, `val_acc` "
            "`validation_accuracy`",
        ),
        (
            "rate,seed,epoch,loss,accuracy,val_accuracy",
            "in its heading, call `loss` `train_loss`, `accuracy` `train_accuracy`, "
            "`val_accuracy` `validation_accuracy`",
        ),
    ],
    ids=["beside one of ours", "those of Keras"],
)
def test_a_file_with_names_of_keras_is_refused(tmp_path: Path, heading: str, hint: str):
    path = tmp_path / "runs.csv"
    path.write_text(f"{heading}\n0.1,0,1,0.5,0.6,0.7\n")

    with pytest.raises(DataError, match="<split>_<metric>, got `") as caught:
        read_curve_table(path, hyperparameters=["rate"], seed="seed", epoch="epoch")

    assert caught.value.hint == hint


def test_what_has_its_own_name_too_may_stand_beside_it(tmp_path: Path):
    path = tmp_path / "runs.csv"
    heading = "rate,seed,epoch,loss,val_acc,validation_accuracy"
    path.write_text(f"{heading}\n0.1,0,1,0.5,0.6,0.7\n")

    table = read_curve_table(path, hyperparameters=["rate"], seed="seed", epoch="epoch")

    assert list(table.metrics) == ["validation_accuracy"]
    assert table.unused == ("loss", "val_acc")
