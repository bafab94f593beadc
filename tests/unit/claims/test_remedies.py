"""What would test a claim depends on whose data the study has."""

from dataclasses import replace

import pytest
from builders import make_study

from paribus.claims.remedies import fitting
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

    for remedy in ("", "--set study.seeds=9", "give every side the same values"):
        assert fitting(remedy, study) == remedy


def test_a_setting_that_a_folder_keeps_is_for_another_folder():
    study = replace(make_study(), data=DataChoice(path="mine.npz"))

    for setting in study.fixed_settings():
        for remedy in (f"--set {setting}=9", f"--set '{setting}=[9]'"):
            assert fitting(remedy, study) == f"{remedy} with another --out"
            assert fitting(fitting(remedy, study), study) == fitting(remedy, study)
    for remedy in ("--set study.seeds=9", "--set 'space.1.learning_rate=[0.1, 1]'"):
        assert fitting(remedy, study) == remedy
    for both in ("--set study.epochs=9 and --set study.seeds=5",):
        assert fitting(both, study) == f"{both} with another --out"
