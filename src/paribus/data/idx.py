"""IDX, the format of MNIST and its kin, packed by gzip or not."""

import math
from pathlib import Path

import numpy as np

from paribus.data.npy import native
from paribus.data.paths import read_bytes
from paribus.errors import DataError, printable


_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_DIMENSIONS = 8

# The four files of such a data set, by the array that they hold.
FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def is_idx(start: bytes) -> bool:
    """Whether a file that starts so is an IDX file."""
    return len(start) >= 4 and start[:2] == b"\0\0" and start[2] in _TYPES


def read_idx(file: Path, path: str) -> np.ndarray:
    """Read the array of an IDX file, packed by gzip or not.

    Args:
        file: A file.
        path: As the user wrote it.

    Raises:
        DataError: If it is damaged, or something else.

    References:
        LeCun, Cortes and Burges, The MNIST database of handwritten digits, 1998, "File
        formats".
    """
    name = printable(path)
    content = read_bytes(file, path)
    if not is_idx(content) or not 1 <= content[3] <= MAX_DIMENSIONS:
        raise DataError(
            f"`{name}` must begin as an IDX file (two zeros, type, dimensions), got "
            f"{content[:4].hex(' ') or 'nothing'}"
        )
    start = 4 + 4 * content[3]
    shape = tuple(int.from_bytes(content[k : k + 4], "big") for k in range(4, start, 4))
    dtype = np.dtype(_TYPES[content[2]])
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise DataError(
            f"`{name}` is damaged or incomplete: expected {expected:,} bytes for shape "
            f"{shape}, got {len(content):,}"
        )
    return native(np.frombuffer(content, dtype=dtype, offset=start).reshape(shape))


def idx_files(folder: Path) -> dict[str, Path]:
    """The IDX files of a folder, by the array that they hold; both may be packed."""
    found = {}
    for array, stem in FILES.items():
        for name in (stem, stem.replace("-idx", ".idx")):
            for file in (folder / name, folder / f"{name}.gz"):
                if array not in found and file.is_file():
                    found[array] = file
    return found
