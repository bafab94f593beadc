"""What the README shows works as it stands there."""

import re
import shlex
from pathlib import Path

import pytest
from builders import make_study
from commands import call
from page_builders import code_of, read_page
from store_builders import make_store
from typer.testing import CliRunner

from paribus.cli import app
from paribus.store import read_study as load_study
from paribus.study_file import read_study


README = read_page("README.md")
PYTHON = code_of("README.md", "python")
COMMANDS = re.findall(r"(?m)^\.venv/bin/paribus (.*?) *(?:#.*)?$", README)
OPTIONS = re.findall(r"`(--set .*?|--seeds \d+)`", README)
NEEDS_MORE = ("range", "run", "import")  # a training, and runs of another tool
MAKE = re.findall(r"(?m)^make (\w+) +#", README)
SHELL = [line for code in code_of("README.md", "sh") for line in code.splitlines()]


@pytest.fixture
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where `mine` has been trained."""
    study = make_study(name="mine", n_seeds=6)
    (tmp_path / "studies").mkdir()
    make_store(tmp_path / "studies" / "mine", study=study)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme_shows_every_command_but_check():
    shown = {command.split()[0] for command in COMMANDS}

    reading = {"show", "compare", "claims", "report", "export"}
    assert shown == {"init", "range", "run", "import", *reading}


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c.split()[0] not in NEEDS_MORE]
)
def test_a_command_of_the_readme_works(finished: Path, command: str):
    ended = CliRunner().invoke(app, shlex.split(command), catch_exceptions=False)

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout


def test_every_line_for_a_shell_is_a_command_or_a_verb_of_ci():
    lines = read_page(".ci/run").splitlines()
    verbs = {
        word for line in lines if line.startswith("make ") for word in line.split()
    }

    assert len(SHELL) == len(COMMANDS) + len(MAKE)
    assert set(MAKE) <= verbs


def test_the_claim_of_the_readme_can_be_added_to_the_study_it_makes(finished: Path):
    (table,) = code_of("README.md", "toml")
    assert CliRunner().invoke(app, shlex.split(COMMANDS[0])).exit_code == 0
    path = Path("mine.toml")
    path.write_text(path.read_text("utf-8") + table, "utf-8")

    claim = read_study(path).study.claims[0]

    assert (claim.measure, claim.relation) == ("test_accuracy", "at_least")


@pytest.mark.parametrize("command", [c for c in COMMANDS if "--size" in c])
def test_a_size_of_the_readme_is_planned(finished: Path, command: str):
    arguments = [*shlex.split(command), "--dry-run"]

    ended = CliRunner().invoke(app, arguments, catch_exceptions=False)

    assert ended.exit_code == 0, ended.stderr
    assert "runs" in ended.stdout


def test_runs_of_another_tool_are_imported_as_the_readme_says(finished: Path):
    (command,) = (c for c in COMMANDS if c.startswith("import"))
    rows = [
        f"{name},{rate},{seed},{epoch},{0.5 + 0.1 * epoch}"
        for name, rate in (("sgd", 0.1), ("adam", 0.001))
        for seed in range(3)
        for epoch in range(4)
    ]
    header = "optimizer,learning_rate,seed,epoch,test_accuracy"
    Path("runs.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")

    ended = CliRunner().invoke(app, shlex.split(command), catch_exceptions=False)

    assert ended.exit_code == 0, ended.stderr
    assert load_study(finished / "studies" / "theirs").status.shape == (2, 3)


@pytest.mark.slow
def test_what_the_readme_trains_works_at_a_smaller_size(tmp_path: Path):
    """In its order; what is planned in sizes is another test."""
    options = ["--set", "study.seeds=2", "--set", "study.epochs=1"]
    data = ["--set", "data.train=500"]
    smaller = {"range": ["--seeds", "2"], "run": [*options, *data]}

    for command in COMMANDS:
        name, *arguments = shlex.split(command)
        if name in ("init", *smaller) and "--size" not in arguments:
            call(tmp_path, name, *arguments, *smaller.get(name, []))

    assert load_study(tmp_path / "studies" / "mine").has_outcome().all()


def test_options_of_the_readme_change_the_study_it_makes(finished: Path):
    call = CliRunner().invoke
    assert call(app, shlex.split(COMMANDS[0])).exit_code == 0
    words = [shlex.split(option) for option in OPTIONS]
    settings = [value for name, value in words if name == "--set"]
    (seeds,) = (int(value) for name, value in words if name == "--seeds")

    study = read_study(Path("mine.toml"), overrides=settings, seeds=seeds).study

    assert (study.name, len(study.seeds), study.budget.epochs) == ("mine", seeds, 2)
    assert study.space.grids[0]["learning_rate"] == (0.001, 0.003)


@pytest.mark.slow
def test_the_python_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    (code,) = PYTHON

    exec(compile(code, "README.md", "exec"), {})

    printed = capsys.readouterr().out
    assert "first: 10 of 10 runs finished, 2 configs, 5 seeds" in printed
    assert "validation_accuracy: learning_rate=0.001" in printed
    assert (tmp_path / "first.html").read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Keras
@pytest.mark.parametrize("page", ["your-model.md"])
def test_the_python_of_a_how_to_page_runs_from_top_to_bottom(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    page: str,
):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(code_of(f"docs/how-to/{page}", "python"))

    exec(compile(code, page, "exec"), {"__name__": "page"})

    printed = capsys.readouterr().out
    for name in ("keras", "flax", "equinox", "functions"):
        assert f"{name}: 4 of 4 runs finished" in printed
