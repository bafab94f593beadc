"""One column of a table: numbers, or texts that are coded, checked cell by cell."""

import csv
import io
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from paribus.errors import DataError, printable


if TYPE_CHECKING:
    import pandas as pd

Coding = Literal["one_hot", "codes"]

# Where a table keeps the text that it was read from.
WRITTEN = "paribus_written"

# A column of more texts than this is a name or a remark, not a category.
MAX_CATEGORIES = 100
# A column of texts of which more than this share are numbers is one of numbers.
MOSTLY = 0.5

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WITH_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")


def is_number(text: str) -> bool:
    """Whether a text is a number in plain digits."""
    return _NUMBER.fullmatch(text.strip()) is not None


def is_meant_as_number(text: str) -> bool:
    """Whether Python would read a number: `1_0`, `0x10`, `nan`, other digits."""
    for kind in (float, lambda written: int(written, 0)):
        with suppress(ValueError):
            kind(text)
            return True
    return False


def _has_comma(text: str) -> bool:
    return _WITH_COMMA.fullmatch(text.strip()) is not None


class Column(NamedTuple):
    """A column of a table, and how to speak of it.

    Attributes:
        name: Of the column.
        values: A pandas series.
        path: Of the table, for messages.
        written: The text that it was read from, and what separates its cells; None for
            a table that is no text.
    """

    name: str
    values: Any
    path: str
    written: tuple[str, str] | None = None

    @classmethod
    def of(cls, frame: "pd.DataFrame", name: str, path: str) -> "Column":
        """The column of a table."""
        return cls(name, frame[name], printable(path), frame.attrs.get(WRITTEN))

    def place(self, row: int) -> str:
        """Where a row stands: the line of a text as editors count, else the row."""
        if self.written is None:
            return f"row {row + 1}"
        text, separator = self.written
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        begun, n_left = 1, row + 1  # the heading is one more
        with suppress(csv.Error):  # a cell that is longer than csv likes
            for cells in reader:
                if cells and n_left == 0:
                    break
                n_left -= bool(cells)  # empty lines are no rows
                begun = reader.line_num + 1
        return f"line {begun}"

    @property
    def where(self) -> str:
        """How messages call it."""
        return f"column `{printable(self.name)}` of `{self.path}`"

    @property
    def is_text(self) -> bool:
        """Whether it holds texts, and no numbers."""
        from pandas.api import types

        kind = self.values.dtype
        is_category = isinstance(kind, types.CategoricalDtype)
        return is_category or types.is_string_dtype(kind) or kind.kind == "O"

    def _check_filled(self) -> None:
        is_empty = self.values.isna().to_numpy()
        if n_empty := int(is_empty.sum()):
            raise DataError(
                f"{self.where} must have a value in every row, got {n_empty} empty "
                f"(first in {self.place(int(np.flatnonzero(is_empty)[0]))})"
            )

    def texts(self) -> np.ndarray:
        """Its texts.

        Raises:
            DataError: If a cell is empty or no text, or most are numbers.
        """
        self._check_filled()
        values = self.values.to_numpy(dtype=object)
        for row, value in enumerate(values):
            if not isinstance(value, str):
                raise DataError(
                    f"{self.where} must hold texts or numbers alone, got both: "
                    f"{printable(str(value))} in {self.place(row)}"
                )
        self._check_no_numbers(values)
        return values.astype(str)

    def _check_no_numbers(self, values: np.ndarray) -> None:
        """Refuse numbers that became texts by a typing error, or a decimal comma."""
        is_one = np.array([is_number(value) for value in values])
        has_comma = np.array([_has_comma(value) for value in values])
        most = MOSTLY * len(values)
        if has_comma.sum() > most:
            odd, rule = has_comma, "numbers with a decimal point"
        elif is_one.sum() > most:
            odd, rule = ~is_one, "numbers"
        else:
            return
        for row in np.flatnonzero(odd)[:1].tolist():
            got = printable(str(values[row]))
            raise DataError(
                f"{self.where} must hold {rule}, got `{got}` in {self.place(row)}"
            )

    def coded(self, known: np.ndarray, categorical: Coding) -> np.ndarray:
        """Its texts as inputs, by their places among those that are known."""
        places = np.searchsorted(known, self.texts())
        if categorical == "codes":
            return places.astype(np.float32)[:, None]
        return (places[:, None] == np.arange(len(known))).astype(np.float32)

    def numbers(self) -> np.ndarray:
        """Its numbers as one input.

        Raises:
            DataError: If a cell is empty or not finite.
        """
        if self.values.dtype.kind not in "iufb" and not _is_nullable(self.values.dtype):
            raise DataError(f"{self.where} must hold numbers, got {self.values.dtype}")
        self._check_filled()
        numbers = self.values.to_numpy(dtype=np.float64)
        if (bad := np.flatnonzero(~np.isfinite(numbers))).size:
            raise DataError(
                f"{self.where} must be finite, got {numbers[bad[0]]} in "
                f"{self.place(int(bad[0]))}"
            )
        return numbers[:, None]

    def target(self) -> np.ndarray:
        """Its cells as what is predicted.

        Raises:
            DataError: If one is empty.
        """
        self._check_filled()
        if self.is_text:
            return self.texts()
        if _is_nullable(self.values.dtype):
            return self.values.to_numpy(dtype=np.float64)
        return self.values.to_numpy()


def _is_nullable(dtype: Any) -> bool:
    """Whether a dtype is one of pandas's own numbers, which may be missing."""
    return getattr(dtype, "kind", "") in "iufb" and hasattr(dtype, "na_value")


def texts_of(columns: Sequence[Column]) -> np.ndarray:
    """The different texts of a column in all tables, in alphabetical order.

    Raises:
        DataError: If they are too many to be categories.
    """
    texts = np.unique(np.concatenate([column.texts() for column in columns]))
    if len(texts) > MAX_CATEGORIES:
        raise DataError(
            f"{columns[0].where} must have at most {MAX_CATEGORIES} different texts, "
            f"got {len(texts):,}",
            hint="leave a column of names or remarks out of the file",
        )
    return texts
