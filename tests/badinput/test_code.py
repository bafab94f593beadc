"""Code of the user that misbehaves: refused with 3, 4 or 8, told as theirs."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bad_builders import ALLOWED, Paribus, Refused, write_model
from store_builders import make_store


SOUND = """import os
import sys
import jax
import jax.numpy as jnp
import time

def init(key, hyperparameters):
    return {"kernel": jax.random.normal(key, (4, 3))}, {}

def apply(parameters, state, inputs, train, key):
    return inputs @ parameters["kernel"], state

def build(units=4):
    return init, apply
"""


# What the user's module does -> the exit code and what the message has to contain.
CASES: dict[str, tuple[str, str, int, list[str]]] = {
    "U05 arguments that nothing gives": (
        "def build(units=4):",
        "def build(a, b, c):",
        3,
        ["`a`"],
    ),
    "U07 a branch on a traced hyperparameter": (
        "    return inputs @ parameters",
        "    if jnp.sum(inputs) > 0: pass\n    return inputs @ parameters",
        8,
        ["jnp.where", "mymodels.py"],
    ),
    "U12 a callback in the model": (
        "    return inputs @ parameters",
        "    jax.experimental.io_callback(print, None, 1)\n"
        "    return inputs @ parameters",
        8,
        ["mymodels"],
    ),
    "syntax": ("def init", "def init(:\n", 8, ["SyntaxError", "mymodels.py"]),
    "exit while it is imported": (
        "def init",
        "sys.exit(0)\ndef init",
        8,
        ["`mymodels` cannot be imported", "SystemExit"],
    ),
    "exit while it builds": (
        "    return init, apply",
        "    raise SystemExit(0)",
        8,
        ["`mymodels:build`", "SystemExit"],
    ),
    "no end of calls": (
        "    return init, apply",
        "    return build(units)",
        8,
        ["`mymodels:build`", "RecursionError"],
    ),
    "an error that cannot be shown": (
        "def init",
        "class Odd(Exception):\n"
        "    def __str__(self): raise ValueError('no')\n"
        "raise Odd\ndef init",
        8,
        ["Odd"],
    ),
    "an error with a message that steers": (
        "def init",
        "raise ValueError('\\x1b[2Jgone')\ndef init",
        8,
        ["\\x1b[2Jgone"],
    ),
    "an error that is no exception of the user": (
        "def init",
        "raise BaseException('odd')\ndef init",
        8,
        ["BaseException", "odd"],
    ),
    "memory that is not there": (
        "    return init, apply",
        "    raise MemoryError('much')",
        8,
        ["MemoryError", "much"],
    ),
    "weights that are no arrays": (
        '{"kernel": jax.random.normal(key, (4, 3))}',
        '{"kernel": print}',
        8,
        ["['kernel']"],
    ),
    "a number for weights": (
        'return {"kernel": jax.random.normal(key, (4, 3))}, {}',
        "return 1",
        8,
        ["`mymodels:build`"],
    ),
}


@pytest.mark.parametrize(
    ("old", "new", "code", "words"), CASES.values(), ids=CASES.keys()
)
def test_code_that_misbehaves_is_told_as_the_users(
    place: Path, refused: Refused, old: str, new: str, code: int, words: list[str]
):
    write_model(place, SOUND, (old, new))

    refused(["run", "tiny.toml", *ALLOWED], code, "error:", *words)


def test_a_loss_of_ones_own_that_is_no_number_is_refused(place: Path, refused: Refused):
    (place / "mymodels.py").write_text(
        "def loss(outputs, labels):\n    return 'much'\n"
    )
    study = place / "tiny.toml"
    study.write_text(study.read_text() + '[task]\nloss = "mymodels:loss"\n')

    refused(["run", "tiny.toml", *ALLOWED], 8, "`mymodels:loss`")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def load():\n    raise KeyboardInterrupt", None),
        ("def load():\n    import sys; sys.exit(0)", ["SystemExit"]),
        ("def load():\n    return {'x': 1}", ["dictionary of `x`"]),
    ],
)
def test_a_loader_that_ends_the_program_is_told_so(
    place: Path,
    refused: Refused,
    forked: Callable[..., Any],
    code: str,
    words: list[str] | None,
):
    (place / "mydata.py").write_text(code)
    text = (place / "tiny.toml").read_text()
    said = 'loader = "mydata:load"'
    (place / "tiny.toml").write_text(text.replace('path = "tiny.npz"', said))
    arguments = ["run", "tiny.toml", "--allow-module", "mydata"]

    if words is None:  # an interrupt is the user's, wherever it comes from
        assert forked(*arguments).code == 130
        assert not (place / "studies").exists()
    else:
        refused(arguments, 8, "`mydata:load`", *words)


@pytest.mark.parametrize("name", ["weights.pt", "model.joblib", "tiny.npz"])
def test_d04_a_pickle_is_named_and_never_opened(
    place: Path, refused: Refused, name: str
):
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (place / "owned",))

    (place / name).write_bytes(pickle.dumps(Trap()))
    text = (place / "tiny.toml").read_text()
    (place / "tiny.toml").write_text(text.replace("tiny.npz", name))

    refused(["run", "tiny.toml"], 4, "a pickle")
    assert not (place / "owned").exists()


SHADOWS = ("jax", "typer", "sitecustomize", "numpy", "sqlite3", "json")
COMMANDS = {
    "show": ["show", "tiny"],
    "check": ["check", "tiny"],
    "init": ["init"],
    "report": ["report", "tiny", "--out", "report.html"],
    "run": ["run", "tiny.toml", "--dry-run"],
    "run with code": ["run", "tiny.toml", *ALLOWED, "--dry-run"],
}
MARKS = {"show": [], "run with code": [pytest.mark.slow]}


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=MARKS.get(n, [pytest.mark.long])) for n in COMMANDS],
)
def test_u13_no_module_beside_a_study_is_taken_for_an_installed_one(
    place: Path, paribus: Paribus, name: str
):
    """In processes of their own, which have loaded nothing yet."""
    make_store(place / "tiny")
    if "code" in name:
        write_model(place, SOUND)
    trace = "from pathlib import Path\nPath(__file__).with_suffix('.ran').touch()\n"
    for folder in (place, place / "tiny"):
        for module in SHADOWS:
            (folder / f"{module}.py").write_text(trace)

    ended = paribus(*COMMANDS[name])

    assert ended.returncode == 0, ended.stderr
    assert not list(place.rglob("*.ran"))
