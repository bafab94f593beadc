import numpy as np
import pytest

import paribus as pb
from paribus import RunStatus
from paribus.errors import DataError, StoreError


HEADING = "rate,seed,epoch,train_loss,train_accuracy,test_loss,test_accuracy\n"


def row(rate, seed, epoch, loss=0.1, accuracy=0.9):
    return f"{rate},{seed},{epoch},{loss},{accuracy},{loss},{accuracy}\n"


def write(path, *rows):
    path.write_text(HEADING + "".join(rows))
    return path


def start(rate, seed):
    return row(rate, seed, 0, loss=2.3, accuracy=0.1)


@pytest.fixture
def imported(tmp_path):
    path = write(
        tmp_path / "runs.csv",
        *(start(0.1, 0), row(0.1, 0, 1), row(0.1, 0, 2)),
        *(start(0.1, 1), row(0.1, 1, 1), row(0.1, 1, 2)),
        *(start(0.01, 0), row(0.01, 0, 1, loss=0.7, accuracy=0.8), row(0.01, 0, 2)),
        *(start(10.0, 0), row(10.0, 0, 1, loss=float("nan"), accuracy=0.1)),
        *(start(10.0, 1), row(10.0, 1, 1)),
    )
    return pb.import_curves(path, tmp_path / "study", hyperparameters=["rate"])


def test_runs_and_curves_are_those_of_the_file(imported):
    record = imported.record

    assert [config["rate"] for config in record.configs] == [0.01, 0.1, 10.0]
    assert record.seeds == (0, 1)
    assert record.epochs.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(
        record.curve("train_loss")[0, 0], np.array([2.3, 0.7, 0.1], dtype=np.float32)
    )
    assert np.isnan(record.curve("train_loss")[0, 1]).all()


def test_statuses_tell_absent_diverged_and_stopped_runs_apart(imported):
    status = imported.record.status

    # Three evaluations, and the last far above the one before.
    assert status[0].tolist() == [RunStatus.UNCONVERGED, RunStatus.ABSENT]
    assert status[1].tolist() == [RunStatus.CONVERGED, RunStatus.CONVERGED]
    assert status[2].tolist() == [RunStatus.DIVERGED, RunStatus.ABSENT]
    assert imported.record.diverged_at[2, 0] == 2
    assert imported.record.n_runs == 4


def test_what_a_reader_must_know_is_said(imported):
    notes = " ".join(imported.record.data.notes)

    assert "Chance is taken from the runs before their first step: 10 %" in notes
    assert "number of test examples is not known" in notes
    assert "1 run stopped before epoch 2: left out" in notes
    assert "Divergence is counted in evaluations" in notes


def test_unknown_sizes_give_no_noise_floor_and_no_made_up_clock(imported):
    comparison = imported.compare({"rate": 0.1}, {"rate": 0.01})

    assert comparison.noise_floor is None
    assert not {"step", "examples"} & set(imported.curves().columns)


def test_known_sizes_are_used(tmp_path):
    path = write(tmp_path / "runs.csv", start(0.1, 0), row(0.1, 0, 1))
    imported = pb.import_curves(
        path,
        tmp_path / "study",
        hyperparameters=["rate"],
        data="Digits",
        n_train=1000,
        n_test=500,
        n_classes=10,
    )

    assert imported.record.data.name == "Digits"
    assert imported.record.data.majority_share == pytest.approx(0.1)
    assert imported.curves()["examples"].tolist() == [0, 1000]


def test_imported_study_has_a_report(imported):
    path = imported.report()

    text = path.read_text()
    assert "Another tool trained these runs" in text


def test_second_row_of_a_run_and_epoch_is_refused_with_its_line(tmp_path):
    path = write(tmp_path / "runs.csv", start(0.1, 0), row(0.1, 0, 1), row(0.1, 0, 1))

    with pytest.raises(DataError, match=r"one row per run and epoch.*line 4") as caught:
        pb.import_curves(path, tmp_path / "study", hyperparameters=["rate"])

    assert "--hyperparameters" in caught.value.hint
    assert not (tmp_path / "study").exists()


def test_folder_that_is_a_study_already_is_refused(tmp_path, imported):
    other = write(tmp_path / "other.csv", start(0.1, 0), row(0.1, 0, 1))

    for path in (other, tmp_path / "runs.csv"):
        with pytest.raises(StoreError, match="must be a new folder, got a study"):
            pb.import_curves(path, tmp_path / "study", hyperparameters=["rate"])

    assert pb.load(tmp_path / "study").runs().equals(imported.runs())


NO_CHANCE = "Chance is not known, so runs that never learned pass for learners"


def test_without_an_evaluation_at_the_start_chance_is_said_not_to_be_known(tmp_path):
    rows = [row(rate, 0, e) for rate in (0.1, 0.01) for e in (1, 2)]
    path = write(tmp_path / "runs.csv", *rows)

    imported = pb.import_curves(path, tmp_path / "study", hyperparameters=["rate"])

    notes = " ".join(imported.record.data.notes)
    assert NO_CHANCE in notes
    assert "--classes" in notes
    assert "0 %" not in notes


def test_the_number_of_labels_says_chance_without_such_an_evaluation(tmp_path):
    path = write(tmp_path / "runs.csv", row(0.1, 0, 1), row(0.01, 0, 1))

    imported = pb.import_curves(
        path, tmp_path / "study", hyperparameters=["rate"], n_classes=4
    )

    assert imported.record.data.majority_share == 0.25
    assert NO_CHANCE not in " ".join(imported.record.data.notes)


def test_what_begins_at_the_start_is_not_measured_without_it(tmp_path):
    """Upward variation and early scores are shares of a way that was not seen whole."""
    rows = [row(rate, s, e) for rate in (0.1, 0.01) for s in range(2) for e in (1, 2)]
    path = write(tmp_path / "runs.csv", *rows)

    imported = pb.import_curves(path, tmp_path / "study", hyperparameters=["rate"])

    columns = set(imported.runs().columns)
    assert not {"tuv", "aulc", "aulc_10"} & columns
    assert {"bad_share", "share_of_increases"} <= columns
    assert imported.report().read_text()


def test_without_an_accuracy_that_ranks_configs_the_import_says_so(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("rate,seed,epoch,test_loss\n0.1,0,0,2.3\n0.1,0,1,0.5\n")

    imported = pb.import_curves(path, tmp_path / "study", hyperparameters=["rate"])

    assert "There is no validation_accuracy or test_accuracy" in " ".join(
        imported.record.data.notes
    )
