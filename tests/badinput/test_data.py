"""Data that are wrong: refused with 4, in words, with nothing changed."""

import gzip
import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


DATA = 'path = "tiny.npz"\n'
PATH = 'path = "{}"\n'
INPUTS = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
LABELS = np.arange(64) % 3


def npz(**arrays: np.ndarray) -> bytes:
    """An archive of the good arrays, with some replaced."""
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=True, **{"x": INPUTS, "y": LABELS, **arrays})
    return stream.getvalue()


def with_header(header: bytes, *, version: bytes = b"\x01\x00") -> bytes:
    """An archive whose `x` has a header of one's own."""
    array = b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header
    return members({"x.npy": array + bytes(64), "y.npy": array + bytes(64)})


def members(contents: dict[str, bytes], *, method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return stream.getvalue()


def bomb() -> bytes:
    """A megabyte that unpacks to 400."""
    head = io.BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (100_000_000,)}
    np.lib.format.write_array_header_1_0(head, shape)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("x.npy", "y.npy"):
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(head.getvalue())
                for _ in range(400):
                    member.write(bytes(1_000_000))
    return stream.getvalue()


def twice() -> bytes:
    """An archive with two members of one name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x.npy", b"")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("x.npy", b"")
    return stream.getvalue()


def flipped() -> bytes:
    content = bytearray(npz())
    content[600] ^= 1
    return bytes(content)


def header(shape: str) -> bytes:
    return f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()


OBJECTS = np.array([[None]] * 64, dtype=object)
SPOILT = np.where(np.arange(256).reshape(64, 4) < 17, np.nan, INPUTS)

# What lies in tiny.npz -> what the message has to contain.
ARCHIVES: dict[str, tuple[Callable[[], bytes], list[str]]] = {
    "D02 empty": (lambda: b"", ["tiny.npz", "empty"]),
    "D02 cut": (lambda: npz()[:900], ["damaged or incomplete"]),
    "D03 flipped": (flipped, ["`x`", "checksum"]),
    "D04 HTML": (
        lambda: b"<!DOCTYPE html><html>404</html>",
        ["not an .npz", "HTML"],
    ),
    "D04 text": (lambda: b"1 2 3\n4 5 6\n", ["not an .npz"]),
    "D04 pickle": (lambda: pickle.dumps([1, 2]), ["not an .npz", "a pickle"]),
    "D05 objects": (lambda: npz(x=OBJECTS), ["`x`", "Python objects"]),
    "D05 objects of labels": (
        lambda: npz(y=OBJECTS[:, 0]),
        ["`y`", "Python objects"],
    ),
    "D06 too large": (
        lambda: with_header(header("(1000000000000,)")),
        ["`x`", "header", "TiB"],
    ),
    "D07 negative": (lambda: with_header(header("(-4,)")), ["`x`", "header"]),
    "D07 version": (
        lambda: with_header(header("(16,)"), version=b"\x09\x00"),
        ["`x`", "header", "9.0"],
    ),
    "D07 long header": (
        lambda: with_header(header("(16,)").ljust(60_000)),
        ["`x`", "header"],
    ),
    "D08 bomb": (bomb, ["`x`", "unpacks", "times"]),
    "D09 outside": (lambda: members({"../../evil.npy": b""}), ["member", "evil"]),
    "D09 twice": (twice, ["`x`", "twice"]),
    "D10 names": (
        lambda: members({"a.npy": b"", "b.npy": b""}),
        ["has", "`a`", "needs", "`x`"],
    ),
    "D11 rows": (lambda: npz(y=LABELS[:63]), ["64", "63", "rows"]),
    "D11 no rows": (lambda: npz(x=INPUTS[:0], y=LABELS[:0]), ["rows", "(0, 4)"]),
    "D11 one dimension": (lambda: npz(x=INPUTS[:, 0]), ["two dimensions", "(64,)"]),
    "D11 labels by column": (lambda: npz(y=np.eye(64, 3)), ["`y`", "one dimension"]),
    "D12 not finite": (lambda: npz(x=SPOILT), ["`x`", "17", "first at (0, 0)"]),
    "D13 below zero": (
        lambda: npz(y=np.where(LABELS == 2, -1, LABELS)),
        ["`y`", "labels", "-1"],
    ),
    "D13 fraction": (lambda: npz(y=LABELS + 0.5), ["`y`", "labels", "0.5"]),
    "D13 not a number": (lambda: npz(y=LABELS * np.nan), ["`y`", "labels", "nan"]),
    "D13 from one": (lambda: npz(y=LABELS + 1), ["`y`", "labels 0 to 2", "got 3"]),
    "D13 gap": (
        lambda: npz(y=np.where(LABELS == 2, 7, LABELS)),
        ["`y`", "labels 0 to 2", "got 7"],
    ),
    "D13 one class": (lambda: npz(y=LABELS * 0), ["`y`", "only class"]),
    "D14 complex": (lambda: npz(x=INPUTS.astype(np.complex64)), ["`x`", "complex64"]),
    "D14 dates": (
        lambda: npz(x=LABELS[:, None].astype("M8[s]")),
        ["`x`", "datetime64"],
    ),
    "D14 texts": (lambda: npz(x=INPUTS.astype("U3")), ["`x`", "<U3"]),
    "D14 structured": (
        lambda: npz(x=np.zeros((64, 4), [("a", "f4")])),
        ["`x`", "('a', '<f4')"],
    ),
    "D16 too large for float32": (
        lambda: npz(x=np.full((64, 4), 1e39)),
        ["`x`", "float32", "1e+39"],
    ),
}


@pytest.mark.parametrize(("make", "words"), ARCHIVES.values(), ids=ARCHIVES.keys())
def test_an_archive_that_is_no_data_set_is_refused_in_words(
    place: Path,
    refused: Callable[..., None],
    make: Callable[[], bytes],
    words: list[str],
):
    (place / "tiny.npz").write_bytes(make())

    refused(["run", "tiny.toml"], 4, "error:", *words)


IRIS = "a,b,kind\n1.5,red,x\n2.5,blue,y\n3.5,red,x\n4.5,blue,y\n"

# The name of a file, its content and `target` -> exit code and words.
FILES: dict[str, tuple[str, bytes, str | None, int, list[str]]] = {
    "D18 HDF5": ("a.h5", b"\x89HDF\r\n\x1a\n", None, 4, ["is not", ".npz", "HDF5"]),
    "D18 MATLAB": ("a.mat", b"MATLAB 5.0 MAT-file" + bytes(99), None, 4, ["MATLAB"]),
    "D18 pickle": ("a.pkl", pickle.dumps([1]), None, 4, ["is not", "a pickle"]),
    "image": ("a.png", b"\x89PNG\r\n" + bytes(20), None, 4, ["a single image"]),
    "HTML as a table": ("a.csv", b"<html><body>404", "kind", 4, ["an HTML page"]),
    "table without a target": (
        "a.csv",
        IRIS.encode(),
        None,
        3,
        ["`data.target`", "`a`, `b`, `kind`"],
    ),
    "target misspelt": (
        "a.csv",
        IRIS.encode(),
        "knid",
        3,
        ["`knid`", "did you mean `kind`?"],
    ),
    "empty cell": (
        "a.csv",
        IRIS.replace("2.5", "").encode(),
        "kind",
        4,
        ["column `a`", "1 empty", "line 3"],
    ),
    "infinity": (
        "a.csv",
        IRIS.replace("2.5", "inf").encode(),
        "kind",
        4,
        ["column `a`", "finite", "line 3"],
    ),
    "typing error": (
        "a.csv",
        IRIS.replace("2.5", "2,5").replace(",b,", ",b,c,", 1).encode(),
        "kind",
        4,
        ["a.csv"],
    ),
    "no names": (
        "a.csv",
        b"1.5,2.5\n1,0\n",
        "1.5",
        4,
        ["name its columns in the first line"],
    ),
    "table of one class": (
        "a.csv",
        IRIS.replace("y", "x").encode(),
        "kind",
        4,
        ["column `kind`", "at least two labels", "only class `x`"],
    ),
    "table not in UTF-8": (
        "a.csv",
        "a,b\n1,ü\n".encode("latin-1"),
        "b",
        4,
        ["UTF-8", "0xfc"],
    ),
    "table of names alone": ("a.csv", b"a,kind\n", "kind", 4, ["a.csv"]),
    "cut Parquet": ("a.parquet", b"PAR1" + bytes(40), "y", 4, ["damaged"]),
    "cut gzip": (
        "a.gz",
        gzip.compress(IRIS.encode())[:-9],
        "kind",
        4,
        ["damaged or incomplete"],
    ),
    "packed bomb": (
        "a.gz",
        gzip.compress(bytes(300_000_000), 9),
        "kind",
        4,
        ["unpacks to more than", "times"],
    ),
    "cut IDX": (
        "train.idx",
        b"\0\0\x08\x01\0\0\0\x0a" + bytes(9),
        "train.idx",
        4,
        ["expected 18 bytes", "got 17"],
    ),
    "array without labels": (
        "a.npy",
        b"\x93NUMPY\x01\x00",
        None,
        3,
        ["`data.target`", "file of labels"],
    ),
}


@pytest.mark.parametrize(
    ("name", "content", "target", "code", "words"), FILES.values(), ids=FILES.keys()
)
def test_a_file_that_is_no_data_set_is_refused_in_words(
    place: Path,
    refused: Callable[..., None],
    name: str,
    content: bytes,
    target: str | None,
    code: int,
    words: list[str],
):
    (place / name).write_bytes(content)
    said = PATH.format(name) + (f'target = "{target}"\n' if target else "")
    change(place, DATA, said)

    refused(["run", "tiny.toml"], code, "error:", *words)


def change(place: Path, old: str, new: str) -> None:
    text = (place / "tiny.toml").read_text()
    assert old in text
    (place / "tiny.toml").write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("tinny.npz", ["no such file", "`tinny.npz`", "`tiny.npz`"]),
        ("https://example.org/x.npz", ["local file", "https://example.org/x.npz"]),
        ("s3://bucket/x.npz", ["local file", "s3://bucket/x.npz"]),
        ("~/tiny.npz", ["local file", "~/tiny.npz"]),
        ("$HOME/tiny.npz", ["local file", "$HOME/tiny.npz"]),
        ("elsewhere.csv", ["no such file", "`elsewhere.csv`", "looked for in `"]),
        ("tiny.npz/x", ["no such file"]),
        (".", ["must hold data", "x_train.npy"]),
        ("loop", ["`loop` cannot be read", "symbolic links"]),
        ("pipe", ["regular file", "`pipe`"]),
        ("/dev/zero", ["regular file", "/dev/zero"]),
    ],
)
def test_a_path_that_is_no_file_is_refused(
    place: Path, refused: Callable[..., None], path: str, words: list[str]
):
    (place / "loop").symlink_to("loop")
    os.mkfifo(place / "pipe")
    change(place, DATA, PATH.format(path))

    refused(["run", "tiny.toml"], 4, *words)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('name = "mnits"\n', ["no data set is called `mnits`", "`mnist`"]),
        ('name = "mnist"\ntarget = "x"\n', ["`data.target`", "`path`"]),
        (f'{DATA}name = "mnist"\n', ["exactly one of", "got 2"]),
        (f"{DATA}standardise = 1\n", ["`data.standardise`", "true or false", "got 1"]),
        (f'{DATA}categorical = "ordinal"\n', ["`data.categorical`", '"one_hot"']),
        (f'{DATA}target = "y"\n', ["`data.target` must be left out", "`y`"]),
        ('loader = "mydata:load"\n', ["`data.loader`", "--allow-module mydata"]),
        ('loader = "./mydata.py:load"\n', ["`data.loader`", "module:function"]),
    ],
)
def test_what_a_study_says_of_its_data_is_checked(
    place: Path, refused: Callable[..., None], said: str, words: list[str]
):
    change(place, DATA, said)

    refused(["run", "tiny.toml"], 3, *words)


def test_a_folder_without_data_is_told_so_whatever_is_to_be_predicted(
    place: Path, refused: Callable[..., None]
):
    (place / "empty").mkdir()
    change(place, DATA, 'path = "empty"\ntarget = "y"\n')

    refused(["run", "tiny.toml"], 4, "`empty` must hold data", "train.csv")


@pytest.mark.parametrize(
    ("code", "exit_code", "words"),
    [
        ("def load():\n    return None", 8, ["`mydata:load`", "got NoneType"]),
        ("def load():\n    return 1, 2, 3", 8, ["`mydata:load`", "got 3 values"]),
        ("def load():\n    yield 1", 8, ["`mydata:load`", "got generator"]),
        ("def load():\n    return 1 / 0", 8, ["ZeroDivisionError", "mydata.py"]),
        ("def laod():\n    pass", 3, ["`load`", "did you mean `laod`?"]),
        ("import nothing_there", 8, ["ModuleNotFoundError", "mydata.py"]),
        ("def load():\n    return [[1], [2]], [0, 0]", 4, ["`y` of mydata:load"]),
    ],
)
def test_a_loader_that_is_wrong_is_told_so(
    place: Path,
    refused: Callable[..., None],
    code: str,
    exit_code: int,
    words: list[str],
):
    (place / "mydata.py").write_text(code)
    change(place, DATA, 'loader = "mydata:load"\n')

    refused(["run", "tiny.toml", "--allow-module", "mydata"], exit_code, *words)


def test_an_image_that_is_none_is_named(place: Path, refused: Callable[..., None]):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    for name in ("cat", "dog"):
        (place / "pets" / name).mkdir(parents=True)
        image.new("L", (3, 3)).save(place / "pets" / name / "1.png")
    (place / "pets" / "dog" / "2.png").write_text("no image")
    change(place, DATA, PATH.format("pets"))

    refused(["run", "tiny.toml"], 4, "`pets/dog/2.png` is not an image")
