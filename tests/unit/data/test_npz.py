import io
import zipfile

import numpy as np
import pytest
from builders import write_blobs

from paribus.data.reading import HowToRead, read_path
from paribus.errors import DataError


def load_npz(path, *, folder):
    return read_path(path, HowToRead(), folder=folder)


def refuse(tmp_path, words, path="tiny.npz"):
    with pytest.raises(DataError, match=words) as caught:
        load_npz(path, folder=tmp_path)
    assert "allow_pickle" not in str(caught.value)


def good_arrays():
    rng = np.random.default_rng(0)
    return {
        "x": rng.normal(size=(64, 4)).astype(np.float32),
        "y": np.arange(64) % 3,
    }


def test_four_arrays_become_two_splits(tmp_path):
    write_blobs(tmp_path / "tiny.npz", n_train=90, n_test=30)

    dataset = load_npz("tiny.npz", folder=tmp_path)

    assert {name: len(split) for name, split in dataset.splits.items()} == {
        "train": 90,
        "test": 30,
    }
    assert dataset.input_divisor == 255


def test_two_arrays_have_a_test_split_held_out_and_say_so(tmp_path):
    np.savez(tmp_path / "tiny.npz", **good_arrays())

    dataset = load_npz("tiny.npz", folder=tmp_path)

    assert len(dataset.splits["test"]) == 13
    assert "13 of 64 examples were held out" in dataset.notes[0]
    assert dataset.input_divisor == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.astype(">f4"),
        lambda x: x.astype(np.float64),
        np.asfortranarray,
    ],
    ids=["big-endian", "float64", "fortran"],
)
def test_other_layouts_of_the_same_numbers_are_the_same_data(tmp_path, change):
    arrays = good_arrays()
    np.savez(tmp_path / "tiny.npz", **arrays)
    np.savez(tmp_path / "other.npz", x=change(arrays["x"]), y=arrays["y"])

    hashes = {
        load_npz(name, folder=tmp_path).content_hash()
        for name in ("tiny.npz", "other.npz")
    }

    assert len(hashes) == 1


def test_missing_file_is_named_with_the_nearest(tmp_path):
    np.savez(tmp_path / "tiny.npz", **good_arrays())

    with pytest.raises(DataError, match=r"no such file: `tinny.npz`") as caught:
        load_npz("tinny.npz", folder=tmp_path)

    assert "tiny.npz" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html></html>", "not an .npz archive, it is an HTML page"),
        (b"\x80\x04\x95pickle", "not an .npz archive"),
        (b"PK\x03\x04 cut", "damaged or incomplete"),
    ],
    ids=["empty", "html", "pickle", "cut"],
)
def test_files_that_are_no_archive_are_refused(tmp_path, content, words):
    (tmp_path / "tiny.npz").write_bytes(content)

    refuse(tmp_path, words)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": np.zeros(3), "b": np.zeros(3)}, "has `a`, `b`; needs `x_train`"),
        ({**good_arrays(), "y": np.arange(63) % 3}, "as many rows, got 64 and 63"),
        ({**good_arrays(), "x": np.zeros((64, 0), np.float32)}, "no empty one"),
        ({**good_arrays(), "x": np.zeros((64, 4), complex)}, "complex128"),
        ({**good_arrays(), "x": np.full((64, 4), 1e39)}, r"got 1e\+39, at \(0, 0\)"),
        (
            {**good_arrays(), "x": np.where(np.eye(64, 4), np.nan, 1.0)},
            r"`x` of `tiny.npz` must be finite, got 4 values that are not, "
            r"the first at \(0, 0\)",
        ),
        (
            {**good_arrays(), "x": np.where(np.arange(64) == 9, np.inf, 1.0)[:, None]},
            r"must be finite, got a value that is not, at \(9, 0\)",
        ),
    ],
    ids=["names", "rows", "empty-axis", "complex", "too-large", "nan", "infinity"],
)
def test_arrays_that_are_no_data_set_are_refused(tmp_path, arrays, words):
    np.savez(tmp_path / "tiny.npz", **arrays)

    refuse(tmp_path, words)


def test_python_objects_are_refused_without_unpickling(tmp_path):
    arrays = {**good_arrays(), "x": np.array([[object()]] * 64, dtype=object)[:, :1]}
    arrays["x"][:] = None
    np.savez(tmp_path / "tiny.npz", allow_pickle=True, **arrays)

    refuse(tmp_path, "`x`.*Python objects")


def test_flipped_byte_fails_the_checksum(tmp_path):
    file = tmp_path / "tiny.npz"
    np.savez(file, **good_arrays())
    content = bytearray(file.read_bytes())
    content[600] ^= 1
    file.write_bytes(content)

    refuse(tmp_path, "`x`.*checksum")


def write_with_header(tmp_path, header):
    array = io.BytesIO()
    array.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    array.write(bytes(64))
    with zipfile.ZipFile(tmp_path / "tiny.npz", "w") as archive:
        archive.writestr("x.npy", array.getvalue())
        archive.writestr("y.npy", array.getvalue())


@pytest.mark.parametrize(
    ("shape", "words"),
    [("(1000000000000,)", "header.*3.6 TiB declared"), ("(-4,)", "header")],
    ids=["huge", "negative"],
)
def test_headers_that_do_not_fit_are_refused_before_memory_is_taken(
    tmp_path, shape, words
):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n"
    write_with_header(tmp_path, header.encode())

    refuse(tmp_path, words)


@pytest.mark.parametrize(
    "path", ["https://example.org/x.npz", "~/x.npz", "$HOME/x.npz"]
)
def test_paths_are_local_and_written_out(tmp_path, path):
    refuse(tmp_path, "local file", path=path)


def test_members_outside_the_archive_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "tiny.npz", "w") as archive:
        archive.writestr("../../evil.npy", b"")

    refuse(tmp_path, "evil")
