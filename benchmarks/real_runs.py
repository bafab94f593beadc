"""How often do verdicts tell equal arms apart? On real runs of one config."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from paribus.claims.records import Verdict
from paribus.claims.rules import Bounds, judge_interval
from paribus.engine.train import train_study
from paribus.space import SearchSpace
from paribus.stats.contrasts import difference_interval, unpaired_contrast
from paribus.stats.intervals import mean_interval
from paribus.study import Budget, DataChoice, ModelChoice, OptimizerChoice, Study


N_RUNS = 200
ARMS = (6, 10, 20)
N_SPLITS = 1000
N_BANKS = 200

# A difference of any size is false between equal arms: 0 is the hardest case, for which
# the rules want a number above it. The other is what a study of MNIST has by default.
SMALLEST_EFFECTS = {"0": 1e-12, "default": 0.002}
SMALLEST_LOSS_EFFECT = float(np.log(1.25))

CONFIG = "10,000 images of MNIST, 784-64-10, Adam at .003, batch size 32, 2 epochs"

Split = tuple[np.ndarray, np.ndarray]
Interval = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def bank_study() -> Study:
    """One config, 200 seeds."""
    return Study(
        name="bank",
        seeds=tuple(range(N_RUNS)),
        budget=Budget(epochs=2, evaluate_every=2.0),
        data=DataChoice(name="mnist", train=10_000),
        model=ModelChoice(name="mlp", settings={"hidden": (64,)}),
        optimizer=OptimizerChoice(name="keras_adam"),
        space=SearchSpace(grids=({"learning_rate": (0.003,), "batch_size": (32,)},)),
    )


def train_bank() -> dict[str, np.ndarray]:
    """Final scores of the 200 runs, on the scale each is compared on."""
    with tempfile.TemporaryDirectory() as folder:
        result = train_study(
            bank_study(), Path(folder) / "bank", data_folder=Path(folder)
        )
    return {
        "test accuracy": result.final("test_accuracy")[0],
        "log of the test loss": np.log(result.final("test_loss")[0]),
    }


def draw_splits(n_runs: int, n: int, rng: np.random.Generator) -> Split:
    """Two disjoint arms of `n` runs, [split, run], as positions in the bank."""
    drawn = rng.permuted(np.tile(np.arange(n_runs), (N_SPLITS, 1)), axis=1)
    return drawn[:, :n], drawn[:, n : 2 * n]


def unpaired_bounds(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of arms that share no seed, as verdicts use them."""
    rng = np.random.default_rng(0)
    found = [unpaired_contrast(x, y, rng=rng) for x, y in zip(a, b, strict=True)]
    return np.array([c.lower for c in found]), np.array([c.upper for c in found])


def paired_bounds(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As of arms that share their seeds, with a correlation of 0."""
    interval = difference_interval(
        a - b, np.full(a.shape, True), rng=np.random.default_rng(0)
    )
    return interval.lower, interval.upper


METHODS: dict[str, Interval] = {"unpaired": unpaired_bounds, "paired": paired_bounds}


def false_rate(lower: np.ndarray, upper: np.ndarray, smallest_effect: float) -> float:
    """Share of verdicts that decide a direction, by the product's own rule."""
    verdicts = [
        judge_interval(Bounds(lower=low, upper=high), smallest_effect)
        for low, high in zip(lower.tolist(), upper.tolist(), strict=True)
    ]
    is_false = [v in (Verdict.SUPPORTED, Verdict.REFUTED) for v in verdicts]
    return float(np.mean(is_false))


def finite_bank_error(scores: np.ndarray, n: int, rng: np.random.Generator) -> float:
    """How much a rate would differ between banks of 200 runs, as a standard deviation.

    Banks are resampled from this one; what 1,000 splits alone make differ is taken off.
    """
    rates = []
    for _ in range(N_BANKS):
        bank = rng.choice(scores, size=len(scores))
        a, b = (bank[arm] for arm in draw_splits(len(bank), n, rng))
        lower, upper = paired_t_bounds(a - b)
        rates.append(((lower > 0) | (upper < 0)).mean())
    rate = float(np.mean(rates))
    return max(float(np.var(rates, ddof=1)) - rate * (1 - rate) / N_SPLITS, 0.0) ** 0.5


def paired_t_bounds(differences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy import stats

    n = differences.shape[1]
    mean, sd = differences.mean(axis=1), differences.std(axis=1, ddof=1)
    margin = stats.t.ppf(0.975, n - 1) * sd / np.sqrt(n)
    return mean - margin, mean + margin


def mean_coverage(scores: np.ndarray, n: int, rng: np.random.Generator) -> float:
    """Share of intervals of one arm's mean that contain the mean of the bank.

    Arms are drawn with replacement: the bank is then the population, and its mean the
    truth.
    """
    drawn = rng.choice(scores, size=(N_SPLITS, n))
    interval = mean_interval(drawn, np.full(drawn.shape, True), rng=rng)
    covers = (interval.lower <= scores.mean()) & (scores.mean() <= interval.upper)
    return float(covers.mean())


def judge_bank(bank: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """Rates of false verdicts by score, runs of an arm and method."""
    rows = []
    for name, scores in bank.items():
        default = (
            SMALLEST_EFFECTS["default"] if "accuracy" in name else SMALLEST_LOSS_EFFECT
        )
        for n in ARMS:
            rng = np.random.default_rng(n)
            a, b = (scores[arm] for arm in draw_splits(len(scores), n, rng))
            row: dict[str, Any] = {"scores": name, "seeds": n}
            for method, bounds_of in METHODS.items():
                lower, upper = bounds_of(a, b)
                row[method] = false_rate(lower, upper, SMALLEST_EFFECTS["0"])
                row[f"{method}_default"] = false_rate(lower, upper, default)
            row["finite_bank_error"] = finite_bank_error(scores, n, rng)
            row["mean_coverage"] = mean_coverage(scores, n, rng)
            rows.append(row)
    return rows


def measure_real() -> dict[str, Any]:
    """Train the bank and split it."""
    bank = train_bank()
    return {
        "config": CONFIG,
        "n_runs": N_RUNS,
        "n_splits": N_SPLITS,
        "bank": {name: scores.tolist() for name, scores in bank.items()},
        "rows": judge_bank(bank),
    }


def print_real(found: dict[str, Any]) -> None:
    print(f"\nA/A: {found['n_runs']} runs of one config, {found['n_splits']} splits")
    for row in found["rows"]:
        print(
            f"{row['scores']:22}{row['seeds']:3} seeds: false verdicts "
            f"{100 * row['unpaired']:.1f} unpaired, {100 * row['paired']:.1f} paired; "
            f"at the default smallest effect {100 * row['unpaired_default']:.1f}, "
            f"{100 * row['paired_default']:.1f}; coverage of the mean "
            f"{100 * row['mean_coverage']:.1f}"
        )
