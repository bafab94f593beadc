"""Files and folders of data, recognised by what is in them."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paribus.data.cifar import cifar_arrays, is_cifar
from paribus.data.columns import Coding
from paribus.data.dataset import Dataset
from paribus.data.idx import FILES, idx_files, is_idx, read_idx
from paribus.data.images import class_folders, read_images
from paribus.data.making import make_dataset
from paribus.data.npy import read_npy
from paribus.data.npz import choose_arrays, read_npz
from paribus.data.paths import find, opened, read_bytes
from paribus.data.tables import read_csv, read_parquet, table_arrays
from paribus.errors import DataError, StudyError, printable


READ = "an .npz archive, .npy, IDX, CSV or Parquet files, or a folder of images"

# How files begin that are often taken for data.
_OTHERS = {
    b"\x89HDF": "an HDF5 file",
    b"\x89PNG": "a single image",
    b"\xff\xd8\xff": "a single image",
    b"MATLAB": "a MATLAB file",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"%PDF": "a PDF",
    b"\xff\xfe": "a text in UTF-16",
    b"\xfe\xff": "a text in UTF-16",
}
_TABLES = (".csv", ".tsv", ".parquet")


class HowToRead(NamedTuple):
    """What a study says of its data beside their path.

    Attributes:
        target: The column to predict, or the file of labels; None where it is known.
        categorical: How columns of texts become inputs.
    """

    target: str | None = None
    categorical: Coding = "one_hot"


def read_path(path: str, how: HowToRead, *, folder: Path) -> Dataset:
    """Read the file or folder that a study names.

    Args:
        path: As written in the study file; never expanded.
        how: What else it says.
        folder: What a relative path is relative to.

    Raises:
        DataError: If it is missing, damaged or something else.
        StudyError: If `target` does not fit it.
    """
    place = find(path, folder)
    if place.is_dir():
        return _read_folder(place, path, how)
    return _read_file(place, path, how)


def _read_file(file: Path, path: str, how: HowToRead) -> Dataset:
    with opened(file, path) as stream:
        start = stream.read(512)
    if not start:
        raise DataError(f"`{printable(path)}` is empty")
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        _check_no_target(how, path)
        return _of_arrays(read_npz(file, path), path)
    if start.startswith(b"\x93NUMPY"):
        return _of_arrays(_with_labels(file, path, how, read_npy), path)
    if start.startswith(b"PAR1"):
        return _of_tables([file], [path], path, how, read_parquet)
    if start.startswith(b"\x1f\x8b"):
        start = read_bytes(file, path)[:512]
    if is_idx(start):
        return _of_arrays(_with_labels(file, path, how, read_idx), path)
    _check_is_text(start, file, path)
    return _of_tables([file], [path], path, how, read_csv)


def _check_is_text(start: bytes, file: Path, path: str) -> None:
    """Refuse what is no table of text, and say what it looks like."""
    looks = start.lstrip().lower()
    kind = next((k for begin, k in _OTHERS.items() if start.startswith(begin)), "")
    if looks.startswith((b"<!doctype html", b"<html")):
        kind = "an HTML page"
    is_archive = file.suffix.lower() == ".npz"
    if not kind and not is_archive and b"\0" not in start:
        return
    what = "an .npz archive" if is_archive else READ
    raise DataError(
        f"`{printable(path)}` is not {what}{f', it is {kind}' if kind else ''}",
        hint="numpy.savez(path, x_train=..., y_train=..., x_test=..., y_test=...)",
    )


def _check_no_target(how: HowToRead, path: str) -> None:
    if how.target is not None:
        raise StudyError(
            f"`data.target` must be left out, got `{printable(how.target)}`: "
            f"`{printable(path)}` says what its labels are",
            key=("data", "target"),
        )


def _with_labels(
    file: Path, path: str, how: HowToRead, read: Callable[[Path, str], np.ndarray]
) -> dict[str, np.ndarray]:
    """The inputs of a file, and the labels of the one that `target` names beside it."""
    if how.target is None:
        raise StudyError(
            f"`data.target` must name the file of labels that lies beside "
            f"`{printable(path)}`",
            hint="a folder that holds x_train.npy, y_train.npy, x_test.npy and "
            "y_test.npy, or x.npy and y.npy, needs none",
            key=("data",),
        )
    labels = find(how.target, file.parent)
    return {"x": read(file, path), "y": read(labels, how.target)}


def _of_arrays(arrays: dict[str, np.ndarray], path: str) -> Dataset:
    shown = printable(path)
    return make_dataset(
        arrays,
        name=Path(path).name,
        source=path,
        where=lambda name: f"`{name}` of `{shown}`",
    )


def _of_tables(
    files: list[Path],
    paths: list[str],
    path: str,
    how: HowToRead,
    read: Callable[..., object],
) -> Dataset:
    frames = [read(file, each) for file, each in zip(files, paths, strict=True)]
    tables = table_arrays(
        frames,  # pyright: ignore[reportArgumentType]  (pandas is loaded by `read`)
        target=how.target,
        categorical=how.categorical,
        paths=paths,
    )
    names = [("x", "y")] if len(tables) == 1 else _PAIRS
    arrays = {}
    for (x, y), table in zip(names, tables, strict=True):
        arrays |= {x: table.inputs, y: table.target}
    target = printable(str(how.target))

    def where(name: str) -> str:
        shown = printable(paths[-1] if name.endswith("test") else paths[0])
        is_target = name.startswith("y")
        return f"column `{target}` of `{shown}`" if is_target else f"`{shown}`"

    return make_dataset(
        arrays,
        name=Path(path).name,
        source=path,
        where=where,
        notes=(f"The column to predict is {target}.", *tables[0].notes),
    )


_PAIRS = [("x_train", "y_train"), ("x_test", "y_test")]


def _read_folder(folder: Path, path: str, how: HowToRead) -> Dataset:
    for suffix, read in (
        (".csv", read_csv),
        (".tsv", read_csv),
        (".parquet", read_parquet),
    ):
        files = [folder / f"{split}{suffix}" for split in ("train", "test")]
        if all(file.is_file() for file in files):
            paths = [f"{path}/{file.name}" for file in files]
            return _of_tables(files, paths, path, how, read)
    arrays = _arrays_in(folder, path)
    if arrays is None:
        raise DataError(
            f"`{printable(path)}` must hold data, found no arrays, tables or images",
            hint="x_train.npy, y_train.npy, x_test.npy, y_test.npy; or the four IDX "
            "files of MNIST and its kin; or train.csv and test.csv; or a folder of "
            "images for each class",
        )
    _check_no_target(how, path)
    return _of_arrays(arrays, path)


def _arrays_in(folder: Path, path: str) -> dict[str, np.ndarray] | None:
    packed = idx_files(folder)
    if packed:
        if missing := [FILES[name] for name in FILES if name not in packed]:
            raise DataError(f"`{printable(path)}` lacks the file `{missing[0]}`")
        return {name: read_idx(f, f"{path}/{f.name}") for name, f in packed.items()}
    if is_cifar(folder):
        return cifar_arrays(folder, path)
    saved = {file.stem: file for file in sorted(folder.glob("*.npy"))}
    if saved:
        needed = choose_arrays(set(saved), f"`{printable(path)}`")
        return {n: read_npy(saved[n], f"{path}/{saved[n].name}") for n in needed}
    splits = {name: folder / name for name in ("train", "test")}
    if all(part.is_dir() and class_folders(part) for part in splits.values()):
        arrays = {}
        for name, part in splits.items():
            images, classes = read_images(part, f"{path}/{name}")
            arrays |= {f"x_{name}": images, f"y_{name}": classes}
        return arrays
    if class_folders(folder):
        images, classes = read_images(folder, path)
        return {"x": images, "y": classes}
    return None
