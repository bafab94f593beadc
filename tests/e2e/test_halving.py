"""Values stopped early, by the command line: killed, continued, shown and reported."""

import csv
import json
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from builders import write_blobs
from commands import call, start
from study_texts import study_text

from paribus.status import RunStatus
from paribus.store import check_study, read_study


STUDY = study_text(
    "halving",
    study="seeds = 5\nepochs = 9\nevaluate_every = 1\nexact = true",
    data='path = "blobs.npz"\nvalidation = 40',
    optimizer='name = "keras_adam"',
    space="learning_rate = { log = [1e-5, 1.0], n = 6 }\nbatch_size = [16, 32]",
    more="""\
[tuning]
seeds = 2
[tuning.halving]
factor = 3
[[claims]]
text = "0.00001 is worse than the best"
measure = "validation_accuracy"
a = { learning_rate = "tuned" }
b = { learning_rate = 0.00001 }
relation = "greater"
smallest_effect = 0.01
""",
)
FOLDER = "studies/halving"


def prepared(folder: Path) -> Path:
    folder.mkdir()
    write_blobs(folder / "blobs.npz")
    (folder / "halving.toml").write_text(STUDY)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = prepared(tmp_path_factory.mktemp("halving") / "whole")
    call(folder, "run", "halving.toml", "--quiet")
    return folder


def wait_for(folder: Path, statuses: set[RunStatus], process) -> None:
    """Until runs of a study that is being trained have one of some statuses."""
    while process.poll() is None:
        time.sleep(0.05)
        if (folder / FOLDER / "study.db").exists():
            found = read_study(folder / FOLDER).status
            if np.isin(found, list(statuses)).any():
                return


@pytest.mark.long
@pytest.mark.parametrize(
    "moment",
    [{RunStatus.RUNNING}, {RunStatus.PRUNED}, {RunStatus.CONVERGED}],
    ids=["before the first rung", "after it", "while it compares"],
)
def test_a_killed_study_comes_to_the_same_end(trained: Path, tmp_path: Path, moment):
    folder = prepared(tmp_path / "killed")
    process = start(folder, "run", "halving.toml", "--quiet")
    wait_for(folder, moment, process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert check_study(folder / FOLDER).problems == ()

    call(folder, "run", "halving.toml", "--quiet")

    whole, found = read_study(trained / FOLDER), read_study(folder / FOLDER)
    assert (found.status == whole.status).all()
    for name, curve in whole.curves.items():
        assert found.curves[name].tobytes() == curve.tobytes(), name
    assert check_study(folder / FOLDER).problems == ()
    assert not [*(folder / FOLDER / "checkpoints").glob("*.safetensors")]


@pytest.mark.slow
def test_what_was_stopped_is_said_everywhere_and_compared_nowhere(trained: Path):
    shown = call(trained, "show", FOLDER)
    whole = json.loads(call(trained, "show", FOLDER, "--json"))
    claims = json.loads(call(trained, "claims", FOLDER, "--json"))
    call(trained, "export", FOLDER, "--format", "csv", "--out", "out")
    call(trained, "report", FOLDER, "--format", "md", "--out", "r.md")
    report = (trained / "r.md").read_text("utf-8")
    result = read_study(trained / FOLDER)
    n_pruned = int((result.status == RunStatus.PRUNED).sum())

    # Six values, of which two and then one go on, at two batch sizes.
    assert n_pruned >= 10
    n_runs = re.search(r"(\d+) of (\d+) runs finished", shown)
    assert n_runs is not None
    assert n_runs[1] == n_runs[2]
    assert "(pruned)" in shown
    assert "pruned: stopped early" in shown
    assert all(config["n_seeds"] in (0, 5) for config in whole["configs"])

    own = next(atom for atom in claims if atom["id"] == "U1" and atom["measure"])
    assert own["verdict"] == "untested"
    assert "fell behind and was stopped after" in own["reason"]
    assert "--set 'tuning.held=[1e-05]'" in own["remedy"]

    with (trained / "out" / "runs.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["status"] == "pruned"]
    assert len(rows) == n_pruned
    assert {row["validation_accuracy"] for row in rows} == {""}
    with (trained / "out" / "curves.csv").open() as file:
        epochs = {
            float(row["epoch"])
            for row in csv.DictReader(file)
            if row["status"] == "pruned"
        }
    assert epochs == {0.0, 1.0, 2.0, 3.0}

    assert "## What was stopped early" in report
    assert "runs of up to 9 epochs" in report
    assert "have no outcome yet" not in report
    assert "pruned after 1 epoch |" in report
    assert re.search(r"Of 12 values of the learning rate \d+ were stopped", report)


@pytest.mark.slow
def test_a_dry_run_counts_what_halving_saves(trained: Path, tmp_path: Path):
    folder = prepared(tmp_path / "dry")

    said = call(folder, "run", "halving.toml", "--dry-run")
    dry = json.loads(call(folder, "run", "halving.toml", "--dry-run", "--json"))

    assert "Values are compared after 1 and 3 epochs: of 6 values 2 and 1 go on" in said
    # Per seed and batch size 6 x 1 + 2 x 2 + 1 x 6 of 6 x 9 epochs.
    assert dry["halving"] == {
        "rungs": [1, 3],
        "n_values": [[6, 2, 1]],
        "n_epochs": 64,
        "n_whole": 216,
    }
    assert not (folder / "studies").exists()
