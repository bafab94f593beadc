"""Every code block of the page on search spaces works as it stands there."""

import shlex
from pathlib import Path

import pytest
from page_builders import blocks_of, code_of
from typer.testing import CliRunner

from paribus.cli import app
from paribus.study_file import read_study


PAGE = "docs/how-to/search-spaces.md"
TOML, PYTHON, SHELL = (code_of(PAGE, language) for language in ("toml", "python", "sh"))
REST = """
[study]
name = "page"
seeds = 2
epochs = 1
[data]
name = "mnist"
[model]
name = "mlp"
"""


def test_every_block_has_a_test():
    assert len(TOML) + len(PYTHON) + len(SHELL) == len(blocks_of(PAGE)) == 9


@pytest.mark.parametrize(("code", "n"), list(zip(TOML, [84, 6, 32, 30], strict=True)))
def test_a_space_of_the_page_can_be_read(tmp_path: Path, code: str, n: int):
    optimizer = "" if "optimizer" in code else '[optimizer]\nname = "adam"\n'
    path = tmp_path / "page.toml"
    path.write_text(REST + optimizer + code)

    assert len(read_study(path).study.configs()) == n


@pytest.mark.parametrize("code", PYTHON)
def test_the_python_of_the_page_runs(code: str):
    exec(compile(code, PAGE, "exec"), {})


@pytest.mark.slow
@pytest.mark.parametrize("line", SHELL)
def test_a_command_of_the_page_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
):
    monkeypatch.chdir(tmp_path)

    program, *arguments = shlex.split(line)
    ended = CliRunner().invoke(app, arguments, catch_exceptions=False)

    assert program == "paribus"
    assert ended.exit_code == 0, ended.stderr
    assert not (tmp_path / "studies").exists()
