"""What would test a claim depends on whose data the study has."""

from dataclasses import replace

import pytest
from builders import make_study

from paribus.claims.remedies import asks_seeds, fitting
from paribus.study import DataChoice


def test_a_built_in_study_tests_claims_about_its_own_data():
    study = replace(make_study(), data=DataChoice(name="mnist"))

    assert fitting("paribus run batch-size", study) == "paribus run batch-size"


@pytest.mark.parametrize("options", ["", " --size standard"])
def test_a_built_in_study_says_nothing_about_other_data(options: str):
    study = replace(make_study(), data=DataChoice(path="mine.npz"))

    found = fitting("paribus run batch-size" + options, study)

    assert "`paribus init batch-size`" in found
    assert "paribus run" not in found


def test_other_remedies_are_for_every_study():
    study = replace(make_study(), data=DataChoice(path="mine.npz"))

    for remedy in ("", "give every side the same values"):
        assert fitting(remedy, study) == remedy


def test_a_setting_that_a_folder_keeps_is_for_another_folder():
    study = replace(make_study(), data=DataChoice(path="mine.npz"))

    for setting in study.fixed_settings():
        for remedy in (f"--set {setting}=9", f"--set '{setting}=[9]'"):
            assert fitting(remedy, study) == f"{remedy} with another --out"
            assert fitting(fitting(remedy, study), study) == fitting(remedy, study)
    remedy = "--set 'space.1.learning_rate=[0.1, 1]'"
    assert fitting(remedy, study) == remedy
    for both in ("--set study.epochs=9 and --set study.seeds=5",):
        assert fitting(both, study) == f"{both} with another --out"


def test_seeds_are_those_of_a_new_study_with_planned_looks_too():
    said = "--set study.seeds=9, or a new study with planned looks"

    found = fitting("--set study.seeds=9", make_study())

    assert found == said
    assert fitting(found, make_study()) == said
    assert asks_seeds(found)
