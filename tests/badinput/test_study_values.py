"""Study files that are wrong in one value: refused with 3, in words, at their place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bad_builders import (
    ADAM,
    BATCH,
    CLAIM,
    EPOCHS,
    HIDDEN,
    LR,
    NAME,
    PATH,
    SEEDS,
    SPACE,
    VALIDATION,
)


SIDE = "a = { learning_rate = 0.01 }"
LETTERS = ["`study.name`", "letters, digits", "tiny.toml, [study], name"]


def claim(old: str, new: str) -> str:
    """The sound claim with a change, in front of the space."""
    assert old in CLAIM
    return CLAIM.replace(old, new) + SPACE


# What to write for what in tiny.toml -> what the message has to contain.
CHANGES = {
    "S15 no data": (f"[data]\n{PATH}\n{VALIDATION}\n", "", ["missing", "`data`"]),
    "S17 below zero": (EPOCHS, "epochs = -1", ["got -1", "from 1 to 1,000,000"]),
    "S18 infinite": (LR, "learning_rate = [inf]", ["finite", "inf", "value 1"]),
    "S27 above the examples": (BATCH, "batch_size = [1000]", ["1000", "35 training"]),
    "S28 seeds below zero": (SEEDS, "seeds = -3", ["`study.seeds`", "got -3"]),
    "S31 folder": (NAME, 'name = "a/b"', [*LETTERS, "a/b"]),
    "S31 hidden": (NAME, 'name = ".hidden"', [*LETTERS, ".hidden"]),
    "S31 long": (NAME, f'name = "{"a" * 300}"', LETTERS),
    "S35 cadence": (
        EPOCHS,
        f"{EPOCHS}\nevaluate_every = 1e9",
        ["evaluate_every", "1 epochs of the study", "got 1000000000.0"],
    ),
    # From here on rows that the corpus does not have.
    "cadence longer than the budget": (
        EPOCHS,
        f"{EPOCHS}\nevaluate_every = 5",
        ["evaluate_every", "got 5.0"],
    ),
    "no seeds": (SEEDS, "seeds = []", ["`study.seeds`", "at least one"]),
    "truths for seeds": (SEEDS, "seeds = [true]", ["integers", "got true", "value 1"]),
    "seeds in seeds": (SEEDS, "seeds = [[1]]", ["integers", "got [1]", "value 1"]),
    "fraction of seeds": (SEEDS, "seeds = 2.0", ["integer", "got 2.0"]),
    "table of seeds": (SEEDS, "seeds = { n = 2 }", ["integer", "got a table"]),
    "seeds without end": (SEEDS, "seeds = 1000000000000", ["from 1 to 1,000,000"]),
    "validation below zero": (
        VALIDATION,
        "validation = -1",
        ["`data.validation`", "at least 0", "got -1"],
    ),
    "validation of everything": (
        VALIDATION,
        "validation = 64",
        ["`data.validation`", "leave examples to train on", "64"],
    ),
    "share of validation": (
        VALIDATION,
        "validation = 0.25",
        ["`data.validation`", "integer", "0.25"],
    ),
    "no units": (HIDDEN, "hidden = [0]", ["`model.hidden`", "from 1 to 65536"]),
    "units without end": (HIDDEN, "hidden = [1000000]", ["65536", "got 1000000"]),
    "text of units": (HIDDEN, 'hidden = "8"', ["list of layer widths", '"8"']),
    "units in units": (HIDDEN, "hidden = [[8]]", ["integer", "got [8]"]),
    "activation": (
        HIDDEN,
        f'{HIDDEN}\nactivation = "rleu"',
        ['"relu"', 'got "rleu"', "[model], activation"],
    ),
    "everything dropped": (HIDDEN, f"{HIDDEN}\ndropout = 1.0", ["below 1", "got 1.0"]),
    "one space": (SPACE, "[space]", ["list of tables", "write [[space]]"]),
    "empty space": (f"{LR}\n{BATCH}\n", "", ["at least one hyperparameter"]),
    "bare value": (LR, "learning_rate = 0.1", ["list of values", "[0.1]"]),
    "truth": (LR, "learning_rate = [true]", ["number", "got true", "value 1"]),
    "empty range": (LR, "learning_rate = {}", ["one of", "`log`", "got none"]),
    "three bounds": (
        LR,
        "learning_rate = { log = [1e-3, 1e-2, 1e-1], n = 3 }",
        ["[lower, upper]", "[0.001, 0.01, 0.1]"],
    ),
    "range without a number": (
        LR,
        "learning_rate = { log = [1e-3, 1e-2] }",
        ["`n` is missing", "`learning_rate`"],
    ),
    "range of two and a half": (
        LR,
        "learning_rate = { log = [1e-3, 1e-2], n = 2.5 }",
        ["`n`", "integer", "got 2.5"],
    ),
    "range without end": (
        LR,
        "learning_rate = { log = [1e-3, 1e-2], n = 10001 }",
        ["`n`", "10,000", "10001"],
    ),
    "range of one point": (
        LR,
        "learning_rate = { log = [1e-3, 1e-3], n = 3 }",
        ["lower bound first", "[0.001, 0.001]"],
    ),
    "range of truths": (
        LR,
        "learning_rate = { lin = [false, true], n = 3 }",
        ["number", "got false", "lin, value 1"],
    ),
    "integer above all floats": (
        LR,
        f"learning_rate = [1{'0' * 400}]",
        ["finite", "value 1"],
    ),
    "negative zero": (LR, "learning_rate = [-0.0]", ["above 0", "got -0.0"]),
    "one value in two forms": (
        LR,
        "learning_rate = [1, 1.0]",
        ["once", "values 1 and 2"],
    ),
    "batch above an int32": (BATCH, "batch_size = [1099511627776]", ["2147483647"]),
    "decay rate of one": (ADAM, f"{ADAM}\nb1 = 1.0", ["`optimizer.b1`", "below 1"]),
    "no epsilon": (ADAM, f"{ADAM}\neps = 0", ["`optimizer.eps`", "above 0", "got 0"]),
    "weights that grow": (
        ADAM,
        'name = "adamw"\nweight_decay = -1',
        ["`optimizer.weight_decay`", "at least 0", "got -1"],
    ),
    "schedule": (ADAM, f'{ADAM}\nschedule = "cosin"', ['"cosine"', 'got "cosin"']),
    "two optimizers": (
        f"[optimizer]\n{ADAM}",
        f"[[optimizer]]\n{ADAM}",
        ["`optimizer` must be a table", "a list of tables"],
    ),
    "table twice": ("[model]", "[study]\n[model]", ["`study` twice", "line 8"]),
    "table in a table": ("[model]", "[study.sub]\n[model]", ["`sub` is unknown"]),
    "empty key": (EPOCHS, f'{EPOCHS}\n"" = 2', ["setting `` is unknown"]),
    "key that steers a terminal": (
        EPOCHS,
        f'{EPOCHS}\n"\\u001b[2J\\u202e" = 2',
        ["`\\x1b[2J\\u202e` is unknown"],
    ),
    "name that is a number": (NAME, "name = 5", ["`study.name` must be text", "got 5"]),
    "name of a device": (NAME, 'name = "nul.txt"', [*LETTERS, "nul.txt"]),
    "name of an option": (NAME, 'name = "-x"', [*LETTERS, "-x"]),
    "path that is none": (PATH, 'path = ""', ["`data.path` must not be empty"]),
    "path that is a number": (PATH, "path = 5", ["`data.path` must be text", "got 5"]),
    "data by a path in a name": (
        PATH,
        'name = "../mnist"',
        ["no data set is called `../mnist`", "`mnist`"],
    ),
    "claim of nothing": (
        SPACE,
        f"[[claims]]\n{SPACE}",
        ["5 mistakes", "`claims.1.text` is missing", "`claims.1.relation` is missing"],
    ),
    "claim twice": (
        SPACE,
        CLAIM + CLAIM + SPACE,
        ["stands twice", "[[claims]] 1", "tiny.toml, [[claims]] 2"],
    ),
    "claim against itself": (
        SPACE,
        claim("0.1 }", "0.01 }"),
        ["`a` and `b` must differ"],
    ),
    "claim with a list for a side": (
        SPACE,
        claim(SIDE, "a = [1]"),
        ["must be a table", "got [1]", "[[claims]] 1, a"],
    ),
    "claim with an empty side": (
        SPACE,
        claim(SIDE, "a = {}"),
        ["`a` must name at least one hyperparameter"],
    ),
    "claim with no size": (
        SPACE,
        f"{CLAIM}smallest_effect = nan\n{SPACE}",
        ["`smallest_effect`", "above 0 and finite", "got nan"],
    ),
    "claim with a word too many": (
        SPACE,
        f"{CLAIM}smalest_effect = 1\n{SPACE}",
        ["`smalest_effect` is unknown", "did you mean `smallest_effect`?"],
    ),
    "claim without words": (
        SPACE,
        claim("Small is as good", ""),
        ["`claims.1.text` must not be empty"],
    ),
    "own loss by a word": (
        SPACE,
        f'[task]\nloss = "hinge"\n{SPACE}',
        ["no loss is called `hinge`", "`cross_entropy`"],
    ),
    "own loss that may not be imported": (
        SPACE,
        f'[task]\nloss = "mine:loss"\n{SPACE}',
        ["`task.loss`", "--allow-module mine"],
    ),
    "kind of task": (
        SPACE,
        f'[task]\nkind = "regresion"\n{SPACE}',
        ["`regresion`", "did you mean `regression`?"],
    ),
}


@pytest.mark.parametrize(("old", "new", "words"), CHANGES.values(), ids=CHANGES.keys())
def test_a_wrong_value_is_refused_in_words(
    place: Path, refused: Callable[..., None], old: str, new: str, words: list[str]
):
    text = (place / "tiny.toml").read_text()
    assert old in text
    (place / "tiny.toml").write_text(text.replace(old, new, 1))

    refused(["run", "tiny.toml"], 3, "error:", *words)


FILES = {
    "S12 JSON": (b'{"study": {"name": "tiny"}}', ["TOML", "line 1"]),
    "keys in keys": (b"a." * 3000 + b"b = 1\n", ["setting `a` is unknown"]),
    "thousands of mistakes": (
        b"[study]\n" + b"".join(b"k%d = 1\n" % i for i in range(10_000)),
        ["`k0` is unknown", "more"],
    ),
    "one long line": (b"a = '%s'\n" % (b"x" * 900_000), ["setting `a` is unknown"]),
    "other line ends": (b"[study]\rname = 5\r", ["TOML", "line 1"]),
}


@pytest.mark.parametrize(("content", "words"), FILES.values(), ids=FILES.keys())
def test_a_file_that_is_no_study_is_refused(
    place: Path, refused: Callable[..., None], content: bytes, words: list[str]
):
    (place / "tiny.toml").write_bytes(content)

    refused(["run", "tiny.toml"], 3, "error:", *words)


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
def test_a_byte_order_mark_and_other_line_ends_are_read(
    place: Path, forked: Callable[..., Any], ends: str
):
    text = (place / "tiny.toml").read_text().replace("\n", ends)
    (place / "tiny.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())

    ended = forked("run", "tiny.toml", "--set", "study.epochs=0")

    # Read to its end: what is wrong is what the option says, and nothing else.
    assert ended.code == 3
    assert "(--set study.epochs)" in ended.err
    assert "mistakes" not in ended.err
