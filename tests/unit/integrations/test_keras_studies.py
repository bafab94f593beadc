"""Studies of Keras models: their function, their record, and going on."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import write_blobs

import paribus as pb
from paribus.builders import describe_builder
from paribus.errors import StudyError, UnknownNameError
from paribus.store import read_study
from paribus.study import ModelChoice


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Keras


def choose(function, **settings):
    builder = describe_builder(function)
    return ModelChoice(name=builder.reference, builder=builder, settings=settings)


def notebook(learning_rate=0.001):
    import keras

    model = keras.Sequential(
        [
            keras.layers.Input((12,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def make_mine(folder: Path, **changes: Any) -> pb.Study:
    """A study of blobs with a Keras model."""
    write_blobs(folder / "blobs.npz")
    parts: dict[str, Any] = {
        "name": "mine",
        "data": pb.data.npz(str(folder / "blobs.npz")),
        "model": notebook,
        "space": pb.grid(learning_rate=[0.01, 0.1], batch_size=[16]),
        "epochs": 2,
        "seeds": 2,
        "evaluate_every": 1.0,
    }
    return pb.Study(**{**parts, **changes})


def test_a_study_takes_a_function_and_its_optimizer(tmp_path):
    study = make_mine(tmp_path)

    assert study.model.name.endswith(":notebook")
    assert study.optimizer.name == "keras_adam"
    parts = [study.static_part(config) for config in study.configs()]
    assert parts[0] == parts[1]  # the learning rate is traced


@pytest.mark.slow
def test_the_notebook_s_body_trains_and_its_record_needs_no_code(tmp_path):
    study = make_mine(tmp_path)

    result = study.run(tmp_path / "mine", progress=False)

    assert result.runs()["test_accuracy"].to_numpy().min() > 0.5
    found = read_study(tmp_path / "mine")
    made_with = found.attempts[0].environment["model"]
    assert made_with.startswith("Keras 3")
    assert "final softmax" in made_with
    stored = found.study
    assert stored == study._record()
    assert stored.model.builder is not None
    assert stored.model.builder.function is None
    read = (
        "import sys, paribus as pb; pb.load(sys.argv[1]).table(); print(*sys.modules)"
    )
    modules = subprocess.run(
        [sys.executable, "-c", read, str(tmp_path / "mine")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"keras", "jax", "flax", "equinox"} & set(modules)


def test_a_changed_builder_is_refused_on_resume(tmp_path):
    first = make_mine(tmp_path)
    first.run(tmp_path / "mine", progress=False)
    assert first.model.builder is not None
    changed = replace(first.model.builder, source="0123456789ab")

    grown = make_mine(tmp_path, model=replace(first.model, builder=changed), seeds=3)

    with pytest.raises(StudyError, match=r"the code of `.*` must stay as it was, but"):
        grown.run(tmp_path / "mine", progress=False)


def test_a_hyperparameter_that_nobody_takes_is_refused_with_the_nearest(tmp_path):
    space = pb.grid(learning_rat=[0.1], batch_size=[16])

    with pytest.raises(UnknownNameError, match="`learning_rat`") as caught:
        make_mine(tmp_path, space=space)

    assert "`learning_rate`" in caught.value.hint
