"""The best of k configs as a chart."""

import json
from typing import Any

import pytest

from paribus.analysis.search import SearchCurve
from paribus.plots import to_specification
from paribus.plots.search import draw_search, drawn_tries
from paribus.space import Config


def make_curve(n: int, name: str) -> SearchCurve:
    return SearchCurve(
        others=Config({"optimizer": name}),
        n_configs=2 * n,
        n_seeds=3,
        expected=tuple(1 - 0.5 / k for k in range(1, n + 1)),
        best=0.999,
    )


def draw(*curves: SearchCurve) -> dict[str, Any]:
    labels = [f"optimizer {curve.others['optimizer']}" for curve in curves]
    metric = "validation_accuracy"
    return draw_search(curves, labels=labels, metric=metric, n_examples=5000).to_dict()


def test_each_number_of_tries_has_a_point_at_its_score():
    (rows,) = draw(make_curve(4, "sgd"), make_curve(2, "adam"))["datasets"].values()

    drawn = [(row["label"], row["k"], row["score"]) for row in rows]
    assert drawn == [
        *(("optimizer sgd", k, 1 - 0.5 / k) for k in (1, 2, 3, 4)),
        *(("optimizer adam", k, 1 - 0.5 / k) for k in (1, 2)),
    ]


def test_one_curve_has_no_legend_and_tries_have_whole_numbers():
    chart = draw(make_curve(4, "sgd"))

    encoding = chart["layer"][0]["encoding"]
    assert encoding["color"]["legend"] is None
    assert encoding["x"]["axis"]["values"] == [1, 2, 3, 4]
    assert encoding["x"]["title"] == "configs tried, drawn at random"


@pytest.mark.parametrize("longest", [1, 12, 13, 500, 50_000])
def test_many_tries_are_thinned_and_both_ends_drawn(longest: int):
    ks = drawn_tries(longest)

    assert (ks[0], ks[-1]) == (1, longest)
    assert ks == sorted(set(ks))
    assert len(ks) <= 24


def test_a_long_curve_is_drawn_by_the_logarithm():
    chart = draw(make_curve(100, "sgd"))

    assert chart["layer"][0]["encoding"]["x"]["scale"]["type"] == "log"
    drawn = draw_search(
        [make_curve(100, "a")], labels=["a"], metric="test_r2", n_examples=0
    )
    assert json.dumps(to_specification(drawn, description="all"))
