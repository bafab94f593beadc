"""What models see: examples as bytes or float32, in an order that devices can share."""

import numpy as np
from jaxtyping import Shaped

from paribus.errors import DataError


# Examples looked at together where a whole array would not fit into memory twice.
CHUNK_BYTES = 64 * 2**20

# What JAX wants to use an array in place on a CPU.
ALIGNMENT = 64


def check_inputs(inputs: Shaped[np.ndarray, "..."], where: str) -> np.ndarray:
    """Return inputs as uint8 or float32 in C order, or say why they are none.

    Bytes and float32 in C order are not copied: a memory map stays one.

    Args:
        inputs: Examples by row.
        where: For messages, e.g. "`x` of `tiny.npz`".

    Raises:
        DataError: If they are no finite numbers in at least two dimensions.
    """
    if inputs.ndim < 2 or 0 in inputs.shape:
        raise DataError(
            f"{where} must have at least two dimensions and no empty one (rows first), "
            f"got shape {inputs.shape}"
        )
    if inputs.dtype.kind not in "iufb":
        raise DataError(f"{where} must hold numbers, got {inputs.dtype}")
    if inputs.dtype == np.uint8:
        return inputs if inputs.flags.c_contiguous else np.ascontiguousarray(inputs)
    _check_finite(inputs, where)
    if inputs.dtype == np.float32 and inputs.flags.c_contiguous:
        return inputs
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(inputs, dtype=np.float32)
    if not np.isfinite(converted).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(converted))[0])
        got = f"{inputs[place]:g}, at {place}"
        raise DataError(f"{where} must fit into float32, got {got}")
    return converted


def rows_per_chunk(inputs: Shaped[np.ndarray, "..."]) -> int:
    """How many rows make about `CHUNK_BYTES`."""
    return max(1, CHUNK_BYTES * len(inputs) // max(inputs.nbytes, 1))


def aligned(array: Shaped[np.ndarray, "..."]) -> np.ndarray:
    """The array, or a copy, at an address that CPU devices can use in place.

    Each device would have a copy of its own otherwise.
    """
    if array.ctypes.data % ALIGNMENT == 0 or array.nbytes == 0:
        return array
    room = np.empty(array.nbytes + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def _check_finite(inputs: np.ndarray, where: str) -> None:
    if inputs.dtype.kind != "f":
        return
    n_rows = rows_per_chunk(inputs)
    n_bad, first = 0, ()
    for start in range(0, len(inputs), n_rows):
        is_bad = ~np.isfinite(inputs[start : start + n_rows])
        if is_bad.any():
            row, *others = (int(i) for i in np.argwhere(is_bad)[0])
            first = first or (start + row, *others)
            n_bad += int(is_bad.sum())
    if n_bad:
        got = (
            "a value that is not, at" if n_bad == 1 else f"{n_bad} values that are not"
        )
        place = "" if n_bad == 1 else ", the first at"
        raise DataError(
            f"{where} must be finite, got {got}{place} {first}",
            hint="leave such examples out, or put a number where one is missing, as "
            "`numpy.nan_to_num` does",
        )
