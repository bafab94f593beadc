"""Named arrays as the bytes of a safetensors file, and back: nothing in it can run.

The format is Hugging Face's (https://github.com/huggingface/safetensors): the length of
a JSON header, the header, the data. Reading is stricter than the format: what no writer
of ours makes is refused, since the library itself takes the last of two equal names.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

import numpy as np


MAX_HEADER_BYTES = 2**20
MAX_TENSORS = 10_000
MAX_DIMENSIONS = 32  # as many as every NumPy has: more are neither written nor read

# BF16 has no type of NumPy's own: its numbers travel as their bits.
_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items() if name != "BF16"}


def write_tensors(tensors: Mapping[str, np.ndarray]) -> Iterator[bytes]:
    """Write arrays, piece by piece: the header, then each array.

    Raises:
        ValueError: If there are too many, or an array has a type that the format lacks.
    """
    for name, array in tensors.items():
        if array.ndim > MAX_DIMENSIONS:
            raise ValueError(
                f"`{name}` must have at most {MAX_DIMENSIONS} dimensions, "
                f"got {array.ndim}"
            )
    in_order = sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0]))
    header: dict[str, Any] = {}
    end = 0
    for name, array in in_order:
        begin, end = end, end + array.nbytes
        header[name] = {
            "dtype": _name_of(name, array.dtype),
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)  # arrays lie at addresses that suit them
    if len(tensors) > MAX_TENSORS or len(text) > MAX_HEADER_BYTES:
        raise ValueError(f"a file holds at most {MAX_TENSORS:,} arrays")
    yield len(text).to_bytes(8, "little") + text
    for _, array in in_order:
        # C order, little-endian, whatever came: the bytes are the format.
        yield np.ascontiguousarray(array, _little(array.dtype)).tobytes()


def read_tensors(content: bytes) -> dict[str, np.ndarray]:
    """Read what `write_tensors` wrote.

    Raises:
        ValueError: If it is anything else; the message says what is wrong.
    """
    start, arrays = _layout(content, len(content))
    data = memoryview(content)[start:]
    return {
        name: np.frombuffer(data[begin:end], dtype).reshape(shape)
        for name, dtype, shape, (begin, end) in arrays
    }


def check_tensors(beginning: bytes, n_bytes: int) -> None:
    """Check that what begins so may be what `write_tensors` wrote.

    Args:
        beginning: At least the header; `8 + MAX_HEADER_BYTES` are always enough.
        n_bytes: How long the whole is.

    Raises:
        ValueError: As by `read_tensors` of the whole.
    """
    _layout(beginning, n_bytes)


def _layout(
    beginning: bytes, n_bytes: int
) -> tuple[int, list[tuple[str, np.dtype[Any], list[int], list[int]]]]:
    """Where the data begin; the arrays in order: name, type, shape and place there."""
    size = int.from_bytes(beginning[:8], "little")
    if n_bytes < 8 or size > min(MAX_HEADER_BYTES, n_bytes - 8):
        raise ValueError("its header is longer than the file, or than a header may be")
    header = _read_header(beginning[8 : 8 + size])
    n_data = n_bytes - 8 - size
    end = 0
    entries = [(name, *_checked(name, entry)) for name, entry in header.items()]
    entries.sort(key=lambda entry: entry[-1])
    for name, dtype, shape, offsets in entries:
        expected = [end, end + math.prod(shape) * dtype.itemsize]
        if offsets != expected or offsets[1] > n_data:
            raise ValueError(f"`{name}` does not follow the array before it")
        end = offsets[1]
    if end != n_data:
        raise ValueError(f"{n_data - end} bytes follow its last array")
    return 8 + size, entries


def _name_of(name: str, dtype: np.dtype[Any]) -> str:
    found = _NAMES.get(_little(dtype).str)
    if found is None:
        raise ValueError(f"`{name}` has type {dtype}, which cannot be stored")
    return found


def _little(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype.newbyteorder("<")


def _read_header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_each_once)
    except RecursionError as error:
        raise ValueError("its header is nested too deeply") from error
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    header.pop("__metadata__", None)
    if len(header) > MAX_TENSORS:
        raise ValueError(
            f"it has {len(header):,} arrays, at most {MAX_TENSORS:,} may be"
        )
    return header


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("its header has two equal names")
    return found


def _checked(name: str, entry: Any) -> tuple[np.dtype[Any], list[int], list[int]]:
    """The type, the shape and the place of an array, each of the kind it must be."""
    parts = entry if isinstance(entry, dict) else {}
    shape, offsets = parts.get("shape"), parts.get("data_offsets")
    if not _are_counts(shape) or not _are_counts(offsets) or len(offsets) != 2:
        raise ValueError(f"`{name}` has no shape or no place")
    if len(shape) > MAX_DIMENSIONS:  # their product would have as many digits
        raise ValueError(
            f"`{name}` has {len(shape):,} dimensions, at most {MAX_DIMENSIONS} may be"
        )
    dtype = parts.get("dtype")
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise ValueError(f"`{name}` has the unknown type {dtype!r}")
    found = np.dtype(_DTYPES[dtype])
    # NumPy makes no such array, not even one that a dimension of 0 leaves empty.
    if math.prod(filter(None, shape)) * found.itemsize >= 2**63:
        raise ValueError(f"`{name}` is larger than any array may be")
    return found, shape, offsets


def _are_counts(values: Any) -> TypeGuard[list[int]]:
    return isinstance(values, list) and all(
        type(value) is int and 0 <= value < 2**63 for value in values
    )
