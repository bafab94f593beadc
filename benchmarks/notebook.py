"""Claim: the notebook's six runs take a tenth of the time they take in tf.keras.

Runs, one after the other in one process tree, each as a process of its own:

- the notebook's loop in Keras on TensorFlow and in Keras on JAX,
- PyTorch in its best arrangement: data indexed in memory, fused Adam, one
  single-threaded process per core,
- paribus with one seed, cold (nothing compiled before) and warm, and with 10 seeds.

Whole process times count, from start to exit, so imports and compilation are in them.
A run-epoch is one epoch of one run. Ratios are what to quote: machines differ.

Usage: python benchmarks/notebook.py [--repeats 1]

Needs the `bench` dependency group (`make bench`). Hardware, versions, date and results:
`benchmarks/results/notebook.json`, written by this script.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import describe_machine, save_result


CONFIGS = [(0.001, 32), (0.01, 32), (0.1, 32), (0.01, 32), (0.01, 64), (0.01, 128)]
EPOCHS = 5
CONTENDER = [sys.executable, __file__, "--contender"]
PARIBUS = [sys.executable, "-m", "paribus", "run", "notebook", "--quiet"]
MNIST = Path(__file__).parents[1] / "src" / "paribus" / "assets" / "mnist.npz"


def load_mnist():
    import numpy as np

    with np.load(MNIST) as arrays:
        return (
            arrays["x_train"] / 255.0,
            arrays["y_train"],
            arrays["x_test"] / 255.0,
            arrays["y_test"],
        )


def run_keras() -> None:
    """The notebook's own loop; the backend is in KERAS_BACKEND."""
    import keras

    x_train, y_train, x_test, y_test = load_mnist()
    fit_seconds = 0.0
    for learning_rate, batch_size in CONFIGS:
        model = keras.Sequential(
            [
                keras.layers.Input((28, 28)),
                keras.layers.Flatten(),
                keras.layers.Dense(128, activation="relu"),
                keras.layers.Dense(10, activation="softmax"),
            ]
        )
        model.compile(
            optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        started = time.perf_counter()
        model.fit(x_train, y_train, epochs=EPOCHS, batch_size=batch_size, verbose=0)
        fit_seconds += time.perf_counter() - started
        _, accuracy = model.evaluate(x_test, y_test, verbose=0)
        print(learning_rate, batch_size, round(accuracy, 4), flush=True)
    print(json.dumps({"fit_seconds": fit_seconds}))


def run_torch_worker(part: int) -> None:
    """Every second run of the notebook, on one thread."""
    import torch

    torch.set_num_threads(1)
    x_train, y_train, x_test, y_test = load_mnist()
    inputs = torch.tensor(x_train, dtype=torch.float32).reshape(-1, 784)
    labels = torch.tensor(y_train, dtype=torch.long)
    for learning_rate, batch_size in CONFIGS[part::2]:
        model = torch.nn.Sequential(
            torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)
        )
        optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
        loss_of = torch.nn.CrossEntropyLoss()
        for _ in range(EPOCHS):
            order = torch.randperm(len(inputs))
            for batch in order.split(batch_size):
                optimizer.zero_grad(set_to_none=True)
                loss_of(model(inputs[batch]), labels[batch]).backward()
                optimizer.step()
        with torch.no_grad():
            test = torch.tensor(x_test, dtype=torch.float32).reshape(-1, 784)
            hits = model(test).argmax(1) == torch.tensor(y_test, dtype=torch.long)
        print(learning_rate, batch_size, round(hits.float().mean().item(), 4))


def run_torch() -> None:
    """Two single-threaded workers at once."""
    workers = [
        subprocess.Popen([*CONTENDER, f"torch-worker-{part}"]) for part in range(2)
    ]
    for worker in workers:
        if worker.wait() != 0:
            raise SystemExit("a PyTorch worker failed")


def timed(command: list[str], **environment: str) -> tuple[float, str]:
    """Seconds from the start of a process to its end, and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(
        command,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        raise SystemExit(f"{command} failed:\n{done.stderr[-3000:]}")
    return seconds, done.stdout


def time_everything() -> dict[str, float]:
    seconds: dict[str, float] = {}
    for name, backend in (("tf.keras", "tensorflow"), ("Keras on JAX", "jax")):
        seconds[name], printed = timed([*CONTENDER, "keras"], KERAS_BACKEND=backend)
        last = json.loads(printed.splitlines()[-1])
        seconds[f"{name}, fit only"] = last["fit_seconds"]
        print(name, f"{seconds[name]:.1f} s", flush=True)
    seconds["PyTorch"], _ = timed([*CONTENDER, "torch"])
    print("PyTorch", f"{seconds['PyTorch']:.1f} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, n_seeds in (
            ("paribus cold", 1),
            ("paribus warm", 1),
            ("paribus 10 seeds", 10),
        ):
            out = f"{folder}/{name}"
            seconds[name], _ = timed(
                [*PARIBUS, "--seeds", str(n_seeds), "--out", out],
                XDG_CACHE_HOME=f"{folder}/cache",
            )
            print(name, f"{seconds[name]:.1f} s", flush=True)
    return seconds


def ratios_of(seconds: dict[str, float]) -> dict[str, float]:
    """The ratios that the targets are about; all seconds from one go."""
    theirs_per_epoch = {
        name: seconds[name] / (len(CONFIGS) * EPOCHS)
        for name in ("tf.keras, fit only", "Keras on JAX, fit only", "PyTorch")
    }
    ours_per_epoch = seconds["paribus 10 seeds"] / (5 * 10 * EPOCHS)
    ratios = {
        f"six runs: {theirs} / {ours}": seconds[theirs] / seconds[ours]
        for theirs in ("tf.keras", "Keras on JAX")
        for ours in ("paribus cold", "paribus warm")
    }
    return ratios | {
        f"run-epoch: {theirs} / paribus 10 seeds": their_seconds / ours_per_epoch
        for theirs, their_seconds in theirs_per_epoch.items()
    }


def run_contender(name: str) -> None:
    """Be one of the processes that are timed."""
    match name:
        case "keras":
            run_keras()
        case "torch":
            run_torch()
        case worker:
            run_torch_worker(int(worker.rsplit("-", 1)[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contender", help="run one contender in this process")
    parser.add_argument("--repeats", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.contender:
        run_contender(arguments.contender)
        return
    goes = [time_everything() for _ in range(arguments.repeats)]
    by_ratio = {
        name: [ratios_of(go)[name] for go in goes] for name in ratios_of(goes[0])
    }
    print()
    for name, values in by_ratio.items():
        spread = f" ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else ""
        print(f"{name:52s} {statistics.median(values):6.1f}{spread}")
    save_result("notebook", {**describe_machine(), "seconds": goes, "ratios": by_ratio})


if __name__ == "__main__":
    main()
