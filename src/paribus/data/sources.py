"""The data set of a study, wherever it comes from."""

import hashlib
from pathlib import Path

import numpy as np

from paribus.data.dataset import Dataset, Split
from paribus.data.handed import call_loader
from paribus.data.named import NAMED, load_named
from paribus.data.reading import HowToRead, read_path
from paribus.errors import DataError, unknown_name
from paribus.study import DataChoice


NAMES = ("mnist", *NAMED)

MNIST_PATH = Path(__file__).parent.parent / "assets" / "mnist.npz"
MNIST_SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"
MNIST_CREDIT = "Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0"


def load_dataset(
    choice: DataChoice, *, folder: Path, kind: str = "classification"
) -> Dataset:
    """Load the data set of a study, with its validation split taken out of training.

    `train` examples of what is then left are kept, and inputs standardised by them if
    the study says so.

    Args:
        choice: The study's choice.
        folder: What a relative `path` is relative to: the study file's folder.
        kind: Whether classes or numbers are predicted.

    Raises:
        UnknownNameError: If no data set has the name.
        DataError: If the data are missing, damaged or something else.
        StudyError: If the validation split would leave nothing to train on, or fewer
            examples than `train`; or `target` does not fit the data.
        UserCodeError: If the user's loader raises, or returns something else.
    """
    loaded = _loaded(choice, folder).predicting(kind)
    held_out = loaded.hold_out(choice.validation, to="validation")
    kept = held_out.keep_train(choice.train)
    return kept.standardised() if choice.standardise else kept


def _loaded(choice: DataChoice, folder: Path) -> Dataset:
    if choice.loader is not None:
        return call_loader(choice.given, choice.loader)
    if choice.path is not None:
        how = HowToRead(choice.target, choice.categorical)
        return read_path(choice.path, how, folder=folder)
    if isinstance(choice.given, Dataset):
        return choice.given
    name = str(choice.name)
    if name in NAMED:
        return load_named(NAMED[name], name=name)
    if name != "mnist":
        raise unknown_name("data set", name, NAMES, key=("data", "name"))
    return load_mnist()


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
