"""Study files that are wrong: refused with 3, in words, with nothing changed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_builders import ADAM, BATCH, CLAIM, EPOCHS, LR, NAME, SEEDS, Refused


MANY = "{ lin = [0.1, 0.9], n = 1000 }"

# What to write for what in tiny.toml -> what the message has to contain.
CHANGES = {
    "S08 number without a zero": (LR, "learning_rate = [.5]", ["line 14", "0.5"]),
    "S09 key twice": (EPOCHS, "epochs = 1\nepochs = 2", ["`epochs`", "twice"]),
    "S10 nested arrays": (LR, f"learning_rate = {'[' * 5000}", ["nested"]),
    "S13 table misspelt": (
        "[optimizer]",
        "[optimzer]",
        ["`optimzer`", "did you mean", "`optimizer`"],
    ),
    "S14 key misspelt": (EPOCHS, "epohcs = 1", ["`epohcs`", "`epochs`"]),
    "S15 no model": (
        '[model]\nname = "mlp"\nhidden = [8]\n',
        "",
        ["missing", "`model`"],
    ),
    "S16 text for an integer": (EPOCHS, 'epochs = "5"', ["epochs", "integer", '"5"']),
    "S16 truth for an integer": (
        EPOCHS,
        "epochs = true",
        ["epochs", "integer", "true"],
    ),
    "S17 none": (EPOCHS, "epochs = 0", ["epochs", "got 0", "from 1 to 1,000,000"]),
    "S17 too many": (EPOCHS, "epochs = 2000000", ["2000000", "1,000,000"]),
    "S18 no number": (
        LR,
        "learning_rate = [nan]",
        ["learning_rate", "finite", "value 1"],
    ),
    "S18 too large": (LR, "learning_rate = [1e400]", ["finite", "value 1"]),
    "S19 negative": (
        LR,
        "learning_rate = [0.1, -0.1]",
        ["above 0", "-0.1", "tiny.toml, [[space]] 1, learning_rate, value 2"],
    ),
    "S20 no value": (LR, "learning_rate = []", ["learning_rate", "at least one"]),
    "S21 value twice": (
        LR,
        "learning_rate = [0.1, 0.01, 0.1]",
        ["0.1", "values 1 and 3"],
    ),
    "S22 text": (LR, 'learning_rate = [0.1, "0.2"]', ["value 2", "number", '"0.2"']),
    "S23 bounds": (
        LR,
        "learning_rate = { log = [1e-1, 1e-4], n = 7 }",
        ["lower", "0.1"],
    ),
    "S24 log of zero": (LR, "learning_rate = { log = [0, 1], n = 7 }", ["above 0"]),
    "S25 two scales": (
        LR,
        "learning_rate = { lin = [0.1, 1], log = [0.1, 1], n = 3 }",
        ["one of", "`lin`", "`log`"],
    ),
    "S26 one value": (
        LR,
        "learning_rate = { log = [1e-4, 1e-1], n = 1 }",
        ["`n`", "at least 2"],
    ),
    "S26 range misspelt": (
        LR,
        "learning_rate = { log = [1e-4, 1e-1], n = 3, num = 7 }",
        ["`num`", "`n`"],
    ),
    "S27 empty batch": (BATCH, "batch_size = [0]", ["batch_size", "got 0"]),
    "S27 half an example": (BATCH, "batch_size = [32.5]", ["batch_size", "32.5"]),
    "S28 no seed": (SEEDS, "seeds = 0", ["seeds", "got 0"]),
    "S28 seed twice": (SEEDS, "seeds = [1, 1]", ["seeds", "1 twice"]),
    "S28 seed below zero": (SEEDS, "seeds = [-1]", ["seeds", "-1"]),
    "S28 seed too large": (
        SEEDS,
        "seeds = [9223372036854775808]",
        ["seeds", "9223372036854775808"],
    ),
    "S29 a billion runs": (
        f"{SEEDS}\n",
        "seeds = 1\n",
        ["1,000,000,000 runs", "limit"],
    ),
    "S30 fixed and varied": (
        ADAM,
        'name = "adam"\nlearning_rate = 0.1',
        ["learning_rate", "both"],
    ),
    "S31 path": (NAME, 'name = "../x"', ["name", "letters, digits"]),
    "S31 reserved": (NAME, 'name = "CON"', ["name", "letters, digits"]),
    "S31 emoji": (NAME, 'name = "😀"', ["name", "letters, digits"]),
    "S31 line break": (NAME, 'name = "a\\nb"', ["name", "letters, digits"]),
    "S32 optimizer misspelt": (
        ADAM,
        'name = "adamm"',
        ["did you mean", "`adam`", "adamm"],
    ),
    "S32 hyperparameter of none": (ADAM, f"{ADAM}\nb7 = 1", ["adam has no", "`b7`"]),
    "S32 hyperparameter of another": (
        LR,
        f"{LR}\nmomentum = [0.9]",
        ["adam has no", "`momentum`", "sgd"],
    ),
    "S33 no data": ('path = "tiny.npz"\n', "", ["exactly one", "`name`", "`path`"]),
    "S34 no hyperparameter": (
        "[[space]]",
        CLAIM.replace("a = { learning_rate", "a = { lerning_rate") + "[[space]]",
        ["[[claims]] 1, a", "`lerning_rate`", "did you mean", "`learning_rate`"],
    ),
    "S34 no value of the space": (
        "[[space]]",
        CLAIM.replace("a = { learning_rate = 0.01", "a = { learning_rate = 0.02")
        + "[[space]]",
        ["[[claims]] 1, a, learning_rate", "0.02", "there are: 0.01, 0.1"],
    ),
    "S34 no relation": (
        "[[space]]",
        CLAIM.replace('"at_least"', '"better"') + "[[space]]",
        ["[[claims]] 1, relation", '"better"', '"at_least"', '"equivalent"'],
    ),
    "S34 no measure": (
        "[[space]]",
        CLAIM.replace("test_accuracy", "acuracy") + "[[space]]",
        ["[[claims]] 1, measure", "`acuracy`", "_accuracy`"],
    ),
    "S34 no text": (
        "[[space]]",
        CLAIM.replace('text = "Small is as good"\n', "") + "[[space]]",
        ["`claims.1.text`", "missing", "[[claims]] 1"],
    ),
    "S34 tuned without tuning": (
        "[[space]]",
        CLAIM.replace("a = { learning_rate = 0.01", 'a = { learning_rate = "tuned"')
        + "[[space]]",
        ["[[claims]] 1, a, learning_rate", '"tuned"', "[tuning]"],
    ),
    "S34 one table": (
        "[[space]]",
        CLAIM.replace("[[claims]]", "[claims]") + "[[space]]",
        ["`claims`", "list of tables", "[[claims]]"],
    ),
    "tuning without held-out examples": (
        "validation = 16\n",
        "[tuning]\nseeds = 2\n",
        ["tuning chooses by", "`data.validation` = 0", "[tuning]"],
    ),
    "tuning of what is not there": (
        "[model]",
        '[tuning]\nhyperparameter = "momentum"\nseeds = 2\n[model]',
        ["`momentum`", "[tuning], hyperparameter"],
    ),
    "tuning with a held value that is not there": (
        "[model]",
        "[tuning]\nseeds = 2\nheld = [0.02]\n[model]",
        ["0.02", "there are: 0.01, 0.1", "[tuning], held"],
    ),
    "refinement by a number": (
        "[model]",
        "[tuning]\nseeds = 2\nrefine = 3\n[model]",
        ["`tuning.refine` must be true or false", "got 3", "[tuning], refine"],
    ),
    "halving with words": (
        "[model]",
        "[tuning]\nseeds = 2\n[tuning.halving]\nfactor = 1\neta = 3\n[model]",
        ["must be at least 2, got 1", "`eta` is unknown", "[tuning], halving"],
    ),
    "halving that is a number": (
        "[model]",
        "[tuning]\nseeds = 2\nhalving = 3\n[model]",
        ["`tuning.halving` must be a table, got 3", "[tuning], halving"],
    ),
    "tuning without seeds": ("[model]", "[tuning]\n[model]", ["`tuning.seeds`"]),
    "tuning with words": (
        "[model]",
        '[tuning]\nseeds = 0\ncompare = "best"\nsteps = 3\n[model]',
        ["3 mistakes", "got 0", '"tuned", "all", got "best"', "`steps` is unknown"],
    ),
    "diagnostics that are none": (
        "[model]",
        '[diagnostics]\nmeasure = ["sharpnes"]\n[model]',
        ["`sharpnes`", "did you mean", "`sharpness`", "[diagnostics]"],
    ),
    "steps that are none": (
        EPOCHS,
        f"{EPOCHS}\nsteps = 0",
        ["`study.steps`", "got 0", "[study], steps"],
    ),
    "S35 include": ("[study]", 'include = "o.toml"\n[study]', ["`include`", "unknown"]),
    "S35 variable": (NAME, 'name = "$HOME"', ["letters, digits"]),
    "S35 never": (EPOCHS, f"{EPOCHS}\nevaluate_every = 0", ["evaluate_every", "got 0"]),
    "S35 word": (
        EPOCHS,
        f'{EPOCHS}\nevaluate_every = "often"',
        ["evaluate_every", '"often"'],
    ),
}


@pytest.mark.parametrize(("old", "new", "words"), CHANGES.values(), ids=CHANGES.keys())
def test_a_wrong_study_file_is_refused_in_words(
    place: Path, refused: Callable[..., None], old: str, new: str, words: list[str]
):
    text = (place / "tiny.toml").read_text().replace(old, new, 1)
    if "1,000,000,000 runs" in words:
        text = text.replace(LR, f"learning_rate = {MANY}\nb1 = {MANY}\nb2 = {MANY}")
    assert text != (place / "tiny.toml").read_text()
    (place / "tiny.toml").write_text(text)

    refused(["run", "tiny.toml"], 3, "error:", *words)


BYTES = {
    "S01 empty": (b"", ["empty", "paribus init"]),
    "S01 only comments": (b"# nothing\n", ["empty", "paribus init"]),
    "S05 no UTF-8": (b'[study]\nname = "\xff"', ["UTF-8", "byte 0xff", "line 2"]),
    "S06 UTF-16": ("[study]".encode("utf-16"), ["UTF-16", "UTF-8"]),
    "S11 two megabytes": (b"#" * 2_000_000, ["1 MB"]),
    "S12 YAML": (b"study:\n  name: tiny\n", ["TOML", "tiny.toml", "line 1"]),
}


@pytest.mark.parametrize(("content", "words"), BYTES.values(), ids=BYTES.keys())
def test_a_file_that_is_no_study_file_is_refused(
    place: Path, refused: Callable[..., None], content: bytes, words: list[str]
):
    (place / "tiny.toml").write_bytes(content)

    refused(["run", "tiny.toml"], 3, *words)


OTHERS = {
    "S12 YAML": ("tiny.yaml", "study:\n  name: tiny\n", ["TOML", "tiny.yaml"]),
    "S12 JSON": ("tiny.json", '{"study": {"name": "tiny"}}', ["TOML", "tiny.json"]),
    "S12 a page": ("tiny.html", "<!DOCTYPE html>", ["TOML", "tiny.html, line 1"]),
    "S12 a script": ("tiny.py", "import os\n", ["TOML", "tiny.py, line 1"]),
}


@pytest.mark.parametrize(("name", "text", "words"), OTHERS.values(), ids=OTHERS.keys())
def test_a_file_of_another_kind_is_refused(
    place: Path, refused: Refused, name: str, text: str, words: list[str]
):
    (place / name).write_text(text)

    refused(["run", name], 3, *words)


def test_a_missing_file_is_refused_with_the_nearest_one(refused: Callable[..., None]):
    refused(
        ["run", "tinny.toml"],
        3,
        "no study file",
        "tinny.toml",
        "did you mean",
        "tiny.toml",
    )


def test_a_misspelt_built_in_study_is_refused_with_its_name(
    refused: Callable[..., None],
):
    refused(["run", "notebok"], 3, "did you mean", "`notebook`")


def test_a_folder_is_refused(place: Path, refused: Callable[..., None]):
    (place / "folder").mkdir()

    refused(["run", "folder"], 3, "is a folder")


@pytest.mark.parametrize("kind", ["fifo", "device", "loop"])
def test_what_is_no_regular_file_is_refused_without_reading_it(
    place: Path, refused: Callable[..., None], kind: str
):
    path = place / "odd"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path)

    refused(["run", "odd"], 3, "not a regular file")


def test_all_mistakes_are_named_at_once(place: Path, refused: Callable[..., None]):
    text = (place / "tiny.toml").read_text()
    text = text.replace(EPOCHS, "epochs = 0").replace(SEEDS, 'seeds = "two"')
    text = text.replace("16]", "16.5, 0]").replace("hidden", "hiden")
    (place / "tiny.toml").write_text(text)

    refused(
        ["run", "tiny.toml"],
        3,
        "`tiny.toml` cannot be used, 5 mistakes",
        "`study.epochs` must be from 1 to 1,000,000, got 0 (tiny.toml, [study], "
        "epochs)",
        '`study.seeds` must be an integer or a list of integers, got "two"',
        "model mlp has no hyperparameter `hiden` (tiny.toml, [model]); did you mean "
        "`hidden`?",
        "`batch_size` must be an integer, got 16.5 "
        "(tiny.toml, [[space]] 1, batch_size, value 1)",
        "`batch_size` must be from 1 to 2147483647, got 0 "
        "(tiny.toml, [[space]] 1, batch_size, value 2)",
    )
