"""Claim: a Keras model costs little more than our own, far less than Keras's `fit`.

Prints seconds per run-epoch (one epoch of one run on MNIST's 60,000 images, with its
evaluation on 20,000 for ours, without any for Keras), and ratios of them:

- the notebook's network, 784-128-10, batch size 32: as a Keras model in a study, as our
  own `mlp`, and in Keras's own `fit` on JAX,
- the network of the Keras example "Simple MNIST convnet", two convolutions, max pooling
  and dropout, batch size 128: as a Keras model in a study, as our own `cnn`, and in
  Keras's own `fit` on JAX.

Each contender is a process of its own, as people run it: `fit` has JAX's one device on
all cores, a study one device a core. Processes wait while another measures, and take
turns in an order that changes. A study's run-epoch is that of a run of five epochs, all
measures taken; of the convolutional networks, a tenth of the steps of each epoch, and
`fit` has a tenth of the images. By two clocks: the wall's, which counts, and processor
time per core, which sees no core that idles and so flatters `fit`.

Usage: python benchmarks/models.py [--repeats 7] [--only dense|convolutional]

Needs the `bench` dependency group (`make bench`). Hardware, versions, date and results:
`benchmarks/results/models.json`, written by this script.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from machine import describe_machine, save_result


N_EXAMPLES = 60_000
EPOCHS = 5
BATCH_SIZES = {"dense": 32, "convolutional": 128}
SHARES = {"dense": 1.0, "convolutional": 0.1}  # of the steps of each epoch
CONTENDERS = ("own", "keras", "fit")
CLOCKS = ("wall", "processor")
RATIOS = ("keras / own", "fit / keras", "fit / own")


def dense(learning_rate: float = 0.001):
    """The notebook's network."""
    import keras

    network = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    return compiled(network, learning_rate)


def convolutional(learning_rate: float = 0.001):
    """The network of "Simple MNIST convnet"."""
    import keras

    network = keras.Sequential(
        [
            keras.layers.Input((28, 28, 1)),
            keras.layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            keras.layers.MaxPooling2D(pool_size=(2, 2)),
            keras.layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
            keras.layers.MaxPooling2D(pool_size=(2, 2)),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    return compiled(network, learning_rate)


def compiled(network, learning_rate: float):
    import keras

    network.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.Adam(learning_rate),
        metrics=["accuracy"],
    )
    return network


BUILDERS = {"dense": dense, "convolutional": convolutional}


def now() -> np.ndarray:
    """Seconds by both clocks; a process has all cores."""
    return np.array(
        [time.perf_counter(), time.process_time() / len(os.sched_getaffinity(0))]
    )


def mnist(kind: str):
    """Training and test inputs and labels, in the shape that the network takes."""
    from paribus.data import load_dataset
    from paribus.study import DataChoice

    arrays = []
    for split in load_dataset(DataChoice(name="mnist"), folder=Path()).splits.values():
        inputs = split.inputs
        arrays += [inputs[..., None] if kind == "convolutional" else inputs]
        arrays += [split.labels]
    return arrays


def fit_measurement(kind: str):
    """A function that fits for an epoch: seconds per run-epoch by both clocks."""
    inputs, labels, *_ = mnist(kind)
    batch_size = BATCH_SIZES[kind]
    n_examples = round(N_EXAMPLES * SHARES[kind]) // batch_size * batch_size
    inputs = inputs[:n_examples].astype(np.float32) / 255
    labels = labels[:n_examples]
    network = BUILDERS[kind]()
    network.fit(inputs, labels, batch_size=batch_size, epochs=1, verbose=0)

    def measure() -> np.ndarray:
        started = now()
        network.fit(inputs, labels, batch_size=batch_size, epochs=1, verbose=0)
        return (now() - started) * N_EXAMPLES / n_examples

    return measure


def study_measurement(kind: str, *, is_own: bool):
    """A function that trains a block: seconds per run-epoch by both clocks."""
    from paribus.engine.devices import choose_devices

    devices = choose_devices("cpu")  # before Keras uses JAX

    import paribus as pb
    from paribus.data import load_dataset
    from paribus.engine.block import Compiler
    from paribus.engine.trainer import Trainer
    from paribus.study import Run

    own = {"dense": pb.models.mlp(), "convolutional": pb.models.cnn(dropout=0.5)}
    batch_size = BATCH_SIZES[kind]
    study = pb.Study(
        name="models",
        data=pb.data.arrays(*mnist(kind)),
        model=own[kind] if is_own else BUILDERS[kind],
        optimizer=pb.optimizers.keras_adam() if is_own else None,
        space=pb.grid(learning_rate=[0.001], batch_size=[batch_size]),
        epochs=EPOCHS,
        seeds=len(devices),
    )
    dataset = load_dataset(study.data, folder=Path())
    runs = tuple(Run(study.configs()[0], seed) for seed in study.seeds)
    with Compiler(n_threads=1) as compiler:
        trainer = Trainer(study, dataset, devices, compiler)
        (block,) = trainer.blocks(runs)
        driver = trainer.driver(block.group)
        compiler.wait()
    return block_measurement(kind, driver, block, study, trainer.n_examples)


def block_measurement(kind: str, driver, block, study, n_examples: int):
    import jax

    from paribus.data.batches import Segment
    from paribus.engine.block import BY_RUN
    from paribus.engine.epochs import Orders, traced_values
    from paribus.engine.keys import seed_words

    traced = driver.shape.put(
        traced_values(study, block.runs, n_examples=n_examples), BY_RUN
    )
    seeds = [run.seed for run in block.runs]
    active = np.ones(len(seeds), bool)
    n_whole = n_examples // BATCH_SIZES[kind]
    n_steps = round(n_whole * SHARES[kind])

    def measure() -> np.ndarray:
        states = driver.start(np.stack([seed_words(seed) for seed in seeds]), traced)
        orders = Orders(driver, seeds, n_examples)
        training, evaluating = np.zeros(2), np.zeros(2)
        for epoch in range(EPOCHS):
            part = Segment(
                epoch=epoch, first_step=0, n_steps=n_steps, has_partial=False
            )
            started = now()
            order = orders.of(epoch)
            states = driver.train(states, traced, order, part, active=active)
            jax.block_until_ready(states)
            trained = now()
            states, _ = driver.evaluate(states)
            training += trained - started
            evaluating += now() - trained
        return (training * n_whole / n_steps + evaluating) / (EPOCHS * len(seeds))

    measure()  # programs are loaded, pages touched
    return measure


def run_contender(kind: str, name: str) -> None:
    """Be one of the processes: measure once for each line that comes in."""
    measure = (
        fit_measurement(kind)
        if name == "fit"
        else study_measurement(kind, is_own=name == "own")
    )
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(measure().tolist()), flush=True)


def start(kind: str, name: str):
    return subprocess.Popen(
        [sys.executable, __file__, "--contender", kind, name],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def ask(process) -> list[float]:
    """One measurement of a contender."""
    process.stdin.write("go\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def compare(kind: str, n_repeats: int) -> dict:
    """Seconds of every turn, and the ratios within turns, by clock."""
    processes = {}
    for name in CONTENDERS:  # one after the other: each compiles
        processes[name] = start(kind, name)
        if processes[name].stdout.readline() != "ready\n":
            raise SystemExit(f"{kind}, {name}: the process has failed")
    turns = []
    for turn in range(n_repeats):
        order = CONTENDERS if turn % 2 else CONTENDERS[::-1]
        seconds = {name: ask(processes[name]) for name in order}
        turns.append(
            {**{n: seconds[n] for n in CONTENDERS}, "load": os.getloadavg()[0]}
        )
        shown = ", ".join(f"{n} {seconds[n][0]:.2f} s" for n in CONTENDERS)
        print(f"{kind}: {shown}, load {turns[-1]['load']:.1f}", flush=True)
    for process in processes.values():
        process.stdin.close()
        process.wait()
    return {"turns": turns, "ratios": {c: ratios(turns, c) for c in CLOCKS}}


def ratios(turns: list[dict], clock: str) -> dict[str, dict[str, float]]:
    """Median and range over the turns of each ratio."""
    at = CLOCKS.index(clock)
    result = {}
    for pair in RATIOS:
        above, below = pair.split(" / ")
        values = [turn[above][at] / turn[below][at] for turn in turns]
        result[pair] = {
            "median": statistics.median(values),
            "min": min(values),
            "max": max(values),
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contender", nargs=2, help="be one of the processes")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", choices=list(BUILDERS))
    arguments = parser.parse_args()
    if arguments.contender:
        run_contender(*arguments.contender)
        return
    machine = describe_machine()
    kinds = [arguments.only] if arguments.only else list(BUILDERS)
    result = {kind: compare(kind, arguments.repeats) for kind in kinds}
    print("\nnetwork         clock       ratio         median    min    max")
    for kind, found in result.items():
        for clock, by_pair in found["ratios"].items():
            for pair, row in by_pair.items():
                print(
                    f"{kind:13s}   {clock:9s}   {pair:11s}"
                    f"   {row['median']:6.2f} {row['min']:6.2f} {row['max']:6.2f}"
                )
    loads = [turn["load"] for found in result.values() for turn in found["turns"]]
    notes = {"load_was_high": max(loads) > machine["cores"], "load_max": max(loads)}
    if not arguments.only:
        save_result("models", {**machine, **notes, **result})


if __name__ == "__main__":
    main()
