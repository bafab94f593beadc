"""How a study made in Python names its data, or hands them in."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from paribus.code_digests import reference_of
from paribus.data.dataset import Dataset
from paribus.data.handed import of_arrays, of_bunch, of_columns, of_frame, of_pairs
from paribus.study import DataChoice


if TYPE_CHECKING:
    import pandas as pd


def mnist(
    *, validation: int = 0, train: int | None = None, standardise: bool = False
) -> DataChoice:
    """Choose MNIST, which comes with the package.

    Args:
        validation: Images held out of the 60,000 for training, to compare configs on.
        train: Images to train on, drawn from what is left by a fixed seed; None for
            all.
        standardise: Whether inputs get mean 0 and deviation 1 in training; else they
            are divided by 255.
    """
    return DataChoice(
        name="mnist", validation=validation, train=train, standardise=standardise
    )


def fashion_mnist(
    folder: str | Path | None = None,
    *,
    validation: int = 0,
    train: int | None = None,
    standardise: bool = False,
) -> DataChoice:
    """Choose Fashion-MNIST: 70,000 images of clothes, as large as MNIST's.

    From Debian's package `dataset-fashion-mnist` where it is installed, else from the
    user's cache, into which it is downloaded once (30 MB) and checked.

    Args:
        folder: With the four files, packed by gzip or not; None to look for them.
        validation: Images held out of training, to compare configs on.
        train: Images to train on, drawn from what is left by a fixed seed.
        standardise: Whether inputs get mean 0 and deviation 1 in training.

    References:
        Xiao, Rasul and Vollgraf, Fashion-MNIST, 2017, arXiv:1708.07747. MIT licence.
    """
    return _named("fashion_mnist", folder, validation, train, standardise)


def kmnist(
    folder: str | Path | None = None,
    *,
    validation: int = 0,
    train: int | None = None,
    standardise: bool = False,
) -> DataChoice:
    """Choose KMNIST: 70,000 images of ten cursive Japanese characters.

    Downloaded once into the user's cache (21 MB) and checked.

    Args:
        folder: With the four files, packed by gzip or not; None for the cache.
        validation: Images held out of training, to compare configs on.
        train: Images to train on, drawn from what is left by a fixed seed.
        standardise: Whether inputs get mean 0 and deviation 1 in training.

    References:
        Clanuwat et al., Deep Learning for Classical Japanese Literature, 2018,
        arXiv:1812.01718. CC BY-SA 4.0.
    """
    return _named("kmnist", folder, validation, train, standardise)


def cifar10(
    folder: str | Path | None = None,
    *,
    validation: int = 0,
    train: int | None = None,
    standardise: bool = False,
) -> DataChoice:
    """Choose CIFAR-10: 60,000 colour photographs of 32 x 32 pixels.

    Downloaded once into the user's cache (170 MB) and checked.

    Args:
        folder: With the six files of the binary version; None for the cache.
        validation: Images held out of training, to compare configs on.
        train: Images to train on, drawn from what is left by a fixed seed.
        standardise: Whether inputs get mean 0 and deviation 1 in training, each colour
            by itself.

    References:
        Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
    """
    return _named("cifar10", folder, validation, train, standardise)


def npz(path: str, *, validation: int = 0) -> DataChoice:
    """Choose an `.npz` archive with `x_train, y_train, x_test, y_test`, or `x, y`.

    Args:
        path: The file.
        validation: Examples held out of training, to compare configs on.
    """
    return DataChoice(path=path, validation=validation)


def file(
    path: str | Path,
    *,
    target: str | None = None,
    categorical: Literal["one_hot", "codes"] = "one_hot",
    validation: int = 0,
    train: int | None = None,
    standardise: bool = False,
) -> DataChoice:
    """Choose a file or a folder; what it is, is seen by its content.

    Args:
        path: An `.npz` archive, a CSV or Parquet table, an `.npy` or IDX file; or a
            folder of these, or of images in a folder per class.
        target: The column of a table to predict, or the file of labels beside one of
            inputs.
        categorical: How columns of texts become inputs: one for each text, or one with
            its place in alphabetical order.
        validation: Examples held out of training, to compare configs on.
        train: Examples to train on, drawn from what is left by a fixed seed.
        standardise: Whether inputs get mean 0 and deviation 1 in training.
    """
    return DataChoice(
        path=str(path),
        target=target,
        categorical=categorical,
        validation=validation,
        train=train,
        standardise=standardise,
    )


def arrays(
    x_train: Any,
    y_train: Any,
    x_test: Any = None,
    y_test: Any = None,
    *,
    name: str = "arrays",
    validation: int = 0,
    train: int | None = None,
    standardise: bool = False,
) -> DataChoice:
    """Hand in arrays: what `numpy.asarray` understands.

    Args:
        x_train: Examples by row; bytes stand for 0 to 1, other numbers for themselves.
        y_train: The class of each: 0 to classes - 1, or texts.
        x_test: Of the test split; None to hold out a fifth by a fixed seed.
        y_test: Of the test split.
        name: Of the data, for people.
        validation: Examples held out of training, to compare configs on.
        train: Examples to train on, drawn from what is left by a fixed seed.
        standardise: Whether inputs get mean 0 and deviation 1 in training.

    Raises:
        DataError: If they are not inputs and labels that fit together.

    Example:
        >>> choice = arrays([[0.0], [1.0], [2.0], [3.0]], ["a", "b", "a", "b"])
        >>> len(choice.given.train)
        3
    """
    made = of_arrays(x_train, y_train, x_test, y_test, name=name)
    return _given(made, validation, train, standardise)


def frame(
    train_table: "pd.DataFrame",
    test_table: "pd.DataFrame | None" = None,
    *,
    target: str,
    categorical: Literal["one_hot", "codes"] = "one_hot",
    name: str = "table",
    validation: int = 0,
    train: int | None = None,
    standardise: bool = False,
) -> DataChoice:
    """Hand in a pandas table: one column to predict, the others to predict by.

    Args:
        train_table: The rows.
        test_table: Of the test split; None to hold out a fifth by a fixed seed.
        target: The column to predict.
        categorical: How columns of texts become inputs: one for each text, or one with
            its place in alphabetical order.
        name: Of the data, for people.
        validation: Examples held out of training, to compare configs on.
        train: Examples to train on, drawn from what is left by a fixed seed.
        standardise: Whether inputs get mean 0 and deviation 1 in training.

    Raises:
        StudyError: If there is no such column.
        DataError: If a cell is empty, or no number.
    """
    made = of_frame(
        train_table, test_table, target=target, categorical=categorical, name=name
    )
    return _given(made, validation, train, standardise)


def huggingface(
    dataset: Any,
    test: Any = None,
    *,
    inputs: str | None = None,
    target: str = "label",
    name: str = "Hugging Face data",
    validation: int = 0,
    standardise: bool = False,
) -> DataChoice:
    """Hand in a `datasets.Dataset`, or the dictionary of them that has a `train`.

    Args:
        dataset: The rows, or a dictionary with `train` and perhaps `test`.
        test: The test split, if it is none of the dictionary's.
        inputs: The column to predict by; None for the only one beside the target.
        target: The column to predict.
        name: Of the data, for people.
        validation: Examples held out of training, to compare configs on.
        standardise: Whether inputs get mean 0 and deviation 1 in training.

    Raises:
        StudyError: If there is no such column.
        DataError: If examples have different shapes, or are no numbers.
    """
    made = of_columns(dataset, test, inputs=inputs, target=target, name=name)
    return _given(made, validation, None, standardise)


def torch(
    dataset: Any,
    test: Any = None,
    *,
    name: str = "PyTorch data",
    validation: int = 0,
    standardise: bool = False,
) -> DataChoice:
    """Hand in a PyTorch `Dataset`, or the `DataLoader` around one.

    Every item is asked for once, with the transforms that it has then. How a loader
    batches and shuffles is left to it: batches are a study's own.

    Args:
        dataset: Of pairs, an example and its label.
        test: The same for the test split; None to hold out a fifth by a fixed seed.
        name: Of the data, for people.
        validation: Examples held out of training, to compare configs on.
        standardise: Whether inputs get mean 0 and deviation 1 in training.

    Raises:
        DataError: If an item is no pair, or examples have different shapes.
    """
    return _given(of_pairs(dataset, test, name=name), validation, None, standardise)


def sklearn(
    bunch: Any,
    *,
    name: str = "scikit-learn data",
    validation: int = 0,
    standardise: bool = False,
) -> DataChoice:
    """Hand in what scikit-learn's `load_*` and `fetch_*` return.

    A fifth is held out as the test split by a fixed seed.

    Args:
        bunch: With `data` and `target`, arrays or pandas tables.
        name: Of the data, for people.
        validation: Examples held out of training, to compare configs on.
        standardise: Whether inputs get mean 0 and deviation 1 in training.

    Raises:
        DataError: If it has no data and labels that fit together.
    """
    return _given(of_bunch(bunch, name=name), validation, None, standardise)


def loader(
    function: Callable[[], Any], *, validation: int = 0, standardise: bool = False
) -> DataChoice:
    """Choose what a function of your own returns, called when the study is trained.

    Args:
        function: Returns `(x, y)`, `((x_train, y_train), (x_test, y_test))` or a
            dictionary of arrays named so.
        validation: Examples held out of training, to compare configs on.
        standardise: Whether inputs get mean 0 and deviation 1 in training.
    """
    return DataChoice(
        loader=reference_of(function),
        given=function,
        validation=validation,
        standardise=standardise,
    )


def _named(
    name: str,
    folder: str | Path | None,
    validation: int,
    train: int | None,
    standardise: bool,
) -> DataChoice:
    return DataChoice(
        name=name if folder is None else None,
        path=None if folder is None else str(folder),
        validation=validation,
        train=train,
        standardise=standardise,
    )


def _given(
    dataset: Dataset, validation: int, train: int | None, standardise: bool
) -> DataChoice:
    return DataChoice(
        name="arrays",
        given=dataset,
        validation=validation,
        train=train,
        standardise=standardise,
    )
