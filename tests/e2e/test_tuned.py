"""A tuned study of made-up data, from its file to its verdicts, in seconds."""

import json
import random
import re
import time
from pathlib import Path

import numpy as np
import pytest
from builders import write_blobs
from commands import call, said, start
from study_texts import study_text

from paribus.analysis import choose_tuned, plan_runs
from paribus.store import read_study


STUDY = study_text(
    study="seeds = 2\nepochs = 2\nevaluate_every = 1\nsteps = 30",
    data='path = "blobs.npz"\nvalidation = 40\ntrain = 150',
    optimizer="",
    space="""\
optimizer = ["keras_adam"]
learning_rate = [0.00001, 0.05]
batch_size = [16]""",
    more="""\
[tuning]
seeds = 2
target_seeds = 3
held = [0.00001]
[sizes.wide]
space.1.learning_rate = [0.00001, 0.05, 500]
[sizes.refined]
space.1.learning_rate = [0.00001, 0.05, 500]
tuning.refine = true
[[claims]]
text = "A tuned learning rate is better than a tiny one"
measure = "validation_accuracy"
a = { learning_rate = "tuned" }
b = { learning_rate = 0.00001 }
relation = "greater"
smallest_effect = 0.01
""",
)


@pytest.mark.slow
def test_a_tuned_study_ends_in_verdicts(tmp_path: Path):
    write_blobs(tmp_path / "blobs.npz")
    (tmp_path / "tiny.toml").write_text(STUDY)

    _, at_edge = said(tmp_path, "run", "tiny.toml")
    _, wide = said(tmp_path, "run", "tiny.toml", "--size", "wide")

    assert "the highest that was tried, so nothing is concluded; add" in at_edge
    assert "--set 'space.1.learning_rate=[" in at_edge
    assert "nothing is concluded" not in wide
    # As many runs as tuning asked for, of 3 configs with 2 seeds and 3 tuning seeds.
    ended = re.search(r"(\d+) of \1 runs", wide)
    assert ended is not None
    assert int(ended[1]) == 3 * 2 + 2 * 2 + 1  # to choose, to compare, for targets
    claims = json.loads(call(tmp_path, "claims", "studies/tiny-wide", "--json"))
    texts = json.dumps(claims)
    assert "A tuned learning rate is better than a tiny one" in texts
    again = call(tmp_path, "run", "tiny.toml", "--size", "wide", "--json")
    assert json.loads(again)


@pytest.mark.long
def test_a_refined_study_that_is_killed_at_any_moment_ends_as_if_it_never_was(
    tmp_path: Path,
):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
        write_blobs(folder / "blobs.npz")
        (folder / "tiny.toml").write_text(STUDY)
    run = ("run", "tiny.toml", "--size", "refined")
    dry = json.loads(call(whole, *run, "--dry-run", "--json"))
    started = time.monotonic()
    call(whole, *run)
    duration = time.monotonic() - started
    moments = random.Random(20261125)

    for _ in range(6):
        process = start(killed, *run)
        time.sleep(moments.uniform(0.3, 0.9) * duration)
        process.kill()
        process.communicate()
        if (killed / "studies" / "tiny-refined").exists():
            call(killed, "check", "studies/tiny-refined")
            call(killed, "show", "studies/tiny-refined")
    call(killed, *run)

    ended, expected = (
        read_study(folder / "studies" / "tiny-refined") for folder in (killed, whole)
    )
    assert ended.study == expected.study
    assert len(ended.study.space.refined) == 2
    np.testing.assert_array_equal(ended.status, expected.status)
    (choice,) = choose_tuned(ended)
    assert choice.best_index == choose_tuned(expected)[0].best_index
    n_runs = int(plan_runs(ended).is_planned.sum())
    assert dry["is_open"]
    assert dry["n_runs"] == n_runs == 5 * 2 + 2 * 2 + 1
    # As the killed study's blocks had other shapes, other last bits.
    np.testing.assert_allclose(
        ended.final("train_loss"), expected.final("train_loss"), rtol=1e-3
    )
