"""What SQLite and the operating system raise, in words of ours."""

import errno
import sqlite3
from pathlib import Path

import pytest

from paribus.errors import ParibusError, ResourceError, StoreError
from paribus.store.failures import (
    DAMAGED_HINT,
    FULL_HINT,
    READ_ONLY_HINT,
    is_unfinished_write,
    translated,
)


DATABASE = Path("studies/tiny/study.db")


def of_sqlite(code: int, message: str = "words of SQLite") -> sqlite3.Error:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


def told(error: Exception, *doing: str) -> ParibusError:
    with pytest.raises(ParibusError) as caught, translated(DATABASE, *doing):  # pyright: ignore[reportArgumentType]
        raise error
    assert caught.value.__cause__ is error
    return caught.value


# The high bytes of a code say more than its kind: 0x0A0A is SQLITE_IOERR_DELETE.
@pytest.mark.parametrize(
    ("code", "kind", "words", "hint"),
    [
        (13, ResourceError, "`{}` needs more space, got: {}", FULL_HINT),
        (10, ResourceError, "`{}` cannot be read or written: {}", FULL_HINT),
        (0x0A0A, ResourceError, "`{}` cannot be read or written: {}", FULL_HINT),
        (5, StoreError, "`{}` is in use: another program has locked it", None),
        (6, StoreError, "`{}` is in use: another program has locked it", None),
        (0x0105, StoreError, "`{}` is in use: another program has locked it", None),
        (3, StoreError, "cannot write `{}`: {}", ""),
        (8, StoreError, "cannot write `{}`: {}", ""),
        (14, StoreError, "cannot write `{}`: {}", ""),
        (11, StoreError, "`{}` is damaged: {}", DAMAGED_HINT),
        (18, StoreError, "`{}` is damaged: {}", DAMAGED_HINT),
        (26, StoreError, "`{}` is damaged: {}", DAMAGED_HINT),
        (0, StoreError, "`{}` is damaged: {}", DAMAGED_HINT),
        (1, StoreError, "`{}` cannot be used: {}", ""),
    ],
)
def test_what_sqlite_raises_is_told_by_its_kind(
    code: int, kind: type[ParibusError], words: str, hint: str | None
):
    error = told(of_sqlite(code))

    assert type(error) is kind
    assert str(error) == words.format(DATABASE, "words of SQLite")
    if hint is None:
        hint = "close the other program, then run the same command again"
    assert error.hint == hint


def test_an_error_that_python_found_has_no_code_and_is_damage():
    error = told(sqlite3.DatabaseError("Could not decode to UTF-8"))

    assert str(error) == f"`{DATABASE}` is damaged: Could not decode to UTF-8"
    assert not is_unfinished_write(sqlite3.DatabaseError("Could not decode"))


def test_only_a_journal_that_a_reader_may_not_undo_is_an_unfinished_write():
    assert is_unfinished_write(of_sqlite(sqlite3.SQLITE_READONLY_ROLLBACK))
    assert not is_unfinished_write(of_sqlite(sqlite3.SQLITE_READONLY))


@pytest.mark.parametrize(
    ("code", "kind", "words", "hint"),
    [
        (errno.ENOSPC, ResourceError, "`{}` needs more space, got: why", FULL_HINT),
        (errno.EDQUOT, ResourceError, "`{}` needs more space, got: why", FULL_HINT),
        (errno.EIO, ResourceError, "`{}` cannot be read or written: why", FULL_HINT),
        (errno.EFBIG, ResourceError, "`{}` cannot be read or written: why", FULL_HINT),
        (errno.EROFS, ResourceError, "cannot write `{}`: why", READ_ONLY_HINT),
        (errno.EACCES, StoreError, "cannot write `{}`: why", ""),
    ],
)
def test_what_the_system_raises_names_the_file_that_it_named(
    code: int, kind: type[ParibusError], words: str, hint: str
):
    error = told(OSError(code, "why", "elsewhere"))

    assert type(error) is kind
    assert str(error) == words.format("elsewhere")
    assert error.hint == hint
    assert str(told(OSError(code, "why"))) == words.format(DATABASE)


def test_an_error_without_a_reason_is_told_by_all_that_it_says():
    assert str(told(OSError("why"))) == f"cannot write `{DATABASE}`: why"


def test_reading_is_told_from_writing():
    for error in (of_sqlite(14), OSError(errno.EACCES, "why")):
        assert str(told(error, "read")).startswith(f"cannot read `{DATABASE}`: w")
        assert str(told(error, "write")).startswith(f"cannot write `{DATABASE}`: w")


def test_a_text_that_is_not_unicode_is_damage():
    error = told(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"))

    assert str(error) == (
        f"`{DATABASE}` is damaged: a text is not UTF-8: invalid start byte"
    )
