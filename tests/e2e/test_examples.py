"""Each example runs to its report, at a small size."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SMALL = ("--seeds", "2", "--train", "500")
DEEPOBS = str(ROOT / "tests" / "data" / "deepobs_fmnist_2c2d.csv.gz")

# Example -> its arguments here, and what it then prints beside where the report is.
RUNS = {
    "notebook": (SMALL, ["10 of 10 runs finished", "learning_rate=0.001"]),
    "keras_cnn": (
        (*SMALL, "--epochs", "1", "--channels", "2", "4"),
        ["8 of 8 runs finished"],
    ),
    "flax_batch_norm": (
        (*SMALL, "--epochs", "1", "--widths", "2", "4"),
        ["8 of 8 runs finished", "width=4"],
    ),
    "equinox_optimizers": (
        (*SMALL, "--epochs", "1"),
        ["8 of 8 runs finished", "optimizer=sgd"],
    ),
    "regression_on_csv": (
        ("houses.csv", "--target", "price", "--seeds", "2", "--epochs", "2"),
        ["6 of 6 runs finished", "test_rmse: learning_rate=0.001"],
    ),
    # Means over ten seeds, as published: tests/reference/test_deepobs.py.
    "other_peoples_runs": ((DEEPOBS,), ["0.9234", "0.9227", "undecided"]),
}


def write_houses(path: Path) -> None:
    """A table to predict prices from: numbers, and a column of words."""
    rng = np.random.default_rng(0)
    area = rng.uniform(30, 200, size=400)
    kind = rng.choice(["flat", "house"], size=400)
    price = 2 * area + 50 * (kind == "house") + rng.normal(scale=20, size=400)
    pd.DataFrame({"area": area, "kind": kind, "price": price}).to_csv(path, index=False)


def test_every_example_is_run():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(RUNS)


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_an_example_runs_to_its_report(tmp_path: Path, name: str):
    arguments, said = RUNS[name]
    write_houses(tmp_path / "houses.csv")

    printed = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py", *arguments],
        cwd=tmp_path,
        # Wide enough for configs in one column, wherever the tests run.
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout

    for words in said:
        assert words in printed
    (report,) = re.findall(r"(?m)^wrote (.*)$", printed)
    text = (tmp_path / report).read_text("utf-8")
    assert text.startswith("<!doctype html>")


def test_the_work_of_the_notebook_takes_ten_lines():
    """Counted as statements are: what a formatter breaks over lines is one."""
    import ast

    tree = ast.parse((EXAMPLES / "notebook.py").read_text("utf-8"))
    options = {"argparse", "parser", "options"}
    ours = [
        node
        for node in tree.body
        if not isinstance(node, ast.Import)
        and not options & {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    ]
    assert len(ours) <= 10
