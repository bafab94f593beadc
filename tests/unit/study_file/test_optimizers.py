"""Optimizers in a study file, and what they take."""

from pathlib import Path

import pytest
from study_texts import study_text, write_text

from paribus.errors import StudyError
from paribus.study_file import read_study


TEXT = study_text(study="seeds = 2\nepochs = 4", data='path = "data/tiny.npz"')


OPTIMIZERS = 'optimizer = ["sgd", "keras_adam"]\n'


WITHOUT_OPTIMIZER = TEXT.replace('[optimizer]\nname = "adam"\n', "")


def test_a_space_may_vary_the_optimizer(tmp_path: Path):
    text = WITHOUT_OPTIMIZER + OPTIMIZERS + "[optimizer]\nmomentum = 0.9\n"

    study = read_study(write_text(tmp_path, text)).study

    names = [study.settings(config).optimizer_name for config in study.configs()]
    assert sorted(set(names)) == ["keras_adam", "sgd"]
    assert study.optimizer.name is None
    assert study.optimizer.settings == {"momentum": 0.9}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TEXT + OPTIMIZERS, "`optimizer` must stand in one of .* got both"),
        (WITHOUT_OPTIMIZER + 'optimizer = ["sgdd"]\n', 'must be one of .*got "sgdd"'),
        (
            WITHOUT_OPTIMIZER + OPTIMIZERS + "momentum = [0.5]\n",
            "keras_adam has no hyperparameter `momentum`",
        ),
        (
            WITHOUT_OPTIMIZER + 'optimizer = ["adam"]\n[optimizer]\nmomentum = 0.5\n',
            "optimizer adam has no hyperparameter `momentum`",
        ),
        (WITHOUT_OPTIMIZER, "`optimizer` is missing"),
        (
            TEXT + "final_fraction = [0.1]\n",
            '`final_fraction` needs a `schedule` of "linear", .*got "constant"',
        ),
        (TEXT + 'schedule = ["cosin"]\n', 'one of .*"cosine", .*got "cosin"'),
        (TEXT.replace("[data]", "[data]\ntrain = 0"), "at least 1, got 0"),
    ],
)
def test_mistakes_about_optimizers_and_examples_are_named(
    tmp_path: Path, text: str, words: str
):
    with pytest.raises(StudyError, match=words):
        read_study(write_text(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        (
            TEXT.replace('name = "adam"', 'name = "adam"\nwieght_decay = 0.1'),
            "optimizer adam has no hyperparameter `wieght_decay`",
            "did you mean `weight_decay`?",
        ),
        (
            TEXT.replace('name = "adam"', 'name = "adam"\nrho = 0.1'),
            "optimizer adam has no hyperparameter `rho`",
            "`adadelta` has it",
        ),
        (
            TEXT + "momentum = [0.9]\n",
            "adam has no hyperparameter `momentum`",
            "`rmsprop`, `sgd`, `momentum`, `nesterov` and `adafactor` have it",
        ),
        (
            TEXT.replace('"adam"', '"sgd"') + "b1 = [0.9]\n",
            "sgd has no hyperparameter `b1`",
            "`keras_adam`, `adam`, `adamw` and 8 others have it",
        ),
        (
            TEXT.replace('"adam"', '"adaw"'),
            "no optimizer is called `adaw`",
            "did you mean `adamw`?",
        ),
    ],
    ids=["misspelt", "another's", "five", "many", "optimizer"],
)
def test_what_an_optimizer_lacks_names_those_that_have_it(
    tmp_path: Path, text: str, words: str, hint: str
):
    with pytest.raises(StudyError, match=words) as caught:
        read_study(write_text(tmp_path, text))

    assert caught.value.hint == hint
