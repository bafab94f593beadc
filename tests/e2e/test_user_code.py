"""A user's model that prints, exits or never ends, in the real command."""

import json
import signal
import subprocess
import time
from pathlib import Path

import commands
import pytest
from bad_builders import ALLOWED, write_base, write_model


CODE = """
import sys, time
import jax, jax.numpy as jnp

print("imported")

def init(key, hyperparameters):
    {in_init}
    return {{"kernel": jax.random.normal(key, (4, 3))}}, ()

def apply(parameters, state, inputs, train, key):
    print("traced")
    return inputs @ parameters["kernel"], state

def build(units=4):
    print("built")
    return init, apply
"""


@pytest.fixture
def start(tmp_path: Path):
    write_base(tmp_path)

    def run(in_init: str, *options: str) -> "subprocess.Popen[str]":
        write_model(tmp_path, CODE.format(in_init=in_init))
        return commands.start(tmp_path, "run", "tiny.toml", *ALLOWED, *options)

    return run


@pytest.mark.slow
@pytest.mark.parametrize("option", [(), ("--dry-run",)], ids=["run", "dry run"])
def test_what_a_model_prints_does_not_mix_with_data(start, option):
    out, err = start("pass", "--json", "--quiet", *option).communicate()

    json.loads(out)
    assert all(word in err for word in ("imported", "built", "traced"))


@pytest.mark.slow
def test_a_model_that_exits_is_told_and_nothing_is_written(start, tmp_path: Path):
    process = start("sys.exit(0)")
    out, err = process.communicate()

    assert process.returncode == 8
    assert "SystemExit" in err
    assert "mymodels.py" in err
    assert out == ""
    assert not (tmp_path / "studies").exists()


@pytest.mark.slow
def test_a_model_that_never_ends_is_interrupted(start, tmp_path: Path):
    process = start("\n    ".join(("print('looping')", "while True: time.sleep(0.01)")))
    for line in process.stderr:
        if "looping" in line:
            break
    time.sleep(0.2)

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Traceback" not in err
    assert not (tmp_path / "studies").exists()
