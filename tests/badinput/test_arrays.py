"""Arrays that nobody should have to expect: refused with 4, in words, in bounds."""

import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_builders import contents


INPUTS = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
LABELS = np.arange(64) % 3
HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': SHAPE}"

Make = Callable[[], bytes]


def npz(**arrays: np.ndarray) -> Make:
    """An archive of the good arrays, with some replaced."""
    return lambda: of_arrays({"x": INPUTS, "y": LABELS, **arrays})


def only(**arrays: np.ndarray) -> Make:
    """An archive of these arrays."""
    return lambda: of_arrays(arrays)


def of_arrays(arrays: dict[str, np.ndarray]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=True, **arrays)
    return stream.getvalue()


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    return stream.getvalue()


def members(contents: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return stream.getvalue()


def headed(text: str, *, version: int = 1) -> Make:
    """An archive whose `x` has a header of one's own."""
    size = "<H" if version == 1 else "<I"
    header = struct.pack(size, len(text) + 1) + text.encode() + b"\n"
    array = b"\x93NUMPY" + bytes([version, 0]) + header + bytes(16)
    return lambda: members({"x.npy": array, "y.npy": npy(LABELS)})


def patched(offsets: dict[bytes, int], change: Callable[[int], int]) -> Make:
    """A sound archive with one byte of each entry changed, at an offset by its mark."""

    def make() -> bytes:
        content = bytearray(npz()())
        for mark, offset in offsets.items():
            place = content.find(mark)
            while place >= 0:
                content[place + offset] = change(content[place + offset])
                place = content.find(mark, place + 4)
        return bytes(content)

    return make


def changed(content: bytes) -> bytes:
    """An archive with bits of its first member's packed bytes flipped."""
    damaged = bytearray(content)
    for place in range(60, 120):
        damaged[place] ^= 0xFF
    return bytes(damaged)


FLAGS = {b"PK\x01\x02": 8, b"PK\x03\x04": 6}
METHODS = {b"PK\x01\x02": 10, b"PK\x03\x04": 8}
TRAIN = {"x_train": INPUTS, "y_train": LABELS}

# What lies in tiny.npz -> what the message has to contain.
ARCHIVES: dict[str, tuple[Make, list[str]]] = {
    "D07 header of 20 MB": (
        headed(" " * 20_000_000, version=2),
        ["`x`", "header", "20000001"],
    ),
    "encrypted": (patched(FLAGS, lambda byte: byte | 1), ["`x`", "damaged"]),
    "packed by what is not known": (
        patched(METHODS, lambda _: 97),
        ["`x`", "damaged or incomplete"],
    ),
    "member by an absolute path": (
        lambda: members({"/x.npy": npy(INPUTS), "y.npy": npy(LABELS)}),
        ["member", "/x.npy"],
    ),
    "member by a path of Windows": (
        lambda: members({"..\\x.npy": npy(INPUTS), "y.npy": npy(LABELS)}),
        ["member", "x.npy"],
    ),
    "member by a name that is no UTF-8": (
        lambda: members({"é.npy": b""}).replace("é".encode(), b"\xff\xfe"),
        ["tiny.npz", "damaged or incomplete"],
    ),
    "packed bytes that were changed": (
        lambda: changed(members({"x.npy": npy(INPUTS), "y.npy": npy(LABELS)})),
        ["`x`", "damaged"],
    ),
    "size of a member that lies": (
        lambda: npz()().replace(
            struct.pack("<II", 1152, 1152), struct.pack("<II", 1152, 4_000_000_000)
        ),
        ["`x`", "unpacks", "times"],
    ),
    "header that is a program": (
        headed("__import__('os').system('touch owned')"),
        ["`x`", "header", "plain values"],
    ),
    "header that is deep": (headed("(" * 5000), ["`x`", "header"]),
    "length that is true": (headed(HEADER.replace("SHAPE", "(True, 4)")), ["(True, 4"]),
    "length that is a fraction": (
        headed(HEADER.replace("SHAPE", "(4.0, 1)")),
        ["`x`", "header"],
    ),
    "lengths that overflow": (
        headed(HEADER.replace("SHAPE", "(4294967296, 4294967296, 4)")),
        ["`x`", "header", "TiB declared"],
    ),
    "lengths without rows": (
        headed(HEADER.replace("SHAPE", "(0, 4294967296000)")),
        ["`x`"],
    ),
    "items of a gigabyte": (
        headed(HEADER.replace("SHAPE", "(64, 4)").replace("<f4", "<U1000000000")),
        ["`x`", "header"],
    ),
    "no type": (
        headed(HEADER.replace("SHAPE", "(64, 4)").replace("<f4", "banana")),
        ["`x`", "header", "banana"],
    ),
    "labels beyond counting": (
        npz(y=LABELS.astype(np.uint64) * 2**62),
        ["`y`", "4611686018427387904"],
    ),
    "one number": (npz(x=np.array(3.0)), ["`x`", "two dimensions", "()"]),
    "no columns": (npz(x=np.zeros((64, 0))), ["`x`", "(64, 0)"]),
    "one row": (npz(x=INPUTS[:1], y=LABELS[:1]), ["two rows", "got 1"]),
    "labels that are no numbers": (
        npz(y=np.full(64, np.nan)),
        ["`y`", "labels", "nan"],
    ),
    "bytes without a type": (npz(x=np.zeros((64, 4), "V4")), ["`x`", "|V4"]),
    "durations": (npz(x=np.zeros((64, 4), "m8[s]")), ["`x`", "timedelta64"]),
    "infinity of half precision": (
        npz(x=np.full((64, 4), np.inf, np.float16)),
        ["`x`", "finite", "256 values"],
    ),
    "no split to test on": (only(**TRAIN), ["x_train", "needs", "x_test"]),
    "splits of two shapes": (
        only(**TRAIN, x_test=INPUTS[:, :3], y_test=LABELS),
        ["one shape", "(4,)", "(3,)"],
    ),
    "label that is only tested": (
        only(x_train=INPUTS, y_train=LABELS % 2, x_test=INPUTS, y_test=LABELS),
        ["`y_test`", "labels 0 to 1", "got 2"],
    ),
    "nothing to test on": (
        only(**TRAIN, x_test=INPUTS[:0], y_test=LABELS[:0]),
        ["`x_test`", "rows", "(0, 4)"],
    ),
}


@pytest.mark.parametrize(("make", "words"), ARCHIVES.values(), ids=ARCHIVES.keys())
def test_an_archive_that_is_no_data_set_is_refused_in_words(
    place: Path, refused: Callable[..., None], make: Make, words: list[str]
):
    (place / "tiny.npz").write_bytes(make())

    refused(["run", "tiny.toml"], 4, "error:", *words)


def idx(shape: tuple[int, ...], n_bytes: int, *, kind: int = 8) -> bytes:
    """An IDX file of zeros that may be shorter or longer than its shape says."""
    lengths = b"".join(struct.pack(">I", length) for length in shape)
    return bytes([0, 0, kind, len(shape)]) + lengths + bytes(n_bytes)


# The name of a file, its content and the file of labels -> what has to be said.
FILES: dict[str, tuple[str, bytes, str, list[str]]] = {
    "no labels there": ("x.npy", npy(INPUTS), "y.npy", ["no such file", "`y.npy`"]),
    "its own labels": ("x.npy", npy(INPUTS), "x.npy", ["`y`", "one dimension"]),
    "labels from elsewhere": (
        "x.npy",
        npy(INPUTS),
        "../../../../../../etc/passwd",
        ["../etc/passwd", "header"],
    ),
    "cut": ("x.npy", npy(INPUTS)[:500], "x.npy", ["1024 bytes declared", "372 bytes"]),
    "too long": ("x.npy", npy(INPUTS) + b"12", "x.npy", ["1024 bytes", "1026 bytes"]),
    "IDX of no dimension": ("a.idx", idx((), 0), "a.idx", ["dimensions"]),
    "IDX of no type": ("a.idx", idx((4,), 4, kind=7), "a.idx", ["a.idx"]),
    "IDX without end": ("a.idx", idx((2**32 - 1,) * 3, 9), "a.idx", ["got 25"]),
    "IDX of 255 dimensions": ("a.idx", idx((0,) * 255, 0), "a.idx", ["dimensions"]),
    "IDX too long": ("a.idx", idx((4, 4), 20), "a.idx", ["28 bytes", "got 32"]),
    "IDX of half a header": ("a.idx", b"\0\0\x08\x03\0\0", "a.idx", ["damaged"]),
}


@pytest.mark.parametrize(
    ("name", "content", "target", "words"), FILES.values(), ids=FILES.keys()
)
def test_a_file_of_one_array_is_refused_in_words(
    place: Path,
    refused: Callable[..., None],
    name: str,
    content: bytes,
    target: str,
    words: list[str],
):
    (place / name).write_bytes(content)
    study = (place / "tiny.toml").read_text()
    said = f'path = "{name}"\ntarget = "{target}"'
    (place / "tiny.toml").write_text(study.replace('path = "tiny.npz"', said))

    refused(["run", "tiny.toml"], 4, "error:", *words)


def test_a_header_that_claims_terabytes_takes_no_memory(
    place: Path, forked: Callable[..., Any]
):
    usual = forked("run", "tiny.toml", "--set", "data.validation=64")
    (place / "tiny.npz").write_bytes(
        headed(HEADER.replace("SHAPE", "(1000000000000,)"))()
    )

    ended = forked("run", "tiny.toml")

    assert (usual.code, ended.code) == (3, 4)
    assert ended.peak_kib - usual.peak_kib < 200 * 1024


def test_many_members_take_no_long_time(place: Path, refused: Callable[..., None]):
    names = {f"m{number}.npy": b"" for number in range(20_000)}
    (place / "tiny.npz").write_bytes(members(names))

    refused(["run", "tiny.toml"], 4, "has", "`m0`", "needs `x_train`")


RELEASED = 18_165_135  # bytes of KMNIST's training images

# What lies in the cache as KMNIST's training images -> what the message has to contain.
CACHED: dict[str, tuple[int, list[str]]] = {
    "wrong magic": (RELEASED, ["expected SHA-256", "got", f"({RELEASED:,} bytes)"]),
    "cut": (RELEASED - 9, [f"expected {RELEASED:,} bytes", f"got {RELEASED - 9:,}"]),
    "extra bytes": (RELEASED + 1, ["expected", f"got {RELEASED + 1:,}"]),
    "empty": (0, [f"expected {RELEASED:,} bytes", "got 0"]),
}


@pytest.mark.parametrize(("n_bytes", "words"), CACHED.values(), ids=CACHED.keys())
def test_d20_a_data_set_in_the_cache_that_is_another_is_refused(
    place: Path, forked: Callable[..., Any], n_bytes: int, words: list[str]
):
    folder = place / "cache" / "paribus" / "data" / "kmnist"
    folder.mkdir(parents=True)
    file = folder / "train-images-idx3-ubyte.gz"
    file.touch()
    os.truncate(file, n_bytes)
    study = (place / "tiny.toml").read_text()
    (place / "tiny.toml").write_text(
        study.replace('path = "tiny.npz"', 'name = "kmnist"')
    )
    before = contents(place)

    ended = forked("run", "tiny.toml", env={"XDG_CACHE_HOME": str(place / "cache")})

    assert ended.code == 4
    assert "Traceback" not in ended.err
    for word in (str(file), "the file that was released", *words):
        assert word in ended.err
    assert contents(place) == before
