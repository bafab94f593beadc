"""How much memory data take: in memory, in a file, and on devices of their own."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from paribus.data import Dataset, load_dataset, npy
from paribus.engine.memory import DataBytes, data_bytes
from paribus.study import DataChoice


CORE = SimpleNamespace(platform="cpu")
# 500 examples of 12 bytes: 100 are held out to test, 50 to validate.
ROW, N_TRAIN, N_VALIDATION, N_TEST = 12, 350, 50, 100
LABELS = 500 * np.dtype(np.int32).itemsize


def load(folder: Path) -> Dataset:
    np.save(folder / "x.npy", np.arange(1500, dtype=np.float32).reshape(500, 3))
    np.save(folder / "y.npy", np.arange(500) % 3)
    return load_dataset(DataChoice(path=".", validation=N_VALIDATION), folder=folder)


def test_arrays_in_memory_are_counted_once_for_all_cores(tmp_path: Path):
    """Beside them the part of training that is evaluated: here all of it."""
    expected = DataBytes((500 + N_TRAIN) * ROW + LABELS, 0)

    assert data_bytes(load(tmp_path), (CORE, CORE)) == expected


def test_a_map_takes_the_memory_of_what_is_read_out_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(npy, "MAP_BYTES", 0)

    # Training gathers its rows from the file; what is evaluated is gathered once.
    evaluated = (N_TRAIN + N_VALIDATION + N_TEST) * ROW
    found = data_bytes(load(tmp_path), (CORE, CORE))

    assert found == DataBytes(evaluated + LABELS, 500 * ROW)


@pytest.mark.parametrize("is_mapped", [False, True])
def test_a_gpu_holds_copies_and_of_large_data_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_mapped: bool
):
    if is_mapped:
        monkeypatch.setattr(npy, "MAP_BYTES", 0)
    dataset = load(tmp_path)
    on_host = data_bytes(dataset, (CORE,))

    def with_memory(n_bytes: int) -> int:
        stats = {"bytes_limit": n_bytes}
        gpu = SimpleNamespace(platform="gpu", memory_stats=lambda: stats)
        found = data_bytes(dataset, (gpu, gpu))
        assert found.mapped == on_host.mapped
        return (found.resident - on_host.resident) // 2

    train = dataset.train.inputs.nbytes + dataset.train.labels.nbytes
    evaluated = (N_TRAIN + N_VALIDATION + N_TEST) * ROW
    assert with_memory(2 * train) == train + evaluated
    assert with_memory(1000) == 500 + evaluated  # half of it, in shards
