"""Arrays as safetensors: the format's bytes by hand, and nothing else is read."""

import json
import re
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.store import tensors
from paribus.store.tensors import check_tensors, read_tensors, write_tensors


DTYPES = ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?"]


def by_hand(header: dict[str, Any] | str, data: bytes = b"") -> bytes:
    text = header if isinstance(header, str) else json.dumps(header)
    return struct.pack("<Q", len(text)) + text.encode() + data


def entry(dtype: str, shape: list[Any], begin: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def test_a_file_as_the_format_describes_it_is_read():
    header = {
        "__metadata__": {"format": "np"},
        "b": entry("I32", [], 16, 20),
        "a": entry("F32", [2, 2], 0, 16),
    }

    found = read_tensors(by_hand(header, struct.pack("<4fi", 1, 2, 3, 4, -7)))

    np.testing.assert_array_equal(found["a"], [[1, 2], [3, 4]])
    assert (found["b"].shape, found["b"].item()) == ((), -7)


def test_what_is_written_is_the_format():
    array = np.array([[1.5, -2.0]], dtype=np.float32)

    content = b"".join(write_tensors({"a": array, "n": np.array([7], np.int64)}))

    # The widest first, so that all are aligned.
    header = (
        b'{"n":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},'
        b'"a":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]}}'
    )
    header += b" " * (-len(header) % 8)
    assert content == (
        struct.pack("<Q", len(header)) + header + struct.pack("<q2f", 7, 1.5, -2.0)
    )


@given(
    arrays=st.dictionaries(
        st.text(min_size=1, max_size=5).filter(
            lambda name: name.isprintable() and name != "__metadata__"
        ),
        st.sampled_from(DTYPES).flatmap(
            lambda dtype: hnp.arrays(
                np.dtype(dtype), hnp.array_shapes(min_dims=0, min_side=0, max_side=3)
            )
        ),
        max_size=4,
    )
)
def test_every_array_comes_back_bit_for_bit(arrays: dict[str, np.ndarray]):
    found = read_tensors(b"".join(write_tensors(arrays)))

    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == np.ascontiguousarray(array).tobytes()


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        np.arange(12, dtype=np.float32).reshape(2, 6)[:, ::2],
        np.arange(6, dtype=">f4").reshape(2, 3),
    ],
    ids=["Fortran order", "strides", "big-endian"],
)
def test_arrays_are_written_by_value_whatever_their_memory(array: np.ndarray):
    # The safetensors library writes the first two as wrong values, silently.
    found = read_tensors(b"".join(write_tensors({"x": array})))

    np.testing.assert_array_equal(found["x"], array)


ZEROS = bytes(8)
AFTER = "`{}` does not follow the array before it"
EXTRA = "1 bytes follow its last array"
NOWHERE = "`a` has no shape or no place"
DEEP = "`a` has 33 dimensions, at most 32 may be"
DEEPER = "`a` has 40,000 dimensions, at most 32 may be"
LARGE = "`a` is larger than any array may be"
UNKNOWN = "`a` has the unknown type {}"


JSON_ERROR = (
    "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
)
LONG = "its header is longer than the file, or than a header may be"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", LONG),
        (b"\x00" * 7, LONG),
        (bytes(8), "Expecting value: line 1 column 1 (char 0)"),
        (struct.pack("<Q", 2**63) + b"{}", LONG),
        (struct.pack("<Q", 3) + b"{}", LONG),
        (by_hand("[]"), "its header is no JSON object"),
        (by_hand("{"), JSON_ERROR),
        (by_hand("[" * 100_000), "its header is nested too deeply"),
        (by_hand('{"a":1,"a":2}'), "its header has two equal names"),
        (by_hand({"a": entry("F32", [2], 0, 8)}, bytes(7)), AFTER.format("a")),
        (by_hand({"a": entry("F32", [2], 0, 8)}, bytes(9)), EXTRA),
        (by_hand({"a": entry("F32", [3], 0, 8)}, ZEROS), AFTER.format("a")),
        (by_hand({"a": entry("F32", [1], 4, 8)}, ZEROS), AFTER.format("a")),
        (
            by_hand(
                {"a": entry("F32", [2], 0, 8), "b": entry("F32", [1], 4, 8)}, ZEROS
            ),
            AFTER.format("b"),
        ),
        (by_hand({"a": entry("F33", [2], 0, 8)}, ZEROS), UNKNOWN.format("'F33'")),
        (
            by_hand({"a": {"dtype": ["F32"], "shape": [], "data_offsets": [0, 4]}}),
            UNKNOWN.format("['F32']"),
        ),
        (by_hand({"a": entry("F32", [-2], 0, 8)}, ZEROS), NOWHERE),
        (by_hand({"a": entry("F32", [2.0], 0, 8)}, ZEROS), NOWHERE),
        (by_hand({"a": entry("F32", [True, 2], 0, 8)}, ZEROS), NOWHERE),
        (by_hand({"a": entry("F32", [2**62, 2**62], 0, 8)}, ZEROS), LARGE),
        (by_hand({"a": entry("U8", [0, 2**62, 2], 0, 0)}), LARGE),
        (by_hand({"a": entry("F32", [0, 2**61], 0, 0)}), LARGE),
        (by_hand({"a": entry("F32", [0, 2**63], 0, 0)}), NOWHERE),
        (by_hand({"a": entry("U8", [1] * 33, 0, 1)}, b"x"), DEEP),
        (by_hand({"a": entry("U8", [2**62] * 40_000, 0, 8)}, ZEROS), DEEPER),
        (by_hand({"a": {"dtype": "F32"}}), NOWHERE),
        (by_hand({"a": {"dtype": "F32", "shape": [], "data_offsets": [0]}}), NOWHERE),
        (by_hand({"a": 3}), NOWHERE),
        (by_hand({"x" * 2**20: entry("U8", [0], 0, 0)}), LONG),
    ],
)
def test_everything_else_is_refused(content: bytes, words: str):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        read_tensors(content)


def test_arrays_without_values_may_stand_anywhere():
    header = {
        "full": entry("F32", [2], 0, 8),
        "before": entry("I64", [0], 0, 0),
        "after": entry("F32", [3, 0], 8, 8),
    }

    found = read_tensors(by_hand(header, ZEROS))

    shapes = {name: array.shape for name, array in found.items()}
    assert shapes == {"full": (2,), "before": (0,), "after": (3, 0)}


@pytest.mark.parametrize("length", [2**63 - 1, 2**61])
def test_what_check_passes_is_read_whatever_its_length(length: int):
    content = by_hand({"a": entry("U8", [0, length], 0, 0)})

    check_tensors(content, len(content))

    assert read_tensors(content)["a"].shape == (0, length)


@pytest.mark.parametrize("dtype", ["O", "U3", "c8", "M8[s]"])
def test_types_that_the_format_lacks_are_refused(dtype: str):
    words = f"`x` has type {np.dtype(dtype)}, which cannot be stored"
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        list(write_tensors({"x": np.zeros(2, dtype=dtype)}))


def test_as_many_dimensions_as_are_written_are_read():
    array = np.arange(2.0).reshape([1] * 31 + [2])

    found = read_tensors(b"".join(write_tensors({"x": array})))

    np.testing.assert_array_equal(found["x"], array)
    words = "`x` must have at most 32 dimensions, got 33"
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        list(write_tensors({"x": array[None]}))


def many(n: int) -> dict[str, np.ndarray]:
    return {f"x{i}": np.zeros(1, "u1") for i in range(n)}


def test_as_many_arrays_as_are_written_are_read(monkeypatch: pytest.MonkeyPatch):
    content = {n: b"".join(write_tensors(many(n))) for n in (3, 4)}
    monkeypatch.setattr(tensors, "MAX_TENSORS", 3)

    assert b"".join(write_tensors(many(3))) == content[3]
    assert read_tensors(content[3]).keys() == many(3).keys()
    with pytest.raises(ValueError, match=r"^a file holds at most 3 arrays$"):
        list(write_tensors(many(4)))
    with pytest.raises(ValueError, match=r"^it has 4 arrays, at most 3 may be$"):
        read_tensors(content[4])


def test_as_long_a_header_as_is_written_is_read(monkeypatch: pytest.MonkeyPatch):
    content = b"".join(write_tensors(many(3)))
    (size,) = struct.unpack("<Q", content[:8])

    monkeypatch.setattr(tensors, "MAX_HEADER_BYTES", size)
    assert b"".join(write_tensors(many(3))) == content
    assert read_tensors(content).keys() == many(3).keys()

    monkeypatch.setattr(tensors, "MAX_HEADER_BYTES", size - 1)
    with pytest.raises(ValueError, match="a file holds at most"):
        list(write_tensors(many(3)))
    with pytest.raises(ValueError, match=LONG):
        read_tensors(content)
