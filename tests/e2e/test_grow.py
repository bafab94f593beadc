"""A study file that grows, through the real command."""

import json
import re
from pathlib import Path

import pytest
from builders import write_blobs
from commands import call, said
from study_texts import study_text

from paribus.data import load_dataset
from paribus.store import StudyWriter
from paribus.study_file import read_study


BLOBS = study_text("blobs", study="seeds = 2\nepochs = 1\nevaluate_every = 1")


RUN = ("run", "blobs.toml", "--json")


@pytest.mark.slow
def test_a_grown_study_trains_what_is_new_and_changes_no_other_run(tmp_path: Path):
    write_blobs(tmp_path / "blobs.npz")
    (tmp_path / "blobs.toml").write_text(BLOBS)
    before = json.loads(call(tmp_path, *RUN, "--quiet"))
    (tmp_path / "blobs.toml").write_text(BLOBS.replace("[0.01,", "[0.5, 0.01,"))

    after = json.loads(call(tmp_path, *RUN, "--seeds", "3"))

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

    out, err = said(tmp_path, *RUN, "--seeds", "1")

    shown = json.loads(out)
    assert shown["protocol"]["seeds"] == [0]
    assert [config["n_seeds"] for config in shown["configs"]] == [1, 1]
    counts = set(re.findall(r"(\d+) of (\d+) runs", err))
    assert ("2", "2") in counts
    assert {n_runs for _, n_runs in counts} == {"2"}
    assert "1 seed that this study does not name is in the folder too" in err
