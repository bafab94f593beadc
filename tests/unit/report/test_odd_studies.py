"""Studies that are small, large, unfinished or equal throughout have reports too."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_result, make_study
from report_builders import blocks, headings, make_notebook_result, table
from tuning_builders import make_tuned_result, make_tuned_study, trained

from paribus.report import build_report
from paribus.report.document import Callout
from paribus.report.text import render_markdown
from paribus.status import RunStatus


def test_equal_configs_are_tied_and_none_is_the_best():
    accuracy = 0.96 + 0.001 * np.random.default_rng(5).normal(size=(2, 10))
    result = make_result(make_study(n_seeds=10), final_accuracy=accuracy)

    text = render_markdown(build_report(result))

    a, b = (f"{mean:.2%}" for mean in accuracy.mean(axis=1))
    tied = f"learning rate 0.001 (mean {a}) and learning rate 0.01 (mean {b})"
    assert f"Tied with the best: {tied}." in text
    assert "The best of" not in text
    assert "not decided which is higher with 10 seeds" in text


def test_no_failure_in_n_runs_is_said_with_its_bound():
    text = render_markdown(build_report(make_notebook_result()))

    assert "that is 0 of 10, which leaves room for a share of up to 26%" in text


def test_a_study_with_one_config_and_one_seed_has_a_report():
    result = make_result(make_study(learning_rate=(0.01,), n_seeds=1))

    report = build_report(result)

    assert headings(report) == [
        "In short",
        "Textbook claims that are not tested here",
        "What was trained",
        "How the runs ended",
        "Configs",
        "Every run",
        "Training curves",
        "All runs, to trace a number",
        "How it was made",
    ]
    assert report.title.startswith("How well does")


def test_a_best_that_no_single_seed_misses_is_said_to_be():
    accuracy = np.stack([np.full(10, 0.9), np.full(10, 0.97)])
    accuracy = accuracy + np.linspace(0, 0.001, 10)
    result = make_result(make_study(n_seeds=10), final_accuracy=accuracy)

    text = render_markdown(build_report(result))

    assert "every such study of these runs would have named it the best too" in text
    assert "averaged per config" not in text


def test_three_seeds_are_too_few_for_a_verdict():
    text = render_markdown(build_report(make_result(make_study(n_seeds=3))))

    assert "over 3 seeds, too few for a verdict." in text
    assert "Tied with the best:" not in text


def test_an_unfinished_study_says_so_before_any_number():
    result = make_notebook_result()
    status = result.status.copy()
    status[:, 5:] = RunStatus.PENDING
    curves = {name: curve.copy() for name, curve in result.curves.items()}
    for curve in curves.values():
        curve[:, 5:] = np.nan

    report = build_report(replace(result, status=status, curves=curves))

    warning = blocks(report, "summary")[0]
    assert isinstance(warning, Callout)
    assert warning.kind == "warning"
    assert warning.items[0].startswith("25 of 50 runs have no outcome yet")


@pytest.mark.parametrize("code", [RunStatus.PENDING, RunStatus.DIVERGED])
def test_a_study_without_any_value_has_a_report(code):
    result = make_notebook_result()
    curves = {name: np.full_like(c, np.nan) for name, c in result.curves.items()}
    status = np.full_like(result.status, code)

    report = build_report(replace(result, status=status, curves=curves))

    assert f"50 {code.word}" in render_markdown(report)


def test_what_failed_runs_raised_is_quoted():
    result = make_notebook_result()
    status = result.status.copy()
    status[0, 0] = RunStatus.FAILED
    result = replace(result, status=status, messages={(0, 0): "out of memory"})

    text = render_markdown(build_report(result))

    assert "Failed runs said: out of memory" in text


def test_a_large_study_shows_the_best_and_says_what_it_leaves_out():
    rates = tuple(0.001 * k for k in range(1, 43))
    study = make_study(learning_rate=rates, n_seeds=2)
    result = make_result(study)

    report = build_report(result)

    found = table(report, "statuses")
    assert len(found.rows) == 41
    assert "counted in the last row: 2 more configs." in found.note
    assert found.is_folded
    assert len(table(report, "pairs").rows) == 45
    for figure in report.figures():
        for panel in figure.panels:
            datasets = panel.specification["datasets"].values()
            assert sum(len(rows) for rows in datasets) < 5000


def test_values_are_compared_each_at_what_was_tuned_for_it():
    rates = (0.001, 0.01, 0.1, 1.0)
    study = make_tuned_study(
        learning_rate=rates, optimizer=("sgd", "adam"), n_seeds=6, batch_size=(32, 64)
    )
    best = {"sgd": 0.1, "adam": 0.01}
    is_best = [c["learning_rate"] == best[str(c["optimizer"])] for c in study.configs()]
    accuracy = {
        tuple(c.values()): 0.95 if at_best else 0.9
        for c, at_best in zip(study.configs(), is_best, strict=True)
    }
    result = make_tuned_result(study, accuracy)
    for i, config in enumerate(study.configs()):
        if is_best[i]:
            runs = np.zeros(result.status.shape, dtype=bool)
            runs[i, :6] = True
            result = trained(
                result, runs, 0.96 if config["optimizer"] == "adam" else 0.9
            )

    report = build_report(result)

    found = table(report, "optimizer")
    assert found.columns[:3] == ("batch size", "optimizer", "learning rate")
    assert [row[:3] for row in found.rows] == [
        ("32", "SGD", "0.1"),
        ("32", "Adam", "0.01"),
        ("64", "SGD", "0.1"),
        ("64", "Adam", "0.01"),
    ]
    assert "Each at the learning rate that was chosen for it." in found.note
    said = render_markdown(report).partition("## Optimizer")[2].partition("\n## ")[0]
    for batch_size in (32, 64):
        assert (
            "Adam, learning rate 0.01 has a higher mean validation accuracy "
            f"than SGD, learning rate 0.1, at batch size {batch_size}: "
            "+6"
        ) in said
