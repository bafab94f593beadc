"""Rows of text as a table, or as blocks where the terminal is too narrow for one."""

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
        rows: Column -> text, with the same columns in every row.
        width: Columns of the terminal; None where lines may have any length.
    """
    if not rows:
        return ""
    columns = list(rows[0])
    cells = [columns, *([row[column] for column in columns] for row in rows)]
    widths = [max(map(display_width, column)) for column in zip(*cells, strict=True)]
    total = sum(widths) + len(_GAP) * (len(widths) - 1)
    if width is not None and total > width:
        return "\n\n".join(_block(row) for row in rows)
    rule = ["-" * width for width in widths]
    return "\n".join(_line(line, widths) for line in [cells[0], rule, *cells[1:]])


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
    return sum(0 if unicodedata.combining(char) else _char_width(char) for char in text)


def _char_width(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell + " " * (width - display_width(cell))
        for cell, width in zip(cells, widths, strict=True)
    )
    return _GAP.join(padded).rstrip()


def _block(row: Row) -> str:
    return "\n".join(f"{column}: {text}" for column, text in row.items() if text)
