"""Of a mistake and of what follows from it, a study file is told the first alone."""

from pathlib import Path

import pytest
from study_texts import study_text

from paribus.errors import StudyError
from paribus.study_file import read_study


TEXT = study_text(
    study="seeds = 2\nepochs = 4",
    data='path = "data/tiny.npz"\nvalidation = 10',
    model='name = "mlp"',
    space="learning_rate = [0.01, 0.1]\nbatch_size = [16, 32]",
    more="""\
[tuning]
seeds = 2
held = [0.01]
[[claims]]
text = "Small batches win"
measure = "test_accuracy"
relation = "greater"
a = { batch_size = 16, learning_rate = "tuned" }
b = { batch_size = 32, learning_rate = "tuned" }
""",
)


def message(folder: Path, text: str, *overrides: str) -> str:
    path = folder / "tiny.toml"
    path.write_text(text)
    with pytest.raises(StudyError) as raised:
        read_study(path, overrides=overrides)
    return str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("learning_rate = [", "learning_rat = [", "`learning_rat`"),
        ("batch_size = [16", "batchsize = [16", "`batchsize`"),
        ("[[space]]", "[[spac]]", "setting `spac` is unknown"),
        ("[[space]]", "[space]", "`space` must be a list of tables"),
        ("[16, 32]", '[16, "32"]', 'must be an integer, got "32"'),
        ("[tuning]", "[tunning]", "setting `tunning` is unknown"),
        ("seeds = 2\nheld", "sees = 2\nheld", "setting `sees` is unknown"),
        ("[tuning]", '[tuning]\nhyperparameter = "rate"', "is called `rate`"),
    ],
)
def test_what_follows_from_a_mistake_is_not_told(
    tmp_path: Path, old: str, new: str, words: str
):
    assert old in TEXT
    told = message(tmp_path, TEXT.replace(old, new))

    assert words in told
    assert "mistakes:" not in told


@pytest.mark.parametrize(
    ("old", "new", "n"),
    [
        ('relation = "greater"', 'relation = "more"', 4),
        ('relation = "greater"', "", 4),
        ('relation = "greater"', 'relation = "less"\nsmallest_effect = -1', 4),
        ('text = "Small batches win"', 'text = ""', 4),
        ('relation = "greater"', 'relation = "less"', 3),
    ],
)
def test_all_that_is_wrong_in_a_claim_is_told_at_once(
    tmp_path: Path, old: str, new: str, n: int
):
    wrong = TEXT.replace("test_accuracy", "test_acuracy").replace(old, new)
    wrong = wrong.replace("batch_size = 16, ", "batch_size = 17, ")

    told = message(tmp_path, wrong.replace("b = { batch_size", "b = { batchsize"))

    assert f"{n} mistakes:" in told
    assert "`test_acuracy`" in told
    assert "got 17" in told
    assert "`batchsize`" in told


def test_a_mistake_that_does_not_follow_from_another_is_told_too(tmp_path: Path):
    wrong = TEXT.replace("batch_size = [16", "batchsize = [16")

    told = message(tmp_path, wrong.replace("test_accuracy", "test_acuracy"))

    assert "2 mistakes:" in told
    assert "`test_acuracy`" in told


def test_values_taken_from_a_claim_by_an_option_name_the_claim(tmp_path: Path):
    told = message(tmp_path, TEXT, "space.1.batch_size=[64]")

    assert "in the claim `Small batches win`" in told
    assert "--set 'claims=[]'" in told
    options = ["space.1.batch_size=[64]", "claims=[]"]
    assert not read_study(tmp_path / "tiny.toml", overrides=options).study.claims
