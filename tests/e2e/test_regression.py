"""A study of a CSV with a number to predict: trained, compared, judged, reported."""

from dataclasses import replace

import numpy as np
import pytest
from study_texts import study_text

from paribus.analysis import classify_runs, compare, summarise_configs
from paribus.analysis.scores import oriented_scores
from paribus.claims.judge import judge
from paribus.claims.records import Verdict
from paribus.engine.train import train_study
from paribus.errors import DataError, StudyError
from paribus.report.build import build_report
from paribus.report.text import render_markdown
from paribus.status import RunStatus
from paribus.study import Study
from paribus.study_file import read_study


CLAIM = """\
[[claims]]
text = "A rate of 0.02 {text}"
measure = "{measure}"
a = {{ learning_rate = 0.02 }}
b = {{ learning_rate = 0.001 }}
relation = "{relation}"
"""
CLAIMS = "".join(
    CLAIM.format(text=text, measure=measure, relation=relation)
    for text, measure, relation in (
        ("has a lower error", "test_rmse", "less"),
        ("explains more", "test_r2", "greater"),
        ("is right more often", "test_accuracy", "greater"),
    )
)
TASK = """\
[task]
kind = "regression"
standardise = true
"""
STUDY = study_text(
    "prices",
    study="seeds = 6\nepochs = 6",
    data="""\
path = "prices.csv"
target = "price"
standardise = true
validation = 60""",
    space="learning_rate = [1e-5, 0.001, 0.02]\nbatch_size = [8]",
    more=TASK + CLAIMS,
)


def write_prices(folder, *, text=STUDY):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(400, 3))
    prices = 500 + 100 * np.sin(2 * inputs[:, 0]) + 80 * inputs[:, 1]
    prices += 10 * rng.normal(size=400)
    rows = np.column_stack([inputs, prices])
    np.savetxt(
        folder / "prices.csv", rows, delimiter=",", header="a,b,c,price", comments=""
    )
    (folder / "prices.toml").write_text(text)
    return folder / "prices.toml"


trains = pytest.mark.slow  # compiles the programs of a study


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("regression")
    found = read_study(write_prices(folder))
    return train_study(found.study, folder / "prices", data_folder=folder, device="cpu")


@trains
def test_errors_are_compared_lower_first(trained):
    result = classify_runs(trained)
    assert result.primary_metric == "validation_rmse"
    assert "test_accuracy" not in result.metrics
    _, slow, fast = result.final("validation_rmse").mean(axis=1)
    assert fast < slow
    means = oriented_scores(result, "validation_rmse").values.mean(axis=1)
    assert means[2] > means[1] > means[0]
    assert [s.is_tied_with_best for s in summarise_configs(result)] == [
        False,
        False,
        True,
    ]
    found = compare(
        result,
        {"learning_rate": 0.02},
        {"learning_rate": 1e-5},
        metric="validation_rmse",
    )
    assert found.is_log_scale


@trains
def test_metrics_agree_with_each_other(trained):
    # Loss in units of the deviation in training, RMSE in the unit of the prices.
    guessed = trained.data.guessing["rmse"]
    np.testing.assert_allclose(
        np.sqrt(trained.final("train_loss")) * guessed,
        trained.final("train_rmse"),
        rtol=1e-4,
    )
    # The examples that are evaluated are all of the training split here.
    np.testing.assert_allclose(
        1 - trained.final("train_loss"), trained.final("train_r2"), rtol=1e-3, atol=1e-4
    )
    assert (trained.final("test_mae") <= trained.final("test_rmse")).all()


@trains
def test_guessing_is_the_training_mean(trained):
    assert trained.data.n_classes == 0
    assert trained.data.majority_share == 0
    assert trained.data.label_entropy == pytest.approx(1, rel=1e-4)
    status = classify_runs(trained).status
    # At 1e-5 nothing is learned in six epochs, and the rate of 0.02 beats the plane.
    assert not (status[0] == RunStatus.CONVERGED).any()
    learned = [RunStatus.CONVERGED, RunStatus.UNCONVERGED]
    assert np.isin(status[2], learned).all()
    assert trained.baseline_loss is not None
    assert (trained.final("train_loss")[2] < trained.baseline_loss).all()


@trains
def test_claims_know_which_way_is_better(trained):
    # Six epochs are too few to settle; the verdicts are about the numbers there are.
    settled = np.full_like(trained.status, RunStatus.CONVERGED)
    verdicts = judge(replace(trained, status=settled))
    lower, higher, right = (v for v in verdicts if "rate of 0.02" in v.text)
    assert lower.verdict is Verdict.SUPPORTED
    assert higher.verdict is Verdict.SUPPORTED
    assert right.verdict is Verdict.UNTESTED
    assert "predicts numbers" in right.atoms[0].reason


@trains
def test_the_report_speaks_of_errors(trained):
    text = render_markdown(build_report(trained))
    assert "validation RMSE" in text
    assert "has the lowest mean validation RMSE" in text
    assert "Paired ratios of validation RMSE" in text
    assert "a number, standardised, by the mean squared error" in text
    assert "The noise floor is" not in text


def test_texts_are_no_numbers(tmp_path):
    source = write_prices(tmp_path)
    rows = (tmp_path / "prices.csv").read_text().splitlines()
    named = [rows[0], *(f"{row.rpartition(',')[0]},cheap" for row in rows[1:200])]
    named += [f"{row.rpartition(',')[0]},dear" for row in rows[200:]]
    (tmp_path / "prices.csv").write_text("\n".join(named) + "\n")
    study = read_study(source).study
    with pytest.raises(DataError, match="must have numbers to predict, got the labels"):
        train_study(study, tmp_path / "out", data_folder=tmp_path, device="cpu")


def test_numbers_are_no_classes(tmp_path):
    source = write_prices(tmp_path, text=STUDY.removesuffix(TASK + CLAIMS))
    study = read_study(source).study
    with pytest.raises(DataError, match="must hold whole numbers as labels") as caught:
        train_study(study, tmp_path / "out", data_folder=tmp_path, device="cpu")
    assert 'kind = "regression"' in caught.value.hint


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ('task.loss="hubr"', "no loss is called `hubr`"),
        ("task.delta=2.0", "`task.delta` needs the loss `huber`"),
        ('task.los="huber"', "setting `los`"),
        ("task.class_weights=3", "must be .*balanced.* or a list of numbers, got 3"),
        ('diagnostics.measure=["calibration"]', "needs classification"),
        ('task.loss="mine:f"', "must be in a module that may be imported"),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path, setting, message):
    with pytest.raises(StudyError, match=message):
        read_study(write_prices(tmp_path), overrides=[setting])


def test_own_functions_come_from_modules_that_are_allowed(tmp_path):
    source = write_prices(tmp_path)
    (tmp_path / "pricelosses.py").write_text(
        "def quartic_loss(outputs, targets):\n    return (outputs - targets) ** 4\n"
    )
    reference = "pricelosses:quartic_loss"
    overrides = [f'task.loss="{reference}"']

    with pytest.raises(StudyError, match="module that may be imported") as caught:
        read_study(source, overrides=overrides)
    study = read_study(source, overrides=overrides, allow_modules=["pricelosses"]).study

    assert "--allow-module pricelosses" in caught.value.hint
    assert study.task.functions[reference](3.0, 1.0) == 16.0
    functions, _, files = study.task.source.partition("/")
    assert len(functions) == len(files) == 12
    # What is recorded is read without the module.
    assert Study.from_dict(study.to_dict()).task == study.task
