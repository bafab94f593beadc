"""Data sets by name: from the package, from Debian's, or downloaded once."""

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import platformdirs

from paribus.data.cifar import TEST, TRAIN, arrays_of
from paribus.data.dataset import Dataset
from paribus.data.downloads import Download, fetch
from paribus.data.idx import idx_files, read_idx
from paribus.data.making import make_dataset
from paribus.errors import DataError


MAX_CIFAR_BYTES = 31_000_000  # of one of its files: 10,000 images of 3,073 bytes


class NamedData(NamedTuple):
    """A data set that is known by name.

    Attributes:
        title: For people.
        credit: Who made it, and its licence.
        downloads: Its files.
        read: The files in the cache to arrays.
        installed: Where a package of the system puts the same files; None for none.
        package: Of Debian, that does.
    """

    title: str
    credit: str
    downloads: tuple[Download, ...]
    read: Callable[[list[Path]], dict[str, np.ndarray]]
    installed: Path | None = None
    package: str = ""


def load_named(data: NamedData, *, name: str) -> Dataset:
    """Load a data set from the system's package, the user's cache, or the network.

    Args:
        data: Which.
        name: Of its folder in the cache.

    Raises:
        DataError: If it is nowhere, or not what was released.
    """
    installed = _installed(data)
    if installed is not None:
        arrays, source = installed, f"{data.credit}; from `{data.installed}`"
    else:
        folder = platformdirs.user_cache_path("paribus") / "data" / name
        files = [fetch(d, folder, hint=_hint(data)) for d in data.downloads]
        arrays, source = data.read(files), data.credit
    return make_dataset(
        arrays,
        name=data.title,
        source=source,
        where=lambda array: f"`{array}` of {data.title}",
    )


def _installed(data: NamedData) -> dict[str, np.ndarray] | None:
    if data.installed is None or not data.installed.is_dir():
        return None
    files = idx_files(data.installed)
    if len(files) < len(data.downloads):
        return None
    return {name: read_idx(file, str(file)) for name, file in files.items()}


def _hint(data: NamedData) -> str:
    files = ", ".join(download.name for download in data.downloads)
    install = f"apt install {data.package}, or " if data.package else ""
    return f"{install}put {files} into a folder and name it in `data.path`"


def _read_idx_files(files: list[Path]) -> dict[str, np.ndarray]:
    found = idx_files(files[0].parent)
    return {name: read_idx(file, str(file)) for name, file in found.items()}


def _read_cifar(files: list[Path]) -> dict[str, np.ndarray]:
    """Read six members by name: nothing is unpacked to disk."""
    (archive,) = files
    contents = {}
    with tarfile.open(archive, "r:gz") as members:
        for name in TRAIN + TEST:
            member = members.getmember(f"cifar-10-batches-bin/{name}")
            stream = members.extractfile(member)
            if stream is None or member.size > MAX_CIFAR_BYTES:
                raise DataError(f"`{archive}` has a member that is no batch: {name}")
            contents[name] = stream.read()
    return arrays_of(contents, str(archive))


def _idx_downloads(base: str, *files: tuple[str, int, str]) -> tuple[Download, ...]:
    return tuple(
        Download(url=f"{base}/{name}.gz", n_bytes=n, sha256=sha256)
        for name, n, sha256 in files
    )


# Sizes and sums: docs/decisions/0031-data-from-anywhere.md says how each was checked.
NAMED = {
    "fashion_mnist": NamedData(
        title="Fashion-MNIST",
        credit="Han Xiao, Kashif Rasul and Roland Vollgraf (Zalando), 2017, MIT",
        downloads=_idx_downloads(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
            (
                "train-images-idx3-ubyte",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            (
                "train-labels-idx1-ubyte",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            (
                "t10k-images-idx3-ubyte",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            (
                "t10k-labels-idx1-ubyte",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
        read=_read_idx_files,
        installed=Path("/usr/share/datasets/fashion-mnist"),
        package="dataset-fashion-mnist",
    ),
    "kmnist": NamedData(
        title="KMNIST",
        credit="ROIS-DS Center for Open Data in the Humanities, 2018, CC BY-SA 4.0",
        downloads=_idx_downloads(
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist",
            (
                "train-images-idx3-ubyte",
                18_165_135,
                "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            ),
            (
                "train-labels-idx1-ubyte",
                29_497,
                "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            ),
            (
                "t10k-images-idx3-ubyte",
                3_041_136,
                "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            ),
            (
                "t10k-labels-idx1-ubyte",
                5_120,
                "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
            ),
        ),
        read=_read_idx_files,
    ),
    "cifar10": NamedData(
        title="CIFAR-10",
        credit="Alex Krizhevsky, Vinod Nair and Geoffrey Hinton, 2009",
        downloads=(
            Download(
                url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                n_bytes=170_052_171,
                sha256=(
                    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
                ),
            ),
        ),
        read=_read_cifar,
    ),
}
