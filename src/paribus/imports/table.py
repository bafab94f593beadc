"""A CSV file of training curves to checked columns: one row per run and evaluation."""

import csv
import io
import math
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from paribus.data.paths import read_text, unreadable
from paribus.errors import CommandError, DataError, first_twice, printable, suggest
from paribus.hyperparameters import Value
from paribus.status import RunStatus


MAX_ROWS = 20_000_000

# Columns that `paribus export` writes into `curves.csv` beside the metrics.
_EXPORTED = ("status", "step", "examples")

_SEED = re.compile(r"[0-9]{1,19}")
_METRIC = re.compile(r"(train|validation|test)_[a-z][a-z0-9_]*")


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
            columns = _columns(reader, heading, path)
        except csv.Error as error:
            raise DataError(f"`{path}` is no CSV file: {error}") from error
    _check_named([columns[name] for name in hyperparameters], path)
    metrics = [name for name in heading if _METRIC.fullmatch(name)]
    if not metrics:
        raise DataError(
            f"`{path}` must have a metric, e.g. `test_accuracy`, got {_names(heading)}",
            hint="metrics are called <split>_<metric>, with train, validation or test",
        )
    is_exported = set(_EXPORTED) <= {*heading} - {*hyperparameters, seed, epoch}
    used = {*hyperparameters, seed, epoch, *metrics, *(_EXPORTED * is_exported)}
    return CurveTable(
        hyperparameters={n: _values(columns[n], path) for n in hyperparameters},
        seed=_seeds(columns[seed], seed, path),
        epoch=_checked_epochs(_numbers(columns[epoch], epoch, path), epoch, path),
        metrics={name: _metric(columns[name], name, path) for name in metrics},
        exported=_exported(columns, path) if is_exported else None,
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
    reader: Iterator[list[str]], heading: list[str], path: Path
) -> dict[str, list[str]]:
    rows: list[list[str]] = []
    for row in reader:
        if len(row) != len(heading):
            raise DataError(
                f"`{path}` must have {len(heading)} values a row, got {len(row)} "
                f"(line {len(rows) + 2})"
            )
        rows.append(row)
        if len(rows) > MAX_ROWS:
            raise DataError(f"`{path}` must have at most {MAX_ROWS:,} rows")
    if not rows:
        raise DataError(f"`{path}` has a heading and no rows")
    return dict(zip(heading, map(list, zip(*rows, strict=True)), strict=True))


def _check_named(cells: list[list[str]], path: Path) -> None:
    for line, row in enumerate(zip(*cells, strict=True), start=2):
        if not any(row):
            raise DataError(
                f"`{path}` must have a hyperparameter in every row, got none (line "
                f"{line})"
            )


def _values(texts: list[str], path: Path) -> list[Value | None]:
    """Hyperparameters as integers if all are, else as numbers if all are, else text."""
    for kind in (int, float):
        try:
            # A float that is whole stays a float: 1.0 and 0.5 are of one kind.
            values: list[Value | None] = [
                kind(text) if text else None for text in texts
            ]
        except ValueError:
            continue
        for line, value in enumerate(values, start=2):
            if isinstance(value, float) and not math.isfinite(value):
                raise DataError(
                    f"`{path}` must have finite hyperparameters, got "
                    f"{texts[line - 2][:40]!a} (line {line})"
                )
        return values
    return [text or None for text in texts]


def _seeds(texts: list[str], name: str, path: Path) -> list[int]:
    for line, text in enumerate(texts, start=2):
        if not _SEED.fullmatch(text):
            raise DataError(
                f"`{path}` must have whole numbers from 0 as `{name}`, "
                f"got {text[:40]!a} (line {line})"
            )
    return [int(text) for text in texts]


def _numbers(texts: list[str], name: str, path: Path) -> Float[np.ndarray, " row"]:
    try:
        return np.array([float(text) if text else np.nan for text in texts])
    except ValueError:
        line, text = next(
            (i, text) for i, text in enumerate(texts, 2) if not _is_number(text)
        )
        raise DataError(
            f"`{path}` must have numbers as `{name}`, got {text[:40]!a} (line {line})"
        ) from None


def _metric(texts: list[str], name: str, path: Path) -> Float[np.ndarray, " row"]:
    values = _numbers(texts, name, path)
    is_wrong = (values < 0) | (values > 1)
    if name.endswith("_accuracy") and is_wrong.any():
        (line, *_) = np.flatnonzero(is_wrong) + 2
        raise DataError(
            f"`{path}` must have accuracies from 0 to 1 as `{name}`, got "
            f"{values[line - 2]:g} (line {line})",
            hint="divide percentages by 100",
        )
    return values


def _is_number(text: str) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True


def _exported(columns: dict[str, list[str]], path: Path) -> Exported:
    word = RunStatus.DIVERGED.word
    return Exported(
        is_diverged=np.array([status == word for status in columns["status"]]),
        examples=_numbers(columns["examples"], "examples", path),
    )


def _checked_epochs(
    epochs: Float[np.ndarray, " row"], name: str, path: Path
) -> Float[np.ndarray, " row"]:
    wrong = ~(np.isfinite(epochs) & (epochs >= 0))
    if wrong.any():
        (line, *_) = np.flatnonzero(wrong) + 2
        raise DataError(
            f"`{path}` must have epochs from 0 as `{name}`, got {epochs[line - 2]:g} "
            f"(line {line})"
        )
    return epochs


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{printable(name)}`" for name in names[:6])
    return f"{shown}, ..." if len(names) > 6 else shown
