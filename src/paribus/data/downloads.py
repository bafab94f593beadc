"""Files of known data sets, downloaded once into the user's cache and checked."""

import hashlib
import http.client
import math
import os
import sys
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from paribus.errors import DataError, ParibusWarning
from paribus.file_locks import is_at, open_locked


TIMEOUT_S = 30
_PIECE = 2**20


class Download(NamedTuple):
    """A file as it is served.

    Attributes:
        url: Where.
        n_bytes: How long it is.
        sha256: What it is, in hexadecimal.
    """

    url: str
    n_bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """Of the file in the cache."""
        return self.url.rpartition("/")[2]


def fetch(download: Download, folder: Path, *, hint: str) -> Path:
    """The file in the user's cache, downloaded if it is not there.

    A download that was interrupted goes on where it stopped, if the server can.

    Args:
        download: What.
        folder: In the cache; made if it is not there.
        hint: What else a user without a network can do.

    Returns:
        A file that has been checked.

    Raises:
        DataError: If there is no network, or the file is another one.
    """
    file = folder / download.name
    if file.exists():
        _check(file, download)
        return file
    warnings.warn(
        f"downloading {download.url} ({download.n_bytes / 2**20:.1f} MiB) to "
        f"`{folder}`, once",
        ParibusWarning,
        stacklevel=2,
    )
    part = file.with_name(file.name + ".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(part):
            if not file.exists():  # another process may have downloaded it meanwhile
                _receive(download, part)
                _keep(part, file, download)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise DataError(
            f"`{download.url}` cannot be downloaded: {reason}", hint=hint
        ) from error
    return file


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    """Wait until no other process downloads the file."""
    if sys.platform == "win32":  # where an open file cannot be given another name
        yield
        return
    descriptor = open_locked(part, wait_s=math.inf)
    try:
        yield
    finally:
        if is_at(descriptor, part) and not os.fstat(descriptor).st_size:
            part.unlink()
        os.close(descriptor)


def _keep(part: Path, file: Path, download: Download) -> None:
    """Check what was downloaded, and give it its name."""
    try:
        _check(part, download)
    except DataError:
        part.unlink()  # or each attempt would go on from the wrong content
        raise
    part.replace(file)


def _receive(download: Download, part: Path) -> None:
    """Append what is missing; begin anew where the server sends the whole."""
    there = part.stat().st_size if part.exists() else 0
    if there >= download.n_bytes:
        there = 0
    headers = {"Range": f"bytes={there}-"} if there else {}
    request = urllib.request.Request(download.url, headers=headers)
    with _answer(request) as response:
        is_rest = response.status == http.HTTPStatus.PARTIAL_CONTENT
        with part.open("ab" if is_rest else "wb") as stream:
            # One byte more than expected shows that it is too long; no need for more.
            left = download.n_bytes - (there if is_rest else 0) + 1
            while left > 0 and (piece := response.read(min(_PIECE, left))):
                stream.write(piece)
                left -= len(piece)
            stream.flush()
            os.fsync(stream.fileno())
    if part.stat().st_size < download.n_bytes:
        raise OSError(
            f"the connection ended after {part.stat().st_size:,} of "
            f"{download.n_bytes:,} bytes"
        )


def _answer(request: urllib.request.Request) -> http.client.HTTPResponse:
    try:
        # The addresses are constants of `NAMED`; what comes is checked by its sum.
        return urllib.request.urlopen(request, timeout=TIMEOUT_S)  # nosec B310
    except urllib.error.HTTPError as refusal:
        with refusal:  # it holds the connection
            raise OSError(f"{refusal.code} {refusal.reason}") from None


def _check(file: Path, download: Download) -> None:
    if (got := file.stat().st_size) != download.n_bytes:
        raise DataError(
            f"`{file}` must be the file that was released: expected "
            f"{download.n_bytes:,} bytes, got {got:,}",
            hint="remove it, and it is downloaded again",
        )
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != download.sha256:
        raise DataError(
            f"`{file}` must be the file that was released: expected SHA-256 "
            f"{download.sha256[:16]}..., got {digest[:16]}... ({got:,} bytes)",
            hint="remove it, and it is downloaded again",
        )
