"""Are verdicts false as seldom, and right as often, as they say?

Claim: over studies without any effect, `supported` or `refuted` appears in at most 5 %
of them, however many contrasts a study has; the 95 % interval of a contrast covers its
truth in 93-97 % of studies, or is wider, or is refused; and a planted effect of 1.5
times the smallest one is found with the power of the table of sample sizes.

Result (2026-11-26, NumPy 2.4.6, SciPy 1.17.1, AMD EPYC), in % of simulated studies.

Coverage of the contrast of two sides (4,000 studies, +-.7), for 3, 5, 6, 10, 20 seeds:

    normal, both sides              95.1  95.3  94.2  95.3  95.9
    skewed losses, as logarithms    95.1  95.3  94.2  95.3  95.9
    skewed, raw, both sides         96.9  96.8  96.2  96.5  96.4
    skewed, raw, against normal     94.7  94.4  94.3  94.3  95.5
    bimodal, both sides             97.5  98.1  98.1  96.0  95.2
    bimodal against normal          84.0  77.2  79.2  88.6  96.7   refused, see below

Of the mean of one config: normal, and losses as logarithms, 94.3-95.5; skewed on the
raw scale 87 below 20 seeds; bimodal 69-88 below 20.

So: with 3 or 4 seeds no contrast has bounds. Where a side has collapsed runs among
learners, means are not compared: first the shares of bad runs (`stats/proportions.py`),
then the learners alone. A bimodal config is described as a mixture. What is skewed by
nature, times and losses, goes through the logarithm; a skewed accuracy of one config is
covered less often than it says, and `mean_interval` says so.

Any false verdict with the smallest effect at 0, the hardest case (1,000 studies, at
most 5 + 2.3), for 6, 10, 20, 30 seeds and families of 1 / 8:

    normal                          6.0/4.8  5.1/4.6  5.3/3.4  3.5/3.0
    skewed, raw                     4.5/1.6  4.1/1.4  4.2/2.8  3.6/2.9
    bimodal                         2.3/1.0  3.3/1.2  4.4/3.7  4.3/6.1

Power where the table says 80 or just above: 79.5 (65 seeds), 80.5 (18), 83.6 (10), 88.7
(7), and in families of eight 78.3 (30), 82.7 (16).

Real runs: 200 of one config on 10,000 images of MNIST, 1,000 times split into two arms
of 6, 10 and 20. False verdicts, smallest effect 0, nominal 5 +- 1.4 (and what another
bank would change, see the docs): 4.0-5.2 for arms that share no seed, 3.7-5.7 paired;
with the default smallest effect at most 1.2.

Run: `.venv/bin/python benchmarks/calibration.py` (five minutes on two idle cores).
Hardware, versions and date: `docs/calibration.md`, which it writes too.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from blocks import DOCS, put_block
from calibration_tables import describe_calibration
from machine import describe_machine
from real_runs import measure_real, print_real

from paribus.stats.contrasts import MIN_CONTRAST_SEEDS, difference_interval
from paribus.stats.families import simultaneous_level
from paribus.stats.intervals import mean_interval
from paribus.stats.power import seeds_needed


N_STUDIES = 4000
N_FAMILIES = 1000
SEEDS = (3, 5, 6, 10, 20)
SCRIPT = "benchmarks/calibration.py"
RESULTS = Path(__file__).parent / "results" / "calibration.json"
CHUNK = 500

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def normal(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.normal(size=shape)


def skewed(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Log-normal, sd of the logarithm .8, as it is."""
    return np.exp(0.8 * rng.normal(size=shape)) - np.exp(0.32)


def skewed_loss(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """The same through the logarithm, as losses and times are compared."""
    return np.log(np.exp(0.8 * rng.normal(size=shape)))


def bimodal(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A fifth of the runs collapsed, ten standard deviations of a run below."""
    return rng.normal(size=shape) + 2 - 10 * (rng.random(shape) < 0.2)


# What is compared -> both sides of the contrast; each has mean 0.
SIDES: dict[str, tuple[Draw, Draw]] = {
    "normal, both sides": (normal, normal),
    "skewed losses (logarithms)": (skewed_loss, skewed_loss),
    "skewed, raw, both sides": (skewed, skewed),
    "skewed, raw, against normal": (skewed, normal),
    "bimodal, both sides": (bimodal, bimodal),
    "bimodal against normal": (bimodal, normal),
}
CONFIGS: dict[str, Draw] = {
    "normal": normal,
    "skewed losses (logarithms)": skewed_loss,
    "skewed, raw": skewed,
    "bimodal": bimodal,
}


def bounds(
    differences: np.ndarray, *, level: float = 0.95, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of each row's contrast, as verdicts use them."""
    rng = np.random.default_rng(seed)
    parts = [
        difference_interval(
            part, np.full(part.shape, True), confidence_level=level, rng=rng
        )
        for part in np.split(differences, range(CHUNK, len(differences), CHUNK))
    ]
    lower = np.concatenate([part.lower for part in parts])
    return lower, np.concatenate([part.upper for part in parts])


def covers(lower: np.ndarray, upper: np.ndarray) -> float:
    return float(((lower <= 0) & (upper >= 0)).mean())


def measure_coverage() -> dict[str, Any]:
    """Coverage of contrasts, and of the means of single configs, by seeds."""
    contrasts: dict[str, dict[int, float]] = {name: {} for name in SIDES}
    configs: dict[str, dict[int, float]] = {name: {} for name in CONFIGS}
    for n in SEEDS:
        shape = (N_STUDIES, n)
        for name, (draw_a, draw_b) in SIDES.items():
            rng = np.random.default_rng(n)
            contrasts[name][n] = covers(
                *bounds(draw_a(rng, shape) - draw_b(rng, shape))
            )
        for name, draw in CONFIGS.items():
            scores = draw(np.random.default_rng(n), shape)
            interval = mean_interval(
                scores, np.full(shape, True), rng=np.random.default_rng(0)
            )
            configs[name][n] = covers(interval.lower, interval.upper)
    return {"contrasts": contrasts, "configs": configs}


def measure_false_verdicts() -> list[dict[str, Any]]:
    """Share of studies without any effect that decide a direction for a contrast.

    The smallest effect is 0, the hardest case; any other gives fewer.
    """
    rows = []
    for name in (
        "normal, both sides",
        "skewed, raw, both sides",
        "bimodal, both sides",
    ):
        for n in (6, 10, 20, 30):
            for m in (1, 8):
                rng = np.random.default_rng([n, m])
                shape = (N_FAMILIES * m, n)
                a, b = (draw(rng, shape) for draw in SIDES[name])
                lower, upper = bounds(a - b, level=simultaneous_level(m))
                is_false = ((lower > 0) | (upper < 0)).reshape(N_FAMILIES, m)
                rate = float(is_false.any(axis=1).mean())
                rows.append({"scores": name, "seeds": n, "m": m, "rate": rate})
    return rows


def measure_power() -> list[dict[str, Any]]:
    """How often an effect of 1.5 times the smallest one is supported.

    With as many seeds as the table gives for 80 %: the distance to the boundary is half
    the smallest effect, which is given in standard deviations of one run.
    """
    rows = []
    for smallest, m in ((1.0, 1), (2.0, 1), (3.0, 1), (4.0, 1), (2.0, 8), (3.0, 8)):
        n = seeds_needed(0.5 * smallest, n_comparisons=m)
        assert n is not None
        rng = np.random.default_rng([n, m])
        a, b = rng.normal(size=(2, N_STUDIES, n))
        lower, upper = bounds(a - b + 1.5 * smallest, level=simultaneous_level(m))
        rows.append(
            {
                "smallest_effect_sd": smallest,
                "m": m,
                "seeds": n,
                "power": float((lower > smallest).mean()),
                "wrong_sign": float((upper < -smallest).mean()),
            }
        )
    return rows


def measure_simulated() -> dict[str, Any]:
    return {
        "coverage": measure_coverage(),
        "false_verdicts": measure_false_verdicts(),
        "power": measure_power(),
    }


# Each part is measured on its own and has its own key in the results.
PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "simulated": measure_simulated,
    "real": measure_real,
}


def print_simulated(found: dict[str, Any]) -> None:
    for kind in ("contrasts", "configs"):
        print(f"\ncoverage of 95 % intervals, {kind}, in % of {N_STUDIES} studies")
        print(f"{'seeds':32}" + "".join(f"{n:>8}" for n in SEEDS))
        for name, by_seeds in found["coverage"][kind].items():
            cells = "".join(f"{100 * share:8.1f}" for share in by_seeds.values())
            print(f"{name:32}{cells}")
    print(f"\nany false verdict, in % of {N_FAMILIES} studies without an effect")
    for row in found["false_verdicts"]:
        print(f"{row['scores']:32}{row['seeds']:3} seeds, m = {row['m']}: ", end="")
        print(f"{100 * row['rate']:5.1f}")
    print("\npower at 1.5 times the smallest effect (table: 80 % or just above)")
    for row in found["power"]:
        print(
            f"smallest effect {row['smallest_effect_sd']:.0f} sd, m = {row['m']}, ",
            end="",
        )
        print(f"{row['seeds']} seeds: {100 * row['power']:.1f}")


PRINTERS = {"simulated": print_simulated, "real": print_real}


def main() -> None:
    machine, began = describe_machine(), time.perf_counter()
    found = {name: measure() for name, measure in PARTS.items()}
    for name, part in found.items():
        PRINTERS[name](part)
    RESULTS.parent.mkdir(exist_ok=True)
    record = {
        **machine,
        "n_studies": N_STUDIES,
        "n_families": N_FAMILIES,
        "least_seeds_of_a_contrast": MIN_CONTRAST_SEEDS,
        "seconds": round(time.perf_counter() - began, 1),
        **found,
    }
    RESULTS.write_text(json.dumps(record, indent=2) + "\n")
    # As it is read: keys are words in a file.
    written = json.loads(RESULTS.read_text())
    put_block(DOCS / "calibration.md", SCRIPT, describe_calibration(written))
    print(f"\nwritten to {RESULTS} after {record['seconds']:.0f} s")


if __name__ == "__main__":
    main()
