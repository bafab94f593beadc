"""Files behind memory maps: what is read after a change is refused."""

import os
from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import make_curves, waiting

from paribus.data import Split, npy
from paribus.data.mapped import MappedFiles
from paribus.errors import DataError
from paribus.store import StudyWriter, read_study


@pytest.fixture
def file(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", np.ones((4, 3), np.float32))
    return tmp_path / "x.npy"


@pytest.fixture
def split(file: Path, monkeypatch: pytest.MonkeyPatch) -> Split:
    monkeypatch.setattr(npy, "MAP_BYTES", 0)
    return Split(inputs=npy.read_npy(file, "x.npy"), labels=np.zeros(4))


def change(file: Path) -> None:
    """Write a number over the last one, a second later: clocks of disks are coarse."""
    with file.open("r+b") as array:
        array.seek(-4, os.SEEK_END)
        array.write(np.float32(7).tobytes())
    found = file.stat()
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns + 10**9))


def test_a_file_that_was_written_to_is_refused_and_shows_in_its_map(
    file: Path, split: Split
):
    files = MappedFiles([split])
    files.check()
    change(file)

    with pytest.raises(DataError, match=r"x\.npy` changed while it was trained on"):
        files.check()
    assert split.inputs[-1, -1] == 7


def test_a_map_whose_file_was_replaced_shows_what_it_did(
    tmp_path: Path, file: Path, split: Split
):
    files = MappedFiles([split])
    np.save(tmp_path / "other.npy", np.zeros((4, 3), np.float32))

    (tmp_path / "other.npy").replace(file)
    files.check()
    file.unlink()
    files.check()

    assert (split.inputs == 1).all()


def test_arrays_in_memory_have_no_file():
    MappedFiles([Split(inputs=np.ones((4, 3), np.float32), labels=np.zeros(4))]).check()


def test_no_number_is_stored_of_data_that_have_changed(
    tmp_path: Path, file: Path, split: Split
):
    files = MappedFiles([split])
    folder = tmp_path / "tiny"
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.watch_data(files.check)
        writer.begin_attempt({})
        block = writer.begin_block(waiting(writer), description="all")
        curves = make_curves(writer.study, len(writer.runs()))
        part = {name: values[:1] for name, values in curves.items()}
        state = {"state": np.zeros((len(writer.runs()), 2), np.float32)}
        steps = np.zeros(len(writer.runs()), np.int64)
        change(file)
        with pytest.raises(DataError, match="changed"):
            writer.commit_evaluations(block, part, checkpoint=state)
        with pytest.raises(DataError, match="changed"):
            writer.pause_block(block, part, diverged_at=steps, checkpoint=state)
        with pytest.raises(DataError, match="changed"):
            writer.commit_block(block, curves=curves, diverged_at=steps)

    assert not read_study(folder).has_outcome().any()
    assert not (folder / "checkpoints").exists()
