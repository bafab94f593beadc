"""The tutorial's commands, study table and Python work as they stand there."""

import shlex
from pathlib import Path

import pytest
from builders import make_study
from commands import call
from page_builders import code_of
from store_builders import make_store
from typer.testing import CliRunner

from paribus.cli import app
from paribus.study_file import read_study


PAGE = "docs/tutorial.md"
COMMANDS = [
    shlex.split(line)[1:] for code in code_of(PAGE, "sh") for line in code.splitlines()
]
READING = [c for c in COMMANDS if c[0] not in ("run", "init")]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_what_reads_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
):
    monkeypatch.chdir(tmp_path)
    for name in ("notebook", "mine"):
        study = make_study(name=name, batch_size=(32, 128), n_seeds=6)
        (tmp_path / "studies").mkdir(exist_ok=True)
        make_store(tmp_path / "studies" / name, study=study)

    ended = CliRunner().invoke(app, command, catch_exceptions=False)

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout


def test_its_claim_can_be_added_to_the_file_that_it_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (table,) = code_of(PAGE, "toml")
    (init,) = (command for command in COMMANDS if command[0] == "init")

    assert CliRunner().invoke(app, init).exit_code == 0
    path = tmp_path / "mine.toml"
    path.write_text(path.read_text("utf-8") + table, "utf-8")

    study = read_study(path).study
    assert (study.name, study.claims[0].smallest_effect) == ("mine", 0.002)


@pytest.mark.slow
def test_what_trains_works_at_a_smaller_size(tmp_path: Path):
    """In the order of the page: the later commands are about what the first make."""
    smaller = ["study.seeds=2", "study.epochs=1", "data.train=500"]
    options = [word for setting in smaller for word in ("--set", setting)]

    for command in (c for c in COMMANDS if c[0] in ("run", "init")):
        added = options if command[0] == "run" else []
        call(tmp_path, *command, *added)

    made = sorted(path.name for path in (tmp_path / "studies").iterdir())
    assert made == ["mine", "notebook"]


@pytest.mark.slow
def test_its_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    (code,) = code_of(PAGE, "python")

    exec(compile(code, "tutorial.md", "exec"), {})

    assert "learning_rate=0.001" in capsys.readouterr().out
    assert (tmp_path / "rates.html").read_text("utf-8").startswith("<!doctype html>")
