"""What a table of a study's database is: its columns and its statements."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar


R = TypeVar("R", bound=tuple[Any, ...])


@dataclass(frozen=True, kw_only=True)
class Blob:
    """How long the blob of a row must be.

    Attributes:
        sizes: Selects the key, the numbers that say its shape, and its length.
        n_bytes: Its length by those numbers.
    """

    sizes: str
    n_bytes: Callable[..., int]


@dataclass(frozen=True, kw_only=True)
class Table(Generic[R]):
    """One table and its statements.

    Attributes:
        name: As in the database.
        row: Its columns, without the digest, which is last in the database.
        n_key: How many of the first columns make the key.
        create: Makes it.
        select: Reads all rows with their digests, in the order of the key.
        sum: Counts the rows and sums the upper and the lower 24 bits of the digests.
        insert: Adds a row.
        replace: Puts a row in the place of the one with its key.
        delete: Removes the row with a key, where rows are ever removed.
        blob: What its blob, if it has one, must be; checked before any is read.
    """

    name: str
    row: Callable[..., R]
    n_key: int
    create: str
    select: str
    sum: str
    insert: str
    replace: str
    delete: str | None = None
    blob: Blob | None = None

    def key_of(self, row: tuple[Any, ...]) -> str:
        """Name a row in a message."""
        return ", ".join(str(value) for value in row[: self.n_key])
