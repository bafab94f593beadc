"""Two optimizers, each with learning rates of its own, from the file to the report."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from builders import write_blobs


STUDY = """\
[study]
name = "crossed"
seeds = 5
epochs = 2
evaluate_every = 1
[data]
path = "blobs.npz"
validation = 40
[model]
name = "mlp"
hidden = [8]
[optimizer]
schedule = "cosine"
warmup_epochs = 0.5
weight_decay = 0.001
[[space]]
optimizer = ["sgd"]
learning_rate = [0.03, 0.1, 0.3]
batch_size = [16, 32]
clip_norm = [0.0, 1.0]
[[space]]
optimizer = ["adam"]
learning_rate = [0.001, 0.003, 0.01]
batch_size = [16, 32]
clip_norm = [0.0, 1.0]
"""


def call(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "paribus", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_optimizers_are_crossed_with_learning_rates_of_their_own(tmp_path: Path):
    write_blobs(tmp_path / "blobs.npz")
    (tmp_path / "crossed.toml").write_text(STUDY)

    call(tmp_path, "run", "crossed.toml")
    shown = json.loads(call(tmp_path, "show", "studies/crossed", "--json"))
    claims = call(tmp_path, "claims", "studies/crossed")
    call(tmp_path, "report", "studies/crossed", "--format", "md")
    report = (tmp_path / "studies" / "crossed" / "report.md").read_text()

    rates: dict[str, set[float]] = {}
    for shown_config in shown["configs"]:
        config = shown_config["config"]
        rates.setdefault(config["optimizer"], set()).add(config["learning_rate"])
    assert rates == {"sgd": {0.03, 0.1, 0.3}, "adam": {0.001, 0.003, 0.01}}
    assert [c["n_seeds"] for c in shown["configs"]] == [5] * 24
    for optimizer in ("sgd", "adam"):
        assert f"L1/{optimizer}:" in claims
    assert "warmup epochs 0.5" in report
    assert "weight decay 0.001" in report
