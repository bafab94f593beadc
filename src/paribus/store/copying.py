"""Copies of files that somebody else may have made: holes stay holes."""

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path

from paribus.errors import ResourceError


_PIECE = 2**20


def check_fits(sources: Sequence[BufferedReader], folder: Path, shown: Path) -> None:
    """Refuse to copy files where there is no space for what is in them.

    Args:
        sources: The open files.
        folder: A temporary folder, where the copies are to be.
        shown: Of what, for the message.

    Raises:
        ResourceError: With both numbers.
    """
    n_bytes = sum(end - begin for source in sources for begin, end in _parts(source))
    n_free = shutil.disk_usage(folder).free
    if n_bytes > n_free:
        raise ResourceError(
            f"`{folder.parent}` needs {n_bytes:,} bytes for a copy of `{shown}`, "
            f"from which it is read, got {n_free:,}",
            hint="free some space there, or set `TMPDIR` to a folder that has more",
        )


def copy_file(source: BufferedReader, target: Path) -> None:
    """Copy an open file to a new one; its holes take neither time nor space.

    Raises:
        OSError: If it cannot be read or written.
    """
    with target.open("xb") as file:
        for begin, end in _parts(source):
            source.seek(begin)
            file.seek(begin)
            while begin < end and (piece := source.read(min(_PIECE, end - begin))):
                file.write(piece)
                begin += len(piece)
        file.truncate(os.fstat(source.fileno()).st_size)


def _parts(source: BufferedReader) -> list[tuple[int, int]]:
    """Where a file has content, from where to where."""
    descriptor = source.fileno()
    size = os.fstat(descriptor).st_size
    place = os.lseek(descriptor, 0, os.SEEK_CUR)  # that of its buffer
    try:
        return list(_between_holes(descriptor, size))
    finally:
        os.lseek(descriptor, place, os.SEEK_SET)


def _between_holes(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    if not hasattr(os, "SEEK_DATA"):  # Windows
        yield 0, size
        return
    end = 0
    while end < size:
        try:
            begin = os.lseek(descriptor, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return  # nothing but a hole follows
        end = os.lseek(descriptor, begin, os.SEEK_HOLE)
        yield begin, end
