"""A user's model that prints, exits or never ends, in the real command."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest


STUDY = """
[study]
name = "tiny"
seeds = 2
epochs = 1
[data]
path = "tiny.npz"
validation = 16
[model]
builder = "mymodels:build"
[optimizer]
name = "adam"
[[space]]
learning_rate = [0.01, 0.1]
batch_size = [16]
"""
MODEL = """
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
    inputs = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    np.savez(tmp_path / "tiny.npz", x=inputs, y=np.arange(64) % 3)
    (tmp_path / "tiny.toml").write_text(STUDY)

    def run(in_init: str, *options: str) -> "subprocess.Popen[str]":
        (tmp_path / "mymodels.py").write_text(MODEL.format(in_init=in_init))
        words = ("run", "tiny.toml", "--allow-module", "mymodels", *options)
        return subprocess.Popen(
            [sys.executable, "-m", "paribus", *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

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
