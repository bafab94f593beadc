"""`paribus run` as a process: killed, interrupted, with sick runs, and again."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from builders import write_blobs
from study_texts import study_text


PARIBUS = Path(sys.executable).with_name("paribus")


def write_study(
    folder,
    *,
    learning_rate,
    batch_size=(16, 48),
    n_seeds=10,
    optimizer="keras_adam",
    n_train=6000,
):
    write_blobs(folder / "blobs.npz", n_train=n_train, n_test=500, n_inputs=64)
    text = study_text(
        "blobs",
        study=f"seeds = {n_seeds}\nepochs = 4",
        model='name = "mlp"\nhidden = [64]',
        optimizer=f'name = "{optimizer}"',
        space=f"learning_rate = {learning_rate}\nbatch_size = {list(batch_size)}",
    )
    (folder / "blobs.toml").write_text(text)


def start(folder, *options):
    return subprocess.Popen(
        [PARIBUS, "run", "blobs.toml", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(folder, *options):
    process = start(folder, *options)
    out, err = process.communicate()
    assert process.returncode == 0, err
    return out, err


def read_json(folder, *command):
    done = subprocess.run(
        [PARIBUS, *command], cwd=folder, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def table(folder):
    """Everything that `show` says of the runs, but for the times."""
    shown = read_json(folder, "show", "studies/blobs", "--json")
    for config in shown["configs"]:
        del config["seconds_per_epoch"]
    return shown


def n_acknowledged(err):
    """The most finished runs that a progress line spoke of."""
    return max((int(n) for n in re.findall(r"(\d+) of \d+ runs", err)), default=0)


def n_finished(folder):
    if not (folder / "studies" / "blobs").exists():
        return 0
    return sum(config["n_seeds"] for config in table(folder)["configs"])


@pytest.mark.long
def test_kill_at_any_moment_loses_nothing_and_changes_nothing(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
        write_study(folder, learning_rate=[0.001, 0.01, 0.1])
    started = time.monotonic()
    finish(whole)
    duration = time.monotonic() - started
    moments = random.Random(20261123)

    for _ in range(5):
        process = start(killed)
        time.sleep(moments.uniform(0.2, 1.0) * duration)
        process.kill()
        _, err = process.communicate()
        assert n_finished(killed) >= n_acknowledged(err)
        subprocess.run(
            [PARIBUS, "check", "studies/blobs"],
            cwd=killed,
            check=(killed / "studies" / "blobs").exists(),
            capture_output=True,
        )
    finish(killed)

    assert table(killed) == table(whole)
    left_over = [path.name for path in (killed / "studies").iterdir()]
    assert left_over == ["blobs"]


@pytest.mark.parametrize(
    ("signals", "exit_codes"),
    [
        pytest.param([signal.SIGINT], {130}, id="interrupt", marks=pytest.mark.slow),
        pytest.param([signal.SIGTERM], {143}, id="terminate", marks=pytest.mark.slow),
        # The second ends the process at once, which a shell calls 130 too.
        pytest.param(
            [signal.SIGINT, signal.SIGINT],
            {-signal.SIGINT, 130},
            id="interrupt twice",
            marks=pytest.mark.long,
        ),
        pytest.param(
            [signal.SIGSTOP, signal.SIGCONT, signal.SIGTERM],
            {143},
            id="pause",
            marks=pytest.mark.long,
        ),
    ],
)
def test_signal_stops_with_its_code_and_the_same_command_goes_on(
    tmp_path, signals, exit_codes
):
    write_study(tmp_path, learning_rate=[0.001, 0.01, 0.1], n_seeds=30)
    process = start(tmp_path)
    # A progress line with an epoch says that training is under way.
    seen = ""
    assert process.stderr is not None
    for line in process.stderr:
        seen += line
        if "epoch" in line:
            break
    for number in signals:
        process.send_signal(number)
        time.sleep(0.02)
    _, rest = process.communicate(timeout=60)

    assert process.returncode in exit_codes
    assert "Traceback" not in seen + rest
    n_before = n_finished(tmp_path)
    assert n_acknowledged(seen + rest) <= n_before < 180
    finish(tmp_path)
    assert n_finished(tmp_path) == 180


@pytest.mark.slow
def test_study_with_runs_that_blow_up_finishes_and_leaves_the_healthy_ones_alone(
    tmp_path,
):
    sick, healthy = tmp_path / "sick", tmp_path / "healthy"
    rates = {
        sick: "[0.001, 0.01, 0.1, 1e8, 1e15, 1e30]",
        healthy: "[0.001, 0.01, 0.1]",
    }
    for folder, learning_rate in rates.items():
        folder.mkdir()
        write_study(
            folder,
            learning_rate=learning_rate,
            batch_size=[16],
            n_seeds=2,
            optimizer="sgd",
            n_train=600,
        )

    out, err = finish(sick)
    finish(healthy)

    assert "diverged" in out + err
    by_config = {str(c["config"]): c for c in table(sick)["configs"]}
    for config in table(healthy)["configs"]:
        assert {**by_config[str(config["config"])], "is_tied_with_best": None} == {
            **config,
            "is_tied_with_best": None,
        }
    n_diverged = [c["status"].get("diverged", 0) for c in table(sick)["configs"]]
    assert n_diverged == [0] * 3 + [2] * 3


@pytest.mark.slow
def test_programs_out_of_the_compilation_cache_raise_no_alarm(tmp_path):
    write_study(tmp_path, learning_rate=[0.01], n_seeds=2, n_train=600)
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)  # which JAX has set in this process
    errors = [
        subprocess.run(
            [PARIBUS, "run", "blobs.toml", "--quiet", "--out", out],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stderr
        for out in ("first", "second")
    ]

    assert list((tmp_path / "cache" / "paribus").rglob("jit_*"))
    assert errors == ["", ""]


@pytest.mark.slow
def test_finished_study_is_shown_again_at_once_without_jax(tmp_path):
    write_study(tmp_path, learning_rate=[0.01], n_seeds=2, n_train=600)
    finish(tmp_path)
    code = (
        "import sys; sys.argv = ['paribus', 'run', 'blobs.toml', '--json']\n"
        "from paribus.cli import app\n"
        "try:\n    app()\nexcept SystemExit as end:\n"
        "    assert not end.code and 'jax' not in sys.modules\n"
        "else:\n    assert 'jax' not in sys.modules\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["study"] == "blobs"
