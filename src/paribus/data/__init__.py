"""Data sets: where they come from, and which examples are in which step. NumPy only."""

from paribus.data.dataset import Dataset, Split
from paribus.data.sources import load_dataset
from paribus.study import DataChoice


__all__ = ["Dataset", "Split", "load_dataset", "mnist", "npz"]


def mnist(*, validation: int = 0) -> DataChoice:
    """Choose MNIST, which comes with the package.

    Args:
        validation: Images held out of the 60,000 for training, to compare configs on.
    """
    return DataChoice(name="mnist", validation=validation)


def npz(path: str, *, validation: int = 0) -> DataChoice:
    """Choose an `.npz` archive with `x_train, y_train, x_test, y_test`, or `x, y`.

    Args:
        path: The file.
        validation: Examples held out of training, to compare configs on.
    """
    return DataChoice(path=path, validation=validation)
