"""The studies that come with the package."""

import re

import pytest
from study_texts import study_text, write_text

from paribus.errors import StudyError, UnknownNameError
from paribus.study_file import built_in_names, built_in_text, read_study


TEXT = study_text(study="seeds = 2\nepochs = 4", data='path = "data/tiny.npz"')


def test_the_notebook_is_its_five_configs_with_ten_seeds():
    file = read_study("notebook")

    study = file.study
    pairs = [(c["learning_rate"], c["batch_size"]) for c in study.configs()]
    assert pairs == [(0.001, 32), (0.01, 32), (0.1, 32), (0.01, 64), (0.01, 128)]
    assert study.seeds == tuple(range(10))
    assert study.budget.epochs == 5
    assert study.budget.evaluate_every == 1
    assert study.data.validation == 0
    assert study.settings(study.configs()[0]).optimizer["eps"] == 1e-7
    assert study.optimizer.name == "keras_adam"
    assert file.n_united == 1


@pytest.mark.parametrize("name", built_in_names())
def test_every_built_in_study_can_be_read_under_its_own_name(name: str):
    assert read_study(name).study.name == name
    assert built_in_text(name).startswith("#")


def test_an_unknown_built_in_study_is_refused():
    with pytest.raises(UnknownNameError) as raised:
        built_in_text("notebok")

    assert raised.value.hint == "did you mean `notebook`?"


@pytest.mark.parametrize("name", built_in_names())
def test_the_claim_that_each_built_in_study_shows_can_be_uncommented(tmp_path, name):
    """In every size: a smaller grid still has what the claim names."""
    text = built_in_text(name)
    before, start, example = text.partition("# [[claims]]")
    assert not read_study(name).study.claims
    uncommented = re.sub(r"(?m)^# ?", "", start + example)
    path = write_text(tmp_path, before + uncommented)

    for size in ("standard", *re.findall(r"(?m)^\[sizes\.(\w+)\]", text)):
        study = read_study(path, size=size).study
        (claim,) = study.claims
        assert claim.relation == "at_least"
        if study.tuning is None:
            configs = study.configs()
            assert sum(c.matches(claim.a) or c.matches(claim.b) for c in configs) >= 2


@pytest.mark.parametrize("name", ["notebook-grid", "learning-rate", "batch-size"])
@pytest.mark.parametrize(("size", "n_seeds"), [("quick", 6), ("confirmatory", 30)])
def test_the_designs_come_in_three_sizes(name: str, size: str, n_seeds: int):
    sized, standard = read_study(name, size=size).study, read_study(name).study

    assert sized.name == f"{name}-{size}"
    if sized.name == "notebook-grid-confirmatory":
        n_seeds = 100  # a bank from which one-seed studies are drawn
    assert (len(sized.seeds), len(standard.seeds)) == (n_seeds, 10)
    assert {0.001, 0.01, 0.1} <= {config["learning_rate"] for config in sized.configs()}
    assert sized.data.train == (10_000 if size == "quick" else None)


def test_the_built_in_copies_have_a_decaying_rate_and_are_not_tuned():
    study = read_study("learning-rate").study

    assert study.tuning is not None
    copies = [c for c in study.configs() if not study.tuning.tunes(c)]
    assert {(c["schedule"], c["learning_rate"]) for c in copies} == {
        ("cosine", rate) for rate in (0.001, 0.01, 0.1)
    }
    assert len(copies) == 3 * 3
    by_optimizer = {
        study.settings(c).optimizer_name: study.settings(c).optimizer.get("momentum")
        for c in study.configs()
    }
    assert by_optimizer == {"sgd": 0.0, "momentum": 0.9, "keras_adam": None}


@pytest.mark.parametrize(
    ("where", "complaint"),
    [
        ('"constant"', "must be a table"),
        ('{ scedule = "constant" }', "`scedule` is in no"),
        ("{ learning_rate = 0.01 }", "`learning_rate` is tuned itself"),
        ('{ schedule = "linear" }', "no config has all values of `where`"),
    ],
)
def test_what_is_tuned_must_be_in_the_space(where: str, complaint: str):
    with pytest.raises(StudyError, match=complaint):
        read_study("learning-rate", overrides=[f"tuning.where={where}"])
