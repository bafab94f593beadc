"""Every regular expression takes time in proportion to the text."""

import ast
import re
import time
from pathlib import Path

import pytest


PACKAGE = Path(__file__).parents[2] / "src" / "paribus"
FUNCTIONS = {"compile", "match", "fullmatch", "search", "sub", "split", "findall"}

# What has made patterns slow elsewhere: one part over and over, and no end that fits.
PARTS = (
    *(
        "a",
        "A",
        "0",
        "9.",
        "1,",
        "1e",
        " ",
        "\t",
        "\n",
        "\r\n",
        "_",
        ".",
        "-",
        "=",
        "[",
    ),
    *("[[", "]", "'", '"', "','", "',", "(", ")", "a.", "a=", "a = ", ", a=", "\u0301"),
    *("$", "\\", "/", "<", "&", "https://", "*", "`", "|", ":", "#", "train_", "\x1b["),
)
ENDS = ("", "!", "\n", "=", "'", ")", "]")


def patterns() -> list[tuple[str, str]]:
    """Each pattern that is written out in the package, and where."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and (node.func.value.id, node.func.attr in FUNCTIONS) == ("re", True)
                and isinstance(node.args[0], ast.Constant)
            ):
                place = f"{node.lineno}:{node.args[0].col_offset}"
                where = f"{path.relative_to(PACKAGE).as_posix()}:{place}"
                found.append((where, str(node.args[0].value)))
    return found


def seconds(pattern: "re.Pattern[str]", text: str) -> float:
    """The time to match a text from its start; the better of two."""
    times = []
    for _ in range(2):
        begun = time.process_time()
        pattern.match(text)
        pattern.fullmatch(text)
        times.append(time.process_time() - begun)
    return min(times)


def slowest(pattern: "re.Pattern[str]") -> tuple[float, str]:
    """The longest time for a text of 10 kB, and that text's beginning."""
    texts = [part * (10_000 // len(part)) + end for part in PARTS for end in ENDS]
    return max((seconds(pattern, text), text[:20]) for text in texts)


def test_the_patterns_of_the_package_are_found():
    assert len(patterns()) > 30


@pytest.mark.parametrize(
    ("where", "pattern"), [pytest.param(w, p, id=w) for w, p in patterns()]
)
def test_a_pattern_is_linear(where: str, pattern: str):
    taken, text = slowest(re.compile(pattern))

    # A millisecond on a quiet machine; one that backtracks takes a second or for ever.
    assert taken < 0.05, (where, pattern, text)


@pytest.mark.parametrize("pattern", [r"(\s+)+=", r"\s*\w*\s*;", r"[0-9]+[0-9]*x"])
def test_a_pattern_that_backtracks_would_be_found(pattern: str):
    text = {"=": " " * 20, ";": " " * 10_000, "x": "1" * 10_000}[pattern[-1]]

    assert seconds(re.compile(pattern), text + "!") > 0.05
