"""CSV and Parquet tables to arrays: one column to predict, the others to do it by."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

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

Coding = Literal["one_hot", "codes"]

# A column of more texts than this is a name or a remark, not a category.
MAX_CATEGORIES = 100
# Wider tables than this are arrays that were written as text.
MAX_COLUMNS = 10_000
# A column of texts of which more than this share are numbers is one of numbers.
MOSTLY = 0.5
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
        return pd.read_csv(
            io.StringIO(text), sep=separator, low_memory=False, index_col=False
        )
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
    if names and all(_is_number(name) for name in names):
        raise DataError(
            f"`{path}` must name its columns in the first line, got numbers: "
            f"{', '.join(names[:3])}"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


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
            _Column(name, frame[name], printable(path))
            for frame, path in zip(frames, paths, strict=True)
        ]
        if any(column.is_text for column in columns):
            texts = _texts_of(columns)
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
            target=_Column(target or "", frame[target], printable(path)).target(),
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


class _Column(NamedTuple):
    """A column of a table, and how to speak of it."""

    name: str
    values: Any
    path: str

    @property
    def where(self) -> str:
        return f"column `{printable(self.name)}` of `{self.path}`"

    @property
    def is_text(self) -> bool:
        from pandas.api import types

        kind = self.values.dtype
        is_category = isinstance(kind, types.CategoricalDtype)
        return is_category or types.is_string_dtype(kind) or kind.kind == "O"

    def _check_filled(self) -> None:
        is_empty = self.values.isna().to_numpy()
        if n_empty := int(is_empty.sum()):
            # Rows are counted as an editor shows them: the names stand in line 1.
            raise DataError(
                f"{self.where} must have a value in every row, got {n_empty} empty "
                f"(first in line {int(np.flatnonzero(is_empty)[0]) + 2})"
            )

    def texts(self) -> np.ndarray:
        self._check_filled()
        values = self.values.to_numpy(dtype=object)
        for row, value in enumerate(values):
            if not isinstance(value, str):
                raise DataError(
                    f"{self.where} must hold texts or numbers alone, got both: "
                    f"{printable(str(value))} in line {row + 2}"
                )
        # A typing error among numbers makes texts of them all.
        is_number = np.array([_is_number(value) for value in values])
        if is_number.sum() > MOSTLY * len(values) and not is_number.all():
            row = int(np.flatnonzero(~is_number)[0])
            raise DataError(
                f"{self.where} must hold numbers, got `{printable(values[row])}` in "
                f"line {row + 2}"
            )
        return values.astype(str)

    def coded(self, known: np.ndarray, categorical: Coding) -> np.ndarray:
        places = np.searchsorted(known, self.texts())
        if categorical == "codes":
            return places.astype(np.float32)[:, None]
        return (places[:, None] == np.arange(len(known))).astype(np.float32)

    def numbers(self) -> np.ndarray:
        if self.values.dtype.kind not in "iufb" and not _is_nullable(self.values.dtype):
            raise DataError(f"{self.where} must hold numbers, got {self.values.dtype}")
        self._check_filled()
        numbers = self.values.to_numpy(dtype=np.float64)
        if (bad := np.flatnonzero(~np.isfinite(numbers))).size:
            raise DataError(
                f"{self.where} must be finite, got {numbers[bad[0]]} in line "
                f"{int(bad[0]) + 2}"
            )
        return numbers[:, None]

    def target(self) -> np.ndarray:
        self._check_filled()
        if self.is_text:
            return self.texts()
        if _is_nullable(self.values.dtype):
            return self.values.to_numpy(dtype=np.float64)
        return self.values.to_numpy()


def _is_nullable(dtype: Any) -> bool:
    """Whether a dtype is one of pandas's own numbers, which may be missing."""
    return getattr(dtype, "kind", "") in "iufb" and hasattr(dtype, "na_value")


def _texts_of(columns: Sequence[_Column]) -> np.ndarray:
    texts = np.unique(np.concatenate([column.texts() for column in columns]))
    if len(texts) > MAX_CATEGORIES:
        raise DataError(
            f"{columns[0].where} must have at most {MAX_CATEGORIES} different texts, "
            f"got {len(texts):,}",
            hint="leave a column of names or remarks out of the file",
        )
    return texts
