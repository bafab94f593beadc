"""Odd numbers leave a study as they are, or as the documentation says."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from builders import make_result, make_study

from paribus.exports.tables import export


# What a float32 curve can hold -> what JSON says of it; None for what is not finite.
NUMBERS = {
    "zero": 0.0,
    "minus zero": -0.0,
    "smallest denormal": float(np.float32(1e-45)),
    "denormal": float(np.float32(1e-40)),
    "smallest": float(np.finfo(np.float32).tiny),
    "largest": float(np.finfo(np.float32).max),
    "below zero": -float(np.finfo(np.float32).max),
    "not short": float(np.float32(0.1)),
    "infinite": math.inf,
    "minus infinite": -math.inf,
    "no number": math.nan,
}


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_of_a_curve_is_exported_as_it_is(number: float, tmp_path: Path):
    result = make_result(make_study(n_seeds=1))
    result.curves["test_loss"][0, 0, 1] = number

    export(result, format="json", out=tmp_path / "study.json")
    export(result, format="csv", out=tmp_path / "tables")

    text = (tmp_path / "study.json").read_text()
    in_json = json.loads(text, parse_constant=pytest.fail)["curves"][1]["test_loss"]
    with (tmp_path / "tables" / "curves.csv").open(newline="") as file:
        in_csv = list(csv.DictReader(file))[1]["test_loss"]
    if math.isfinite(number):
        assert math.copysign(1, in_json) == math.copysign(1, number)
        assert in_json == float(in_csv) == number
    else:
        assert in_json is None
        assert in_csv == {math.inf: "inf", -math.inf: "-inf"}.get(number, "")
