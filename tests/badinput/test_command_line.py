"""Command lines that are wrong: refused with 2, in words, with nothing changed."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_builders import Forked, Paribus
from store_builders import make_store


RUN = ["run", "tiny.toml"]

LINES = {
    "C02 command misspelt": (["rnu", "tiny.toml"], ["rnu", "did you mean", "run"]),
    "C03 option misspelt": ([*RUN, "--max-faild", "3"], ["--max-failed"]),
    "C03 device": ([*RUN, "--device", "tpux"], ["tpux", "cpu", "gpu", "auto"]),
    "C03 preset misspelt": (["init", "notebok"], ["did you mean", "`notebook`"]),
    "C04 option without a value": ([*RUN, "--max-failed"], ["--max-failed", "value"]),
    "C04 no study": (["run"], ["missing", "study"]),
    "C05 negative": ([*RUN, "--seeds", "-1"], ["--seeds", "integer", "-1"]),
    "C05 fraction": ([*RUN, "--max-failed", "1.5"], ["--max-failed", "integer", "1.5"]),
    "C05 other digits": ([*RUN, "--seeds", "٣"], ["--seeds", "integer", "٣"]),
    "C05 underscore": ([*RUN, "--max-failed", "1_0"], ["--max-failed", "1_0"]),
    "C05 space": ([*RUN, "--seeds", " 5"], ["--seeds", "integer", "` 5`"]),
    "C06 option twice": (
        [*RUN, "--max-failed", "1", "--max-failed", "2"],
        ["--max-failed", "twice"],
    ),
    "C07 two studies": ([*RUN, "other.toml"], ["other.toml", "one study"]),
    "C08 format": (["export", "x", "--format", "xml", "--out", "y"], ["xml", "csv"]),
    "C09 file exists": (
        ["init", "notebook", "--out", "tiny.toml"],
        ["tiny.toml", "exists", "--force"],
    ),
    "C10 no such folder": (
        ["init", "notebook", "--out", "there/x.toml"],
        ["there/x.toml", "no folder", "`there`"],
    ),
    "C10 a folder": (["init", "notebook", "--out", "."], ["`.`", "is a folder"]),
    "C17 no assignment": ([*RUN, "--set", "epochs"], ["--set", "KEY=VALUE"]),
    "C17 no key": ([*RUN, "--set", "=1"], ["--set", "KEY=VALUE"]),
    "C17 no value": ([*RUN, "--set", "study.epochs="], ["--set", "KEY=VALUE"]),
    "C17 key twice": (
        [*RUN, "--set", "study.epochs=2", "--set", "study.epochs=3"],
        ["--set study.epochs", "twice"],
    ),
    "C17 two assignments": (
        [*RUN, "--set", "study.epochs=2\nstudy.seeds=3"],
        ["--set", "one assignment", r"study.epochs=2\nstudy.seeds=3"],
    ),
    "empty path": (["show", ""], ["empty"]),
    "import without hyperparameters": (
        ["import", "runs.csv"],
        ["--hyperparameters", "missing"],
    ),
    "comparison without a value": (
        ["compare", "studies/tiny", "--a", "x", "--b", "y=1"],
        ["--a", "NAME=VALUE"],
    ),
}


@pytest.mark.parametrize(("arguments", "words"), LINES.values(), ids=LINES.keys())
def test_a_wrong_command_line_is_refused_in_words(
    refused: Callable[..., None], arguments: list[str], words: list[str]
):
    refused(arguments, 2, "error:", *words)


@pytest.mark.parametrize(
    ("setting", "words"),
    [("study.epohcs=2", ["`epochs`"]), ("study.epochs=0", ["got 0"])],
    ids=["name", "value"],
)
def test_a_fault_in_set_is_a_fault_of_the_study(
    refused: Callable[..., None], setting: str, words: list[str]
):
    key = setting.split("=")[0]

    refused(["run", "tiny.toml", "--set", setting], 3, f"(--set {key})", *words)


def test_help_goes_to_stdout_and_names_the_commands(paribus: Paribus):
    alone, asked = paribus(), paribus("--help")

    for ended, code in ((alone, 2), (asked, 0)):
        assert ended.returncode == code
        assert ended.stderr == ""
        for command in ("init", "run", "show", "compare", "claims", "report"):
            assert command in ended.stdout


def test_a_study_that_is_not_there_is_refused_with_the_nearest(
    place: Path, refused: Callable[..., None]
):
    make_store(place / "studies" / "tiny")

    refused(["show", "studies/tinny"], 5, "no study", "studies/tinny", "studies/tiny")


def test_a_column_that_is_not_there_is_refused_with_the_nearest(
    place: Path, refused: Callable[..., None]
):
    (place / "tiny.csv").write_text("rate,seed,epoch,test_accuracy\n1,0,0,0.5\n")

    refused(
        ["import", "tiny.csv", "--hyperparameters", "rat"],
        2,
        "tiny.csv",
        "`rat`",
        "did you mean",
        "`rate`",
    )


def test_curves_that_are_not_there_are_refused(refused: Callable[..., None]):
    refused(
        ["import", "tinny.csv", "--hyperparameters", "rate"],
        4,
        "no such file",
        "tinny.csv",
    )


@pytest.mark.parametrize("command", ["run", "show", "claims", "import", "range"])
def test_c01_each_command_has_a_help(forked: Forked, command: str):
    ended = forked(command, "--help")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"Usage: paribus {command} [OPTIONS]")


READ = pytest.mark.parametrize("arguments", [["init"], ["show", "tiny"]], ids=str)


@READ
def test_a_full_stdout_is_a_message_and_not_a_traceback(
    place: Path, arguments: list[str]
):
    make_store(place / "tiny")
    with Path("/dev/full").open("wb", buffering=0) as full:
        ended = subprocess.run(
            [sys.executable, "-m", "paribus", *arguments],
            cwd=place,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    assert ended.returncode == 6
    assert "stdout" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


@pytest.mark.parametrize(
    ("closed", "arguments", "code", "words"),
    [
        (">&-", "show tiny", 6, "cannot write to stdout: it is closed"),
        ("2>&-", "show tinny", 5, ""),
        ("2>&- <&-", "show tiny", 0, ""),
    ],
)
def test_a_stream_that_is_closed_is_no_traceback(
    place: Path, closed: str, arguments: str, code: int, words: str
):
    make_store(place / "tiny")
    command = f"{sys.executable} -m paribus {arguments} {closed}"

    ended = subprocess.run(
        ["bash", "-c", command], cwd=place, capture_output=True, text=True, timeout=60
    )

    assert ended.returncode == code
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_no_file_gets_the_number_of_a_stream_that_is_closed(place: Path):
    """Else what a library writes to stderr would stand in the file."""
    script = (
        "import os\n"
        "from paribus.cli.streams import hold_streams\n"
        "hold_streams()\n"
        "os._exit(os.open('file', os.O_CREAT | os.O_RDWR))\n"
    )
    command = f'{sys.executable} -c "{script}" <&- >&- 2>&-'

    ended = subprocess.run(["bash", "-c", command], cwd=place, timeout=60)

    assert ended.returncode > 2


@READ
def test_a_reader_that_goes_away_is_no_fault(place: Path, arguments: list[str]):
    make_store(place / "tiny")
    command = f"{sys.executable} -m paribus {' '.join(arguments)}"
    script = f"{command} | head -c 1; echo ${{PIPESTATUS[0]}}"

    ended = subprocess.run(
        ["bash", "-c", script], cwd=place, capture_output=True, text=True, timeout=60
    )

    first = {"init": "b", "show": "t"}[arguments[0]]  # of batch-size, of tiny
    assert ended.stdout == f"{first}0\n"
    assert ended.stderr == ""


@pytest.mark.parametrize(
    "env",
    [
        {"TERM": "dumb", "COLUMNS": "20", "NO_COLOR": "1"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    ],
    ids=["narrow", "ascii"],
)
def test_a_poor_terminal_shows_whole_values(
    place: Path, paribus: Paribus, env: dict[str, str]
):
    make_store(place / "Stüdien" / "tiny")

    ended = paribus("show", "Stüdien/tiny", env=env)

    assert ended.returncode == 0, ended.stderr
    assert re.search(r"\b0\.001\b", ended.stdout)
    assert "…" not in ended.stdout
    assert "\x1b" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    "name",
    [
        "a b.toml",
        "it's.toml",
        "$(touch x).toml",
        "a;touch x.toml",
        '"q".toml',
        "a\nb.toml",
        "😀.toml",
        "-x.toml",
    ],
)
def test_a_file_name_is_taken_literally(
    place: Path, refused: Callable[..., None], name: str
):
    (place / name).write_text('[study]\nname = "tiny"\nseeds = 0\n')
    shown = name.replace("\n", "\\n")

    # The file was found and read: its own mistake is what is named.
    refused(["run", "--", name], 3, f"`{shown}` cannot be used", "got 0")


def test_a_module_beside_the_study_file_is_never_imported(
    place: Path, paribus: Paribus
):
    for module in ("typer.py", "tomllib.py", "sitecustomize.py"):
        (place / module).write_text("raise SystemExit(99)\n")

    ended = paribus("init")

    assert ended.returncode == 0, ended.stderr
