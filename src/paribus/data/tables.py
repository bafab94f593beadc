"""CSV and Parquet tables to arrays: one column to predict, the others to do it by."""

import csv
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from paribus.data.columns import WRITTEN, Coding, Column, is_number, texts_of
from paribus.data.paths import (
    MAX_UNPACKED_BYTES,
    MAX_UNPACKED_RATIO,
    opened,
    read_text,
)
from paribus.errors import (
    DataError,
    MissingPackageError,
    StudyError,
    first_twice,
    printable,
    suggest,
)


if TYPE_CHECKING:
    import pandas as pd

# Wider tables than this are arrays that were written as text.
MAX_COLUMNS = 10_000
SEPARATORS = (",", ";", "\t")


class TableArrays(NamedTuple):
    """A table as arrays.

    Attributes:
        inputs: A column for each number, and for each text as it is coded.
        target: The column to predict, as it was written.
        notes: How texts were coded.
    """

    inputs: np.ndarray
    target: np.ndarray
    notes: tuple[str, ...]


def read_csv(file: Path, path: str) -> "pd.DataFrame":
    """Read a table of text: UTF-8, one line of names, separated by `,` `;` or tabs.

    Args:
        file: A file, packed by gzip or not.
        path: As the user wrote it.

    Raises:
        DataError: If it is no such table.
    """
    import pandas as pd

    name = printable(path)
    text = read_text(file, path)
    first = text.partition("\n")[0].rstrip("\r")
    separator = max(SEPARATORS, key=first.count)
    try:
        _check_names(next(csv.reader([first], delimiter=separator), []), name)
        with warnings.catch_warnings():
            # Rows longer than the heading would lose what they have more.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=separator,
                low_memory=False,
                index_col=False,
                keep_default_na=False,  # `NA` may be a text, and is no number
                na_values=[""],
            )
        frame.attrs[WRITTEN] = (text, separator)
        return frame
    except DataError:  # a ValueError
        raise
    except (
        *(pd.errors.ParserError, pd.errors.ParserWarning),
        *(csv.Error, ValueError),
    ) as error:
        reason = str(error).split("C error: ")[-1].strip()
        raise DataError(f"`{name}` is no table: {reason}") from None


def _check_names(names: list[str], path: str) -> None:
    if (twice := first_twice(names)) is not None:
        raise DataError(f"`{path}` has the column `{printable(twice)}` twice")
    if len(names) > MAX_COLUMNS:
        raise DataError(
            f"`{path}` must have at most {MAX_COLUMNS:,} columns, got {len(names):,}",
            hint="an .npz archive or .npy files take arrays of any width",
        )
    if names and all(map(is_number, names)):
        raise DataError(
            f"`{path}` must name its columns in the first line, got numbers: "
            f"{', '.join(names[:3])}"
        )


def read_parquet(file: Path, path: str) -> "pd.DataFrame":
    """Read a Parquet file.

    Raises:
        DataError: If it is damaged.
        MissingPackageError: If pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingPackageError(
            "Parquet files need the package pyarrow",
            hint="pip install 'paribus[parquet]'",
        ) from error

    with opened(file, path) as stream:
        try:
            packed = pq.ParquetFile(stream)
            _check_names(packed.schema_arrow.names, printable(path))
            _check_unpacked(packed.metadata, file.stat().st_size, printable(path))
            return packed.read().to_pandas()
        except (pa.ArrowException, OSError) as error:
            reason = str(error).split("\n")[0]
            raise DataError(
                f"`{printable(path)}` is damaged or incomplete: {reason}"
            ) from error


def _check_unpacked(metadata: Any, size: int, path: str) -> None:
    """Refuse a file that would fill the memory: equal values take no place in it."""
    unpacked = 8 * metadata.num_rows * metadata.num_columns
    unpacked = max(unpacked, metadata.serialized_size)
    if unpacked > MAX_UNPACKED_BYTES and unpacked > MAX_UNPACKED_RATIO * size:
        raise DataError(
            f"`{path}` unpacks to {unpacked / 2**20:,.0f} MiB, "
            f"{unpacked // max(size, 1)} times the file's size"
        )


def table_arrays(
    frames: Sequence["pd.DataFrame"],
    *,
    target: str | None,
    categorical: Coding,
    paths: Sequence[str],
) -> list[TableArrays]:
    """Turn tables of the same columns into arrays, texts coded alike.

    Numbers and truth values are inputs as they are. A column of texts becomes one input
    per text, 1 where it stands and 0 elsewhere; as `"codes"` one input, the place of
    the text in alphabetical order. The texts are those of all tables: a split that
    lacks one has the same inputs.

    Args:
        frames: Of training, and of testing if there is one.
        target: The column to predict.
        categorical: How columns of texts are coded.
        paths: Of the tables, for messages.

    Raises:
        StudyError: If no column has the target's name.
        DataError: If columns differ, or a cell is empty or no number.
    """
    names = [str(name) for name in frames[0].columns]
    _check_target(target, names, paths[0])
    for frame, path in zip(frames, paths, strict=True):
        if sorted(map(str, frame.columns)) != sorted(names):
            lacks = sorted(set(names) ^ set(map(str, frame.columns)))
            raise DataError(
                f"`{printable(path)}` must have the columns of "
                f"`{printable(paths[0])}`, but `{printable(lacks[0])}` is in one alone"
            )
    if len(names) < 2:
        raise DataError(
            f"`{printable(paths[0])}` must have a column beside `{printable(names[0])}`"
        )
    parts: list[list[np.ndarray]] = [[] for _ in frames]
    coded = []
    for name in (name for name in names if name != target):
        columns = [
            Column.of(frame, name, path)
            for frame, path in zip(frames, paths, strict=True)
        ]
        if any(column.is_text for column in columns):
            texts = texts_of(columns)
            coded.append(f"{printable(name)} ({len(texts)})")
            arrays = [column.coded(texts, categorical) for column in columns]
        else:
            arrays = [column.numbers() for column in columns]
        for part, array in zip(parts, arrays, strict=True):
            part.append(array)
    how = (
        "one input per text" if categorical == "one_hot" else "their alphabetical place"
    )
    notes = (f"Columns of texts are coded as {how}: {', '.join(coded)}.",)
    return [
        TableArrays(
            inputs=np.concatenate(part, axis=1),
            target=Column.of(frame, target or "", path).target(),
            notes=notes if coded else (),
        )
        for part, frame, path in zip(parts, frames, paths, strict=True)
    ]


def _check_target(target: str | None, names: list[str], path: str) -> None:
    if target is None:
        listed = ", ".join(f"`{printable(name)}`" for name in names[:10])
        raise StudyError(
            f"`data.target` must name the column of `{printable(path)}` to predict: "
            f"{listed}",
            key=("data",),
        )
    if target not in names:
        raise StudyError(
            f"`data.target` must be a column of `{printable(path)}`, got "
            f"`{printable(target)}`",
            hint=suggest(target, names),
            key=("data", "target"),
        )
