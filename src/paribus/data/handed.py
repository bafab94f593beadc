"""Data handed in from Python: arrays, frames, and the data sets of other libraries."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from paribus.data.columns import Coding
from paribus.data.dataset import Dataset
from paribus.data.making import make_dataset
from paribus.data.npz import FOUR, TWO
from paribus.data.tables import table_arrays
from paribus.errors import DataError, StudyError, UserCodeError, suggest
from paribus.user_code import call


if TYPE_CHECKING:
    import pandas as pd

_PAIR = 2


def of_arrays(
    x_train: Any, y_train: Any, x_test: Any, y_test: Any, *, name: str
) -> Dataset:
    """Make a data set of arrays; without test arrays a fifth is held out.

    Raises:
        DataError: If they are not inputs and labels that fit together.
    """
    if (x_test is None) != (y_test is None):
        raise DataError("`x_test` and `y_test` must be given together, got one of them")
    if x_test is None:
        arrays = {"x": x_train, "y": y_train}
    else:
        arrays = dict(zip(FOUR, (x_train, y_train, x_test, y_test), strict=True))
    return _made({key: as_array(value, key) for key, value in arrays.items()}, name)


def of_frame(
    train: "pd.DataFrame",
    test: "pd.DataFrame | None",
    *,
    target: str,
    categorical: Coding,
    name: str,
) -> Dataset:
    """Make a data set of pandas tables, as `table_arrays` codes them.

    Raises:
        StudyError: If there is no column `target`.
        DataError: If a cell is empty or no number, or columns differ.
    """
    frames = [train] if test is None else [train, test]
    tables = table_arrays(
        frames,
        target=target,
        categorical=categorical,
        paths=[name, f"test split of {name}"][: len(frames)],
    )
    arrays = {}
    names = [TWO] if test is None else [FOUR[:2], FOUR[2:]]
    for (x, y), table in zip(names, tables, strict=True):
        arrays |= {x: table.inputs, y: table.target}
    return _made(arrays, name, notes=tables[0].notes)


def of_columns(
    train: Any, test: Any, *, inputs: str | None, target: str, name: str
) -> Dataset:
    """Make a data set of one column of examples and one of labels, read by name.

    Raises:
        StudyError: If there is no such column, or it is not said which one to take.
        DataError: If examples have different shapes, or are no numbers.
    """
    if isinstance(train, Mapping):  # a dictionary of splits, as `load_dataset` gives
        if "train" not in train:
            raise DataError(
                f"{name} must have a split `train`, got "
                f"{', '.join(f'`{split}`' for split in train)}"
            )
        test = train.get("test") if test is None else test
        train = train["train"]
    known = [str(column) for column in train.column_names]
    if target not in known:
        raise StudyError(
            f"`target` must be a column of {name}, got `{target}`",
            hint=suggest(target, known),
        )
    others = [column for column in known if column != target]
    if inputs is None and len(others) == 1:
        inputs = others[0]
    if inputs is None or inputs not in others:
        raise StudyError(
            f"`inputs` must name the column of {name} to predict by, got {inputs!r}",
            hint=suggest(str(inputs), others),
        )

    def arrays(split: Any, x: str, y: str) -> dict[str, np.ndarray]:
        return {x: stacked(split[inputs], x), y: stacked(split[target], y)}

    if test is None:
        return _made(arrays(train, *TWO), name)
    return _made(arrays(train, *FOUR[:2]) | arrays(test, *FOUR[2:]), name)


def of_pairs(train: Any, test: Any, *, name: str) -> Dataset:
    """Make a data set of (example, label) pairs, or of a loader's data set of them.

    Raises:
        DataError: If an item is no such pair, or examples have different shapes.
    """
    if test is None:
        inputs, labels = _unzipped(train, name)
        return _made({"x": inputs, "y": labels}, name)
    arrays = [*_unzipped(train, name), *_unzipped(test, f"test split of {name}")]
    return _made(dict(zip(FOUR, arrays, strict=True)), name)


def of_bunch(bunch: Any, *, name: str) -> Dataset:
    """Make a data set of what scikit-learn's loaders return.

    Raises:
        DataError: If it has no `data` and `target`, or they are no data set.
    """
    missing = [part for part in ("data", "target") if not hasattr(bunch, part)]
    if missing:
        raise DataError(f"{name} must have `data` and `target`, got no `{missing[0]}`")
    if hasattr(bunch.data, "columns"):
        column = getattr(bunch.target, "name", None) or "target"
        frame = bunch.data.assign(**{column: np.asarray(bunch.target)})
        return of_frame(frame, None, target=column, categorical="one_hot", name=name)
    arrays = {"x": as_array(bunch.data, "x"), "y": as_array(bunch.target, "y")}
    return _made(arrays, name)


def call_loader(function: Any, reference: str) -> Dataset:
    """Make a data set of what the user's loader returns.

    Raises:
        UserCodeError: If it raises, or returns something else.
        DataError: If what it returns is no data set.
    """
    if function is None:
        raise DataError(f"the loader `{reference}` is only known by its name here")
    returned = call(function, reference, "load data")
    if isinstance(returned, Dataset):
        return returned
    arrays = _returned_arrays(returned)
    if arrays is None:
        raise UserCodeError(
            f"`{reference}` must return (x, y), ((x_train, y_train), (x_test, y_test)) "
            f"or a dictionary of arrays, got {_kind(returned)}"
        )
    return _made({k: as_array(v, k) for k, v in arrays.items()}, reference)


def _returned_arrays(returned: Any) -> dict[str, Any] | None:
    if isinstance(returned, Mapping):
        named = next((n for n in (FOUR, TWO) if set(n) <= set(returned)), None)
        return None if named is None else {name: returned[name] for name in named}
    if not isinstance(returned, tuple) or len(returned) != _PAIR:
        return None
    if all(isinstance(part, tuple) and len(part) == _PAIR for part in returned):
        (x_train, y_train), (x_test, y_test) = returned
        return dict(zip(FOUR, (x_train, y_train, x_test, y_test), strict=True))
    return dict(zip(TWO, returned, strict=True))


def _kind(returned: Any) -> str:
    if isinstance(returned, Mapping):
        return f"a dictionary of {', '.join(f'`{key}`' for key in returned)}"
    if isinstance(returned, tuple):
        return f"{len(returned)} values"
    return type(returned).__name__


def as_array(value: Any, where: str) -> np.ndarray:
    """An array of what NumPy can make one of: lists, frames, tensors on the CPU.

    Raises:
        DataError: If rows differ in length, or NumPy cannot.
    """
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, list | tuple):
        return stacked(value, where)
    try:
        return np.asarray(value.detach() if hasattr(value, "detach") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"`{where}` must be an array: {error}") from error


def stacked(items: Iterable[Any], where: str) -> np.ndarray:
    """One array of the examples or labels of a sequence.

    Raises:
        DataError: If they have different shapes, or are no numbers.
    """
    arrays = [np.asarray(i.detach() if hasattr(i, "detach") else i) for i in items]
    if not arrays:
        raise DataError(f"`{where}` must have rows, got none")
    for position, array in enumerate(arrays):
        if array.shape != arrays[0].shape:
            raise DataError(
                f"`{where}` must hold examples of one shape, got {arrays[0].shape} and "
                f"{array.shape} (first at index {position})"
            )
    return np.stack(arrays)


def _unzipped(pairs: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Examples and labels; how a loader batches and shuffles is the study's affair."""
    data = getattr(pairs, "dataset", pairs)
    items = (
        data if not hasattr(data, "__len__") else (data[i] for i in range(len(data)))
    )
    inputs, labels = [], []
    for position, item in enumerate(items):
        if not isinstance(item, tuple | list) or len(item) != _PAIR:
            raise DataError(
                f"{name} must give pairs (example, label), got {_kind(item)} "
                f"(first at index {position})"
            )
        inputs.append(item[0])
        labels.append(item[1])
    return stacked(inputs, "x"), stacked(labels, "y")


def _made(
    arrays: Mapping[str, np.ndarray], name: str, *, notes: tuple[str, ...] = ()
) -> Dataset:
    return make_dataset(
        arrays,
        name=name,
        source="handed in from Python",
        where=lambda array: f"`{array}` of {name}",
        notes=notes,
    )
