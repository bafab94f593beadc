"""Archives of arrays, read member by member, their sizes checked before that."""

import lzma
import struct
import zipfile
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np

from paribus.data.npy import read_array
from paribus.data.paths import MAX_UNPACKED_BYTES, MAX_UNPACKED_RATIO, opened
from paribus.errors import DataError, first_twice, printable


FOUR = ("x_train", "y_train", "x_test", "y_test")
TWO = ("x", "y")

# What zipfile raises where an archive or a member is cut, encrypted, packed by what it
# lacks, or has names and lengths that are none.
_FAULTS = (
    *(zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError),
    *(ValueError, OverflowError, struct.error, zlib.error, lzma.LZMAError),
)


def read_npz(file: Path, path: str) -> dict[str, np.ndarray]:
    """Read the arrays `x_train, y_train, x_test, y_test`, or `x, y`, of an archive.

    Members that are not needed are not read, and nothing is unpickled.

    Args:
        file: A file.
        path: As the user wrote it.

    Raises:
        DataError: If it is no archive of arrays, or damaged.
    """
    name = printable(path)
    with opened(file, path) as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                return _read_members(archive, name, size=file.stat().st_size)
        except DataError:  # a ValueError
            raise
        except _FAULTS as error:
            raise DataError(f"`{name}` is damaged or incomplete: {error}") from error


def choose_arrays(present: set[str], where: str) -> tuple[str, ...]:
    """Which arrays make a data set, of those that are there.

    Raises:
        DataError: If none do.
    """
    needed = next((names for names in (FOUR, TWO) if present.issuperset(names)), None)
    if needed is None:
        has = ", ".join(f"`{printable(name)}`" for name in sorted(present))
        raise DataError(
            f"{where} has {has or 'no arrays'}; needs `x_train`, `y_train`, `x_test`, "
            "`y_test`, or `x`, `y`"
        )
    return needed


def _read_members(
    archive: zipfile.ZipFile, path: str, *, size: int
) -> dict[str, np.ndarray]:
    names = [member.filename for member in archive.infolist()]
    for name in names:
        if not name.endswith(".npy") or "/" in name or "\\" in name:
            raise DataError(f"`{path}` has a member that is no array: {name!a}")
    if twice := first_twice(names):
        raise DataError(f"`{path}` has the array `{printable(twice[:-4])}` twice")
    needed = choose_arrays({name[:-4] for name in names}, f"`{path}`")
    return {name: _read_member(archive, name, path, size=size) for name in needed}


def _read_member(
    archive: zipfile.ZipFile, name: str, path: str, *, size: int
) -> np.ndarray:
    info = archive.getinfo(f"{name}.npy")
    unpacked = info.file_size
    if unpacked > MAX_UNPACKED_BYTES and unpacked > MAX_UNPACKED_RATIO * size:
        raise DataError(
            f"`{name}` of `{path}` unpacks to {unpacked / 2**20:,.0f} MiB, "
            f"{unpacked // max(size, 1)} times the file's size"
        )
    try:
        with archive.open(info) as member:
            assert isinstance(member, BufferedIOBase)  # zipfile promises less
            return read_array(member, f"`{name}` of `{path}`", n_bytes=unpacked)
    except DataError:
        raise
    except zipfile.BadZipFile as error:
        raise DataError(
            f"`{name}` of `{path}` is damaged: checksum ({error})"
        ) from error
    except _FAULTS as error:
        raise DataError(f"`{name}` of `{path}` is damaged or incomplete") from error
