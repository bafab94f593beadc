"""Every code block of the page on search spaces works as it stands there."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from paribus.cli import app
from paribus.study_file import read_study


PAGE = Path(__file__).parents[2] / "docs/how-to/search-spaces.md"
BLOCKS = re.findall(r"(?ms)^```(\w+)\n(.*?)^```", PAGE.read_text("utf-8"))
TOML = [code for language, code in BLOCKS if language == "toml"]
PYTHON = [code for language, code in BLOCKS if language == "python"]
SHELL = [code for language, code in BLOCKS if language == "sh"]
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
    assert len(TOML) + len(PYTHON) + len(SHELL) == len(BLOCKS) == 9


@pytest.mark.parametrize(("code", "n"), list(zip(TOML, [84, 6, 32, 30], strict=True)))
def test_a_space_of_the_page_can_be_read(tmp_path: Path, code: str, n: int):
    optimizer = "" if "optimizer" in code else '[optimizer]\nname = "adam"\n'
    path = tmp_path / "page.toml"
    path.write_text(REST + optimizer + code)

    assert len(read_study(path).study.configs()) == n


@pytest.mark.parametrize("code", PYTHON)
def test_the_python_of_the_page_runs(code: str):
    exec(compile(code, PAGE.name, "exec"), {})


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
