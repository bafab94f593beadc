"""Inputs that no table of rules foresaw: each was let in, crashed or hung once."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_builders import Forked, Refused
from store_builders import make_store


LR = "learning_rate = [0.01, 0.1]"

# What to write for what in tiny.toml -> what the message has to contain.
STUDIES = {
    "rate that is zero in float32": (LR, "learning_rate = [5e-324]", ["got 5e-324"]),
    "rate that is infinite in float32": (
        LR,
        "learning_rate = [0.1, 1e39]",
        ["float32", "1.2e-38 to 3.4e+38", "got 1e+39", "value 2"],
    ),
    "rates that are one float32": (
        LR,
        "learning_rate = [0.1, 0.10000000000000002]",
        ["0.10000000000000002 and 0.1, one float32, as values 1 and 2"],
    ),
    "range that is denser than float32": (
        LR,
        "learning_rate = { lin = [1, 1.000001], n = 100 }",
        ["one float32", "learning_rate"],
    ),
    "epsilon below float32": (
        'name = "adam"',
        'name = "adam"\neps = 1e-300',
        ["`optimizer.eps`", "float32", "got 1e-300"],
    ),
    "time of day": (LR, "learning_rate = [07:32:00]", ["got 07:32:00", "value 1"]),
    "table for a rate": (LR, "learning_rate = [{ a = 1 }]", ["got a table"]),
    "list of codings": (
        "validation = 16",
        'categorical = ["one_hot"]',
        ['"one_hot" or "codes", got ["one_hot"]'],
    ),
    "draws of a truth": (
        LR,
        "learning_rate = { log = [0.1, 1] }\nrandom = { n = true }",
        ["`n` of a design", "got true"],
    ),
    "diagnostics twice": (
        "[optimizer]",
        '[diagnostics]\nmeasure = ["sharpness", "sharpness"]\n[optimizer]',
        ["`diagnostics.measure`", "`sharpness` twice"],
    ),
    "name that ends with a dot": ('"tiny"', '"tiny."', ["`study.name`", "'tiny.'"]),
}


@pytest.mark.parametrize(("old", "new", "words"), STUDIES.values(), ids=STUDIES.keys())
def test_a_study_file_is_refused(
    place: Path, refused: Refused, old: str, new: str, words: list[str]
):
    text = (place / "tiny.toml").read_text()
    assert old in text
    (place / "tiny.toml").write_text(text.replace(old, new, 1))

    refused(["run", "tiny.toml"], 3, "error:", "tiny.toml, [", *words)


NINES = "9" * 5000
RUN = ["run", "tiny.toml"]
RANGE = ["range", "tiny.toml"]

# The command line, its exit code and what the message has to contain.
LINES = {
    "space of endless digits": (
        [*RUN, "--set", f"space.{NINES}.learning_rate=[1]"],
        3,
        ["name one grid, from 1", NINES],
    ),
    "range of a list": (
        [*RUN, "--set", "space.1.learning_rate.log=[1e-3, 1]"],
        3,
        ["`space.1.learning_rate` must be a table"],
    ),
    "model that is none": (
        [*RUN, "--set", "model.name=mpl"],
        3,
        ["no model is called `mpl` (--set model.name)"],
    ),
    "folder with a NUL": ([*RUN, "--out", "a\0b"], 2, ["'--out'", "NUL", "a\\x00b"]),
    "rate with an underscore": ([*RANGE, "--lower", "1_0"], 2, ["--lower", "`1_0`"]),
    "rate in other digits": ([*RANGE, "--upper", "٣"], 2, ["--upper", "`٣`"]),
    "rate that is zero": ([*RANGE, "--lower", "1e-400"], 2, ["--lower", "`1e-400`"]),
    "steps without end": ([*RANGE, "--steps", "99999999999"], 2, ["99999999999"]),
    "chart in no folder": ([*RANGE, "--chart", "no/c.svg"], 2, ["`--chart`", "`no`"]),
    "link to nothing": (["run", "link.toml"], 3, ["`link.toml` leads nowhere", "`no`"]),
    "one label": (
        ["import", "a.csv", "--hyperparameters", "a", "--classes", "1"],
        2,
        ["--classes", "at least 2", "`1`"],
    ),
}


@pytest.mark.parametrize(
    ("arguments", "code", "words"), LINES.values(), ids=LINES.keys()
)
def test_a_command_line_is_refused(
    place: Path, refused: Refused, arguments: list[str], code: int, words: list[str]
):
    (place / "link.toml").symlink_to("no")

    refused(arguments, code, "error:", *words)


def rows(*numbers: str, label: str = "xy") -> str:
    return "".join(f"{n},{label[i % 2]}\n" for i, n in enumerate(numbers))


# A table with the columns `a` and `k`, which is predicted -> what has to be said.
TABLES = {
    "underscore": (
        "a,k\n" + rows("1", "2_5", "3", "4"),
        ["numbers", "`2_5`", "line 3"],
    ),
    "other digits": ("a,k\n" + rows("1", "2", "٣", "4"), ["numbers", "`٣`", "line 4"]),
    "a word for nothing": (
        "a,k\n" + rows("1", "NA", "3", "4"),
        ["numbers", "`NA`", "line 3"],
    ),
    "decimal commas": (
        "a;k\n"
        + rows("1,5", "2,5", "3,5", "4,5").replace(",x", ";x").replace(",y", ";y"),
        ["decimal point", "`1,5`", "line 2"],
    ),
    "rows longer than the heading": ("a,k\n1,x,9\n2,y,9\n3,x,9\n", ["no table"]),
    "line breaks in cells": (
        'a,b,k\n"1\n",1,x\n2,,y\n3,3,x\n',
        ["column `b`", "first in line 4"],
    ),
    "empty lines": ("a,k\n\n1,x\n\n,y\n3,x\n", ["column `a`", "first in line 5"]),
}


@pytest.mark.parametrize(("text", "words"), TABLES.values(), ids=TABLES.keys())
def test_a_table_is_refused(place: Path, refused: Refused, text: str, words: list[str]):
    (place / "a.csv").write_text(text)
    said = ["--set", "data.path='a.csv'", "--set", "data.target=k"]

    refused(["run", "tiny.toml", *said], 4, "a.csv", *words)


@pytest.mark.parametrize("name", ["y.npy", "train.parquet", "data_batch_1.bin"])
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_in_a_folder_of_data_is_not_opened(
    place: Path, refused: Refused, name: str, kind: str
):
    folder = place / "data"
    folder.mkdir()
    np.save(folder / "x.npy", np.eye(64, 4))
    if kind == "pipe":
        os.mkfifo(folder / name)
    else:
        (folder / name).symlink_to("/dev/zero")

    refused(["run", "tiny.toml", "--set", "data.path=data"], 4, "data")


HEAD = "rate,seed,epoch,test_accuracy\n"
SOUND = HEAD + "0.1,0,0,0.1\n0.1,0,1,0.5\n0.2,0,0,0.1\n0.2,0,1,0.4\n"

# What stands for what among sound curves -> what has to be said.
CURVES = {
    "underscore": ("\n0.2,", "\n1_0,", ["`rate`", "'1_0'", "line 4"]),
    "other digits": ("\n0.2,", "\n٢,", ["`rate`", "'\\u0662'", "line 4"]),
    "hexadecimal": ("\n0.2,", "\n0x10,", ["`rate`", "'0x10'", "line 4"]),
    "underscore in an accuracy": ("0.5", "0_0.5", ["numbers", "'0_0.5'", "line 3"]),
    "a word among numbers": ("0.2,0,1", "abc,0,1", ["`rate`", "'abc'", "line 5"]),
    "a number beyond floats": ("\n0.2,", f"\n{'9' * 400},", ["finite", "line 4"]),
    "an epoch beyond all": (
        "0.1,0,1,",
        "0.1,0,1e300,",
        ["from 0 to 1,000,000", "`epoch`", "1e+300", "line 3"],
    ),
    "a seed beyond all": ("0.1,0,1", f"0.1,{'9' * 19},1", ["`seed`", "line 3"]),
    "line breaks in cells": (
        "0.1,0,1,0.5",
        '0.1,0,"1\n",0.5\n0.1,0,2',
        ["4 values a row, got 3 (line 5)"],
    ),
}


@pytest.mark.parametrize(("old", "new", "words"), CURVES.values(), ids=CURVES.keys())
def test_curves_are_refused(
    place: Path, refused: Refused, old: str, new: str, words: list[str]
):
    assert old in SOUND
    (place / "runs.csv").write_text(SOUND.replace(old, new))

    refused(["import", "runs.csv", "--hyperparameters", "rate"], 4, "runs.csv", *words)


@pytest.mark.parametrize("name", ["CON.csv", "nul.csv.gz.csv", "..csv", "😀.csv"])
def test_curves_of_any_name_make_a_study(place: Path, forked: Forked, name: str):
    (place / name).write_text(SOUND + "\n")  # an empty line is no row

    ended = forked("import", name, "--hyperparameters", "rate")

    assert ended.code == 0, ended.err
    assert forked("show", ended.out.strip()).code == 0


def test_a_note_names_few_of_many_columns(place: Path, forked: Forked):
    names = [f"c{i}" for i in range(20_000)]
    text = f"{','.join(names)},seed,epoch,test_accuracy\n{'1,' * 20_000}0,0,0.1\n"
    (place / "runs.csv").write_text(text)

    ended = forked("import", "runs.csv", "--hyperparameters", "c0")

    assert ended.code == 0, ended.err
    assert "c10 and 19989 more" in ended.err


MODELS: dict[str, tuple[str, str, int, str]] = {
    "module that gives no names": (
        "def build",
        "def __getattr__(name): raise RuntimeError('no ' + name)\ndef bulid",
        8,
        "RuntimeError: no build",
    ),
    "weights beyond all memory": ("(4, 3)", "(4, 10**12)", 6, "more memory"),
}
CODE = """\
import jax
def init(key, hyperparameters):
    return {"kernel": jax.random.normal(key, (4, 3))}, {}
def apply(parameters, state, inputs, train, key):
    return inputs @ parameters["kernel"], state
def build(units=float("nan")):
    return init, apply
"""


def own_model(place: Path, code: str) -> list[str]:
    (place / "mymodels.py").write_text(code)
    study = (place / "tiny.toml").read_text()
    own = 'builder = "mymodels:build"\n'
    (place / "tiny.toml").write_text(study.replace('name = "mlp"\nhidden = [8]\n', own))
    return ["run", "tiny.toml", "--allow-module", "mymodels"]


@pytest.mark.parametrize(
    ("old", "new", "code", "words"), MODELS.values(), ids=MODELS.keys()
)
def test_a_model_is_refused(
    place: Path, refused: Refused, old: str, new: str, code: int, words: str
):
    assert old in CODE

    refused(own_model(place, CODE.replace(old, new)), code, "mymodels", words)


@pytest.mark.slow
@pytest.mark.parametrize(
    "flag",
    ["jax_disable_jit", "jax_debug_nans", "jax_debug_infs", "jax_enable_x64"],
)
def test_what_jax_has_for_debugging_is_off_in_training(
    place: Path, forked: Forked, flag: str
):
    """A default that is no number, too, is the function's own affair."""
    code = CODE.replace(
        "import jax\n", f"import jax\njax.config.update('{flag}', True)\n"
    )

    ended = forked(*own_model(place, code), "--quiet")

    assert ended.code == 0, ended.err
    assert f"{flag} is off while paribus trains" in ended.err


@pytest.mark.parametrize("command", ["show", "check"])
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_a_journal_that_is_no_file_is_refused(
    place: Path, refused: Refused, command: str, make: Callable[[Path], Any]
):
    make(make_store(place / "tiny") / "study.db-journal")

    refused([command, "tiny"], 5, "study.db-journal` must be a regular file")
