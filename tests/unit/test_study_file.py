import re
from pathlib import Path

import pytest

from paribus.errors import CommandError, StudyError, UnknownNameError
from paribus.study import Study
from paribus.study_file import built_in_names, built_in_text, read_study
from paribus.study_file.overrides import parse_values


TEXT = """\
[study]
name = "tiny"
seeds = 2
epochs = 4
[data]
path = "data/tiny.npz"
[model]
name = "mlp"
hidden = [8]
[optimizer]
name = "adam"
[[space]]
learning_rate = [0.01, 0.1]
batch_size = [16]
"""
LR = "learning_rate = [0.01, 0.1]"


def write(folder: Path, text: str = TEXT) -> Path:
    path = folder / "tiny.toml"
    path.write_text(text)
    return path


def values(folder: Path, written: str, name: str = "learning_rate") -> list[object]:
    """What a hyperparameter takes if the file says `written`."""
    old = LR if name == "learning_rate" else "batch_size = [16]"
    path = write(folder, TEXT.replace(old, f"{name} = {written}"))
    return [config[name] for config in read_study(path).study.configs()]


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


def test_a_path_stays_as_written_beside_the_folder_of_the_file(tmp_path: Path):
    file = read_study(write(tmp_path))

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

    assert read_study(path).study == read_study(write(tmp_path)).study


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
    study = read_study(write(tmp_path), overrides=[setting]).study

    assert found(study)


def test_a_count_of_seeds_replaces_the_files(tmp_path: Path):
    assert read_study(write(tmp_path), seeds=3).study.seeds == (0, 1, 2)


def test_seeds_given_in_two_ways_are_refused(tmp_path: Path):
    with pytest.raises(CommandError, match=r"`--seeds` and `--set`"):
        read_study(write(tmp_path), overrides=["study.seeds=2"], seeds=3)


def test_a_setting_inside_a_list_of_tables_is_refused_with_the_way_to_do_it(
    tmp_path: Path,
):
    with pytest.raises(StudyError, match=r"--set space\.learning_rate") as raised:
        read_study(write(tmp_path), overrides=["space.learning_rate=[0.1]"])

    assert "--set 'space.1.learning_rate=" in raised.value.hint


TWO_GRIDS = TEXT + "[[space]]\nlearning_rate = [1.0]\nbatch_size = [4]\n"


def test_a_list_of_one_grid_is_replaced_from_the_command_line(tmp_path: Path):
    path = write(tmp_path, TWO_GRIDS)

    plain = read_study(path).study.space.grids
    found = read_study(path, overrides=["space.2.learning_rate=[2.0, 3.0]"]).study

    assert found.space.grids[0] == plain[0]
    assert found.space.grids[1] == {"learning_rate": (2.0, 3.0), "batch_size": (4,)}


def test_two_lists_of_a_grid_are_replaced(tmp_path: Path):
    settings = ["space.1.learning_rate=[2.0]", "space.1.batch_size=[4]"]

    found = read_study(write(tmp_path), overrides=settings).study

    assert found.configs() == ({"learning_rate": 2.0, "batch_size": 4},)


@pytest.mark.parametrize("position", ["0", "3"])
def test_a_grid_that_is_not_there_is_refused(tmp_path: Path, position: str):
    setting = f"space.{position}.learning_rate=[2.0]"

    with pytest.raises(StudyError, match="must name one of the 2 grids") as raised:
        read_study(write(tmp_path, TWO_GRIDS), overrides=[setting])

    assert f"(--set space.{position}.learning_rate)" in str(raised.value)


def test_a_mistake_in_a_grid_from_the_command_line_names_the_option(tmp_path: Path):
    with pytest.raises(StudyError, match=r"--set space\.1\.learning_rate"):
        read_study(write(tmp_path), overrides=["space.1.learning_rate=[-1.0]"])


@pytest.mark.parametrize("key", ["builder", "loader"])
def test_code_from_a_study_file_is_not_supported(tmp_path: Path, key: str):
    table = "[model]" if key == "builder" else "[data]"
    path = write(tmp_path, TEXT.replace(table, f'{table}\n{key} = "a:b"'))

    with pytest.raises(StudyError, match=f"`{key}`"):
        read_study(path)


def test_at_most_twenty_mistakes_are_shown_and_the_rest_counted(tmp_path: Path):
    wrong = ", ".join(str(-1 - k) for k in range(30))
    path = write(tmp_path, TEXT.replace("0.01, 0.1", wrong))

    with pytest.raises(StudyError) as raised:
        read_study(path)

    lines = str(raised.value).splitlines()
    assert len(lines) == 22
    assert lines[0].endswith("cannot be used, 30 mistakes:")
    assert lines[-1] == "  and 10 more"


def test_a_space_that_one_table_names_and_another_lacks_is_refused(tmp_path: Path):
    extra = "[[space]]\nlearning_rate = [1.0]\n"

    with pytest.raises(StudyError, match="`batch_size` is missing") as raised:
        read_study(write(tmp_path, TEXT + extra))

    assert "[[space]] 2" in str(raised.value)


def test_values_that_name_a_config_are_read_as_tables_write_them():
    found = parse_values(
        "learning_rate=0.01, hidden=[8, 4], activation=relu", option="--a"
    )

    assert found == {"learning_rate": 0.01, "hidden": (8, 4), "activation": "relu"}


OPTIMIZERS = 'optimizer = ["sgd", "keras_adam"]\n'
WITHOUT_OPTIMIZER = TEXT.replace('[optimizer]\nname = "adam"\n', "")


def test_a_space_may_vary_the_optimizer(tmp_path: Path):
    text = WITHOUT_OPTIMIZER + OPTIMIZERS + "[optimizer]\nmomentum = 0.9\n"

    study = read_study(write(tmp_path, text)).study

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
        read_study(write(tmp_path, text))


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
        read_study(write(tmp_path, text))

    assert caught.value.hint == hint


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
    study = read_study(write(tmp_path, DECLARED)).study

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

    plain = read_study(write(tmp_path, DECLARED)).study
    refined = read_study(write(tmp_path, text)).study

    assert refined.tuning is not None
    assert refined.tuning.refine
    assert type(refined).from_dict(refined.to_dict()) == refined
    # Folders of before refinement hold exactly these keys, and are compared by them.
    assert "refine" not in plain.to_dict()["tuning"]
    assert "refined" not in plain.to_dict()
    new = refined.fixed_settings().keys() - plain.fixed_settings().keys()
    assert new == {"tuning.refine"}


def test_a_factor_below_1_is_refused_at_its_place_in_the_file(tmp_path: Path):
    path = write(tmp_path, DECLARED.replace("1.25", "1.0"))

    with pytest.raises(StudyError, match="must be a factor above 1, got 1") as caught:
        read_study(path)

    assert "[[claims]] 1, smallest_effect" in str(caught.value)
    assert "1.25" in f"{caught.value}{caught.value.hint}"


def test_a_study_without_declarations_has_none(tmp_path: Path):
    study = read_study(write(tmp_path)).study

    assert (study.tuning, study.claims, study.diagnostics) == (None, (), ())


@pytest.mark.parametrize("name", built_in_names())
def test_the_claim_that_each_built_in_study_shows_can_be_uncommented(tmp_path, name):
    """In every size: a smaller grid still has what the claim names."""
    text = built_in_text(name)
    before, start, example = text.partition("# [[claims]]")
    assert not read_study(name).study.claims
    uncommented = re.sub(r"(?m)^# ?", "", start + example)
    path = write(tmp_path, before + uncommented)

    for size in ("standard", *re.findall(r"(?m)^\[sizes\.(\w+)\]", text)):
        study = read_study(path, size=size).study
        (claim,) = study.claims
        assert claim.relation == "at_least"
        if study.tuning is None:
            configs = study.configs()
            assert sum(c.matches(claim.a) or c.matches(claim.b) for c in configs) >= 2


SIZED = (
    DECLARED
    + """
[sizes.small]
study.seeds = 1
space.1.learning_rate = { log = [0.01, 0.1], n = 3 }
"""
)


def test_a_size_replaces_settings_and_has_a_folder_of_its_own(tmp_path: Path):
    small = read_study(write(tmp_path, SIZED), size="small").study

    assert small.name == "tiny-small"
    assert small.seeds == (0,)
    assert [c["learning_rate"] for c in small.configs()] == [0.01, 0.0316228, 0.1]


def test_the_standard_size_is_the_file_and_an_option_replaces_a_size(tmp_path: Path):
    path = write(tmp_path, SIZED)

    assert read_study(path, size="standard").study.name == "tiny"
    assert read_study(path, size="small", seeds=4).study.seeds == (0, 1, 2, 3)
    set_name = read_study(path, size="small", overrides=["study.name=own"])
    assert set_name.study.name == "own"


def test_an_unknown_size_is_refused_with_the_nearest(tmp_path: Path):
    with pytest.raises(CommandError, match=r"no size .* `smal`") as raised:
        read_study(write(tmp_path, SIZED), size="smal")

    assert raised.value.hint == "did you mean `small`?"


def test_a_mistake_in_a_size_is_named_there(tmp_path: Path):
    wrong = SIZED.replace("study.seeds = 1", "study.seeds = 0")

    with pytest.raises(StudyError, match=r"got 0 .*\[sizes.small\], study.seeds"):
        read_study(write(tmp_path, wrong), size="small")


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
