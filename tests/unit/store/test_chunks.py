"""One chunk of a curve: what is written, and what is taken for one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paribus.store import attempts
from paribus.store.chunks import read_chunk, read_runs, split_name, write_chunks
from paribus.store.rows import ChunkRow


VALUES = np.array([[1.5, np.nan, -0.0], [np.inf, 2.5, 1e-45]], np.float32)


def chunk() -> ChunkRow:
    (row,) = write_chunks(
        {"test_top_5": VALUES}, block=7, attempt=3, first_evaluation=4
    )
    return row


def test_a_chunk_says_what_it_holds_and_gives_it_back_bit_for_bit():
    row = chunk()

    assert row[:8] == (7, "test", "top_5", 4, 3, 2, 3, 0)
    assert read_chunk(row).tobytes() == VALUES.tobytes()
    (whole,) = write_chunks({"test_top_5": VALUES}, block=7, attempt=3)
    assert whole.first_evaluation == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": bytes(23)}, "wrong length"),
        ({"n_evaluations": 3}, "wrong length"),
        ({"n_runs": 4}, "wrong length"),
        ({"data": bytes(24)}, "wrong checksum"),
        ({"crc": 0}, "wrong checksum"),
        ({"block": 8}, "wrong checksum"),
        ({"split": "train"}, "wrong checksum"),
        ({"metric": "loss"}, "wrong checksum"),
        ({"first_evaluation": 5}, "wrong checksum"),
        ({"attempt": 4}, "wrong checksum"),
    ],
    ids=str,
)
def test_a_chunk_that_is_not_what_was_written_is_refused(
    change: dict[str, Any], words: str
):
    with pytest.raises(ValueError, match=f"^{words}$"):
        read_chunk(chunk()._replace(**change))


@pytest.mark.parametrize("name", ["loss", "_loss", "test_", "Test_loss", "test_loss "])
def test_a_curve_has_a_split_and_a_metric(name: str):
    with pytest.raises(ValueError, match="<split>_<metric>, got "):
        split_name(name)


def test_runs_are_a_whole_number_of_ids():
    assert read_runs((5).to_bytes(8, "little")).tolist() == [5]
    with pytest.raises(ValueError, match="multiple"):
        read_runs(bytes(7))


def test_a_computer_that_does_not_tell_its_starts_apart_has_no_name_for_them(
    monkeypatch: pytest.MonkeyPatch,
):
    def fail(*_: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", fail)

    assert attempts.new_attempt(4, {}).boot_id == ""
    assert attempts.new_attempt(4, {}).number == 4
