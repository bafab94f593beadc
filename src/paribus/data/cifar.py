"""CIFAR-10's binary files: a byte of label, then the red, green and blue planes."""

from pathlib import Path

import numpy as np

from paribus.data.paths import read_bytes
from paribus.errors import DataError, printable


TRAIN = tuple(f"data_batch_{k}.bin" for k in range(1, 6))
TEST = ("test_batch.bin",)
_SHAPE = (3, 32, 32)
_RECORD = 1 + 3 * 32 * 32


def is_cifar(folder: Path) -> bool:
    """Whether a folder holds CIFAR-10's binary files."""
    return all((folder / name).is_file() for name in TRAIN + TEST)


def cifar_arrays(folder: Path, path: str) -> dict[str, np.ndarray]:
    """Read the files of a folder, images as [example, row, column, colour].

    Args:
        folder: With `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`.
        path: As the user wrote it.

    Raises:
        DataError: If a file is damaged.
    """
    contents = {
        name: read_bytes(folder / name, f"{path}/{name}") for name in TRAIN + TEST
    }
    return arrays_of(contents, path)


def arrays_of(contents: dict[str, bytes], path: str) -> dict[str, np.ndarray]:
    """Turn the contents of the six files, by name, into arrays.

    Raises:
        DataError: If one is not a whole number of images.

    References:
        Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009;
        https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
    """
    arrays = {}
    for split, names in (("train", TRAIN), ("test", TEST)):
        for name in names:
            if not contents[name] or len(contents[name]) % _RECORD:
                raise DataError(
                    f"`{printable(path)}/{name}` is damaged or incomplete: expected "
                    f"{_RECORD:,} bytes an image, got {len(contents[name]):,} in all"
                )
        joined = np.frombuffer(b"".join(contents[name] for name in names), np.uint8)
        records = joined.reshape(-1, _RECORD)
        images = records[:, 1:].reshape(-1, *_SHAPE).transpose(0, 2, 3, 1)
        arrays |= {f"x_{split}": images, f"y_{split}": records[:, 0]}
    return arrays
