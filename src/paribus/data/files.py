"""Array files to arrays, checked before memory is allocated."""

import math
import stat
import zipfile
from difflib import get_close_matches
from io import BufferedIOBase
from pathlib import Path

import numpy as np

from paribus.errors import DataError


MAX_UNPACKED_BYTES = 256 * 2**20
MAX_UNPACKED_RATIO = 200
MAX_HEADER_BYTES = 10_000

_FOUR = ("x_train", "y_train", "x_test", "y_test")
_TWO = ("x", "y")


def read_npz(path: str, *, folder: Path) -> dict[str, np.ndarray]:
    """Read the arrays `x_train, y_train, x_test, y_test`, or `x, y`, of an archive.

    Members that are not needed are not read, and nothing is unpickled.

    Args:
        path: A file, as the user wrote it; relative to `folder`, never expanded.
        folder: The study file's folder.

    Raises:
        DataError: If there is no such file, or it is no archive of arrays, or damaged.
    """
    file = _checked_file(path, folder)
    with file.open("rb") as opened:
        _check_is_archive(opened, path)
        try:
            with zipfile.ZipFile(opened) as archive:
                return _read_members(archive, path, size=file.stat().st_size)
        except zipfile.BadZipFile as error:
            raise DataError(f"`{path}` is damaged or incomplete: {error}") from error


def _checked_file(path: str, folder: Path) -> Path:
    if "://" in path or path.startswith(("~", "$")):
        raise DataError(f"`data.path` must be a local file, written out, got `{path}`")
    file = folder / path
    try:
        mode = file.stat().st_mode
    except (OSError, ValueError):
        raise _no_such_file(path, file) from None
    if not stat.S_ISREG(mode):
        raise DataError(f"`data.path` must be a regular file, got `{path}`")
    if file.suffix.lower() != ".npz" and not zipfile.is_zipfile(file):
        raise DataError(
            f"`{path}` is not read: data must be an .npz archive",
            hint="numpy.savez(path, x_train=..., y_train=..., x_test=..., y_test=...)",
        )
    return file


def _no_such_file(path: str, file: Path) -> DataError:
    beside = []
    if file.parent.is_dir():
        beside = sorted(p.name for p in file.parent.iterdir() if p.suffix == ".npz")
    close = get_close_matches(file.name, beside, n=1)
    hint = f"did you mean `{close[0]}`?" if close else ""
    return DataError(f"no such file: `{path}`", hint=hint)


def _check_is_archive(opened: BufferedIOBase, path: str) -> None:
    start = opened.read(512)
    opened.seek(0)
    if not start:
        raise DataError(f"`{path}` is empty")
    if not start.startswith(b"PK"):
        looks = start.lstrip().lower()
        kind = ""
        if looks.startswith((b"<!doctype html", b"<html")):
            kind = ", it is an HTML page"
        raise DataError(f"`{path}` is not an .npz archive{kind}")


def _read_members(
    archive: zipfile.ZipFile, path: str, *, size: int
) -> dict[str, np.ndarray]:
    names = [member.filename for member in archive.infolist()]
    for name in names:
        if not name.endswith(".npy") or "/" in name or "\\" in name:
            raise DataError(f"`{path}` has a member that is no array: {name!a}")
        if names.count(name) > 1:
            raise DataError(f"`{path}` has the array `{name[:-4]}` twice")
    present = {name[:-4] for name in names}
    needed = next((n for n in (_FOUR, _TWO) if present.issuperset(n)), None)
    if needed is None:
        has = ", ".join(f"`{name}`" for name in sorted(present)) or "no arrays"
        raise DataError(
            f"`{path}` has {has}; needs `x_train`, `y_train`, `x_test`, `y_test`, "
            "or `x`, `y`"
        )
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
            shape, fortran_order, dtype = _read_header(member, name, path)
            n_bytes = math.prod(shape) * dtype.itemsize
            left = unpacked - member.tell()
            if n_bytes != left:
                raise DataError(
                    f"`{name}` of `{path}` does not fit its header: {_amount(n_bytes)} "
                    f"declared, {_amount(left)} there"
                )
            flat = np.frombuffer(member.read(), dtype=dtype)
    except zipfile.BadZipFile as error:
        raise DataError(
            f"`{name}` of `{path}` is damaged: checksum ({error})"
        ) from error
    except (EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"`{name}` of `{path}` is damaged or incomplete") from error
    array = flat.reshape(shape, order="F" if fortran_order else "C")
    return array.astype(dtype.newbyteorder("="), copy=False)


def _read_header(
    member: BufferedIOBase, name: str, path: str
) -> tuple[tuple[int, ...], bool, np.dtype]:
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        version = np.lib.format.read_magic(member)
        if version not in readers:
            raise ValueError(f"format version {version[0]}.{version[1]}")
        shape, fortran, dtype = readers[version](
            member, max_header_size=MAX_HEADER_BYTES
        )
    except ValueError as error:
        reason = str(error).split("\n")[0].replace("allow_pickle", "pickles")
        raise DataError(f"`{name}` of `{path}` has a bad header: {reason}") from error
    if dtype.hasobject:
        raise DataError(f"`{name}` of `{path}` holds Python objects, needs numbers")
    if any(length < 0 for length in shape):
        raise DataError(f"`{name}` of `{path}` has a bad header: shape {shape}")
    return shape, fortran, dtype


def _amount(n_bytes: int) -> str:
    for unit, size in (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes} bytes"
