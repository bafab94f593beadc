from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np
import pytest
from report_builders import FULL_GRID, make_notebook_result, make_notebook_study

from paribus.analysis import classify_runs, compare_all, summarise_configs
from paribus.plots import (
    draw_curves,
    draw_differences,
    draw_heatmap,
    draw_named_best,
    draw_reversals,
    draw_runs,
    summarise_curves,
    to_png,
    to_specification,
    to_svg,
)
from paribus.plots.rows import Rows, break_label
from paribus.status import RunStatus


def rows_of(chart) -> list[dict[str, Any]]:
    """All rows of data in a chart."""
    datasets = chart.to_dict()["datasets"]
    return [row for rows in datasets.values() for row in rows]


@pytest.fixture(scope="module")
def result():
    return classify_runs(make_notebook_result(diverged={(2, 4): 312, (2, 5): 400}))


def draw_all_runs(result, *, published=None):
    return draw_runs(
        result,
        summarise_configs(result),
        metric="test_accuracy",
        labels={i: c.label() for i, c in enumerate(result.configs)},
        published=published or {},
    )


def test_every_run_with_a_value_has_a_mark_and_the_others_are_counted(result):
    rows = rows_of(draw_all_runs(result))

    marks = [row for row in rows if row.get("run", "").startswith("seed")]
    assert len(marks) == 48
    drawn = sorted(row["accuracy"] for row in marks)
    final = result.final("test_accuracy")
    np.testing.assert_allclose(drawn, np.sort(final[np.isfinite(final)]))
    assert "× 2 diverged" in [row.get("remark") for row in rows]


def test_a_mixture_has_the_mean_of_its_learners_in_the_chart(result):
    rows = rows_of(draw_all_runs(result))

    means = {row["config"] for row in rows if row.get("kind", "").startswith("mean")}
    assert means == {c.label() for c in result.configs if c["learning_rate"] != 0.1}
    mixture = next(r for r in rows if "among learners" in r.get("kind", ""))
    learners = result.final("test_accuracy")[2][result.status[2] > RunStatus.DIVERGED]
    assert mixture["accuracy"] == pytest.approx(learners.mean())


def test_published_numbers_stand_in_the_row_of_their_config(result):
    rows = rows_of(draw_all_runs(result, published={1: (0.9619, 0.9663)}))

    published = [row for row in rows if row.get("kind") == "the notebook's one run"]
    assert [row["accuracy"] for row in published] == [0.9619, 0.9663]
    assert {row["config"] for row in published} == {result.configs[1].label()}


def test_a_config_with_many_runs_is_drawn_by_some_with_both_ends():
    result = make_notebook_result(make_notebook_study(n_seeds=500))

    rows = [r for r in rows_of(draw_all_runs(result)) if r.get("run", "")[:4] == "seed"]

    first = [r["accuracy"] for r in rows if r["config"] == result.configs[0].label()]
    final = result.final("test_accuracy")[0]
    assert len(first) == 60
    assert (min(first), max(first)) == (final.min(), final.max())


def test_curves_are_summarised_by_quantiles_of_the_runs_that_are_there(result):
    table = summarise_curves(result, metric="test_accuracy", labels={2: "0.1"})

    last = table.iloc[-1]
    final = result.final("test_accuracy")[2]
    final = final[np.isfinite(final)]
    assert last["n"] == len(final) == 8
    assert last["median"] == pytest.approx(np.median(final))
    assert (last["lowest"], last["highest"]) == (final.min(), final.max())


@pytest.mark.parametrize("metric", ["test_accuracy", "train_loss"])
def test_curves_have_a_colour_and_a_dash_for_each_config(result, metric):
    chart = draw_curves(result, metric=metric, labels={0: "slow", 1: "fast"})

    line = chart.to_dict()["layer"][-1]["encoding"]
    assert line["color"]["scale"]["domain"] == ["slow", "fast"]
    assert len({tuple(dash) for dash in line["strokeDash"]["scale"]["range"]}) == 2


def test_curves_of_huge_and_missing_losses_can_be_drawn(result):
    curve = result.curves["train_loss"].copy()
    curve[2, 0, 3] = 1e30
    curve[2, 1] = np.nan
    broken = replace(result, curves={**result.curves, "train_loss": curve})

    chart = draw_curves(broken, metric="train_loss", labels={2: "0.1"})

    assert "<path" in to_svg(to_specification(chart, description="x"))


def test_the_heat_map_marks_ties_with_a_mark():
    result = classify_runs(make_notebook_result(make_notebook_study(grids=FULL_GRID)))
    summaries = summarise_configs(result)

    chart = draw_heatmap(
        summaries, metric="test_accuracy", x="learning_rate", y="batch_size", fixed={}
    )

    cells = {row["config"]: row["text"] for row in rows_of(chart)}
    assert len(cells) == 9
    for summary in summaries:
        text = cells[summary.config.label()]
        assert text.startswith("●") == bool(summary.is_tied_with_best)
        assert f"{summary.metrics['test_accuracy'].mean:.2%}" in text
    assert any(summary.is_tied_with_best for summary in summaries)


def test_differences_are_drawn_in_points_with_their_own_noise_floor(result):
    comparisons = compare_all(result, metric="test_accuracy")[:3]

    chart = draw_differences(comparisons, labels=["a", "b", "c"], remarks=["", "", ""])

    rows = [row for row in rows_of(chart) if "difference" in row]
    for row, comparison in zip(rows, comparisons, strict=True):
        drawn = [row["difference"] / 100, row["lower"] / 100, row["floor"] / 100]
        c = comparison
        assert drawn == pytest.approx([c.difference, c.lower, c.noise_floor])


def test_one_seed_charts_show_the_shares():
    named = draw_named_best([0.7, 0.3], labels=["a", "b"], best=0)
    reversed_pairs = draw_reversals({"a over b": 0.25})

    assert [r["share"] for r in rows_of(named) if "share" in r] == [0.7, 0.3]
    assert "25%" in [row.get("remark") for row in rows_of(reversed_pairs)]


def test_a_chart_becomes_a_picture():
    specification = to_specification(
        draw_named_best([1.0], labels=["a"], best=0), description="a chart"
    )

    assert to_svg(specification).startswith("<svg")
    assert to_png(specification)[:8] == b"\x89PNG\r\n\x1a\n"


def test_equal_charts_give_equal_specifications(result):
    first, second = (
        to_specification(draw_all_runs(result), description="x") for _ in range(2)
    )

    assert first == second
    assert first["width"] == "container"
    assert first["description"] == "x"


def test_a_long_label_is_broken_at_its_commas():
    label = "learning rate 0.001, batch size 32, momentum 0.9"

    assert break_label(label, width=36) == (
        "learning rate 0.001, batch size 32,\nmomentum 0.9"
    )
    assert break_label("a" * 50, width=20) == "a" * 50


@pytest.mark.parametrize("n_rows", [1, 3])
def test_the_line_at_zero_leaves_the_labels_free(n_rows):
    rows = Rows(labels=("a long label, broken at its comma, " * 2,) * n_rows)
    chart = rows.draw_line(0.0, scale=alt.Scale())

    places = rows_of(chart)
    labels, *_ = [
        [r for r in rows_of(layer) if "label" in r] for layer in rows.draw_labels()[1:]
    ]
    assert len(places) == n_rows
    for row, label in zip(places, labels, strict=True):
        n_lines = label["label"].count("\n") + 1
        bottom_of_label = label["row"] + (n_lines - 0.5) * 15 * n_rows / rows.height
        assert bottom_of_label <= row["top"] < row["bottom"] <= int(label["row"]) + 1
