"""Compiled programs that processes which run tests hand to one another."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest


# JAX writes a file at once, but not in one piece, and from threads that outlive a test.
SETTLED_S = 1.0


class SharedPrograms:
    """Gives and takes compiled programs between the files of tests.

    A file that was changed just now may still be being written: it is left for the next
    time, so that nobody reads the beginning of a program.

    Args:
        own: Where this process keeps those that it compiles.
        shared: Where all processes leave those that are finished.
    """

    def __init__(self, own: Path, shared: Path) -> None:
        self._own = own
        self._shared = shared
        self._file: Path | None = None

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Exchange programs when another file begins."""
        if item.path != self._file:
            self.exchange()
            self._file = item.path

    def pytest_sessionfinish(self) -> None:
        """Leave to others what the last file has compiled."""
        self.exchange()

    def exchange(self) -> None:
        """Give what others lack, and take what is lacking here."""
        _link(self._own, self._shared)
        _link(self._shared, self._own)


def _link(source: Path, target: Path) -> None:
    there = {path.name for path in target.iterdir()}
    for path in _settled(source):
        if path.name not in there:
            with suppress(FileExistsError):  # another process has compiled it, too
                (target / path.name).hardlink_to(path)


def _settled(folder: Path) -> Iterator[Path]:
    """The files of a folder that have something in them, and not only since now."""
    for path in folder.iterdir():
        found = path.stat()
        if found.st_size and abs(time.time() - found.st_mtime) >= SETTLED_S:
            yield path
