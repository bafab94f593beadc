import gzip

import numpy as np
import pytest

from paribus.errors import CommandError, DataError
from paribus.imports.table import read_curve_table


GOOD = """\
rate,seed,epoch,test_accuracy,test_loss,comment
0.1,3,0,0.1,2.3,before
0.1,3,1,0.8,0.5,after
1,3,0,0.1,,nothing
1,3,1,0.2,nan,nothing
"""


def read(path, **columns):
    asked = {"hyperparameters": ["rate"], "seed": "seed", "epoch": "epoch", **columns}
    return read_curve_table(path, **asked)


def test_columns_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(GOOD)

    table = read(path)

    assert table.hyperparameters == {"rate": [0.1, 0.1, 1.0, 1.0]}
    assert table.seed == [3, 3, 3, 3]
    assert table.epoch.tolist() == [0, 1, 0, 1]
    assert table.metrics["test_accuracy"].tolist() == [0.1, 0.8, 0.1, 0.2]
    np.testing.assert_equal(
        table.metrics["test_loss"], np.array([2.3, 0.5, np.nan, np.nan])
    )
    assert table.unused == ("comment",)


def test_gzip_is_known_by_its_content(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_bytes(gzip.compress(GOOD.encode()))

    assert read(path).seed == [3, 3, 3, 3]


@pytest.mark.parametrize(
    ("texts", "values"),
    [(["1", "2"], [1, 2]), (["1", "2.5"], [1.0, 2.5]), (["1", "adam"], ["1", "adam"])],
    ids=["integers", "numbers", "text"],
)
def test_values_of_a_hyperparameter_are_of_one_kind(tmp_path, texts, values):
    path = tmp_path / "runs.csv"
    rows = [f"{text},0,{i},0.5\n" for i, text in enumerate(texts)]
    path.write_text("rate,seed,epoch,test_accuracy\n" + "".join(rows))

    found = read(path).hyperparameters["rate"]

    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("old", "new", "fragments"),
    [
        (GOOD, "", ["empty"]),
        ("after\n", "after,more\n", ["6 values", "got 7", "line 3"]),
        ("0.8", "good", ["test_accuracy", "'good'", "line 3"]),
        ("0.1,3,1", ",3,1", ["hyperparameter in every row", "line 3"]),
        ("0.1,3,1", "0.1,x,1", ["seed", "'x'", "line 3"]),
        ("0.1,3,1", "0.1,-3,1", ["seed", "'-3'", "line 3"]),
        ("0.1,3,1", "0.1,3,-1", ["epoch", "-1", "line 3"]),
        ("test_loss", "test_accuracy", ["`test_accuracy` twice"]),
        ("comment", "rate", ["`rate` twice"]),
        (GOOD, GOOD.splitlines()[0] + "\n", ["no rows"]),
        ("test_accuracy,test_loss", "score,cost", ["must have a metric", "`cost`"]),
    ],
    ids=[
        "empty",
        "values",
        "metric",
        "hyperparameter",
        "seed",
        "negative",
        "epoch",
        "metric twice",
        "column twice",
        "no rows",
        "no metric",
    ],
)
def test_file_that_cannot_be_understood_is_refused_with_its_place(
    tmp_path, old, new, fragments
):
    path = tmp_path / "runs.csv"
    path.write_text(GOOD.replace(old, new))

    with pytest.raises(DataError) as caught:
        read(path)

    for fragment in ("runs.csv", *fragments):
        assert fragment in str(caught.value)


@pytest.mark.parametrize(
    ("content", "fragment"),
    [(b"\xff\xfe\x00", "UTF-8"), (b"\x1f\x8bxx", "damaged"), (b'a,"b', "no CSV")],
    ids=["not text", "broken gzip", "open quote"],
)
def test_bytes_that_are_no_csv_are_refused(tmp_path, content, fragment):
    path = tmp_path / "runs.csv"
    path.write_bytes(content)

    with pytest.raises(DataError, match=fragment):
        read(path)


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_what_is_no_file_is_refused(tmp_path, kind):
    path = tmp_path / kind if kind == "missing" else tmp_path

    with pytest.raises(DataError, match=r"no such file|regular file"):
        read(path)


def test_column_that_is_not_there_is_refused_with_the_nearest(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(GOOD)

    with pytest.raises(CommandError, match="no column `seeds`") as caught:
        read(path, seed="seeds")

    assert caught.value.hint == "did you mean `seed`?"
