"""A process that trains many blocks holds no more than after a few."""

import gc
from pathlib import Path
from typing import Any

import jax
import pytest
from builders import make_blobs_study, train_blobs

from paribus.store import StudyWriter


N_BLOCKS, N_FIRST = 200, 20


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return 4096 * int(pages)


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_two_hundred_blocks_hold_no_more_than_twenty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    held: list[tuple[int, int]] = []
    commit = StudyWriter.commit_block

    def commit_block(writer: StudyWriter, *arguments: Any, **more: Any) -> None:
        commit(writer, *arguments, **more)
        gc.collect()
        held.append((len(jax.live_arrays()), resident_bytes()))

    monkeypatch.setattr(StudyWriter, "commit_block", commit_block)
    monkeypatch.setattr("paribus.engine.trainer.runs_per_device", lambda **_: 1)
    n_devices = len(jax.devices("cpu"))
    seeds = tuple(range(N_BLOCKS * n_devices // 2))

    train_blobs(make_blobs_study(seeds=seeds, epochs=1), tmp_path)

    arrays, resident = zip(*held, strict=True)
    assert len(held) >= N_BLOCKS
    assert max(arrays[N_FIRST:]) <= max(arrays[:N_FIRST])
    assert resident[-1] < 1.05 * resident[N_FIRST]
