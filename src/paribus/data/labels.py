"""What is to be predicted: the one place where targets get their type."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int, Shaped

from paribus.errors import DataError, printable


class Labels(NamedTuple):
    """The class of each example.

    Attributes:
        values: 0 to classes - 1.
        names: Of the classes, in the order of their numbers; empty for those that came
            as numbers.
    """

    values: Int[np.ndarray, " example"]
    names: tuple[str, ...] = ()


class Targets(NamedTuple):
    """What is to be predicted for the examples of each array.

    Attributes:
        values: By the array's name: classes as int32, or numbers as float32.
        names: Of the classes, as for `Labels`.
        no_classes: Why they are numbers alone; None for classes.
    """

    values: Mapping[str, Shaped[np.ndarray, " example"]]
    names: tuple[str, ...]
    no_classes: DataError | None


def read_labels(
    written: Shaped[np.ndarray, "..."], *, where: str, names: tuple[str, ...] = ()
) -> Labels:
    """Return labels as they are trained on; texts are numbered in alphabetical order.

    Args:
        written: Numbers, truth values or texts, one for each example.
        where: For messages, e.g. "`y` of `tiny.npz`".
        names: Of the classes, where they are known from another split.

    Raises:
        DataError: If they are not the labels of at least two classes, in one dimension.
    """
    if written.ndim != 1:
        raise DataError(f"{where} must have one dimension, got shape {written.shape}")
    if written.dtype.kind == "b":
        written = np.where(written, "true", "false")
    if _is_text(written):
        return _numbered(written.astype(str), where, names)
    return Labels(check_labels(written, where=where, n_classes=len(names) or None))


def read_targets(
    written: Mapping[str, Shaped[np.ndarray, "..."]], *, where: Callable[[str], str]
) -> Targets:
    """Return what is to be predicted: classes where they are some, else numbers.

    Args:
        written: The labels of each array by its name, those of training first.
        where: Names an array for messages.

    Raises:
        DataError: If they are neither, with why they are no classes.
    """
    arrays = {name: _one_column(each) for name, each in written.items()}
    try:
        return _classes(arrays, where)
    except DataError as error:
        numbers = {name: _numbers(each) for name, each in arrays.items()}
        found = {name: each for name, each in numbers.items() if each is not None}
        if len(found) < len(written):
            raise
        return Targets(found, (), error)


def _classes(arrays: Mapping[str, np.ndarray], where: Callable[[str], str]) -> Targets:
    names: tuple[str, ...] = ()
    values: dict[str, np.ndarray] = {}
    for name, written in arrays.items():
        known = names
        if values and not names:
            (first,) = values.values()
            known = ("",) * (1 + int(first.max(initial=0)))
        read = read_labels(written, where=where(name), names=known)
        values[name] = read.values
        names = names or read.names
    return Targets(values, names, None)


def _one_column(written: np.ndarray) -> np.ndarray:
    """Labels without a second dimension: of one-hot rows the place of their 1."""
    if written.ndim != 2 or written.dtype.kind not in "iufb":
        return written
    if written.shape[1] == 1:
        return written[:, 0]
    is_one = written == 1
    is_one_hot = (is_one | (written == 0)).all() and (is_one.sum(axis=1) == 1).all()
    return is_one.argmax(axis=1) if is_one_hot else written


def _numbers(written: np.ndarray) -> Float32[np.ndarray, " example"] | None:
    """The numbers to be predicted; None where there are others, or all are equal."""
    if written.ndim != 1 or written.dtype.kind not in "iuf" or not len(written):
        return None
    with np.errstate(over="ignore"):
        numbers = written.astype(np.float32)
    return numbers if np.isfinite(numbers).all() else None


def _is_text(written: np.ndarray) -> bool:
    if written.dtype.kind in "UT":
        return True
    return written.dtype == object and all(isinstance(text, str) for text in written)


def _numbered(texts: np.ndarray, where: str, names: tuple[str, ...]) -> Labels:
    known = np.array(names) if names else np.unique(texts)
    if len(known) < 2:
        got = f"only class `{printable(str(known[0]))}`" if len(known) else "none"
        raise DataError(f"{where} must hold at least two labels, got {got}")
    places = np.minimum(np.searchsorted(known, texts), len(known) - 1)
    if (strange := np.flatnonzero(known[places] != texts)).size:
        first = int(strange[0])
        raise DataError(
            f"{where} must hold labels of the training split, got "
            f"`{printable(str(texts[first]))}` (first at index {first})"
        )
    return Labels(places.astype(np.int32), tuple(str(name) for name in known))


def check_labels(
    labels: Shaped[np.ndarray, "..."], *, where: str, n_classes: int | None = None
) -> Int[np.ndarray, " example"]:
    """Return numbered labels as int32, or say why they are none.

    Args:
        labels: As they are written.
        where: For messages.
        n_classes: How many classes there are; None for as many as different labels.

    Raises:
        DataError: If they are not the whole numbers 0 to classes - 1, in one dimension.
    """
    if labels.ndim != 1:
        raise DataError(f"{where} must have one dimension, got shape {labels.shape}")
    if labels.dtype.kind not in "iuf":
        raise DataError(f"{where} must hold labels as numbers, got {labels.dtype}")
    whole = np.asarray(labels, dtype=np.float64)
    if (odd := np.flatnonzero(whole != np.floor(whole))).size:
        raise DataError(
            f"{where} must hold whole numbers as labels, got {labels[odd[0]]} "
            f"(first at index {odd[0]})"
        )
    distinct = np.unique(whole)
    if len(distinct) < 2 and n_classes is None:
        only = f"only class {distinct[0]:g}" if len(distinct) else "none"
        raise DataError(f"{where} must hold at least two labels, got {only}")
    n = n_classes or len(distinct)
    outside = np.flatnonzero((whole < 0) | (whole >= n))
    if outside.size:
        raise DataError(
            f"{where} must hold the labels 0 to {n - 1} for {n} classes, "
            f"got {labels[outside[0]]} (first at index {outside[0]})"
        )
    return labels.astype(np.int32)
