"""Ranges of values in a study file."""

from pathlib import Path

import pytest
from study_texts import study_text, write_text

from paribus.errors import StudyError
from paribus.study_file import read_study


TEXT = study_text(study="seeds = 2\nepochs = 4", data='path = "data/tiny.npz"')


LR = "learning_rate = [0.01, 0.1]"


def values(folder: Path, written: str, name: str = "learning_rate") -> list[object]:
    """What a hyperparameter takes if the file says `written`."""
    old = LR if name == "learning_rate" else "batch_size = [16]"
    path = write_text(folder, TEXT.replace(old, f"{name} = {written}"))
    return [config[name] for config in read_study(path).study.configs()]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{ log = [1e-4, 1e-1], n = 4 }", [0.0001, 0.001, 0.01, 0.1]),
        ("{ log = [1e-4, 1e-3], n = 3 }", [0.0001, 0.000316228, 0.001]),
        ("{ lin = [0.1, 0.3], n = 3 }", [0.1, 0.2, 0.3]),
        ("{ lin = [1, 2], n = 2 }", [1.0, 2.0]),
        ("[1, 0.5]", [1.0, 0.5]),
    ],
)
def test_a_range_lists_its_bounds_and_rounded_values_between(
    tmp_path: Path, written: str, expected: list[float]
):
    assert values(tmp_path, written) == expected


def test_a_narrow_range_keeps_the_digits_that_tell_its_values_apart(tmp_path: Path):
    found = values(tmp_path, "{ lin = [1, 1.00001], n = 50 }")

    assert len(set(found)) == 50


def test_a_range_of_counts_is_whole(tmp_path: Path):
    found = values(tmp_path, "{ log = [16, 256], n = 5 }", "batch_size")[:5]

    assert found == [16, 32, 64, 128, 256]
    assert all(isinstance(value, int) for value in found)


def test_a_range_of_counts_too_dense_for_whole_numbers_is_refused(tmp_path: Path):
    with pytest.raises(StudyError, match="must have each value once"):
        values(tmp_path, "{ lin = [1, 3], n = 9 }", "batch_size")
