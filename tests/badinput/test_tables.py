"""Tables, images and curves that nobody should have to expect: refused in words."""

import gzip
import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


Refused = Callable[..., None]


def point(place: Path, name: str, target: str | None = None) -> None:
    """Let the study read another path."""
    study = (place / "tiny.toml").read_text()
    said = f'path = "{name}"' + (f'\ntarget = "{target}"' if target else "")
    (place / "tiny.toml").write_text(study.replace('path = "tiny.npz"', said))


def ids(n_rows: int) -> str:
    return "a,k\n" + "".join(f"id{row},{'xy'[row % 2]}\n" for row in range(n_rows))


WIDE = ",".join(f"c{column}" for column in range(60_000))

# A table -> what the message has to contain. The column to predict is `k`.
TABLES: dict[str, tuple[bytes | str, list[str]]] = {
    "columns without names": (",,k\n1,2,a\n3,4,b\n", ["a.csv", "column ``", "twice"]),
    "row too long": ("a,k\n1,x\n2,y,3\n", ["line 3"]),
    "row too short": ("a,b,k\n1,2,x\n2,3\n", ["column `k`", "line 3"]),
    "open quotes": ('a,k\n"1,x\n2,y\n', ["a.csv", "no table"]),
    "return in a name": ("a\rb,k\n1,x\n2,y\n", ["a.csv", "no table"]),
    "NUL": ("a,k\n1\0,x\n2,y\n", ["a.csv"]),
    "above all floats": ("a,k\n1e999,x\n2,y\n", ["column `a`", "finite", "line 2"]),
    "column twice": ("a,a,k\n1,2,x\n2,3,y\n", ["column `a` twice"]),
    "only the target": ("k\nx\ny\n", ["column beside `k`"]),
    "a text for each row": (ids(500), ["column `a`", "100 different texts", "500"]),
    "numbers as labels": (
        "a,k\n" + "".join(f"{row},{row * 0.37}\n" for row in range(50)),
        ["column `k`", "0.37", "regression"],
    ),
    "label that is missing": ("a,k\n1,x\n2,\n3,y\n", ["column `k`", "line 3"]),
    "UTF-16": ("a,k\n1,x\n".encode("utf-16"), ["a.csv", "UTF-16"]),
    "name that steers a terminal": ("\x1b[2J,k\n,x\n2,y\n", ["column `\\x1b[2J`"]),
    "names alone, without a line end": ("a,k", ["a.csv", "rows"]),
    "text among numbers": ("a,k\n1,x\nfoo,y\n2,x\n3,y\n", ["`foo`", "line 3"]),
    "thousands of columns": (f"{WIDE}\n1\n", ["10,000 columns", "60,000"]),
    "packed twice": (gzip.compress(gzip.compress(b"a,k\n1,x\n")), ["a.csv"]),
    "packed, with more behind": (
        gzip.compress(b"a,k\n1,x\n2,y\n") + b"more",
        ["damaged or incomplete"],
    ),
}


@pytest.mark.parametrize(("content", "words"), TABLES.values(), ids=TABLES.keys())
def test_a_table_that_is_no_data_set_is_refused_in_words(
    place: Path, refused: Refused, content: bytes | str, words: list[str]
):
    written = content if isinstance(content, bytes) else content.encode()
    (place / "a.csv").write_bytes(written)
    point(place, "a.csv", "k")

    refused(["run", "tiny.toml"], 4, "error:", *words)


# Columns of a Parquet file -> what the message has to contain.
COLUMNS: dict[str, tuple[list[str], list[Any], list[str]]] = {
    "lists": (["a", "k"], [[[1], [2]], ["x", "y"]], ["column `a`", "[1]", "row 1"]),
    "tables": (["a", "k"], [[{"z": 1}, {"z": 2}], ["x", "y"]], ["column `a`", "'z'"]),
    "bytes": (["a", "k"], [[b"\xff", b"2"], ["x", "y"]], ["column `a`", "xff"]),
    "missing cell": (["a", "k"], [[1, None], ["x", "y"]], ["column `a`", "row 2"]),
    "column twice": (["a", "a", "k"], [[1, 2], [1, 2], ["x", "y"]], ["`a` twice"]),
    "no rows": (["a", "k"], [[], []], ["a.parquet", "rows"]),
}


@pytest.mark.parametrize(
    ("names", "columns", "words"), COLUMNS.values(), ids=COLUMNS.keys()
)
def test_a_parquet_file_that_is_no_data_set_is_refused_in_words(
    place: Path,
    refused: Refused,
    names: list[str],
    columns: list[list[Any]],
    words: list[str],
):
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_arrays([pa.array(column) for column in columns], names=names)
    pytest.importorskip("pyarrow.parquet").write_table(table, place / "a.parquet")
    point(place, "a.parquet", "k")

    refused(["run", "tiny.toml"], 4, "error:", *words)


def test_a_parquet_file_that_would_fill_the_memory_is_refused(
    place: Path, refused: Refused
):
    pa = pytest.importorskip("pyarrow")
    zeros = pa.nulls(40_000_000, pa.null()).cast(pa.int8())
    table = pa.table({"a": zeros, "k": zeros})
    pytest.importorskip("pyarrow.parquet").write_table(table, place / "a.parquet")
    point(place, "a.parquet", "k")

    refused(["run", "tiny.toml"], 4, "a.parquet", "unpacks to 610 MiB", "times")


def png(width: int, height: int) -> bytes:
    """A small file that says it is a picture of any size."""
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0),
        b"IDAT": zlib.compress(bytes(1000)),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts.items()
    )


def small(width: int) -> bytes:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    stream = io.BytesIO()
    image.new("L", (width, 3)).save(stream, "PNG")
    return stream.getvalue()


def link(target: str) -> Callable[[Path], object]:
    return lambda file: file.symlink_to(target)


def write(make: Callable[[], bytes]) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(make())


# What lies beside good images -> what the message has to contain.
IMAGES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "another size": (write(lambda: small(4)), ["2.png", "3 x 3", "4 x 3"]),
    "cut": (write(lambda: small(3)[:40]), ["2.png", "is not an image"]),
    "billions of pixels": (write(lambda: png(60_000, 60_000)), ["2.png", "pixels"]),
    "millions of pixels": (
        write(lambda: png(12_000, 12_000)),
        ["2.png", "16,777,216 pixels", "12000 x 12000"],
    ),
    "pipe": (lambda file: os.mkfifo(file), ["2.png", "regular file"]),
    "link to a device": (link("/dev/zero"), ["2.png", "regular file"]),
    "link to itself": (link("2.png"), ["2.png", "regular file"]),
    "folder": (lambda file: file.mkdir(), ["2.png", "regular file"]),
    "drawing": (write(lambda: b"<svg/>"), ["2.png", "is not an image"]),
    "program": (write(lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n"), ["is not an image"]),
}


@pytest.mark.parametrize(("make", "words"), IMAGES.values(), ids=IMAGES.keys())
def test_an_image_that_is_none_is_refused_in_words(
    place: Path, refused: Refused, make: Callable[[Path], object], words: list[str]
):
    for name in ("cat", "dog"):
        (place / "pets" / name).mkdir(parents=True)
        (place / "pets" / name / "1.png").write_bytes(small(3))
    make(place / "pets" / "dog" / "2.png")
    point(place, "pets")

    refused(["run", "tiny.toml"], 4, "error:", *words)


HEAD = "rate,seed,epoch,test_accuracy,test_loss\n"
ROWS = "0.1,0,0,0.1,2.3\n0.1,0,1,0.5,1.0\n0.2,0,0,0.1,2.3\n0.2,0,1,0.4,1.1\n"


def curves(old: str, new: str) -> bytes:
    text = HEAD + ROWS
    assert old in text
    return text.replace(old, new).encode()


# Curves of another tool -> the exit code and what the message has to contain.
CURVES: dict[str, tuple[bytes, int, list[str]]] = {
    "nothing": (b"", 4, ["runs.csv", "empty"]),
    "a heading": (HEAD.encode(), 4, ["no rows"]),
    "a page": (b"<html>", 2, ["no column `rate`"]),
    "no metric": (b"rate,seed,epoch\n1,0,0\n", 4, ["must have a metric", "none"]),
    "seed of letters": (curves("0.1,0,0", "0.1,a,0"), 4, ["seed", "'a'", "line 2"]),
    "seed below zero": (curves("0.1,0,0", "0.1,-5,0"), 4, ["seed", "'-5'", "line 2"]),
    "half a seed": (curves("0.1,0,0", "0.1,0.5,0"), 4, ["seed", "'0.5'"]),
    "other digits": (curves("0.1,0,0", "0.1,٣,0"), 4, ["seed", "line 2"]),
    "epoch below zero": (curves("0.1,0,1", "0.1,0,-1"), 4, ["epoch", "-1", "line 3"]),
    "no epoch": (curves("0.1,0,1", "0.1,0,"), 4, ["epoch", "nan", "line 3"]),
    "epoch without end": (curves("0.1,0,1", "0.1,0,1e300"), 4, ["1,000,000", "line 3"]),
    "evaluation twice": (curves("\n0.2,0,0", "\n0.1,0,0"), 4, ["a second one"]),
    "percentages": (curves("0.5,1.0", "50,1.0"), 4, ["0 to 1", "50", "line 3", "100"]),
    "accuracy of letters": (curves("0.5,1.0", "x,1.0"), 4, ["'x'", "line 3"]),
    "no hyperparameter": (curves("\n0.1,", "\n,"), 4, ["hyperparameter", "line 2"]),
    "hyperparameter that is no number": (
        curves("\n0.1,", "\nnan,"),
        4,
        ["finite hyperparameters", "'nan'", "line 2"],
    ),
    "infinite hyperparameter": (curves("\n0.2,", "\n1e999,"), 4, ["'1e999'", "line 4"]),
    "column twice": (curves("test_loss", "seed"), 4, ["`seed` twice"]),
    "not UTF-8": (curves("0.5", "0.5").replace(b"0.5", b"\xff"), 4, ["UTF-8"]),
    "NUL": (curves("0.5", "0.5\0"), 4, ["\\x00", "line 3"]),
    "open quotes": (curves("0.5", '"0.5'), 4, ["no CSV file"]),
    "bomb": (gzip.compress(bytes(300_000_000), 9), 4, ["unpacks", "times"]),
    "cut gzip": (gzip.compress((HEAD + ROWS).encode())[:-9], 4, ["damaged"]),
}


@pytest.mark.parametrize(
    ("content", "code", "words"), CURVES.values(), ids=CURVES.keys()
)
def test_curves_that_cannot_be_understood_are_refused_in_words(
    place: Path, refused: Refused, content: bytes, code: int, words: list[str]
):
    (place / "runs.csv").write_bytes(content)

    refused(["import", "runs.csv", "--hyperparameters", "rate"], code, *words)


def test_curves_are_imported_into_a_new_folder_only(
    place: Path, forked: Callable[..., Any], refused: Refused
):
    command = ["import", "runs.csv", "--hyperparameters", "rate"]
    (place / "runs.csv").write_text(HEAD + ROWS)
    assert forked(*command).code == 0

    refused(command, 5, "`studies/runs` must be a new folder, got a study", "--out")


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_curves_in_what_is_no_file_are_refused(
    place: Path, refused: Refused, kind: str
):
    path = place / "runs.csv"
    {"pipe": os.mkfifo, "device": link("/dev/zero"), "folder": Path.mkdir}[kind](path)

    refused(["import", "runs.csv", "--hyperparameters", "rate"], 4, "regular file")


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("rate,rate", ["`rate`", "once"]),
        ("seed", ["`seed`", "once"]),
        (",", ["no column ``"]),
        ("\x1b[2J", ["no column `\\x1b[2J`"]),
    ],
)
def test_columns_that_cannot_be_hyperparameters_are_refused(
    place: Path, refused: Refused, named: str, words: list[str]
):
    (place / "runs.csv").write_text(HEAD + ROWS)

    refused(["import", "runs.csv", "--hyperparameters", named], 2, *words)
