"""Claim: verdicts on tuned arms are false as seldom as they say.

Every arm is a batch size whose best possible score is the same: retuned, the batch size
has no effect. What is chosen is what paribus chooses: `select_value` on tuning seeds,
`refinement_values` around it, `select_value` again with the same seeds; what is judged
are other seeds at the chosen values. A score falls from its top by `curvature` sd of a
run per squared decade of the learning rate (the quick batch-size study on MNIST: about
3 points a squared decade and .3 points sd, so 10), noise is normal and independent.
The tops lie anywhere between the values of the grid, the same for all arms or moved by
the square root of the batch size.

Usage: python benchmarks/tuned_calibration.py

Results, date and machine: `benchmarks/results/tuned_calibration.json`, written by this
script; `docs/calibration.md` says what they mean.
"""

import time
from typing import Any

import numpy as np
from calibration import bounds
from machine import describe_machine, save_result

from paribus.stats.families import simultaneous_level
from paribus.stats.scaling import scale_learning_rate
from paribus.stats.selection import select_value
from paribus.tuning import refinement_values


N_TUNED = 1000  # +-1.4 % around 5 %
N_SLOPES = 400  # +-2.2 %
HALF_DECADES = np.array([1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1])
ARMS = np.array([32, 64, 128, 1024])
SIZES = {
    5: np.array([32, 64, 128, 512, 2048]),
    7: np.array([8, 32, 64, 128, 512, 1024, 2048]),
}
# 64 against the mean of its neighbours, each of them, and the largest.
CONTRASTS = np.array([[-0.5, 1, -0.5, 0], [-1, 1, 0, 0], [0, 1, -1, 0], [0, 1, 0, -1]])
# Least effects in sd of one run: none, and the 0.5 points of the quick study.
SMALLEST = (0.0, 1.7)
RIGHT = {
    0.0: {"neither", "undecided"},
    0.5: {"square root", "undecided"},
    1.0: {"linear", "undecided"},
}


def tune(
    rng: np.random.Generator,
    top: float,
    curvature: float,
    n_seeds: int,
    *,
    refines: bool,
) -> tuple[dict[float, np.ndarray], float | None]:
    """Scores of tried values on tuning seeds, and the one chosen; None at an edge."""

    def run(value: float) -> np.ndarray:
        below = curvature * (np.log10(value) - top) ** 2
        return rng.normal(size=n_seeds) - below

    tried = {float(v): run(v) for v in HALF_DECADES}
    found = _select(tried)
    if found.edge is not None:
        return tried, None
    if refines:
        for value in refinement_values(HALF_DECADES.tolist(), found.value):
            tried[value] = run(value)
        found = _select(tried)
    return tried, found.value


def _select(tried: dict[float, np.ndarray]) -> Any:
    values, scores = np.array([*tried]), np.array([*tried.values()])
    return select_value(values, scores, np.full(scores.shape, False))


def measure_tuned_arms() -> list[dict[str, Any]]:
    """Share of studies that decide a direction between batch sizes that differ in none.

    `false` counts any of four contrasts at the level that they share; `oracle` is the
    same with each arm at the best of all values, so without the noise of the choice.
    """
    rows = []
    level = simultaneous_level(len(CONTRASTS))
    for slope in (0.0, 0.5):
        for curvature in (3.0, 10.0, 30.0):
            for n_tuning in (3, 5):
                for n in (6, 10, 30):
                    rng = np.random.default_rng(
                        [n, n_tuning, int(curvature), int(10 * slope)]
                    )
                    short = np.empty((N_TUNED, len(ARMS)))
                    for study in range(N_TUNED):
                        short[study] = _shortfalls(rng, slope, curvature, n_tuning)
                    kept = short[np.isfinite(short).all(axis=1)]
                    noise = rng.normal(size=(len(kept), len(ARMS), n))
                    rates = {}
                    for name, means in (("tuned", -kept), ("oracle", 0 * kept)):
                        scores = noise + means[:, :, None]
                        lows, highs = zip(
                            *(
                                bounds(np.einsum("a,san->sn", c, scores), level=level)
                                for c in CONTRASTS
                            ),
                            strict=True,
                        )
                        for s in SMALLEST:
                            is_false = (np.array(lows) > s) | (np.array(highs) < -s)
                            rates[f"{name}_{s}"] = float(is_false.any(axis=0).mean())
                    rows.append(
                        {
                            "slope": slope,
                            "curvature": curvature,
                            "tuning_seeds": n_tuning,
                            "seeds": n,
                            "untested": 1 - len(kept) / N_TUNED,
                            "sd_of_choice": float(kept.std()),
                            **rates,
                        }
                    )
    return rows


def _shortfalls(
    rng: np.random.Generator, slope: float, curvature: float, n_tuning: int
) -> list[float]:
    """By how much each arm's chosen value falls short of its top; NaN at an edge."""
    middle = -2.5 + rng.uniform(-0.25, 0.25)
    tops = middle + slope * (np.log10(ARMS) - np.log10(ARMS).mean())
    found = []
    for top in tops:
        _, value = tune(rng, top, curvature, n_tuning, refines=True)
        found.append(
            np.nan if value is None else curvature * (np.log10(value) - top) ** 2
        )
    return found


def measure_slopes() -> list[dict[str, Any]]:
    """How often the slope's interval holds the slope, and its verdict denies it.

    `other` counts verdicts that exclude the truth, `named` those that name a rule that
    does not hold.
    """
    rows = []
    for n_sizes, sizes in SIZES.items():
        for slope in (0.0, 0.5, 1.0):
            for curvature in (3.0, 10.0):
                for n_tuning in (3, 5):
                    for refines in (False, True):
                        rng = np.random.default_rng(
                            [n_sizes, int(10 * slope), int(curvature), n_tuning]
                        )
                        found = [
                            _slope(rng, sizes, slope, curvature, n_tuning, refines)
                            for _ in range(N_SLOPES)
                        ]
                        tested = [f for f in found if f.verdict != "untested"]
                        verdicts = [f.verdict for f in tested]
                        wrong = [v for v in verdicts if v not in RIGHT[slope]]
                        rows.append(
                            {
                                "batch_sizes": n_sizes,
                                "slope": slope,
                                "curvature": curvature,
                                "tuning_seeds": n_tuning,
                                "refined": refines,
                                "tested": len(tested) / len(found),
                                "covered": _mean(
                                    [f.slope.contains(slope) for f in tested]
                                ),
                                "other": len(wrong) / max(len(tested), 1),
                                "falls": _mean(
                                    [v == "rises, then falls" for v in verdicts]
                                ),
                                "width": _mean(
                                    [f.slope.upper - f.slope.lower for f in tested]
                                ),
                                "bias": _mean(
                                    [f.slope.estimate - slope for f in tested]
                                ),
                            }
                        )
    return rows


def _mean(values: list[Any]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _slope(
    rng: np.random.Generator,
    sizes: np.ndarray,
    slope: float,
    curvature: float,
    n_tuning: int,
    refines: bool,
) -> Any:
    middle = -2.5 + rng.uniform(-0.25, 0.25)
    tops = middle + slope * (np.log10(sizes) - np.log10(sizes).mean())
    tried = [tune(rng, top, curvature, n_tuning, refines=refines)[0] for top in tops]
    values = np.array(sorted({v for one in tried for v in one}))
    scores = np.full((len(sizes), len(values), n_tuning), np.nan)
    for i, one in enumerate(tried):
        for value, row in one.items():
            scores[i, np.searchsorted(values, value)] = row
    return scale_learning_rate(
        sizes.astype(float), values, scores, np.full(scores.shape, False)
    )


def print_tuned(found: dict[str, Any]) -> None:
    print("\nany false verdict on 4 contrasts of tuned arms, in % of studies")
    print(
        "slope curv tune seeds  untested  sd | smallest 0: tuned known "
        "| 1.7: tuned known"
    )
    for r in found["arms"]:
        print(
            f"{r['slope']:5.1f} {r['curvature']:4.0f} {r['tuning_seeds']:4}"
            f" {r['seeds']:5}"
            f"  {100 * r['untested']:8.1f} {r['sd_of_choice']:.2f} |"
            f" {100 * r['tuned_0.0']:8.1f} {100 * r['oracle_0.0']:5.1f} |"
            f" {100 * r['tuned_1.7']:8.1f} {100 * r['oracle_1.7']:5.1f}"
        )
    print("\nslope of the best rate: % covered, % of verdicts that deny it, % 'falls'")
    for r in found["slopes"]:
        print(
            f"B {r['batch_sizes']} slope {r['slope']:.1f} curv {r['curvature']:3.0f} "
            f"tune {r['tuning_seeds']} {'refined' if r['refined'] else 'grid   '} "
            f"tested {100 * r['tested']:5.1f} covered {100 * r['covered']:5.1f} "
            f"denied {100 * r['other']:5.1f} falls {100 * r['falls']:4.1f} "
            f"width {r['width']:.2f} bias {r['bias']:+.3f}"
        )


def main() -> None:
    machine, began = describe_machine(), time.perf_counter()
    found = {"arms": measure_tuned_arms(), "slopes": measure_slopes()}
    print_tuned(found)
    seconds = round(time.perf_counter() - began, 1)
    save_result("tuned_calibration", {**machine, "seconds": seconds, **found})


if __name__ == "__main__":
    main()
