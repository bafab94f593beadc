"""No statement is put together from strings, and none reaches for another file."""

import ast
import re
from pathlib import Path

import pytest

from paribus import store


FILES = sorted(Path(next(iter(store.__path__))).glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_statement_is_a_whole_literal(path: Path):
    tree = ast.parse(path.read_text())
    statements = [
        call.args[0]
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("execute", "executemany", "executescript")
    ]

    # A literal, or a name of one: never a format, a sum or a call.
    assert all(
        isinstance(node, ast.Constant | ast.Name | ast.Attribute) for node in statements
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_statement_reaches_another_file_and_nothing_forks(path: Path):
    forbidden = r"\bATTACH\b|load_extension|enable_load|immutable=|\.fork\("

    assert re.findall(forbidden, path.read_text()) == []


def test_the_files_are_those_of_the_store():
    assert {"writer.py", "reader.py", "ledger.py"} <= {path.name for path in FILES}
