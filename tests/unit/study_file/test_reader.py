"""Study files as they are read: their path, their lines, and what they declare."""

from pathlib import Path

import pytest
from study_texts import study_text, write_text

from paribus.errors import StudyError
from paribus.study import Study
from paribus.study_file import read_study


TEXT = study_text(study="seeds = 2\nepochs = 4", data='path = "data/tiny.npz"')


def test_a_path_stays_as_written_beside_the_folder_of_the_file(tmp_path: Path):
    file = read_study(write_text(tmp_path, TEXT))

    assert file.study.data.path == "data/tiny.npz"
    assert file.folder == tmp_path
    assert file.text == TEXT


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_do_not_matter(
    tmp_path: Path, ends: str, mark: str
):
    path = tmp_path / "tiny.toml"
    path.write_bytes((mark + TEXT.replace("\n", ends)).encode())

    assert read_study(path).study == read_study(write_text(tmp_path, TEXT)).study


@pytest.mark.parametrize("key", ["builder", "loader"])
def test_code_from_a_study_file_is_not_supported(tmp_path: Path, key: str):
    table = "[model]" if key == "builder" else "[data]"
    path = write_text(tmp_path, TEXT.replace(table, f'{table}\n{key} = "a:b"'))

    with pytest.raises(StudyError, match=f"`{key}`"):
        read_study(path)


def test_at_most_twenty_mistakes_are_shown_and_the_rest_counted(tmp_path: Path):
    wrong = ", ".join(str(-1 - k) for k in range(30))
    path = write_text(tmp_path, TEXT.replace("0.01, 0.1", wrong))

    with pytest.raises(StudyError) as raised:
        read_study(path)

    lines = str(raised.value).splitlines()
    assert len(lines) == 22
    assert lines[0].endswith("cannot be used, 30 mistakes:")
    assert lines[-1] == "  and 10 more"


def test_a_space_that_one_table_names_and_another_lacks_is_refused(tmp_path: Path):
    extra = "[[space]]\nlearning_rate = [1.0]\n"

    with pytest.raises(StudyError, match="`batch_size` is missing") as raised:
        read_study(write_text(tmp_path, TEXT + extra))

    assert "[[space]] 2" in str(raised.value)


DECLARED = (
    TEXT.replace("[data]", "[data]\nvalidation = 16").replace(
        "epochs = 4", "epochs = 4\nsteps = 100"
    )
    + """
[tuning]
seeds = 2
target_seeds = 5
held = [0.1]
compare = "all"
[diagnostics]
measure = ["sharpness", "noise_scale"]
[[claims]]
text = "Tuned is better"
measure = "epochs_to_target"
a = { learning_rate = "tuned" }
b = { learning_rate = 0.1 }
relation = "less"
smallest_effect = 1.25
"""
)


def test_what_a_study_declares_is_read_and_survives_being_written(tmp_path: Path):
    study = read_study(write_text(tmp_path, DECLARED)).study

    tuning = study.tuning
    assert tuning is not None
    assert tuning.n_choosing == 2
    assert tuning.seeds == tuple(range(1_000_000, 1_000_005))
    assert (tuning.held, tuning.compare) == ((0.1,), "all")
    assert study.budget.steps == 100
    assert study.diagnostics == ("sharpness", "noise_scale")
    (claim,) = study.claims
    assert claim.a == {"learning_rate": "tuned"}
    assert claim.smallest_effect == 1.25
    assert not claim.is_late
    assert type(study).from_dict(study.to_dict()) == study


def test_refinement_is_read_and_an_unrefined_study_is_written_as_ever(tmp_path: Path):
    text = DECLARED.replace("target_seeds = 5", "target_seeds = 5\nrefine = true")

    plain = read_study(write_text(tmp_path, DECLARED)).study
    refined = read_study(write_text(tmp_path, text)).study

    assert refined.tuning is not None
    assert refined.tuning.refine
    assert type(refined).from_dict(refined.to_dict()) == refined
    # Folders of before refinement hold exactly these keys, and are compared by them.
    assert "refine" not in plain.to_dict()["tuning"]
    assert "refined" not in plain.to_dict()
    new = refined.fixed_settings().keys() - plain.fixed_settings().keys()
    assert new == {"tuning.refine"}


def test_a_factor_below_1_is_refused_at_its_place_in_the_file(tmp_path: Path):
    path = write_text(tmp_path, DECLARED.replace("1.25", "1.0"))

    with pytest.raises(StudyError, match="must be a factor above 1, got 1") as caught:
        read_study(path)

    assert "[[claims]] 1, smallest_effect" in str(caught.value)
    assert "1.25" in f"{caught.value}{caught.value.hint}"


def test_a_study_without_declarations_has_none(tmp_path: Path):
    study = read_study(write_text(tmp_path, TEXT)).study

    assert (study.tuning, study.claims, study.diagnostics) == (None, (), ())


def test_exact_is_read_and_must_be_true_or_false():
    assert not read_study("notebook").study.exact
    study = read_study("notebook", overrides=["study.exact=true"]).study
    assert study.exact
    assert Study.from_dict(study.to_dict()) == study
    with pytest.raises(StudyError, match=r"`study.exact` must be .*, got 1"):
        read_study("notebook", overrides=["study.exact=1"])


def test_looks_are_read_and_must_be_a_count():
    assert read_study("notebook").study.looks == 1
    assert read_study("notebook", overrides=["study.looks=3"]).study.looks == 3
    with pytest.raises(StudyError, match=r"`study.looks` must be at least 1, got 0"):
        read_study("notebook", overrides=["study.looks=0"])
