"""Where data lie: a path as the user wrote it to a file or folder that is there."""

import gzip
import io
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from paribus.errors import DataError, printable


MAX_UNPACKED_BYTES = 256 * 2**20
MAX_UNPACKED_RATIO = 200

_GZIP = b"\x1f\x8b"
_PIECE = 2**20


def find(path: str, folder: Path) -> Path:
    """Find the file or folder of data that a study names.

    Args:
        path: As the user wrote it; relative to `folder`, never expanded.
        folder: The study file's folder.

    Raises:
        DataError: If nothing is there, or something that is neither.
    """
    if "://" in path or path.startswith(("~", "$")):
        raise DataError(
            f"`data.path` must be a local file, written out, got `{printable(path)}`"
        )
    file = folder / path
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise _no_such_file(path, file) from None
    except OSError as error:
        raise unreadable(path, error) from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise DataError(f"`data.path` must be a regular file, got `{printable(path)}`")
    return file


def unreadable(path: str, error: OSError) -> DataError:
    """The error for a file that the system does not let us read."""
    reason = (error.strerror or str(error)).lower()
    return DataError(f"`{printable(path)}` cannot be read: {reason}")


@contextmanager
def opened(file: Path, path: str) -> Iterator[io.BufferedReader]:
    """Open a file, and refuse what was read if it changed meanwhile.

    Raises:
        DataError: If it cannot be opened, or changed while it was read.
    """
    try:
        before = file.stat()
        if not stat.S_ISREG(before.st_mode) and not stat.S_ISDIR(before.st_mode):
            raise DataError(f"`{printable(path)}` must be a regular file")
        with file.open("rb") as stream:
            yield stream
            after = file.stat()
    except OSError as error:
        raise unreadable(path, error) from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DataError(f"`{printable(path)}` changed while it was read")


def read_bytes(file: Path, path: str) -> bytes:
    """Read a file, unpacked if gzip packed it.

    Raises:
        DataError: If it cannot be read, is damaged, or unpacks to far more than a
            packed file would.
    """
    with opened(file, path) as stream:
        content = stream.read()
    if not content.startswith(_GZIP):
        return content
    limit = max(MAX_UNPACKED_BYTES, MAX_UNPACKED_RATIO * len(content))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            unpacked = _read_at_most(packed, limit + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"`{printable(path)}` is damaged or incomplete: {error}"
        ) from error
    if len(unpacked) > limit:
        raise DataError(
            f"`{printable(path)}` unpacks to more than {limit / 2**20:,.0f} MiB, "
            f"{limit // len(content)} times the file's size"
        )
    return unpacked


def _read_at_most(packed: gzip.GzipFile, limit: int) -> bytes:
    """Read piece by piece: to be asked for the limit, gzip would first make room."""
    pieces = io.BytesIO()
    while pieces.tell() < limit:
        piece = packed.read(min(_PIECE, limit - pieces.tell()))
        if not piece:
            break
        pieces.write(piece)
    return pieces.getvalue()


def _no_such_file(path: str, file: Path) -> DataError:
    try:
        beside = sorted(p.name for p in file.parent.iterdir())
    except (OSError, ValueError):
        beside = []
    close = get_close_matches(file.name, beside, n=1, cutoff=0.75)
    if close:
        hint = f"did you mean `{printable(close[0])}`?"
    else:
        hint = f"it was looked for in `{printable(str(file.parent.absolute()))}`"
    return DataError(f"no such file: `{printable(path)}`", hint=hint)


def read_text(file: Path, path: str) -> str:
    """Read a text in UTF-8, packed by gzip or not.

    Raises:
        DataError: If it is another encoding, or as `read_bytes`.
    """
    content = read_bytes(file, path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content[: error.start].count(b"\n")
        raise DataError(
            f"`{printable(path)}` must be UTF-8, got byte "
            f"0x{content[error.start]:02x} (line {line})",
            hint="save it as UTF-8",
        ) from None
