"""Files that examples are read from as they are needed: are they what they were?"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from paribus.data.dataset import Split
from paribus.errors import DataError, printable


class _Stamp(NamedTuple):
    """Which file it is, and what changes when it is written to."""

    device: int
    inode: int
    size: int
    modified_ns: int


class MappedFiles:
    """The files behind the memory maps of a data set, as they were at some time.

    What a map shows changes with its file. A file that was replaced or removed leaves
    the map as it was.
    """

    def __init__(self, splits: Iterable[Split]) -> None:
        """Note how the files are."""
        files = {Path(split.file) for split in splits if split.file is not None}
        self._before = {file: _stamp(file) for file in sorted(files)}

    def check(self) -> None:
        """Refuse what has been read since.

        Raises:
            DataError: If a file has changed.
        """
        for file, before in self._before.items():
            now = _stamp(file)
            if before is None or now is None or now[:2] != before[:2]:
                continue
            if now != before:
                raise DataError(
                    f"`{printable(str(file))}` changed while it was trained on",
                    hint="bring the first data back: what was trained before is kept",
                )


def _stamp(file: Path) -> _Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return _Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
