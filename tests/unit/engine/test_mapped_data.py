from dataclasses import replace

import numpy as np
import pytest
from builders import make_blobs_study, make_dataset

from paribus.data import npy
from paribus.engine.train import train_study
from paribus.study import DataChoice


@pytest.mark.parametrize("standardise", [False, True])
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
