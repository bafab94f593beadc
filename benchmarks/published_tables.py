"""What the checks of published results found, as tables."""

from collections.abc import Mapping
from typing import Any

from blocks import machine_line, markdown_table


# Check -> who published it, and what was trained.
SOURCES = {
    "gallery-digits": (
        "scikit-learn gallery, `plot_mnist_filters` (a)",
        "the installed scikit-learn itself: 784-40-10, SGD with Nesterov momentum .9, "
        "learning rate .2, batch size 200, 8 epochs, `random_state` 1; 21,000 images",
    ),
    "old-gallery-digits": (
        "scikit-learn 0.24 gallery (b)",
        "the installed scikit-learn itself: 784-50-10, learning rate .1, 10 epochs, "
        "`random_state` 1; 60,000 images",
    ),
    "gallery-equivalence": (
        "scikit-learn, recipe (a)",
        "recipe (a) in paribus, against scikit-learn run here",
    ),
    "gallery-accuracy": (
        "scikit-learn gallery (a)",
        "recipe (a) in paribus; 49,000 test images",
    ),
    "old-gallery-accuracy": (
        "scikit-learn 0.24 gallery (b)",
        "recipe (b) in paribus; 10,000 test images",
    ),
    "quickstart": (
        "TensorFlow quickstart for beginners",
        "784-128-dropout .2-10, ReLU, Adam, batch size 32, 5 epochs",
    ),
    "keras-example": (
        "Keras, `mnist_mlp` example",
        "784-512-dropout .2-512-dropout .2-10, ReLU, RMSprop at .001, batch size 128, "
        "20 epochs",
    ),
}

# What is known to differ between their program and ours.
DIFFERENCES = {
    "gallery-equivalence": (
        "scikit-learn adds an L2 penalty (`alpha` 1e-4, divided by the batch size: "
        "5e-7 a weight)",
        "it draws its biases from the distribution of the kernels; ours start at 0",
        "it computes in float64, ours in float32",
        "initial weights and orders are drawn by other generators, so runs are not "
        "paired",
    ),
    "gallery-accuracy": (
        "as above; the published number is one run with one `random_state`",
    ),
    "old-gallery-accuracy": (
        "as above; the published number is one run with one `random_state`",
    ),
    "quickstart": (
        "generators differ; the number is rounded to a whole percent in the source",
    ),
    "keras-example": (
        "generators differ; the published number is one run",
        "the Keras of the example's time divided by √v + epsilon; ours, as Keras 3, by "
        "√(v + 1e-7), which is never below 3e-4",
    ),
}

NOT_RUN = (
    (
        "DeepOBS Fashion-MNIST 2c2d",
        "needs convolutions, and 100 epochs of a network of 3 million weights do not "
        "fit two cores in ten minutes. Its 135 published runs are read instead of "
        "trained: `tests/reference/test_stats_deepobs.py`",
    ),
    ("Keskar et al. 2017, network F1", "needs BatchNorm"),
    ("Hoffer et al. 2017, network F1", "needs BatchNorm, and 50 epochs"),
)


def print_checks(found: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the table: paper, setup, theirs, ours, band, verdict."""
    for name, check in found.items():
        paper, setup = SOURCES[name]
        print(f"\n{paper}\n  {setup}")
        print(f"  theirs   {check['theirs']}\n  ours     {check['ours']}")
        print(f"  band     {check['band']}\n  verdict  {check['outcome']}")


def describe_checks(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The same for `docs/published.md`, with the known differences."""
    head = ("paper", "setup", "theirs", "ours", "band", "verdict")
    rows = [
        (*SOURCES[name], c["theirs"], c["ours"], c["band"], f"**{c['outcome']}**")
        for name, c in found.items()
    ]
    lines = [markdown_table(head, rows), "", "Known differences of the setups:", ""]
    for name, differences in DIFFERENCES.items():
        if name in found:
            lines.append(f"- {SOURCES[name][0]}: {'; '.join(differences)}.")
    lines += ["", "Not run:", ""]
    lines += [f"- {paper}: {reason}." for paper, reason in NOT_RUN]
    lines += [
        f"- {paper}, {setup}: not measured yet (`benchmarks/published.py {name}`)."
        for name, (paper, setup) in SOURCES.items()
        if name not in found
    ]
    lines += ["", "Measured by:", ""]
    by_line: dict[str, list[str]] = {}
    for name, check in found.items():
        line = machine_line(check["machine"], f"benchmarks/published.py {name}")
        by_line.setdefault(line.split("`", 2)[2], []).append(name)
    lines += [
        f"- `benchmarks/published.py {' '.join(names)}`{rest}"
        for rest, names in by_line.items()
    ]
    return "\n".join(lines)
