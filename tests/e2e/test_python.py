"""A study made, trained and read in Python."""

from pathlib import Path

import pytest
from builders import write_blobs

import paribus as pb


@pytest.mark.slow
def test_a_study_made_in_python_is_trained_once_and_read_ever_after(tmp_path: Path):
    data = write_blobs(tmp_path / "blobs.npz")
    study = pb.Study(
        name="blobs",
        data=pb.data.npz(str(data), validation=20),
        model=pb.models.mlp(hidden=[8]),
        optimizer=pb.optimizers.adam(),
        space=pb.grid(learning_rate=[0.01, 0.1], batch_size=[16]),
        epochs=2,
        seeds=2,
        evaluate_every=1,
    )

    first = study.run(tmp_path / "study", device="cpu", progress=False)
    again = study.run(tmp_path / "study", progress=False)
    loaded = pb.load(tmp_path / "study")

    assert first.record.has_outcome().all()
    assert len(first.table()) == 2
    for other in (again, loaded):
        assert other.runs().equals(first.runs())
        assert other.curves().equals(first.curves())
    difference = first.compare({"learning_rate": 0.01}, {"learning_rate": 0.1})
    assert difference.metric == "validation_accuracy"
    assert difference.n_seeds == 2
