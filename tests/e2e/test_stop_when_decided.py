"""From a study file with a plan of looks to verdicts, by the command line."""

import json
from pathlib import Path

import pytest
from builders import write_blobs
from commands import call
from study_texts import study_text


STUDY = study_text(
    "looks",
    study="""\
seeds = 12
looks = 2
stop_when_decided = true
epochs = 4
evaluate_every = 1""",
    optimizer='name = "keras_adam"',
    space="learning_rate = [0.00001, 0.05]\nbatch_size = [16]",
    more="""\
[[claims]]
text = "0.05 is better"
measure = "test_accuracy"
a = { learning_rate = 0.05 }
b = { learning_rate = 0.00001 }
relation = "greater"
smallest_effect = SMALLEST
""",
)


@pytest.mark.slow
@pytest.mark.parametrize(("smallest", "n_seeds"), [("0.001", 6), ("0.7", 12)])
def test_a_study_has_no_more_seeds_than_its_claim_takes(
    tmp_path: Path, smallest: str, n_seeds: int
):
    write_blobs(tmp_path / "blobs.npz")
    (tmp_path / "looks.toml").write_text(STUDY.replace("SMALLEST", smallest))

    dry = json.loads(call(tmp_path, "run", "looks.toml", "--dry-run", "--json"))
    call(tmp_path, "run", "looks.toml", "--quiet")
    claims = json.loads(call(tmp_path, "claims", "studies/looks", "--json"))
    own = next(a for a in claims if a["id"] == "U1" and a["n_seeds"])
    report = call(
        tmp_path, "report", "studies/looks", "--format", "md", "--out", "r.md"
    )

    assert (dry["n_runs"], dry["n_most"]) == (12, 24)
    assert own["n_seeds"] == n_seeds
    assert (own["verdict"] == "undecided") == (n_seeds == 12)
    assert report.strip().endswith("r.md")
    text = (tmp_path / "r.md").read_text("utf-8")
    assert ("6 of at most 12 seeds, look 1" in text) == (n_seeds == 6)
