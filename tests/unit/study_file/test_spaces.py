"""[[space]] as a list of configs, as a design, and as tables that differ."""

from pathlib import Path

import pytest

from paribus.designs import draw_configs
from paribus.errors import StudyError
from paribus.ranges import Range
from paribus.study import Study
from paribus.study_file import read_study


REST = """
[study]
name = "tiny"
seeds = 2
epochs = 4
[data]
path = "tiny.npz"
validation = 10
[model]
name = "mlp"
"""
ADAM = '[optimizer]\nname = "adam"\n'


def read(folder: Path, text: str) -> Study:
    path = folder / "tiny.toml"
    path.write_text(REST + text)
    return read_study(path).study


def pairs(study: Study) -> list[tuple[object, ...]]:
    return [(c["learning_rate"], c["batch_size"]) for c in study.configs()]


def test_listed_configs_are_crossed_with_the_rest_of_their_table(tmp_path: Path):
    text = """[[space]]
    configs = [{ learning_rate = 0.1 }, { learning_rate = 0.2 }]
    batch_size = [16, 32]
    """

    study = read(tmp_path, ADAM + text)

    assert pairs(study) == [(0.1, 16), (0.1, 32), (0.2, 16), (0.2, 32)]


@pytest.mark.parametrize("method", ["sobol", "random"])
def test_a_design_is_drawn_from_its_ranges_and_lists(tmp_path: Path, method):
    text = f"""[[space]]
    {method} = {{ n = 12, seed = 3 }}
    learning_rate = {{ log = [1e-4, 1.0] }}
    batch_size = {{ log = [16, 256], n = 5 }}
    """

    study = read(tmp_path, ADAM + text)

    drawn = draw_configs(
        {
            "learning_rate": Range(scale="log", lower=1e-4, upper=1.0),
            "batch_size": (16, 32, 64, 128, 256),
        },
        n=12,
        method=method,
        seed=3,
    )
    assert study.configs() == drawn


def test_tables_are_united_whatever_they_are(tmp_path: Path):
    text = """[[space]]
    learning_rate = [0.1]
    batch_size = { int = [15, 17] }
    [[space]]
    configs = [{ learning_rate = 0.1, batch_size = 16 }]
    [[space]]
    random = { n = 2 }
    learning_rate = [0.5]
    batch_size = [8, 9]
    """

    study = read(tmp_path, ADAM + text)

    assert pairs(study)[:3] == [(0.1, 15), (0.1, 16), (0.1, 17)]
    assert set(pairs(study)[3:]) == {(0.5, 8), (0.5, 9)}


CONDITIONAL = """[[space]]
optimizer = ["sgd"]
learning_rate = [0.1]
momentum = [0.0, 0.9]
batch_size = [16]
[[space]]
optimizer = ["adam", "sgd"]
learning_rate = [0.1]
batch_size = [16]
"""


def test_each_optimizer_has_its_own_hyperparameters_and_defaults(tmp_path: Path):
    study = read(tmp_path, CONDITIONAL)

    rest = {"learning_rate": 0.1, "batch_size": 16}
    # Momentum is 0 where it is not named, so sgd's second table adds nothing.
    assert study.configs() == (
        {"optimizer": "sgd", "momentum": 0.0, **rest},
        {"optimizer": "sgd", "momentum": 0.9, **rest},
        {"optimizer": "adam", **rest},
    )
    assert not study.space.is_full_grid()
    assert study.settings(study.configs()[1]).optimizer["momentum"] == 0.9
    assert "momentum" not in study.settings(study.configs()[2]).optimizer


def test_a_study_with_differing_tables_is_read_back_from_its_record(tmp_path: Path):
    study = read(tmp_path, CONDITIONAL)

    assert Study.from_dict(study.to_dict()) == study


@pytest.mark.parametrize(
    ("text", "fragments"),
    [
        ("configs = []", ["`configs` must be a list of tables"]),
        ("configs = [{ learning_rate = 0.1 }]", ["`batch_size` is missing", "value 1"]),
        (
            "configs = [{ learning_rat = 0.1 }]\nbatch_size = [16]",
            ["`learning_rat`", "did you mean `learning_rate`?", "configs, value 1"],
        ),
        (
            "configs = [{ learning_rate = 0.1 }, { learning_rate = 0.1 }]\n"
            "batch_size = [16]",
            ["each config once", "values 1 and 2"],
        ),
        (
            "configs = [{ learning_rate = 0.1, batch_size = 8 }]\nbatch_size = [16]",
            ["`batch_size` must stand in one of `configs` and the rest"],
        ),
        (
            "configs = [{ learning_rate = [0.1] }]\nbatch_size = [16]",
            ["`learning_rate` must be a number"],
        ),
        (
            "sobol = { n = 4 }\nrandom = { n = 4 }\nlearning_rate = [0.1]\n"
            "batch_size = [16]",
            ["at most one of them, got `sobol` and `random`"],
        ),
        ("sobol = 4\nlearning_rate = [0.1]\nbatch_size = [16]", ["{ n = 16 }, got 4"]),
        (
            "sobol = { n = 4, sed = 1 }\nlearning_rate = [0.1]\nbatch_size = [16]",
            ["`sed` is unknown", "did you mean `seed`?"],
        ),
        (
            "sobol = { n = 4 }\nlearning_rate = [0.1, 0.2]\nbatch_size = [16]",
            ["n = 4; there are 2"],
        ),
        (
            "sobol = { n = 4 }\nlearning_rate = { log = [-1, 1] }\nbatch_size = [16]",
            ["above 0, got -1", "learning_rate, log, value 1"],
        ),
        (
            "sobol = { n = 4 }\nlearning_rate = [0.1]\n"
            "batch_size = { linear = [0.5, 8] }",
            ["`batch_size` must be an integer, got 0.5"],
        ),
        (
            "learning_rate = { log = [0.1, 1] }\nbatch_size = [16]",
            ["`n` is missing in the range of `learning_rate`"],
        ),
        (
            "learning_rate = { int = [0, 20000] }\nbatch_size = [16]",
            ["at most 10,000 values"],
        ),
        ("sobel = { n = 4 }\nlearning_rate = [0.1]", ["did you mean `sobol`?"]),
    ],
)
def test_a_mistake_in_a_space_is_named_with_its_place(
    tmp_path: Path, text: str, fragments: list[str]
):
    with pytest.raises(StudyError) as raised:
        read(tmp_path, f"{ADAM}[[space]]\n{text}")

    said = f"{raised.value} {raised.value.hint}"
    for fragment in ["[[space]] 1", *fragments]:
        assert fragment in said


def test_a_table_that_names_no_optimizer_where_others_do_is_refused(tmp_path: Path):
    text = CONDITIONAL.replace('optimizer = ["adam", "sgd"]\n', "")

    with pytest.raises(StudyError, match="`optimizer` is missing"):
        read(tmp_path, text)


def test_what_is_tuned_stands_in_every_table(tmp_path: Path):
    text = CONDITIONAL + '[tuning]\nhyperparameter = "momentum"\nseeds = 2\n'

    with pytest.raises(StudyError, match="must name what is tuned"):
        read(tmp_path, text)
