"""A CSV file of training curves to checked columns: one row per run and evaluation."""

import csv
import io
import math
import re
import stat
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from paribus.budget import MAX_EPOCHS
from paribus.data.columns import MOSTLY, is_meant_as_number, is_number
from paribus.data.paths import read_text, unreadable
from paribus.errors import CommandError, DataError, first_twice, printable, suggest
from paribus.hyperparameters import Value
from paribus.imports.metric_names import metric_columns, misnamed_columns
from paribus.seeds import MAX_SEED
from paribus.status import RunStatus


MAX_ROWS = 20_000_000

# Columns that `paribus export` writes into `curves.csv` beside the metrics.
_EXPORTED = ("status", "step", "examples")

_SEED = re.compile(r"[0-9]{1,19}")
_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)
# How tools write a value that is missing, or beyond all numbers.
_NO_NUMBERS = {
    f"{sign}{word}" for sign in ("", "+", "-") for word in ("nan", "inf", "infinity")
}


class Exported(NamedTuple):
    """What a file of our own says beside its curves, row by row."""

    is_diverged: Bool[np.ndarray, " row"]
    examples: Float[np.ndarray, " row"]


@dataclass(frozen=True, kw_only=True, eq=False)
class CurveTable:
    """The rows of a file.

    Attributes:
        hyperparameters: Name -> its value in each row; None for an empty cell: a config
            that does not have it.
        seed: The seed of each row.
        epoch: When each row was evaluated, from 0.
        metrics: `<split>_<metric>` -> values; NaN where the file has none.
        exported: Of a file that `paribus export` wrote, what it says beside: whether
            the row's run diverged, and how many examples it had seen. None for others.
        unused: Columns that were not read.
    """

    hyperparameters: dict[str, list[Value | None]]
    seed: list[int]
    epoch: Float[np.ndarray, " row"]
    metrics: dict[str, Float[np.ndarray, " row"]]
    exported: Exported | None
    unused: tuple[str, ...]


class Cells(NamedTuple):
    """The cells of one column, and how to speak of them.

    Attributes:
        name: Of the column.
        texts: As they are written, row by row.
        lines: Where each row begins.
        path: Of the file.
    """

    name: str
    texts: list[str]
    lines: Sequence[int]
    path: Path

    def wrong(self, row: int, what: str, *, hint: str = "") -> DataError:
        """The error for a cell."""
        return DataError(f"`{self.path}` {what} (line {self.lines[row]})", hint=hint)

    def check_finite(self) -> None:
        """Refuse numbers that are too large for a float.

        Raises:
            DataError: If there is one.
        """
        for row, text in enumerate(self.texts):
            if text and not math.isfinite(float(text)):
                raise self.wrong(
                    row, f"must have finite hyperparameters, got {text[:40]!a}"
                )


def read_curve_table(
    path: Path, *, hyperparameters: Sequence[str], seed: str, epoch: str
) -> CurveTable:
    """Read a CSV file, gzipped or not, with one row per run and evaluation.

    Args:
        path: The file: UTF-8, commas, a heading. Metrics are the columns that are
            called `<split>_<metric>`, e.g. `test_accuracy`, accuracies as fractions.
        hyperparameters: Columns that say which config a row belongs to.
        seed: The column of the seed.
        epoch: The column of the epoch.

    Raises:
        CommandError: If the file has no column of a name.
        DataError: If there is no such file, or it cannot be understood, with the line.
    """
    with _opened(path) as file:
        reader = csv.reader(file, strict=True)
        try:
            heading = next(reader, [])
            _check_heading(heading, path, (*hyperparameters, seed, epoch))
            columns, lines = _columns(reader, heading, path)
        except csv.Error as error:
            raise DataError(f"`{path}` is no CSV file: {error}") from error
    cells = {name: Cells(name, texts, lines, path) for name, texts in columns.items()}
    _check_named([cells[name] for name in hyperparameters])
    named = (*hyperparameters, seed, epoch)
    metrics = _metrics([name for name in heading if name not in named], path)
    is_exported = set(_EXPORTED) <= {*heading} - {*hyperparameters, seed, epoch}
    used = {*hyperparameters, seed, epoch, *metrics, *(_EXPORTED * is_exported)}
    return CurveTable(
        hyperparameters={name: _values(cells[name]) for name in hyperparameters},
        seed=_seeds(cells[seed]),
        epoch=_epochs(cells[epoch]),
        metrics={name: _metric(cells[name]) for name in metrics},
        exported=_exported(cells) if is_exported else None,
        unused=tuple(name for name in heading if name not in used),
    )


@contextmanager
def _opened(path: Path) -> Iterator[io.TextIOBase]:
    """Open a file by its content, not by its name; never more than fits in memory."""
    name = printable(str(path))
    try:
        is_regular = stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise DataError(f"no such file: `{name}`") from None
    except OSError as error:
        raise unreadable(str(path), error) from None
    if not is_regular:
        raise DataError(f"`{name}` must be a regular file")
    with io.StringIO(read_text(path, str(path)), newline="") as file:
        yield file


def _check_heading(heading: list[str], path: Path, needed: Sequence[str]) -> None:
    if not heading:
        raise DataError(f"`{path}` is empty")
    for name in needed:
        if name not in heading:
            raise CommandError(
                f"`{path}` has no column `{printable(name)}`",
                hint=suggest(name, heading),
            )
        if needed.count(name) > 1:
            raise CommandError(
                f"column `{printable(name)}` must be named once, got it twice"
            )
    if (twice := first_twice(heading)) is not None:
        raise DataError(
            f"`{path}` must have each column once, got `{printable(twice)}` twice"
        )


def _columns(
    reader: Any, heading: list[str], path: Path
) -> tuple[dict[str, list[str]], Sequence[int]]:
    """The cells by column, and the line where each row begins; empty lines are none."""
    rows: list[list[str]] = []
    lines = array("q")
    begun = reader.line_num + 1
    for row in reader:
        line, begun = begun, reader.line_num + 1
        if not row:
            continue
        if len(row) != len(heading):
            raise DataError(
                f"`{path}` must have {len(heading)} values a row, got {len(row)} "
                f"(line {line})"
            )
        rows.append(row)
        lines.append(line)
        if len(rows) > MAX_ROWS:
            raise DataError(f"`{path}` must have at most {MAX_ROWS:,} rows")
    if not rows:
        raise DataError(f"`{path}` has a heading and no rows")
    return dict(zip(heading, map(list, zip(*rows, strict=True)), strict=True)), lines


def _check_named(columns: Sequence[Cells]) -> None:
    for row, texts in enumerate(zip(*(c.texts for c in columns), strict=True)):
        if not any(texts):
            raise columns[0].wrong(
                row, "must have a hyperparameter in every row, got none"
            )


def _values(cells: Cells) -> list[Value | None]:
    """Hyperparameters as integers if all are, else as numbers if all are, else text."""
    said = [text for text in cells.texts if text]
    n_numbers = sum(map(is_number, said))
    if said and n_numbers == len(said):
        cells.check_finite()
        # A float that is whole stays a float: 1.0 and 0.5 are of one kind.
        kind = int if all(map(_INTEGER.fullmatch, said)) else float
        return [kind(text) if text else None for text in cells.texts]
    are_numbers = n_numbers > MOSTLY * len(said)
    are_numbers = are_numbers or all(map(is_meant_as_number, said))
    for row, text in enumerate(cells.texts):
        if text and are_numbers and not is_number(text):
            raise cells.wrong(
                row,
                "must have finite hyperparameters, all numbers or all texts, as "
                f"`{cells.name}`, got {text[:40]!a}",
                hint="an empty cell stands for a config without the hyperparameter",
            )
    return [text or None for text in cells.texts]


def _seeds(cells: Cells) -> list[int]:
    for row, text in enumerate(cells.texts):
        if not _SEED.fullmatch(text) or int(text) > MAX_SEED:
            raise cells.wrong(
                row,
                f"must have whole numbers from 0 to {MAX_SEED} as `{cells.name}`, got "
                f"{text[:40]!a}",
            )
    return [int(text) for text in cells.texts]


def _numbers(cells: Cells) -> Float[np.ndarray, " row"]:
    """Numbers, of which some may be missing or infinite."""
    for row, text in enumerate(cells.texts):
        if text and not is_number(text) and text.strip().lower() not in _NO_NUMBERS:
            raise cells.wrong(
                row, f"must have numbers as `{cells.name}`, got {text[:40]!a}"
            )
    return np.array([float(text) if text else np.nan for text in cells.texts])


def _metric(cells: Cells) -> Float[np.ndarray, " row"]:
    values = _numbers(cells)
    is_wrong = (values < 0) | (values > 1)
    if cells.name.endswith("_accuracy") and is_wrong.any():
        row = int(np.flatnonzero(is_wrong)[0])
        raise cells.wrong(
            row,
            f"must have accuracies from 0 to 1 as `{cells.name}`, got {values[row]:g}",
            hint="divide percentages by 100",
        )
    return values


def _exported(cells: Mapping[str, Cells]) -> Exported:
    word = RunStatus.DIVERGED.word
    return Exported(
        is_diverged=np.array([status == word for status in cells["status"].texts]),
        examples=_numbers(cells["examples"]),
    )


def _epochs(cells: Cells) -> Float[np.ndarray, " row"]:
    epochs = _numbers(cells)
    wrong = np.flatnonzero(~((epochs >= 0) & (epochs <= MAX_EPOCHS)))
    if wrong.size:
        row = int(wrong[0])
        raise cells.wrong(
            row,
            f"must have epochs from 0 to {MAX_EPOCHS:,} as `{cells.name}`, got "
            f"{epochs[row]:g}",
        )
    return epochs


def _metrics(columns: Sequence[str], path: Path) -> list[str]:
    """The columns that are metrics; a file with names of other tools is refused.

    Left out in silence they would be missed only by the reports on the study.
    """
    metrics = metric_columns(columns)
    other = misnamed_columns(columns)
    # A loss beside metrics that name their split may be that of any of them.
    if metrics:
        other = {name: new for name, new in other.items() if "_" in name}
    if other:
        renamed = ", ".join(f"`{name}` `{new}`" for name, new in other.items())
        raise DataError(
            f"`{path}` must have metrics called <split>_<metric>, got "
            f"{_names([*other])}",
            hint=f"in its heading, call {renamed}",
        )
    if not metrics:
        raise DataError(
            f"`{path}` must have a metric, e.g. `test_accuracy`, got "
            f"{_names(columns) or 'none beside what the runs are named by'}",
            hint="metrics are called <split>_<metric>, with train, validation or test",
        )
    return metrics


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{printable(name)}`" for name in names[:6])
    return f"{shown}, ..." if len(names) > 6 else shown
