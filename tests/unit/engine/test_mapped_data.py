"""Training data that lie in a file and are not read into memory."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from builders import make_blobs_study, make_dataset

from paribus.data import npy
from paribus.engine import keeper
from paribus.engine.train import train_study
from paribus.errors import DataError
from paribus.results import Progress
from paribus.study import DataChoice


@pytest.mark.parametrize(
    "standardise",
    [
        pytest.param(False, marks=pytest.mark.long),
        pytest.param(True, marks=pytest.mark.slow),
    ],
)
def test_a_memory_map_trains_to_the_same_bits(tmp_path, monkeypatch, standardise):
    split = make_dataset(n_train=230).train
    np.save(tmp_path / "x.npy", split.inputs.astype(np.float32) / 255)
    np.save(tmp_path / "y.npy", split.labels)
    study = replace(
        make_blobs_study(batch_size=(7, 16), epochs=1),
        data=DataChoice(path=".", validation=20, train=150, standardise=standardise),
    )

    def train(folder):
        return train_study(study, folder, data_folder=tmp_path, device="cpu")

    in_memory = train(tmp_path / "in_memory")
    monkeypatch.setattr(npy, "MAP_BYTES", 1000)
    mapped = train(tmp_path / "mapped")

    assert mapped.data == in_memory.data
    for name, curve in in_memory.curves.items():
        assert curve.tobytes() == mapped.curves[name].tobytes(), name
    # By guessing 0.38: the numbers that agree are those of runs that learn.
    assert in_memory.final("validation_accuracy").mean() > 0.6


class ChangeAt:
    """Writes another number over an array when an epoch has been trained."""

    def __init__(self, file: Path, epoch: float) -> None:
        self._file, self._epoch = file, epoch

    def __call__(self, progress: Progress) -> None:
        if progress.n_training and progress.epoch == self._epoch:
            with self._file.open("r+b") as array:
                array.seek(-8, os.SEEK_END)
                array.write(np.float64(7).tobytes())


@pytest.mark.long
def test_data_that_change_while_they_are_trained_on_leave_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Each evaluation and state would be stored, had the file not changed."""
    for name in ("EVALUATIONS_S", "CHECKPOINT_S", "LONGEST_S"):
        monkeypatch.setattr(keeper, name, 0.0)
    monkeypatch.setattr(npy, "MAP_BYTES", 1000)
    split = make_dataset(n_train=100).train
    np.save(tmp_path / "x.npy", split.inputs.astype(np.float32) / 255)
    np.save(tmp_path / "y.npy", split.labels)
    before = (tmp_path / "x.npy").read_bytes()
    study = replace(make_blobs_study(epochs=4), data=DataChoice(path="."))
    train = partial(train_study, study, data_folder=tmp_path, device="cpu")
    whole = train(folder=tmp_path / "whole")

    with pytest.raises(DataError, match=r"x\.npy` changed while it was trained on"):
        train(
            folder=tmp_path / "changed",
            on_progress=ChangeAt(tmp_path / "x.npy", epoch=2),
        )
    kept = {path.name[:26] for path in (tmp_path / "changed/checkpoints").iterdir()}
    assert kept == {"block-0001-evaluation-0002", "block-0001-evaluation-0003"}
    (tmp_path / "x.npy").write_bytes(before)
    result = train(folder=tmp_path / "changed")

    for name, curve in whole.curves.items():
        assert curve.tobytes() == result.curves[name].tobytes(), name
