"""The site's generated page is up to date, and its check for other hosts sees them."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import typer

from paribus.cli import app


DOCS = Path(__file__).parents[2] / "docs"


def script_of_docs(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_the_command_line_is_what_the_commands_say():
    made = script_of_docs("cli_page").page()

    assert (DOCS / "reference" / "cli.md").read_text("utf-8") == made, (
        "run `python docs/cli_page.py`"
    )


def test_the_page_of_the_command_line_has_every_command_and_option():
    page = (DOCS / "reference" / "cli.md").read_text("utf-8")

    commands = typer.main.get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue]
    for name, command in commands.items():
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for parameter in command.params:
            for option in parameter.opts if parameter.opts[0].startswith("-") else ():
                assert f"| `{option}" in section


@pytest.mark.parametrize(
    "text",
    [
        '<script async src="https://example.org/a.js"></script>',
        "<img alt=x src=//example.org/a.png>",
        '<link rel="stylesheet" href="https://example.org/a.css">',
        "@font-face{src:url(https://example.org/a.woff2)}",
        '@import "//example.org/a.css";',
        'load("https://unpkg.com/mermaid@11/dist/mermaid.min.js")',
    ],
)
def test_what_loads_from_another_host_is_seen(text: str):
    assert script_of_docs("hooks").outside_loads(text)


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://example.org">a link to click</a>',
        '<link rel="canonical" href="https://example.org/page.html">',
        '<script src="assets/bundle.js"></script><img src="../images/report.png">',
        "@font-face{src:url(../fonts/a.woff2)}",
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    ],
)
def test_links_and_own_files_are_no_loads(text: str):
    assert script_of_docs("hooks").outside_loads(text) == []
