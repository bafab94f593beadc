"""A data set of 600 MB trains through a memory map in less memory than a copy takes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


SCRIPT = """
import sys
from pathlib import Path

import numpy as np

import paribus as pb
from paribus.engine.train import train_study


def resident_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if sys.argv[2] == "in memory":
    from paribus.data import npy

    npy.MAP_BYTES = 2**60
imported = resident_mb()
study = pb.Study(
    name="large",
    data=pb.data.file(sys.argv[1], validation=2000),
    model=pb.models.mlp(hidden=[16]),
    optimizer=pb.optimizers.adam(),
    space=pb.grid(learning_rate=[0.001, 0.003], batch_size=[512]),
    epochs=1,
    seeds=2,
)
result = study.run(sys.argv[3], device="cpu", progress=False)
peak = resident_mb()
losses = result.runs()["test_loss"].to_numpy()
print(imported, peak, losses.astype(np.float32).tobytes().hex())
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_a_large_array_trains_through_a_memory_map(tmp_path: Path):
    n_rows, n_inputs = 200_000, 784
    rng = np.random.default_rng(0)
    inputs = np.lib.format.open_memmap(
        tmp_path / "x.npy", "w+", dtype=np.float32, shape=(n_rows, n_inputs)
    )
    labels = np.empty(n_rows, np.int64)
    directions = rng.normal(size=(n_inputs, 10)).astype(np.float32)
    for start in range(0, n_rows, 10_000):
        part = rng.standard_normal((10_000, n_inputs), dtype=np.float32)
        inputs[start : start + 10_000] = part
        labels[start : start + 10_000] = (part @ directions).argmax(axis=1)
    inputs.flush()
    np.save(tmp_path / "y.npy", labels)

    def train(how: str) -> tuple[float, str]:
        ended = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path), how, str(tmp_path / how)],
            capture_output=True,
            text=True,
            check=True,
        )
        imported, peak, losses = ended.stdout.split()
        return float(peak) - float(imported), losses

    mapped_mb, mapped_losses = train("mapped")
    copied_mb, copied_losses = train("in memory")

    assert mapped_losses == copied_losses
    assert mapped_mb < 1500  # the promise; 630 of them are pages of the file
    # A copy for us, parts of it for the splits: what is saved is worth a test.
    assert mapped_mb < copied_mb
