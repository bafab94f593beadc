"""Rows of text as a table, or as blocks where the terminal is too narrow for one."""

import html
import os
import sys
import unicodedata
from collections.abc import Sequence


Row = dict[str, str]

_GAP = "  "


def lay_out(rows: Sequence[Row], *, width: int | None = None) -> str:
    """Lay rows out as a table with a heading, or as a block of lines for each row.

    Nothing is shortened or broken: a value is whole at any width.

    Args:
        rows: Column -> text, with the same columns in every row. A heading may have
            several lines.
        width: Columns of the terminal; None where lines may have any length.
    """
    if not rows:
        return ""
    if width is not None and table_width(rows) > width:
        return "\n\n".join(_block(row) for row in rows)
    widths = _widths(rows)
    headings = [column.split("\n") for column in rows[0]]
    n_lines = max(map(len, headings))
    top = [[""] * (n_lines - len(lines)) + lines for lines in headings]
    rule = ["-" * width for width in widths]
    body = [[row[column] for column in rows[0]] for row in rows]
    lines = [*zip(*top, strict=True), rule, *body]
    return "\n".join(_line(line, widths) for line in lines)


def table_width(rows: Sequence[Row]) -> int:
    """Columns of the terminal that rows take as a table."""
    widths = _widths(rows)
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def html_table(rows: Sequence[Row]) -> str:
    """Write rows as an HTML table, every text escaped."""
    if not rows:
        return ""
    heading = "".join(f"<th>{html.escape(column)}</th>" for column in rows[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(text)}</td>' for text in row.values())}</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table>"


def terminal_width() -> int | None:
    """Columns of the terminal that stdout is; `COLUMNS` says otherwise; else None."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns  # pyright: ignore[reportOptionalMemberAccess]
    except (AttributeError, OSError, ValueError):
        return None


def display_width(text: str) -> int:
    """Columns that a text takes: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(char) else _char_width(char) for char in text)


def _char_width(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _widths(rows: Sequence[Row]) -> list[int]:
    return [
        max(display_width(text) for text in [*column.split("\n"), *values])
        for column in rows[0]
        for values in [[row[column] for row in rows]]
    ]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell + " " * (width - display_width(cell))
        for cell, width in zip(cells, widths, strict=True)
    )
    return _GAP.join(padded).rstrip()


def _block(row: Row) -> str:
    return "\n".join(
        f"{' '.join(column.split())}: {text}" for column, text in row.items() if text
    )
