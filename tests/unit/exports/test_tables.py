import csv
import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import make_finished
from report_builders import make_notebook_result

from paribus.errors import CommandError, UnknownNameError
from paribus.exports import configs_table, export
from paribus.exports.tables import main_columns, to_csv
from paribus.status import RunStatus


def read_rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_csv_writes_runs_curves_and_configs(tmp_path):
    result = make_notebook_result(diverged={(2, 4): 312})

    written = export(result, format="csv", out=tmp_path / "out")

    assert [path.name for path in written] == ["runs.csv", "curves.csv", "configs.csv"]
    rows = read_rows(tmp_path / "out" / "runs.csv")
    assert len(rows) == 50
    first = result.curves["test_accuracy"][0, 0, -1]
    assert float(rows[0]["test_accuracy"]) == first
    diverged = [row for row in rows if row["status"] == "diverged"]
    assert [(row["seed"], row["diverged_at"]) for row in diverged] == [("4", "312")]
    assert diverged[0]["test_accuracy"] == ""


def test_csv_to_a_file_writes_the_runs(tmp_path):
    written = export(make_notebook_result(), format="csv", out=tmp_path / "mine.CSV")

    assert written == (tmp_path / "mine.CSV",)
    assert len(pd.read_csv(written[0])) == 50


def test_json_is_strict_and_missing_numbers_are_null(tmp_path):
    result = make_notebook_result(diverged={(2, 4): 312})

    export(result, format="json", out=tmp_path / "study.json")

    def refuse(constant):
        raise AssertionError(constant)

    text = (tmp_path / "study.json").read_text()
    document = json.loads(text, parse_constant=refuse)
    assert document["schema"] == 1
    assert [len(document[part]) for part in ("configs", "runs")] == [5, 50]
    (diverged,) = [run for run in document["runs"] if run["status"] == "diverged"]
    assert diverged["test_accuracy"] is None
    assert diverged["diverged_at"] == 312
    assert document["study"] == result.study.to_dict()


def test_configs_have_the_mean_of_their_runs():
    result = make_notebook_result()

    table = configs_table(result)

    wanted = result.curves["test_accuracy"][..., -1].mean(axis=1)
    # Two ways to add ten numbers differ in the last bits.
    np.testing.assert_allclose(table["test_accuracy"], wanted, rtol=1e-14)
    lower = table["test_accuracy_lower"].to_numpy()
    assert np.all(lower < table["test_accuracy"].to_numpy())
    assert table["n_seeds"].tolist() == [10] * 5


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_quoted(start):
    table = pd.DataFrame({"label": [f"{start}1+1", "plain"], "x": [-1.5, 2.0]})

    rows = list(csv.reader(io.StringIO(to_csv(table), newline="")))

    assert len(rows) == 3
    assert rows[1][0] == "'" + start.replace("\r", "\n") + "1+1"
    assert rows[1][1] == "-1.5"
    assert rows[2] == ["plain", "2.0"]


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="no export format is called `cvs`") as e:
        export(make_notebook_result(), format="cvs", out=tmp_path / "x")

    assert "`csv`" in e.value.hint


def test_json_to_a_folder_is_refused_with_a_hint(tmp_path):
    with pytest.raises(CommandError, match="must be a file") as caught:
        export(make_notebook_result(), format="json", out=tmp_path)

    assert "study.json" in caught.value.hint


def test_an_unfinished_study_is_exported_with_empty_cells(tmp_path):
    result = make_notebook_result()
    curves = {
        name: np.full_like(curve, np.nan) for name, curve in result.curves.items()
    }
    result = replace(result, curves=curves, status=np.zeros_like(result.status))

    export(result, format="csv", out=tmp_path)

    rows = read_rows(tmp_path / "runs.csv")
    assert {row["status"] for row in rows} == {"pending"}
    assert read_rows(tmp_path / "curves.csv") == []


def test_means_of_learners_are_a_main_column_only_where_there_is_a_mixture():
    good = (0.96, 0.97, 0.96)
    mixed = make_finished(
        good, (0.1, 0.97, 0.96), status={(1, 0): RunStatus.COLLAPSED}, validation=5000
    )

    columns = [
        main_columns(result, configs_table(result))
        for result in (make_finished(good, good, validation=5000), mixed)
    ]

    of_learners = ["validation_accuracy_of_learners", "test_accuracy_of_learners"]
    assert [name for name in columns[1] if name not in columns[0]] == of_learners
    assert columns[0].index("validation_accuracy") < columns[0].index("test_accuracy")
