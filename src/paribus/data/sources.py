"""Data sets by name or by file."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from paribus.data.dataset import Dataset, Split, check_labels
from paribus.data.files import read_npz
from paribus.errors import DataError, unknown_name
from paribus.study import DataChoice


NAMES = ("mnist",)

MNIST_PATH = Path(__file__).parent.parent / "assets" / "mnist.npz"
MNIST_SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"
MNIST_CREDIT = "Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0"

# Of an archive with `x` and `y` only, this share becomes the test split.
TEST_SHARE = 0.2


def load_dataset(choice: DataChoice, *, folder: Path) -> Dataset:
    """Load the data set of a study, with its validation split taken out of training.

    `train` examples of what is then left are kept.

    Args:
        choice: The study's choice.
        folder: What a relative `path` is relative to: the study file's folder.

    Raises:
        UnknownNameError: If no data set has the name.
        DataError: If the file is missing, damaged or holds something else.
        StudyError: If the validation split would leave nothing to train on, or fewer
            examples than `train`.
    """
    if choice.path is not None:
        dataset = load_npz(choice.path, folder=folder)
    elif choice.name == "mnist":
        dataset = load_mnist()
    else:
        raise unknown_name("data set", str(choice.name), NAMES, where="[data] name")
    held_out = dataset.hold_out(choice.validation, to="validation")
    return held_out.keep_train(choice.train)


def load_mnist() -> Dataset:
    """Load the bundled MNIST: 60,000 and 10,000 images of 28x28 bytes.

    Raises:
        DataError: If the bundled file is not the one that was released.

    References:
        LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document
        recognition, 1998. CC BY-SA 3.0.
    """
    digest = hashlib.sha256(MNIST_PATH.read_bytes()).hexdigest()
    if digest != MNIST_SHA256:
        raise DataError(
            f"the bundled `{MNIST_PATH.name}` is damaged: SHA-256 must be "
            f"{MNIST_SHA256[:12]}..., got {digest[:12]}...",
            hint="install paribus again",
        )
    with np.load(MNIST_PATH, allow_pickle=False) as arrays:
        splits = {
            split: Split(
                inputs=arrays[f"x_{split}"],
                labels=arrays[f"y_{split}"].astype(np.int32),
            )
            for split in ("train", "test")
        }
    return Dataset(name="MNIST", source=MNIST_CREDIT, splits=splits, n_classes=10)


def load_npz(path: str, *, folder: Path) -> Dataset:
    """Load an `.npz` archive with `x_train, y_train, x_test, y_test`, or with `x, y`.

    Of `x, y` a fifth is held out as the test split by a fixed seed, and a note says so.

    Args:
        path: As written in the study file; never expanded.
        folder: What a relative path is relative to.

    Raises:
        DataError: If the file is missing, damaged or holds something else.
    """
    arrays = read_npz(path, folder=folder)
    if "x" in arrays:
        split = _checked_split(arrays, "x", "y", path)
        dataset = _dataset(path, {"train": split})
        n_test = max(1, round(TEST_SHARE * len(split)))
        note = (
            f"The file has no test split: {n_test:,} of its {len(split):,} examples "
            "were held out by a fixed seed."
        )
        held_out = dataset.hold_out(n_test, to="test")
        return _dataset(path, held_out.splits, notes=(note,))
    splits = {
        split: _checked_split(arrays, f"x_{split}", f"y_{split}", path)
        for split in ("train", "test")
    }
    _check_alike(splits, path)
    return _dataset(path, splits)


def _dataset(
    path: str, splits: Mapping[str, Split], *, notes: tuple[str, ...] = ()
) -> Dataset:
    n_classes = 1 + max(int(split.labels.max()) for split in splits.values())
    return Dataset(
        name=Path(path).name,
        source=path,
        splits=splits,
        n_classes=n_classes,
        notes=notes,
    )


def _checked_split(
    arrays: dict[str, np.ndarray], x_name: str, y_name: str, path: str
) -> Split:
    inputs, labels = arrays[x_name], arrays[y_name]
    where = f"`{y_name}` of `{path}`"
    if len(inputs) != len(labels):
        raise DataError(
            f"`{x_name}` and `{y_name}` of `{path}` must have as many rows, "
            f"got {len(inputs)} and {len(labels)}"
        )
    return Split(
        inputs=_checked_inputs(inputs, f"`{x_name}` of `{path}`"),
        labels=check_labels(labels, where=where),
    )


def _check_alike(splits: dict[str, Split], path: str) -> None:
    train, test = splits["train"], splits["test"]
    if train.inputs.shape[1:] != test.inputs.shape[1:]:
        raise DataError(
            f"`x_train` and `x_test` of `{path}` must have examples of one shape, "
            f"got {train.inputs.shape[1:]} and {test.inputs.shape[1:]}"
        )
    if train.inputs.dtype != test.inputs.dtype:
        raise DataError(
            f"`x_train` and `x_test` of `{path}` must both hold bytes or both numbers, "
            f"got {train.inputs.dtype} and {test.inputs.dtype}"
        )


def _checked_inputs(inputs: np.ndarray, where: str) -> np.ndarray:
    """Return inputs as uint8 or float32 in C order, or say why they are none."""
    if inputs.ndim < 2 or 0 in inputs.shape:
        raise DataError(
            f"{where} must have at least two dimensions and no empty one (rows first), "
            f"got shape {inputs.shape}"
        )
    if inputs.dtype.kind not in "iufb":
        raise DataError(f"{where} must hold numbers, got {inputs.dtype}")
    if inputs.dtype == np.uint8:
        return np.ascontiguousarray(inputs)
    _check_finite(inputs, where)
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(inputs, dtype=np.float32)
    if not np.isfinite(converted).all():
        largest = inputs.ravel()[np.abs(inputs).argmax()]
        raise DataError(f"{where} must fit into float32, got {largest:g}")
    return converted


def _check_finite(inputs: np.ndarray, where: str) -> None:
    is_bad = ~np.isfinite(inputs)
    if n_bad := int(is_bad.sum()):
        first = tuple(int(i) for i in np.argwhere(is_bad)[0])
        raise DataError(
            f"{where} must be finite, got {n_bad} values that are not, "
            f"the first at {first}"
        )
