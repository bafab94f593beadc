"""Readers of files on mutated files: understood or refused, and in little memory."""

import tracemalloc
from pathlib import Path
from typing import Any

import fuzz_readers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


DATA = ("npy", "npz", "idx", "table", "parquet", "curves", "checkpoint")
FEW = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
MANY = settings(FEW, max_examples=1000)

# Lengths and marks that readers stumble over, put over any place of a file.
PATCHES = st.one_of(
    st.binary(min_size=1, max_size=8),
    st.sampled_from(
        [
            *(b"\xff" * 4, b"\0" * 8, b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"-1"),
            *(b"nan", b"1e999", b"True", b'"', b"\n", b",", b";", b"'", b"(", b"["),
            *(b"\xef\xbb\xbf", b"\x1b[2J", b"<U9", b"|O", b"PK\x03\x04", b"\x1f\x8b"),
        ]
    ),
)
CHANGES = st.lists(
    st.tuples(st.floats(0, 1), PATCHES, st.sampled_from(["over", "in", "cut"])),
    min_size=1,
    max_size=4,
)


def changed(content: bytes, changes: list[tuple[float, bytes, str]]) -> bytes:
    """A file with some places overwritten, filled in or cut off."""
    for where, patch, how in changes:
        at = round(where * len(content))
        rest = content[at + len(patch) :] if how == "over" else content[at:]
        content = content[:at] + patch + (b"" if how == "cut" else rest)
    return content


@pytest.fixture(params=DATA)
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return request.param, fuzz_readers.TARGETS[request.param](tmp_path)


def check(reader: tuple[str, Any], data: st.DataObject) -> None:
    name, read = reader
    sound = data.draw(st.sampled_from(list(fuzz_readers.seeds(name))))
    content = changed(sound, data.draw(CHANGES))

    tracemalloc.start()
    read(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # These files have hundreds of bytes; what imports take is not theirs.
    assert peak < 50_000_000


@pytest.mark.parametrize("name", DATA)
def test_each_sound_file_is_understood(name: str, tmp_path: Path):
    read = fuzz_readers.TARGETS[name](tmp_path)

    for content in fuzz_readers.seeds(name):
        found = read(content)
        if name != "idx":  # which is no labels where it has two dimensions
            assert not isinstance(found, Exception), found


@FEW
@given(data=st.data())
def test_a_mutated_file_is_understood_or_refused(reader: Any, data: st.DataObject):
    check(reader, data)


@pytest.mark.long
@MANY
@given(data=st.data())
def test_many_mutated_files_are_understood_or_refused(reader: Any, data: st.DataObject):
    check(reader, data)
