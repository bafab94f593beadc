"""From the text of a study file to plain values, or one syntax error with its place."""

import re
import tomllib
from typing import Any

from paribus.errors import StudyError
from paribus.study_file.mistakes import quoted
from paribus.study_file.sources import Source


# What a reader of the message may have meant, by what stands at the error.
_MISREADINGS = (
    (re.compile(r"[\[\s=,+-]*(\.\d+)"), "write `0{}`"),
    (re.compile(r"[\[\s=,]*(True|False)\b"), "TOML writes `true` and `false`"),
    (re.compile(r"[\[\s=,]*(None|null)\b"), "leave the key out"),
    (re.compile(r"[\[\s=,]*(\d+\.)(?!\d)"), "write `{}0`"),
)
_LINE_OF_ERROR = re.compile(r" \(at line (\d+), column (\d+)\)$")
_TABLE_NAME = re.compile(r"\(((?:'[^']*'(?:, )?)+),?\)")  # tomllib shows a tuple
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_ASSIGNMENT = re.compile(r"\s*([A-Za-z0-9_.-]+|\"[^\"]*\"|'[^']*')\s*=")


def parse(source: Source) -> dict[str, Any]:
    """Parse TOML.

    Raises:
        StudyError: If the text is empty or not TOML; with line, column and, for the
            usual slips, what to write instead.
    """
    try:
        document = tomllib.loads(source.text)
    except RecursionError:
        raise StudyError(
            f"`{source.name}` must be TOML, it is nested too deep"
        ) from None
    except (
        ValueError
    ) as error:  # TOMLDecodeError is one; numbers and dates raise others
        raise _syntax_error(source, str(error)) from None
    if not document:
        hint = "`paribus init notebook --out FILE` writes a study file to start from"
        raise StudyError(f"`{source.name}` is empty", hint=hint)
    return document


def _syntax_error(source: Source, message: str) -> StudyError:
    twice = _given_twice(source.text) if "overwrite" in message else None
    if twice:
        key, first, second = twice
        return StudyError(
            f"`{key}` must be given once, it is given twice: on lines {first} and "
            f"{second} ({source.name}, line {second})"
        )
    found = _LINE_OF_ERROR.search(message)
    reason = _LINE_OF_ERROR.sub("", message).removesuffix(" (at end of document)")
    reason = reason[:1].lower() + reason[1:]
    reason = _TABLE_NAME.sub(lambda name: _as_written(name[1]), reason)
    if not found:
        place = f"{source.name}, line {source.text.count(chr(10)) + 1}"
        return StudyError(f"`{source.name}` must be TOML: {reason} ({place})")
    line, column = int(found[1]), int(found[2])
    return StudyError(
        f"`{source.name}` must be TOML: {reason} "
        f"({source.name}, line {line}, column {column})",
        hint=_meaning(source.text, line, column),
    )


def _as_written(names: str) -> str:
    """The name of a table, from its parts as Python writes them."""
    return quoted(".".join(re.findall(r"'([^']*)'", names)))


def _meaning(text: str, line: int, column: int) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    rest = lines[line - 1][column - 1 :] if line <= len(lines) else ""
    for pattern, advice in _MISREADINGS:
        found = pattern.match(rest)
        if found:
            return advice.format(found[1])
    return ""


def _given_twice(text: str) -> tuple[str, int, int] | None:
    """The first key that stands twice in one table, with both lines."""
    table, first_lines = "", {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            table = f"{header[2]}#{number if header[1] == '[[' else 0}"
            continue
        assignment = _ASSIGNMENT.match(line)
        if not assignment:
            continue
        place = (table, assignment[1])
        if place in first_lines:
            return assignment[1], first_lines[place], number
        first_lines[place] = number
    return None
