"""What the page on models of one's own shows of study files works as it stands.

Its Python runs in `test_readme.py`.
"""

import shlex
from pathlib import Path

import pytest
from commands import call
from page_builders import REST_OF_STUDY, code_of


PAGE = "docs/how-to/your-model.md"
KERAS = """
import keras

def build(units=32):
    return keras.Sequential(
        [keras.layers.Flatten(), keras.layers.Dense(units), keras.layers.Dense(10)]
    )
"""


FUNCTIONS = code_of(PAGE, "python")[-1]


@pytest.mark.slow
@pytest.mark.parametrize("module", [KERAS, FUNCTIONS], ids=["Keras", "functions"])
def test_its_study_file_trains_by_the_command_beside_it(module: str, tmp_path: Path):
    (table,) = code_of(PAGE, "toml")
    (line,) = code_of(PAGE, "sh")
    rest = REST_OF_STUDY.replace('[model]\nname = "softmax"\n', "")
    data = '[data]\nname = "mnist"\ntrain = 500\n'
    if module is FUNCTIONS:
        table = table.replace("units = 64", "width = 8")
    (tmp_path / "mine.toml").write_text(rest + data + table, "utf-8")
    (tmp_path / "mymodels.py").write_text(module, "utf-8")

    printed = call(tmp_path, *shlex.split(line)[1:])

    assert "2 of 2 runs finished" in printed
