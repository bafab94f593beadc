"""Claim: what others published of small networks on MNIST comes out here too.

Five recipes, each as its source gives it and never tuned to meet a check, which is one
of two kinds:

- scikit-learn's gallery prints losses to the last digit. The installed scikit-learn
  must reproduce them, which checks data and environment; then our implementation of the
  recipe must be equivalent to scikit-learn's, over 20 random states each, within the
  smallest accuracy difference that matters on MNIST (0.2 points).
- The mean of our runs, with its 95 % t interval, must meet the band of a published
  accuracy by the rule of `acceptance.py`.

Test accuracy is read after the last epoch, nothing is selected on it.

Usage: python benchmarks/published.py [CHECK ...]

Without an argument every check runs (a quarter of an hour on two idle cores), otherwise
those that are named, and the others keep the result they had. Needs the `bench`
dependency group. Hardware, versions, dates and results of each check:
`benchmarks/results/published.json` and `docs/published.md`, written by this script.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from acceptance import Band, Outcome, acceptance_band, judge_check
from blocks import DOCS, put_block
from machine import describe_machine
from published_tables import describe_checks, print_checks

from paribus import models, optimizers
from paribus.claims.records import Verdict
from paribus.claims.rules import Bounds, judge_interval
from paribus.engine.train import train_study
from paribus.space import SearchSpace
from paribus.stats.contrasts import unpaired_contrast
from paribus.stats.intervals import t_interval
from paribus.status import RunStatus
from paribus.study import Budget, DataChoice, ModelChoice, OptimizerChoice, Study


SCRIPT = "benchmarks/published.py"
RESULTS = Path(__file__).parent / "results" / "published.json"
MNIST = Path(__file__).parents[1] / "src" / "paribus" / "assets" / "mnist.npz"
SMALLEST_EFFECT = 0.002
N_STATES = 20

# scikit-learn 1.x and 0.24, examples/neural_networks/plot_mnist_filters.py.
GALLERY_LOSSES = (
    "0.44139186 0.19174891 0.13983521 0.11378556 "
    "0.09443967 0.07846529 0.06506307 0.05534985"
)
OUTCOMES: dict[Verdict, Outcome] = {
    Verdict.SUPPORTED: "met",
    Verdict.REFUTED: "not met",
    Verdict.UNDECIDED: "too few seeds",
}

Arrays = dict[str, np.ndarray]


def all_images() -> tuple[np.ndarray, np.ndarray]:
    """MNIST as OpenML orders it: the training images, then the test images."""
    with np.load(MNIST) as arrays:
        images = np.concatenate([arrays["x_train"], arrays["x_test"]])
        labels = np.concatenate([arrays["y_train"], arrays["y_test"]])
    return images, labels


def gallery_split() -> Arrays:
    """The 21,000 and 49,000 images that the gallery trains and tests on."""
    from sklearn.model_selection import train_test_split

    images, labels = all_images()
    x_train, x_test, y_train, y_test = train_test_split(
        images, labels, random_state=0, test_size=0.7
    )
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def usual_split() -> Arrays:
    images, labels = all_images()
    return {
        "x_train": images[:60_000],
        "y_train": labels[:60_000],
        "x_test": images[60_000:],
        "y_test": labels[60_000:],
    }


def fit_scikit_learn(
    arrays: Arrays, *, hidden: int, learning_rate: float, epochs: int, state: int
) -> dict[str, Any]:
    """The gallery's own call; its losses as it prints them, and both scores."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    def flat(images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1) / 255.0

    network = MLPClassifier(
        hidden_layer_sizes=(hidden,),
        max_iter=epochs,
        alpha=1e-4,
        solver="sgd",
        random_state=state,
        learning_rate_init=learning_rate,
    )
    inputs, labels = flat(arrays["x_train"]), arrays["y_train"].astype(str)
    with warnings.catch_warnings():
        # It is meant to stop after so many epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(inputs, labels)
    test_labels = arrays["y_test"].astype(str)
    return {
        "losses": [f"{loss:.8f}" for loss in network.loss_curve_],
        "train_accuracy": float(network.score(inputs, labels)),
        "test_accuracy": float(network.score(flat(arrays["x_test"]), test_labels)),
    }


def train_ours(
    *,
    model: ModelChoice,
    optimizer: OptimizerChoice,
    batch_size: int,
    epochs: int,
    n_seeds: int,
    arrays: Arrays | None = None,
) -> np.ndarray:
    """Final test accuracies of one config; on the bundled MNIST unless told others."""
    choice = optimizer.settings["learning_rate"]
    rest = {n: v for n, v in optimizer.settings.items() if n != "learning_rate"}
    with tempfile.TemporaryDirectory() as folder:
        data = DataChoice(name="mnist")
        if arrays is not None:
            np.savez(Path(folder) / "data.npz", **arrays)  # type: ignore[arg-type]
            data = DataChoice(path="data.npz")
        study = Study(
            name="published",
            seeds=tuple(range(n_seeds)),
            budget=Budget(epochs=epochs, evaluate_every=float(epochs)),
            data=data,
            model=model,
            optimizer=OptimizerChoice(name=optimizer.name, settings=rest),
            space=SearchSpace(
                grids=({"learning_rate": (choice,), "batch_size": (batch_size,)},)
            ),
        )
        result = train_study(study, Path(folder) / "study", data_folder=Path(folder))
    assert (result.status > RunStatus.DIVERGED).all(), "a run of the recipe diverged"
    return result.final("test_accuracy")[0]


def check_exactly(
    arrays: Arrays, recipe: dict[str, Any], published: dict[str, Any]
) -> dict[str, Any]:
    """Does the installed scikit-learn print what its gallery printed?"""
    found = fit_scikit_learn(arrays, **recipe, state=1)
    theirs = published["losses"].split()
    ours = [loss for loss in found["losses"] if loss in theirs]
    scores = {
        name: f"{found[name]:.6f}" for name in ("train_accuracy", "test_accuracy")
    }
    same = ours == theirs and all(published[n] == v for n, v in scores.items())
    return {
        "theirs": f"losses {theirs[0]} ... {theirs[-1]}, "
        f"train {published['train_accuracy']}, test {published['test_accuracy']}",
        "ours": f"{len(ours)} of {len(theirs)} losses to the last digit, "
        f"train {scores['train_accuracy']}, test {scores['test_accuracy']}",
        "band": "equal digits",
        "outcome": "met" if same else "not met",
        "found": found,
    }


def check_band(accuracies: np.ndarray, published: str, band: Band, **rule: bool) -> Any:
    """Does the mean of our runs meet the band of a published accuracy?"""
    interval = t_interval(accuracies[None], np.full((1, len(accuracies)), True))
    lower, upper = float(interval.lower[0]), float(interval.upper[0])
    return {
        "theirs": published,
        "ours": _with_interval(float(accuracies.mean()), lower, upper, len(accuracies)),
        "band": f"{100 * band.lower:.2f} to {100 * band.upper:.2f} %",
        "outcome": judge_check(lower, upper, band, n_runs=len(accuracies), **rule),
        "accuracies": accuracies.tolist(),
    }


def check_gallery_digits() -> dict[str, Any]:
    return check_exactly(
        gallery_split(),
        {"hidden": 40, "learning_rate": 0.2, "epochs": 8},
        {
            "losses": GALLERY_LOSSES,
            "train_accuracy": "0.986429",
            "test_accuracy": "0.953061",
        },
    )


def check_old_gallery_digits() -> dict[str, Any]:
    return check_exactly(
        usual_split(),
        {"hidden": 50, "learning_rate": 0.1, "epochs": 10},
        {
            "losses": "0.32009978 0.04645355",
            "train_accuracy": "0.986800",
            "test_accuracy": "0.970000",
        },
    )


@cache
def gallery_accuracies() -> np.ndarray:
    """Our runs of recipe (a)."""
    return train_ours(
        model=models.mlp(hidden=[40]),
        optimizer=optimizers.sgd(learning_rate=0.2, momentum=0.9, nesterov=True),
        batch_size=200,
        epochs=8,
        n_seeds=N_STATES,
        arrays=gallery_split(),
    )


def check_equivalence() -> dict[str, Any]:
    """Are our runs of the gallery's recipe those of scikit-learn, on the average?"""
    from joblib import Parallel, delayed

    arrays = gallery_split()
    fits = Parallel(n_jobs=2)(
        delayed(fit_scikit_learn)(
            arrays, hidden=40, learning_rate=0.2, epochs=8, state=state
        )
        for state in range(N_STATES)
    )
    theirs = np.array([fit["test_accuracy"] for fit in fits])
    ours = gallery_accuracies()
    contrast = unpaired_contrast(ours, theirs, rng=np.random.default_rng(0))
    bounds = Bounds(lower=contrast.lower, upper=contrast.upper)
    verdict = judge_interval(bounds, SMALLEST_EFFECT, relation="equivalent")
    return {
        "theirs": f"{100 * theirs.mean():.2f} % ({N_STATES} random states)",
        "ours": f"{100 * ours.mean():.2f} %, difference "
        f"{100 * contrast.estimate:+.3f} "
        f"[{100 * contrast.lower:+.3f}, {100 * contrast.upper:+.3f}] points "
        f"({N_STATES} seeds)",
        "band": f"within {100 * SMALLEST_EFFECT:.1f} points",
        "outcome": OUTCOMES[verdict],
        "accuracies": ours.tolist(),
        "accuracies_of_theirs": theirs.tolist(),
    }


def check_gallery_accuracy() -> dict[str, Any]:
    band = acceptance_band(0.953061, n_test=49_000)
    return check_band(gallery_accuracies(), "95.31 %", band)


def check_old_gallery_accuracy() -> dict[str, Any]:
    accuracies = train_ours(
        model=models.mlp(hidden=[50]),
        optimizer=optimizers.sgd(learning_rate=0.1, momentum=0.9, nesterov=True),
        batch_size=200,
        epochs=10,
        n_seeds=10,
    )
    return check_band(accuracies, "97.00 %", acceptance_band(0.97, n_test=10_000))


def check_quickstart() -> dict[str, Any]:
    accuracies = train_ours(
        model=models.mlp(hidden=[128], dropout=0.2),
        optimizer=optimizers.keras_adam(learning_rate=0.001),
        batch_size=32,
        epochs=5,
        n_seeds=10,
    )
    # "~98 %" is all that is printed: anything that rounds to it.
    return check_band(accuracies, "~98 %", Band(lower=0.975, upper=0.985))


def check_keras_example() -> dict[str, Any]:
    accuracies = train_ours(
        model=models.mlp(hidden=[512, 512], dropout=0.2),
        optimizer=optimizers.rmsprop(learning_rate=0.001, eps=1e-7),
        batch_size=128,
        epochs=20,
        n_seeds=5,
    )
    band = acceptance_band(0.984, n_test=10_000)
    return check_band(accuracies, "98.40 %", band, is_expensive=True)


CHECKS: dict[str, Callable[[], dict[str, Any]]] = {
    "gallery-digits": check_gallery_digits,
    "old-gallery-digits": check_old_gallery_digits,
    "gallery-equivalence": check_equivalence,
    "gallery-accuracy": check_gallery_accuracy,
    "old-gallery-accuracy": check_old_gallery_accuracy,
    "quickstart": check_quickstart,
    "keras-example": check_keras_example,
}


def _with_interval(mean: float, lower: float, upper: float, n: int) -> str:
    return f"{100 * mean:.2f} [{100 * lower:.2f}, {100 * upper:.2f}] % ({n} seeds)"


def main(names: Sequence[str]) -> None:
    if unknown := set(names) - set(CHECKS):
        raise SystemExit(f"no check is called {unknown}; known: {', '.join(CHECKS)}")
    found: dict[str, Any] = {}
    for name in names or CHECKS:
        machine, began = describe_machine(), time.perf_counter()
        result = CHECKS[name]()
        seconds = round(time.perf_counter() - began, 1)
        # Read as late as possible: another check may have ended meanwhile.
        found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        found[name] = {**result, "seconds": seconds, "machine": machine}
        print(f"{name}: {result['outcome']} after {seconds:.0f} s", flush=True)
        found = {name: found[name] for name in CHECKS if name in found}
        RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print_checks(found)
    put_block(DOCS / "published.md", SCRIPT, describe_checks(found))


if __name__ == "__main__":
    main(sys.argv[1:])
