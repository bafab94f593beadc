"""What an option or a size says in place of the file."""

from pathlib import Path

import pytest
from study_texts import study_text, write_text

from paribus.errors import CommandError, StudyError
from paribus.study_file import read_study
from paribus.study_file.overrides import parse_values


TEXT = study_text(study="seeds = 2\nepochs = 4", data='path = "data/tiny.npz"')


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ("study.epochs=2", lambda study: study.budget.epochs == 2),
        ("study.name=other", lambda study: study.name == "other"),
        ('study.name="other"', lambda study: study.name == "other"),
        ("model.hidden=[4, 4]", lambda study: study.model.settings["hidden"] == (4, 4)),
        ("optimizer.b1=0.5", lambda study: study.optimizer.settings["b1"] == 0.5),
        (
            "space=[{learning_rate = [1.0], batch_size = [8]}]",
            lambda study: study.configs() == ({"learning_rate": 1.0, "batch_size": 8},),
        ),
    ],
)
def test_a_setting_is_replaced_from_the_command_line(tmp_path: Path, setting, found):
    study = read_study(write_text(tmp_path, TEXT), overrides=[setting]).study

    assert found(study)


def test_a_count_of_seeds_replaces_the_files(tmp_path: Path):
    assert read_study(write_text(tmp_path, TEXT), seeds=3).study.seeds == (0, 1, 2)


def test_seeds_given_in_two_ways_are_refused(tmp_path: Path):
    with pytest.raises(CommandError, match=r"`--seeds` and `--set`"):
        read_study(write_text(tmp_path, TEXT), overrides=["study.seeds=2"], seeds=3)


def test_a_setting_inside_a_list_of_tables_is_refused_with_the_way_to_do_it(
    tmp_path: Path,
):
    with pytest.raises(StudyError, match=r"--set space\.learning_rate") as raised:
        read_study(write_text(tmp_path, TEXT), overrides=["space.learning_rate=[0.1]"])

    assert "--set 'space.1.learning_rate=" in raised.value.hint


TWO_GRIDS = TEXT + "[[space]]\nlearning_rate = [1.0]\nbatch_size = [4]\n"


def test_a_list_of_one_grid_is_replaced_from_the_command_line(tmp_path: Path):
    path = write_text(tmp_path, TWO_GRIDS)

    plain = read_study(path).study.space.grids
    found = read_study(path, overrides=["space.2.learning_rate=[2.0, 3.0]"]).study

    assert found.space.grids[0] == plain[0]
    assert found.space.grids[1] == {"learning_rate": (2.0, 3.0), "batch_size": (4,)}


def test_two_lists_of_a_grid_are_replaced(tmp_path: Path):
    settings = ["space.1.learning_rate=[2.0]", "space.1.batch_size=[4]"]

    found = read_study(write_text(tmp_path, TEXT), overrides=settings).study

    assert found.configs() == ({"learning_rate": 2.0, "batch_size": 4},)


@pytest.mark.parametrize("position", ["0", "3"])
def test_a_grid_that_is_not_there_is_refused(tmp_path: Path, position: str):
    setting = f"space.{position}.learning_rate=[2.0]"

    with pytest.raises(StudyError, match="must name one of the 2 grids") as raised:
        read_study(write_text(tmp_path, TWO_GRIDS), overrides=[setting])

    assert f"(--set space.{position}.learning_rate)" in str(raised.value)


def test_a_mistake_in_a_grid_from_the_command_line_names_the_option(tmp_path: Path):
    with pytest.raises(StudyError, match=r"--set space\.1\.learning_rate"):
        read_study(
            write_text(tmp_path, TEXT), overrides=["space.1.learning_rate=[-1.0]"]
        )


def test_values_that_name_a_config_are_read_as_tables_write_them():
    found = parse_values(
        "learning_rate=0.01, hidden=[8, 4], activation=relu", option="--a"
    )

    assert found == {"learning_rate": 0.01, "hidden": (8, 4), "activation": "relu"}


SIZED = (
    TEXT
    + """
[sizes.small]
study.seeds = 1
space.1.learning_rate = { log = [0.01, 0.1], n = 3 }
"""
)


def test_a_size_replaces_settings_and_has_a_folder_of_its_own(tmp_path: Path):
    small = read_study(write_text(tmp_path, SIZED), size="small").study

    assert small.name == "tiny-small"
    assert small.seeds == (0,)
    assert [c["learning_rate"] for c in small.configs()] == [0.01, 0.0316228, 0.1]


def test_the_standard_size_is_the_file_and_an_option_replaces_a_size(tmp_path: Path):
    path = write_text(tmp_path, SIZED)

    assert read_study(path, size="standard").study.name == "tiny"
    assert read_study(path, size="small", seeds=4).study.seeds == (0, 1, 2, 3)
    set_name = read_study(path, size="small", overrides=["study.name=own"])
    assert set_name.study.name == "own"


def test_an_unknown_size_is_refused_with_the_nearest(tmp_path: Path):
    with pytest.raises(CommandError, match=r"no size .* `smal`") as raised:
        read_study(write_text(tmp_path, SIZED), size="smal")

    assert raised.value.hint == "did you mean `small`?"


def test_a_mistake_in_a_size_is_named_there(tmp_path: Path):
    wrong = SIZED.replace("study.seeds = 1", "study.seeds = 0")

    with pytest.raises(StudyError, match=r"got 0 .*\[sizes.small\], study.seeds"):
        read_study(write_text(tmp_path, wrong), size="small")
