"""What makes damage visible: a digest for each row, a checksum for each blob."""

import json
from collections.abc import Iterable
from hashlib import blake2b
from math import isfinite
from typing import Any
from zlib import crc32


DIGEST_BYTES = 6
MODULUS = 2 ** (8 * DIGEST_BYTES)

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def row_digest(table: str, values: Iterable[Any]) -> int:
    """Digest a row: 48 bits that depend on its table, its key and every other column.

    So a row that was moved to another key or table does not verify. A blob counts by
    its length and its CRC-32.
    """
    plain = [
        [len(value), crc32(value)] if type(value) is bytes else value
        for value in values
    ]
    text = _encode([table, *plain]).encode("ascii")
    return int.from_bytes(blake2b(text, digest_size=DIGEST_BYTES).digest(), "big")


def chunk_crc(key: Iterable[str | int], data: bytes) -> int:
    """Checksum a chunk: its key columns, then its bytes."""
    return crc32(data, crc32(_encode(list(key)).encode("ascii")))


def to_sql(value: Any) -> int | float | str | bytes | None:
    """Pass a parameter to SQLite, refusing every type that it would change silently.

    Raises:
        TypeError: If the value is not exactly an int, a finite float, a str, bytes or
            None: SQLite stores NumPy's numbers as blobs and NaN as NULL.
    """
    if type(value) is float:
        if not isfinite(value):
            raise TypeError(f"a stored number must be finite, got {value!r}")
        return value + 0.0  # −0.0 comes back from SQLite as 0.0
    if value is None or type(value) in (int, str, bytes):
        return value
    raise TypeError(f"SQLite would change {value!r} of type {type(value).__name__}")
