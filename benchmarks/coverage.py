"""How often does each interval for a mean contain it?

Claim: Student's t, on the log scale for times and losses, covers the true mean as often
as it says at any number of seeds; a percentile bootstrap does not, even with 20; the
studentised bootstrap is as honest as t and follows skewed scores better, but with few
seeds it is wider.

Result (2026-11-26, NumPy 2.4.6, SciPy 1.17.1, AMD EPYC; 4,000 studies a cell, +-.007),
in % of studies with nominal 95 % intervals, for 3, 5, 6, 10 and 20 seeds:

    normal scores      percentile bootstrap (not ours)    74.5  84.6  85.4  90.2  92.6
                       t                                  94.3  95.5  95.0  94.9  95.2
                       mean_interval                      94.3  95.5  95.0  94.9  94.9
    log-normal, .8     percentile bootstrap (not ours)    67.6  77.5  78.7  83.2  88.4
                       t on the raw scale                 87.6  87.4  86.8  87.3  90.1
                       mean_interval                      87.6  87.4  86.8  87.3  93.5
                       geometric_mean_interval            94.3  95.5  95.0  94.9  94.9

At 5 seeds the studentised bootstrap of normal scores is 1.3 times as wide as t. So t
below 20 seeds, the studentised bootstrap from there on, and logarithms for what is
skewed by nature. With 3 seeds the studentised pivot is often infinite, and its row in
the results is then the t bound that stands in for it.

Run: `.venv/bin/python benchmarks/coverage.py` (about a minute; needs no data).
"""

import json
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import scipy

from paribus.stats import intervals
from paribus.stats.intervals import Interval


N_STUDIES = 4000
N_RESAMPLES = 999
SEEDS = (3, 5, 6, 10, 20)
LOG_SPREAD = 0.8
RESULTS = Path(__file__).parent / "results" / "coverage.json"

Bounds = tuple[np.ndarray, np.ndarray]


def t_bounds(scores: np.ndarray) -> Bounds:
    return _bounds(intervals.t_interval(scores, np.full(scores.shape, True)))


def log_t_bounds(scores: np.ndarray) -> Bounds:
    interval = intervals.geometric_mean_interval(
        scores, np.full(scores.shape, True), rng=np.random.default_rng(0)
    )
    return _bounds(interval)


def studentised_bounds(scores: np.ndarray) -> Bounds:
    # The library refuses it below 20 seeds; here is why.
    least = intervals.MIN_BOOTSTRAP_SEEDS
    intervals.MIN_BOOTSTRAP_SEEDS = 2
    try:
        bounds = [
            _bounds(
                intervals.bootstrap_interval(
                    row[None, :],
                    np.full((1, row.size), True),
                    n_resamples=N_RESAMPLES,
                    rng=np.random.default_rng(study),
                )
            )
            for study, row in enumerate(scores)
        ]
    finally:
        intervals.MIN_BOOTSTRAP_SEEDS = least
    lower, upper = np.array(bounds)[:, :, 0].T
    return lower, upper


def percentile_bounds(scores: np.ndarray) -> Bounds:
    rng = np.random.default_rng(1)
    bounds = [
        np.quantile(
            rng.choice(row, size=(N_RESAMPLES, row.size)).mean(axis=1), [0.025, 0.975]
        )
        for row in scores
    ]
    lower, upper = np.array(bounds).T
    return lower, upper


def mean_interval_bounds(scores: np.ndarray) -> Bounds:
    interval = intervals.mean_interval(
        scores, np.full(scores.shape, True), rng=np.random.default_rng(0)
    )
    return _bounds(interval)


def _bounds(interval: Interval) -> Bounds:
    return interval.lower, interval.upper


def measure(
    find_bounds: Callable[[np.ndarray], Bounds], scores: np.ndarray, truth: float
) -> dict[str, float]:
    """Share of studies whose bounds contain the truth, and their median width."""
    lower, upper = find_bounds(scores)
    return {
        "coverage": float(((lower <= truth) & (truth <= upper)).mean()),
        "median_width": float(np.median(upper - lower)),
    }


def measure_all() -> dict[str, dict[int, dict[str, float]]]:
    """Row -> number of seeds -> what was measured."""
    mean = float(np.exp(LOG_SPREAD**2 / 2))
    rows: dict[str, tuple[bool, Callable[[np.ndarray], Bounds], float]] = {
        "normal: percentile bootstrap (not ours)": (False, percentile_bounds, 0.0),
        "normal: studentised bootstrap": (False, studentised_bounds, 0.0),
        "normal: t": (False, t_bounds, 0.0),
        "normal: mean_interval": (False, mean_interval_bounds, 0.0),
        "log-normal: percentile bootstrap (not ours)": (True, percentile_bounds, mean),
        "log-normal: studentised bootstrap": (True, studentised_bounds, mean),
        "log-normal: t": (True, t_bounds, mean),
        "log-normal: mean_interval": (True, mean_interval_bounds, mean),
        "log-normal: geometric_mean_interval": (True, log_t_bounds, 1.0),
    }
    found: dict[str, dict[int, dict[str, float]]] = {name: {} for name in rows}
    for n_seeds in SEEDS:
        normal = np.random.default_rng(n_seeds).normal(size=(N_STUDIES, n_seeds))
        for name, (is_skewed, find_bounds, truth) in rows.items():
            scores = np.exp(LOG_SPREAD * normal) if is_skewed else normal
            found[name][n_seeds] = measure(find_bounds, scores, truth)
    return found


def main() -> None:
    began = time.perf_counter()
    found = measure_all()
    seconds = time.perf_counter() - began
    error = 2 * (0.95 * 0.05 / N_STUDIES) ** 0.5
    print(
        f"Coverage of 95 % intervals (median width), {N_STUDIES} studies, +-{error:.3f}"
    )
    print(f"{'seeds':45}" + "".join(f"{n:>14}" for n in SEEDS))
    for name, by_seeds in found.items():
        cells = (
            f"{m['coverage']:.3f} ({m['median_width']:.2f})" for m in by_seeds.values()
        )
        print(f"{name:45}" + "".join(f"{cell:>14}" for cell in cells))
    RESULTS.parent.mkdir(exist_ok=True)
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": platform.machine(),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "n_studies": N_STUDIES,
        "n_resamples": N_RESAMPLES,
        "log_spread": LOG_SPREAD,
        "seconds": round(seconds, 1),
        "coverage": found,
    }
    RESULTS.write_text(json.dumps(record, indent=2) + "\n")
    print(f"written to {RESULTS} after {seconds:.0f} s")


if __name__ == "__main__":
    main()
