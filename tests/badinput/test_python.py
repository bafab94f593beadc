"""Wrong parts of a study that is made in Python: refused where they are handed in."""

import subprocess
import sys

import pytest


# In a process without the type checks of tests, as everybody has it.
SCRIPT = """
import paribus as pb
from paribus.errors import ParibusError

parts = {
    "name": "t",
    "data": pb.data.arrays([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]),
    "model": pb.models.mlp(hidden=[2]),
    "optimizer": pb.optimizers.adam(),
    "space": pb.grid(learning_rate=[0.1], batch_size=[1]),
    "epochs": 1,
}
pb.Study(**parts)
for make in (
    lambda: pb.Study(**{**parts, "name": None}),
    lambda: pb.Study(**{**parts, "data": ([[0.0]], [0])}),
    lambda: pb.Study(**{**parts, "optimizer": "adam"}),
    lambda: pb.grid(learning_rate=0.1),
    lambda: pb.grid(learning_rate="0.1"),
):
    try:
        make()
    except ParibusError as error:
        print(error.exit_code, error, "|", error.hint)
"""
SAID = [
    "3 `name` must be a text, got None | ",
    "3 `data` must be chosen by `pb.data`, got a `tuple` of 2 | "
    "write `data=pb.data.arrays(x, y, validation=1000)`",
    '3 `optimizer` must be chosen by `pb.optimizers`, got "adam" | '
    "write `optimizer=pb.optimizers.adam()`",
    "3 `learning_rate` must be a list of values or a range, got 0.1 | "
    "write `learning_rate=[0.1]`",
    '3 `learning_rate` must be a list of values or a range, got "0.1" | '
    'write `learning_rate=["0.1"]`',
]


@pytest.fixture(scope="module")
def said() -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.parametrize("position", range(len(SAID)))
def test_a_part_of_another_kind_is_refused_by_its_name(said: list[str], position: int):
    assert said[position] == SAID[position].strip("\n")
