"""What docs/how-to/your-task.md shows works as it stands there."""

from pathlib import Path

from page_builders import REST_OF_STUDY, code_of

import paribus as pb
from paribus.data import load_dataset
from paribus.engine.tasks import make_task
from paribus.study_file import read_study


PAGE = "docs/how-to/your-task.md"
PYTHON = code_of(PAGE, "python")
NUMBER, CLASSES = code_of(PAGE, "toml")


def test_its_python_makes_a_study_that_can_be_trained(tmp_path: Path):
    names: dict[str, object] = {"__name__": "your_task"}
    exec(compile("\n".join(PYTHON), "your-task.md", "exec"), names)

    study = names["study"]
    assert isinstance(study, pb.Study)
    data = load_dataset(study.data, folder=tmp_path, kind=study.task.kind)
    assert make_task(study.task, data).choice.metric_names() == (
        *("loss", "rmse", "mae", "r2"),
        "within_one",
    )


def test_its_study_files_are_understood(tmp_path: Path):
    (tmp_path / "number.toml").write_text(NUMBER + REST_OF_STUDY)
    (tmp_path / "classes.toml").write_text(
        CLASSES + REST_OF_STUDY + '[data]\nname = "mnist"\n'
    )

    number = read_study(tmp_path / "number.toml").study.task
    classes = read_study(tmp_path / "classes.toml").study.task

    assert (number.loss, number.standardise) == ("huber", True)
    assert (classes.label_smoothing, classes.class_weights) == (0.1, "balanced")
    assert "top_5_accuracy" in classes.metric_names()
