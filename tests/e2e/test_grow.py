"""A study file that grows, through the real command."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from builders import write_blobs

from paribus.data import load_dataset
from paribus.store import StudyWriter
from paribus.study_file import read_study


BLOBS = """\
[study]
name = "blobs"
seeds = 2
epochs = 1
evaluate_every = 1
[data]
path = "blobs.npz"
[model]
name = "mlp"
hidden = [8]
[optimizer]
name = "adam"
[[space]]
learning_rate = [0.01, 0.1]
batch_size = [16]
"""


def run(folder: Path, *options: str) -> dict[str, Any]:
    """Train what is missing, and read what is printed."""
    return json.loads(call(folder, *options).stdout)


def call(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    ended = subprocess.run(
        [sys.executable, "-m", "paribus", "run", "blobs.toml", "--json", *options],
        cwd=folder,
        text=True,
        capture_output=True,
    )
    assert ended.returncode == 0, ended.stderr
    return ended


def test_a_grown_study_trains_what_is_new_and_changes_no_other_run(tmp_path: Path):
    write_blobs(tmp_path / "blobs.npz")
    (tmp_path / "blobs.toml").write_text(BLOBS)
    before = run(tmp_path, "--quiet")
    (tmp_path / "blobs.toml").write_text(BLOBS.replace("[0.01,", "[0.5, 0.01,"))

    after = run(tmp_path, "--seeds", "3")

    assert after["protocol"]["seeds"] == [0, 1, 2]
    found = {config["config"]["learning_rate"]: config for config in after["configs"]}
    assert set(found) == {0.01, 0.1, 0.5}
    for old in before["configs"]:
        new = found[old["config"]["learning_rate"]]
        for metric in ("train_loss", "test_accuracy"):
            assert new[metric]["values"][:2] == old[metric]["values"]
            assert len(new[metric]["values"]) == 3


def test_a_part_of_an_interrupted_study_is_trained_counted_and_shown_alone(
    tmp_path: Path,
):
    write_blobs(tmp_path / "blobs.npz")
    (tmp_path / "blobs.toml").write_text(BLOBS)
    study = read_study(tmp_path / "blobs.toml").study
    facts = load_dataset(study.data, folder=tmp_path).facts()
    with StudyWriter.create(tmp_path / "studies" / "blobs", study, facts):
        pass  # interrupted before its first run

    ended = call(tmp_path, "--seeds", "1")

    shown = json.loads(ended.stdout)
    assert shown["protocol"]["seeds"] == [0]
    assert [config["n_seeds"] for config in shown["configs"]] == [1, 1]
    counts = set(re.findall(r"(\d+) of (\d+) runs", ended.stderr))
    assert ("2", "2") in counts
    assert {n_runs for _, n_runs in counts} == {"2"}
    assert "1 seed that this study does not name is in the folder too" in ended.stderr
