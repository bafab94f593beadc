"""Arrays to a data set: checked alike wherever they came from."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from paribus.data.dataset import Dataset, Split
from paribus.data.inputs import check_inputs
from paribus.data.labels import Targets, read_targets
from paribus.errors import DataError, printable


# Of a data set without a test split, this share becomes one.
TEST_SHARE = 0.2

MAX_NAMED_CLASSES = 20


def make_dataset(
    arrays: Mapping[str, np.ndarray],
    *,
    name: str,
    source: str,
    where: Callable[[str], str],
    notes: tuple[str, ...] = (),
) -> Dataset:
    """Make a data set of `x_train, y_train, x_test, y_test`, or of `x, y`.

    Of `x, y` a fifth is held out as the test split by a fixed seed, and a note says so.

    Args:
        arrays: By name; others are not looked at.
        name: For people.
        source: Credit and licence, or the path; one line.
        where: Names an array for messages, e.g. "`x` of `tiny.npz`".
        notes: What a reader of results must know.

    Raises:
        DataError: If they are not inputs and labels that fit together.
    """
    if "x" in arrays:
        targets = _targets(arrays, ("x", "y"), where)
        split = _split(arrays, "x", "y", targets, where)
        notes = (*_named(targets.names), *notes)
        made = _dataset({"train": split}, name, source, notes, targets)
        n_test = max(1, round(TEST_SHARE * len(split)))
        if n_test >= len(split):
            raise DataError(f"{where('x')} must have at least two rows, got {n_test}")
        note = (
            f"The data have no test split: {n_test:,} of {len(split):,} examples "
            "were held out by a fixed seed."
        )
        held_out = made.hold_out(n_test, to="test")
        return _dataset(held_out.splits, name, source, (note, *notes), targets)
    targets = _targets(arrays, ("x_train", "y_train", "x_test", "y_test"), where)
    train = _split(arrays, "x_train", "y_train", targets, where)
    test = _split(arrays, "x_test", "y_test", targets, where)
    _check_alike(train, test, where)
    notes = (*_named(targets.names), *notes)
    return _dataset({"train": train, "test": test}, name, source, notes, targets)


def _dataset(
    splits: Mapping[str, Split],
    name: str,
    source: str,
    notes: tuple[str, ...],
    targets: Targets,
) -> Dataset:
    has_classes = targets.no_classes is None
    n_classes = len(targets.names) or 1 + int(splits["train"].labels.max())
    return Dataset(
        name=name,
        source=source,
        splits=splits,
        n_classes=n_classes if has_classes else 0,
        notes=notes,
        label_names=targets.names,
        no_classes=targets.no_classes,
    )


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    """Say which class is which, where they came as texts."""
    if not names:
        return ()
    shown = [f"{k} = {printable(n)}" for k, n in enumerate(names[:MAX_NAMED_CLASSES])]
    more = ["..."] if len(names) > MAX_NAMED_CLASSES else []
    return (f"Labels: {', '.join(shown + more)}.",)


def _split(
    arrays: Mapping[str, Any],
    x_name: str,
    y_name: str,
    targets: Targets,
    where: Callable[[str], str],
) -> Split:
    checked = check_inputs(np.asanyarray(arrays[x_name]), where(x_name))
    return Split(inputs=checked, labels=targets.values[y_name])


def _targets(
    arrays: Mapping[str, Any], names: tuple[str, ...], where: Callable[[str], str]
) -> Targets:
    """The labels of inputs and labels by turns, as many as there are inputs."""
    written: dict[str, np.ndarray] = {}
    for x_name, y_name in zip(names[::2], names[1::2], strict=True):
        inputs, labels = np.asanyarray(arrays[x_name]), np.asarray(arrays[y_name])
        if inputs.ndim and labels.ndim and len(inputs) != len(labels):
            raise DataError(
                f"{where(x_name)} and `{y_name}` must have as many rows, "
                f"got {len(inputs)} and {len(labels)}"
            )
        if inputs.ndim and not len(inputs):
            raise DataError(f"{where(x_name)} must have rows, got shape {inputs.shape}")
        written[y_name] = labels
    return read_targets(written, where=where)


def _check_alike(train: Split, test: Split, where: Callable[[str], str]) -> None:
    both = f"{where('x_train')} and `x_test`"
    if train.inputs.shape[1:] != test.inputs.shape[1:]:
        raise DataError(
            f"{both} must have examples of one shape, got {train.inputs.shape[1:]} and "
            f"{test.inputs.shape[1:]}"
        )
    if train.inputs.dtype != test.inputs.dtype:
        raise DataError(
            f"{both} must both hold bytes or both numbers, got {train.inputs.dtype} "
            f"and {test.inputs.dtype}"
        )
