"""Write docs/reference/cli.md from the commands: `python docs/cli_page.py`."""

from pathlib import Path
from typing import Any

import typer

from paribus import errors
from paribus.cli import app


PAGE = Path(__file__).parent / "reference" / "cli.md"
INTRODUCTION = """\
<!-- made by docs/cli_page.py: do not edit -->

# Command line

Every command says what it takes with `--help`. What it found goes to standard output,
with `--json` as one JSON object; progress, notes and errors go to standard error.
"""


def page() -> str:
    """The whole page."""
    group: Any = typer.main.get_command(app)
    commands = [
        _command(name, command)
        for name, command in group.commands.items()
        if not command.hidden
    ]
    return "\n".join([INTRODUCTION, *commands, _exit_codes()])


def _command(name: str, command: Any) -> str:
    shown = [p for p in command.params if not p.hidden and p.name != "help"]
    arguments = [p for p in shown if p.param_type_name == "argument"]
    options = [p for p in shown if p.param_type_name == "option"]
    usage = ["paribus", name, *(_named(p) for p in arguments)]
    usage += [_named(p) for p in options if p.required]
    usage += ["[OPTIONS]"] if any(not p.required for p in options) else []
    rows = [f"| `{_named(p)}` | {_meaning(p)} |" for p in [*arguments, *options]]
    return "\n".join(
        [
            f"## {name}\n",
            f"{command.help}\n",
            f"```text\n{' '.join(usage)}\n```\n",
            "| argument or option | meaning |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def _named(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return parameter.metavar or parameter.name.upper()
    value = "" if parameter.is_flag else parameter.metavar or parameter.name.upper()
    return " ".join([", ".join(parameter.opts), value]).strip()


def _meaning(parameter: Any) -> str:
    said = (parameter.help or "").replace("|", "\\|").replace("<", "&lt;")
    if parameter.multiple:
        said += " May be said several times."
    if parameter.default not in (None, False) and not parameter.required:
        said += f" Default: `{parameter.default}`."
    return said


_SIGNALS = {
    130: "Interrupted by Ctrl-C (SIGINT): what was done is stored.",
    143: "Ended by SIGTERM: what was done is stored.",
}


def _exit_codes() -> str:
    rows = [
        f"| {kind.exit_code} | {(kind.__doc__ or '').splitlines()[0]} |"
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, errors.ParibusError)
        and "exit_code" in vars(kind)
    ]
    return "\n".join(
        [
            "## Exit codes\n",
            "| code | meaning |",
            "|---|---|",
            "| 0 | What was asked for was done. |",
            *rows,
            *(f"| {code} | {meaning} |" for code, meaning in _SIGNALS.items()),
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
