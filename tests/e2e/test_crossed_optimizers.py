"""Two optimizers, each with learning rates of its own, from the file to the report."""

import json
from pathlib import Path
from typing import Any

import pytest
from builders import write_blobs
from commands import call
from study_texts import study_text

from paribus.analysis import choose_tuned
from paribus.api import run_study
from paribus.engine.block import Compiler
from paribus.report import build_report, render_markdown
from paribus.study_file import read_study


STUDY = study_text(
    "crossed",
    study="seeds = 5\nepochs = 2\nevaluate_every = 1",
    data='path = "blobs.npz"\nvalidation = 40',
    optimizer='schedule = "cosine"\nwarmup_epochs = 0.5\nweight_decay = 0.001',
    space="""\
optimizer = ["sgd"]
learning_rate = [0.03, 0.1, 0.3]
batch_size = [16, 32]
clip_norm = [0.0, 1.0]
[[space]]
optimizer = ["adam"]
learning_rate = [0.001, 0.003, 0.01]
batch_size = [16, 32]
clip_norm = [0.0, 1.0]""",
)


@pytest.mark.long
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
        assert f"L1/{optimizer}" in claims
    assert "warmup epochs 0.5" in report
    assert "weight decay 0.001" in report


TUNED = """\
[study]
name = "tuned"
seeds = 4
epochs = 3
[data]
path = "blobs.npz"
validation = 60
[model]
name = "mlp"
[[space]]
optimizer = ["sgd"]
learning_rate = [0.001, 0.1, 1000.0]
hidden = [[8], [32]]
batch_size = [8, 16, 32]
[[space]]
optimizer = ["adam"]
learning_rate = [1e-5, 0.01, 100.0]
hidden = [[8], [32]]
batch_size = [8, 16, 32]
[tuning]
hyperparameter = "learning_rate"
seeds = 2
"""


@pytest.mark.slow
def test_widths_and_batch_sizes_are_crossed_too_at_rates_tuned_for_each(
    tmp_path: Path, monkeypatch
):
    write_blobs(tmp_path / "blobs.npz", n_train=600, n_test=200)
    (tmp_path / "tuned.toml").write_text(TUNED)
    study = read_study(tmp_path / "tuned.toml").study
    programs: list[tuple[Any, ...]] = []

    def request(self, key, compile_it):
        if key not in self._programs:
            programs.append(key[0])
        return before(self, key, compile_it)

    before = Compiler.request
    monkeypatch.setattr(Compiler, "request", request)

    result = run_study(study, tmp_path / "out", data_folder=tmp_path, device="cpu")

    # Two optimizers, two widths, three batch sizes: each is compiled once, though its
    # runs train in two stages. (Four seeds have no linear baseline beside them.)
    trained = [name[1] for name in programs if name[:1] == ("train",)]
    assert sorted(trained) == [8] * 4 + [16] * 4 + [32] * 4
    choices = choose_tuned(result)
    assert len(choices) == 12
    assert {choice.best_value for choice in choices} == {0.1, 0.01}
    report = render_markdown(build_report(result))
    shares = report.partition("## What the scores vary with")[2].partition("\n## ")[0]
    for term in ("optimizer", "hidden", "batch size"):
        assert f"\n| {term} | all others |" in shares
    for pair in ("optimizer with hidden", "hidden with batch size"):
        assert f"\n| {pair} |" in shares
    isolated = report.partition("## Each value at its best")[2].partition("\n## ")[0]
    for panel in ("Optimizer, hidden", "Hidden, SGD", "Batch size, SGD"):
        assert f"- *{panel}" in isolated
