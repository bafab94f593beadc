"""NumPy's own files: headers checked before memory is allocated, never a pickle."""

import math
import tokenize
import warnings
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paribus.data.paths import opened
from paribus.errors import DataError, printable


MAX_HEADER_BYTES = 10_000

# What NumPy's readers raise: they parse a header as Python, twice if need be.
_HEADER_FAULTS = (
    *(ValueError, TypeError, SyntaxError, tokenize.TokenError),
    *(MemoryError, RecursionError),
)

# Larger arrays are read through a memory map, so that they need not fit into memory.
MAP_BYTES = 256 * 2**20


class Header(NamedTuple):
    """What an array's header says."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype

    @property
    def n_bytes(self) -> int:
        """Of the array that follows."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_npy(file: Path, path: str) -> np.ndarray:
    """Read the array of an `.npy` file; a large one is mapped, not read.

    Args:
        file: A file.
        path: As the user wrote it.

    Raises:
        DataError: If it is damaged, or holds something else than numbers or texts.
    """
    name = printable(path)
    with opened(file, path) as stream:
        header = read_header(stream, f"`{name}`")
        start = stream.tell()
        left = file.stat().st_size - start
        if header.n_bytes != left:
            raise _misfit(f"`{name}`", header.n_bytes, left)
        order = "F" if header.fortran_order else "C"
        if header.n_bytes >= MAP_BYTES:
            return np.memmap(
                file, header.dtype, "r", start, shape=header.shape, order=order
            )
        flat = np.frombuffer(stream.read(), dtype=header.dtype)
    return native(flat.reshape(header.shape, order=order))


def native(array: np.ndarray) -> np.ndarray:
    """The array in this machine's byte order."""
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def read_array(stream: BufferedIOBase, where: str, *, n_bytes: int) -> np.ndarray:
    """Read an array that fills the rest of a stream.

    Args:
        stream: At its header.
        where: For messages, e.g. "`x` of `tiny.npz`".
        n_bytes: Of header and array.

    Raises:
        DataError: If the header is none, or does not fit.
    """
    header = read_header(stream, where)
    left = n_bytes - stream.tell()
    if header.n_bytes != left:
        raise _misfit(where, header.n_bytes, left)
    flat = np.frombuffer(stream.read(), dtype=header.dtype)
    return native(
        flat.reshape(header.shape, order="F" if header.fortran_order else "C")
    )


def read_header(stream: BufferedIOBase, where: str) -> Header:
    """Read what an array is.

    Raises:
        DataError: If the header is none, or that of Python objects.
    """
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        version = np.lib.format.read_magic(stream)
        if version not in readers:
            raise ValueError(f"format version {version[0]}.{version[1]}")
        with warnings.catch_warnings():  # of headers that Python 2 wrote
            warnings.simplefilter("ignore", UserWarning)
            header = Header(*readers[version](stream, max_header_size=MAX_HEADER_BYTES))
    except _HEADER_FAULTS as error:
        reason = str(error).split("\n")[0].replace("allow_pickle", "pickles")
        is_code = not isinstance(error, ValueError) or "malformed node" in reason
        if is_code:  # their words are of Python's parser, or name an address in memory
            reason = "it is no dictionary of plain values"
        raise DataError(f"{where} has a bad header: {reason}") from error
    if header.dtype.hasobject:
        raise DataError(f"{where} holds Python objects, needs numbers")
    if any(isinstance(n, bool) or n < 0 for n in header.shape):
        raise DataError(f"{where} has a bad header: shape {header.shape}")
    return header


def _misfit(where: str, declared: int, left: int) -> DataError:
    return DataError(
        f"{where} does not fit its header: {_amount(declared)} declared, "
        f"{_amount(left)} there"
    )


def _amount(n_bytes: int) -> str:
    for unit, size in (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes} bytes"
