"""Options and arguments that are wrong: refused in words, with nothing changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bad_builders import TRAINING_S, Forked, Refused


RUN = ["run", "tiny.toml"]
MANY = "9" * 5000

# The command line, its exit code and what the message has to contain.
LINES = {
    "C05 fraction of seeds": ([*RUN, "--seeds", "1.5"], 2, ["--seeds", "integer"]),
    "C05 failures below zero": ([*RUN, "--max-failed", "-1"], 2, ["integer", "-1"]),
    "C05 other digits": ([*RUN, "--max-failed", "٣"], 2, ["integer", "٣"]),
    "C05 space": ([*RUN, "--max-failed", " 5"], 2, ["integer", "` 5`"]),
    "C05 underscore": ([*RUN, "--seeds", "1_0"], 2, ["--seeds", "integer", "1_0"]),
    "C09 export that exists": (
        ["export", "studies/tiny", "--out", "there.csv"],
        2,
        ["there.csv", "exists", "--force"],
    ),
    "C10 export into no folder": (
        ["export", "studies/tiny", "--out", "none/x.csv"],
        2,
        ["none/x.csv", "no folder"],
    ),
    "C10 report that is a folder": (
        ["report", "studies/tiny", "--out", "folder"],
        2,
        ["`folder`", "is a folder"],
    ),
    # From here on rows that the corpus does not have.
    "digits without end": ([*RUN, "--seeds", MANY], 2, ["--seeds", "15 digits"]),
    "failures without end": ([*RUN, "--max-failed", MANY], 2, ["15 digits"]),
    "seeds without end": ([*RUN, "--seeds", "100000000"], 3, ["--seeds 100000000"]),
    "no such size": ([*RUN, "--size", "quik"], 2, ["`quik`", "`standard`"]),
    "module of a package": ([*RUN, "--allow-module", "a.b"], 2, ["top-level", "a.b"]),
    "module by a path": ([*RUN, "--allow-module", "../x"], 2, ["top-level", "../x"]),
    "set below a number": (
        [*RUN, "--set", "study.epochs.x=1"],
        3,
        ["`study.epochs` must be a table", "got 1"],
    ),
    "set of no space": (
        [*RUN, "--set", "space.9.learning_rate=[1]"],
        3,
        ["space.9", "1 grids"],
    ),
    "set of a space by name": (
        [*RUN, "--set", "space.x.learning_rate=[1]"],
        3,
        ["space.1.learning_rate"],
    ),
    "set of a whole table": (
        [*RUN, "--set", "study={}"],
        3,
        ["`study.name` is missing", "(--set study)"],
    ),
    "set of no space at all": ([*RUN, "--set", "space=[]"], 3, ["at least one table"]),
    "set of half a text": ([*RUN, "--set", 'study.name="a'], 2, ["TOML value"]),
    "set of a quoted key": ([*RUN, "--set", 'study."a"=1'], 2, ["KEY=VALUE"]),
    "set of deep lists": ([*RUN, "--set", "study.epochs=" + "[" * 5000], 2, ["TOML"]),
    "set of endless digits": (
        [*RUN, "--set", f"study.epochs={MANY}"],
        3,
        ["study.epochs"],
    ),
    "set of what steers a terminal": (
        [*RUN, "--set", "study.name='a\x1b]0;x\x07'"],
        2,
        ["`--set` needs", "a\\x1b]0;x\\x07"],
    ),
    "setting of a built-in study": (
        ["run", "notebook", "--set", "study.epohcs=1"],
        3,
        ["`epohcs`", "`epochs`", "--set study.epohcs"],
    ),
    "out that is a file": ([*RUN, "--out", "tiny.npz"], 5, ["`tiny.npz`", "a file"]),
    "out below a file": ([*RUN, "--out", "tiny.npz/x"], 5, ["tiny.npz"]),
    "out that is in use": ([*RUN, "--out", "."], 5, ["must be empty or a study"]),
    "out that is a device": ([*RUN, "--out", "/dev/null"], 5, ["/dev/null"]),
    "out with a long name": ([*RUN, "--out", "x" * 300], 5, ["xxx", "too long"]),
    "out that is empty": ([*RUN, "--out", ""], 2, ["--out", "empty"]),
    "side twice": (
        ["compare", "studies/tiny", "--a", "x=1, x=2", "--b", "x=1"],
        2,
        ["`--a`", "`x` once"],
    ),
    "side without a name": (
        ["compare", "studies/tiny", "--a", "=1", "--b", "x=1"],
        2,
        ["`--a`", "NAME=VALUE"],
    ),
    "no such hyperparameter": (
        ["compare", "studies/tiny", "--a", "momentun=1", "--b", "momentun=2"],
        2,
        ["`momentun`"],
    ),
    "no such metric": (
        [
            *("compare", "studies/tiny", "--a", "learning_rate=0.001"),
            *("--b", "learning_rate=0.01", "--metric", "tset_accuracy"),
        ],
        2,
        ["tset_accuracy", "test_accuracy"],
    ),
    "report in no format": (
        ["report", "studies/tiny", "--format", "pdf"],
        2,
        ["pdf", "html", "md"],
    ),
    "folder that is a file": (["show", "tiny.toml"], 5, ["tiny.toml"]),
    "folder below a file": (["show", "tiny.toml/x"], 5, ["tiny.toml/x"]),
    "folder with a NUL": (["show", "a\x00b"], 5, ["a\\x00b"]),
    "folder with a long name": (["show", "x" * 300], 5, ["xxx"]),
    "folder that is a device": (["check", "/dev/null"], 5, ["/dev/null"]),
    "folder that is no study": (["show", "folder"], 5, ["no study", "folder"]),
    "study with a NUL": (["run", "a\x00b"], 3, ["a\\x00b"]),
    "rates that are none": (["range", "tiny.toml", "--lower", "x"], 2, ["--lower"]),
    "rates upside down": (
        ["range", "tiny.toml", "--lower", "1", "--upper", "0.1"],
        2,
        ["must rise", "1 to 0.1"],
    ),
    "rates below zero": (["range", "tiny.toml", "--lower", "-1"], 2, ["above 0"]),
    "rates that are no number": (["range", "tiny.toml", "--lower", "nan"], 2, ["nan"]),
    "rates without end": (["range", "tiny.toml", "--upper", "inf"], 2, ["inf"]),
    "chart in no format": (
        ["range", "tiny.toml", "--chart", "a.pdf"],
        2,
        [".svg", ".png"],
    ),
}


@pytest.fixture
def prepared(place: Path, stored: Path) -> Path:
    """The place with a finished study, a folder and a file in it."""
    (place / "studies").mkdir()
    (place / "studies" / "tiny").mkdir()
    for file in stored.iterdir():
        (place / "studies" / "tiny" / file.name).write_bytes(file.read_bytes())
    (place / "folder").mkdir()
    (place / "there.csv").write_text("")
    return place


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize(
    ("arguments", "code", "words"), LINES.values(), ids=LINES.keys()
)
def test_a_wrong_option_is_refused_in_words(
    refused: Callable[..., None], arguments: list[str], code: int, words: list[str]
):
    refused(arguments, code, "error:", *words)


def test_built_in_studies_are_listed_and_nothing_is_made(
    place: Path, forked: Callable[..., Any]
):
    before = sorted(place.iterdir())

    ended = forked("init")

    assert ended.code == 0
    assert "notebook" in ended.out.split()
    assert sorted(place.iterdir()) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["init", "notebook", "--out", "folder/x.toml"],
        ["export", "studies/tiny", "--out", "folder/x.csv"],
        ["export", "studies/tiny", "--out", "folder/tables"],
        ["report", "studies/tiny", "--out", "folder/x.html"],
    ],
    ids=["init", "export", "tables", "report"],
)
def test_a_folder_that_may_not_be_written_is_refused(
    prepared: Path, refused: Refused, arguments: list[str]
):
    (prepared / "folder").chmod(0o500)

    refused(arguments, 2, "permission denied", arguments[-1], is_plain=True)


@pytest.mark.parametrize("home", [None, "/nowhere", "/dev/null"])
def test_a_home_that_cannot_be_used_is_no_fault(
    prepared: Path, forked: Callable[..., Any], home: str | None
):
    ended = forked("show", "studies/tiny", env={"HOME": home})

    assert ended.code == 0, ended.err
    assert len(ended.err.splitlines()) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("home", [None, "home", "/dev/null"])
def test_c15_training_needs_no_home(place: Path, forked: Forked, home: str | None):
    (place / "home").mkdir(mode=0o500)
    env = {"HOME": str(place / home) if home else None, "XDG_CACHE_HOME": None}

    how = {"env": env, "is_plain": True, "limit_s": TRAINING_S}
    ended = forked("run", "tiny.toml", "--quiet", **how)

    assert ended.code == 0, ended.err
    assert len(ended.err.splitlines()) <= 1
    assert list((place / "home").iterdir()) == []
